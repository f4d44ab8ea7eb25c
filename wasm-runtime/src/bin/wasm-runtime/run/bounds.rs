//! How much a program may use: fuel, time, memory, stack.

use std::time::Duration;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::{Config, Error, Result, Store, StoreLimits, StoreLimitsBuilder, Trap, bail};

use super::Host;
use crate::units;

/// The options of commands that run code.
#[derive(Args)]
pub(crate) struct Bounds {
    /// Lets the program execute about so many instructions; it traps when they are used up.
    #[arg(long, value_name = "UNITS")]
    fuel: Option<u64>,

    /// Lets each call into the program take so long, such as `2s`, `500ms` or `1m`; it traps then.
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    timeout: Option<Duration>,

    /// Lets all memories of the program together have so many bytes, such as `64Mi`: growing beyond fails.
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_memory: Option<u64>,

    /// How many bytes of stack the program has; `1Mi` if not given. It traps when they are used up.
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_wasm_stack: Option<u64>,
}

impl Bounds {
    /// Sets what the engine has to know.
    pub(super) fn apply(&self, config: &mut Config) -> Result<()> {
        config.consume_fuel(self.fuel.is_some());
        config.interruption(self.timeout.is_some());
        if let Some(size) = self.max_wasm_stack {
            let Ok(size) = usize::try_from(size) else {
                bail!("--max-wasm-stack: {size} bytes are more than this machine can address")
            };
            config.max_wasm_stack(size);
        }
        Ok(())
    }

    /// What memories may have.
    pub(super) fn limits(&self) -> StoreLimits {
        let mut builder = StoreLimitsBuilder::new();
        if let Some(size) = self.max_memory {
            builder = builder.total_memory_size(usize::try_from(size).unwrap_or(usize::MAX));
        }
        builder.build()
    }

    /// Sets what the store has to know.
    pub(super) fn set(&self, store: &mut Store<Host>) -> Result<()> {
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        if let Some(timeout) = self.timeout {
            store.set_timeout(timeout)?;
        }
        if self.max_memory.is_some() {
            store.limiter(|host| &mut host.limits);
        }
        Ok(())
    }

    /// Says which option has stopped the program, if one has, and what to do.
    pub(super) fn explain<R>(&self, result: Result<R>) -> Result<R> {
        let trap = match &result {
            Ok(_) => None,
            Err(error) => error.downcast_ref::<Trap>(),
        };
        let message = match (trap, self.fuel, self.timeout) {
            (Some(Trap::OutOfFuel), Some(fuel), _) => Some(format!(
                "the program has used up the {fuel} units that --fuel gave it: give it more, or leave \
                 the option out"
            )),
            (Some(Trap::Interrupt), _, Some(timeout)) => Some(format!(
                "the program has taken longer than the {timeout:?} that --timeout gave it: give it \
                 more, or leave the option out"
            )),
            (Some(Trap::StackOverflow), ..) => Some(
                "the program has used up its stack: it may recurse without end; if it does not, \
                 --max-wasm-stack gives it more"
                    .to_owned(),
            ),
            _ => None,
        };
        match message {
            Some(message) => result.context(message),
            None => result,
        }
    }

    /// Which of the options need code that was compiled for them, with how `compile` is told.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let fuel = self.fuel.map(|_| ("--fuel", "--metered"));
        let timeout = self.timeout.map(|_| ("--timeout", "--interruptible"));
        fuel.into_iter().chain(timeout)
    }
}

/// What to add to the error of an artifact that does not fit the engine, if it may be because of options that
/// need code which was compiled for them.
pub(super) fn explain_artifact(
    error: Error,
    needs: impl Iterator<Item = (&'static str, &'static str)>,
) -> Error {
    let (options, flags): (Vec<_>, Vec<_>) = needs.unzip();
    if options.is_empty() {
        return error;
    }
    error.context(format!(
        "{} can be had of an artifact if it was compiled with `wasm-runtime compile {}`",
        options.join(" and "),
        flags.join(" ")
    ))
}
