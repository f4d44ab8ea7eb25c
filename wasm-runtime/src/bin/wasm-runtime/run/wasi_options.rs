//! What of WASI a program may use beyond the usual.

use clap::Args;
use wasm_runtime::{Config, Result, bail};

/// The options of commands that run code.
#[derive(Args)]
pub(crate) struct WasiOptions {
    /// Lets the program use more of WASI: `threads`, to start threads of this machine
    /// (`wasi-threads`). Names can be separated by commas.
    #[arg(short = 'S', value_name = "NAME", value_delimiter = ',')]
    wasi: Vec<String>,
}

impl WasiOptions {
    /// Whether the program may start threads.
    ///
    /// # Errors
    ///
    /// If something else is asked for.
    pub(super) fn threads(&self) -> Result<bool> {
        let mut threads = false;
        for name in &self.wasi {
            threads = match name.as_str() {
                "threads" | "threads=y" => true,
                "threads=n" => false,
                other => bail!("-S: there is no `{}`; there is `threads`", other.escape_debug()),
            };
        }
        Ok(threads)
    }

    /// Changes the engine's settings as needed.
    pub(super) fn apply(&self, config: &mut Config) -> Result<()> {
        if self.threads()? {
            // One thread that ends ends the others.
            config.interruption(true).shared_memory(true);
        }
        Ok(())
    }

    /// The given options that require code compiled for them, each with the option of `compile` for
    /// that.
    pub(super) fn needs(&self) -> Option<(&'static str, &'static str)> {
        let threads = self.threads().unwrap_or(false);
        threads.then_some(("-S threads", "--interruptible"))
    }
}
