//! What of WASI a program may use beyond the usual.

#[cfg(feature = "wasip2")]
mod addresses;
mod choice;
#[cfg(feature = "wasip2")]
mod preview2;
mod switch;

use clap::Args;
use wasm_runtime::wasi::WasiCtxBuilder;
use wasm_runtime::{Config, Result, bail};

pub(super) use self::choice::Choice;
#[cfg(feature = "wasip2")]
pub(super) use self::preview2::Resources;

/// The options of commands that run code.
#[derive(Args)]
pub(crate) struct WasiOptions {
    /// Lets the program use more of WASI, or less. Names can be separated by commas; one that is
    /// allowed is refused with `=n`.
    ///
    /// Any program: `inherit-env` as --inherit-env. Modules: `threads`, to start threads of this
    /// machine (`wasi-threads`).
    ///
    /// Components: `inherit-network`, all addresses; `allow-address=IP[/PREFIX][:PORT[-PORT]]`,
    /// these addresses; `tcp=n` and `udp=n`, without that protocol; `allow-ip-name-lookup`, to look
    /// up names; `config`, and with a value in it `config-var=NAME=VALUE`; `keyvalue`, a store in
    /// memory, and with a value in it `keyvalue-in-memory-data=KEY=VALUE`; `network-error-code`, a
    /// function that is not stable yet; `max-random-size=BYTES`, `max-resources=NUMBER` and
    /// `hostcall-fuel=BYTES`, how much it can ask for, have, and pass in a call.
    #[arg(short = 'S', value_name = "NAME[=VALUE]", value_delimiter = ',')]
    wasi: Vec<String>,
}

impl WasiOptions {
    /// What was chosen.
    ///
    /// # Errors
    ///
    /// If something else is asked for.
    pub(super) fn choice(&self) -> Result<Choice> {
        Choice::parse(&self.wasi)
    }

    /// Whether the program may start threads.
    ///
    /// # Errors
    ///
    /// If something else is asked for.
    pub(super) fn threads(&self) -> Result<bool> {
        Ok(self.choice()?.threads)
    }

    /// Refuses what only components have, for a module.
    pub(super) fn refuse_options_for_components(&self) -> Result<()> {
        match self.choice()?.for_components {
            Some(name) => bail!(
                "-S {name} is for components: a module, which has WASI preview 1, gets no network \
                 and no values by name"
            ),
            None => Ok(()),
        }
    }

    /// Changes the engine's settings as needed.
    pub(super) fn apply(&self, config: &mut Config) -> Result<()> {
        if self.threads()? {
            // One thread that ends ends the others.
            config.interruption(true).shared_memory(true);
        }
        Ok(())
    }

    /// Gives a context what was chosen.
    pub(super) fn build(&self, builder: &mut WasiCtxBuilder) -> Result<()> {
        let choice = self.choice()?;
        if choice.inherit_env {
            builder.inherit_env();
        }
        #[cfg(feature = "wasip2")]
        choice.preview2.build(builder);
        Ok(())
    }

    /// The given options that require code compiled for them, each with the option of `compile` for
    /// that.
    pub(super) fn needs(&self) -> Option<(&'static str, &'static str)> {
        let threads = self.threads().unwrap_or(false);
        threads.then_some(("-S threads", "--interruptible"))
    }
}
