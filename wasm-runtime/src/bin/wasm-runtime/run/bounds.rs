//! How much a program may use: fuel, time, memory, stack.

use std::time::Duration;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::wasi::I32Exit;
use wasm_runtime::{
    Config, DEFAULT_INSTANCE_LIMIT, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT, Error,
    ResourceLimiter, Result, Store, Trap,
};

use super::Host;
use crate::units;

/// The options of commands that run code.
#[derive(Args, Clone)]
pub(crate) struct Bounds {
    /// Limits the number of instructions that the program executes, approximately. It traps when
    /// they are used up.
    #[arg(long, value_name = "UNITS")]
    fuel: Option<u64>,

    /// Limits the time of each call into the program, for example `2s`, `500ms` or `1m`. It traps
    /// then, even while it sleeps or waits for input.
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    timeout: Option<Duration>,

    /// Limits the bytes of all memories and tables of the program together, for example `64Mi`.
    /// Growing beyond fails. An element of a table takes 8 bytes.
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_memory: Option<u64>,

    /// Limits the number of elements of each table. Growing beyond fails.
    #[arg(long, value_name = "NUMBER")]
    max_table_elements: Option<u64>,

    /// Limits the number of instances of modules.
    #[arg(long, value_name = "NUMBER")]
    max_instances: Option<u64>,

    /// Limits the number of memories.
    #[arg(long, value_name = "NUMBER")]
    max_memories: Option<u64>,

    /// Limits the number of tables.
    #[arg(long, value_name = "NUMBER")]
    max_tables: Option<u64>,

    /// The program traps where a memory or a table can't grow, in place of being told so.
    #[arg(long)]
    trap_on_grow_failure: bool,

    /// The size of the program's stack in bytes; `1Mi` if not given. It traps when the stack is
    /// used up.
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    max_wasm_stack: Option<u64>,
}

impl Bounds {
    /// Changes the engine's settings as needed.
    pub(super) fn apply(&self, config: &mut Config) {
        config.consume_fuel(self.fuel.is_some());
        config.interruption(self.timeout.is_some());
    }

    /// The limits of memories and tables.
    pub(super) fn limits(&self) -> Limits {
        let clamp = |size| usize::try_from(size).unwrap_or(usize::MAX);
        Limits {
            total: self.max_memory.map(clamp),
            elements: self.max_table_elements.map(clamp),
            instances: self.max_instances.map_or(DEFAULT_INSTANCE_LIMIT, clamp),
            memories: self.max_memories.map_or(DEFAULT_MEMORY_LIMIT, clamp),
            tables: self.max_tables.map_or(DEFAULT_TABLE_LIMIT, clamp),
            trap: self.trap_on_grow_failure,
            initial: 0,
            refused: None,
        }
    }

    /// Changes the store's settings as needed.
    pub(super) fn set(&self, store: &mut Store<Host>) -> Result<()> {
        if let Some(fuel) = self.fuel {
            store.set_fuel(fuel)?;
        }
        if let Some(timeout) = self.timeout {
            store.set_timeout(timeout)?;
        }
        if let Some(size) = self.max_wasm_stack {
            let bytes = usize::try_from(size).unwrap_or(usize::MAX);
            store.set_max_wasm_stack(bytes).with_context(|| {
                format!(
                    "the program can't have the stack of {size} bytes that --max-wasm-stack requests: \
                     give it another size, or leave the option out for 1Mi"
                )
            })?;
        }
        let numbers = [self.max_memory, self.max_table_elements, self.max_instances]
            .into_iter()
            .chain([self.max_memories, self.max_tables]);
        if self.trap_on_grow_failure || numbers.flatten().next().is_some() {
            store.limiter(|host| &mut host.limits);
        }
        Ok(())
    }

    /// If an option has stopped the program, adds to the error which one, and what to do.
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

    /// The error of a module that can't be instantiated. If --max-memory is the cause, the error
    /// says so.
    pub(super) fn explain_instantiation(&self, error: Error, limits: &Limits) -> Error {
        // A start function may have run, and made memories grow.
        if error.is::<Trap>() || error.is::<I32Exit>() {
            return error;
        }
        match limits.total {
            Some(total) if limits.initial > total => error.context(format!(
                "the program's memories and tables have at least {} bytes from the start, but --max-memory \
                 lets them have {total}: give it more, or leave the option out",
                limits.initial
            )),
            _ => error,
        }
    }

    /// The given options that require code compiled for them, each with the option of `compile` for
    /// that.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let fuel = self.fuel.map(|_| ("--fuel", "--metered"));
        let timeout = self.timeout.map(|_| ("--timeout", "--interruptible"));
        fuel.into_iter().chain(timeout)
    }
}

/// A duration that a program can run for.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let timeout = units::parse_duration(text)?;
    if timeout.is_zero() {
        return Err(format!("`{text}` is no time at all: nothing could run"));
    }
    Ok(timeout)
}

/// The limits of memories and tables, and what they have requested.
#[derive(Clone)]
pub(super) struct Limits {
    /// How many bytes all of them together may have.
    total: Option<usize>,
    /// How many elements each table may have.
    elements: Option<usize>,
    /// How many instances, memories and tables there may be.
    instances: usize,
    memories: usize,
    tables: usize,
    /// Whether failing to grow is a trap.
    trap: bool,
    /// The bytes of those that have not grown, together.
    initial: usize,
    /// The number of elements that was refused to a table.
    refused: Option<usize>,
}

/// The size of a table's element, in bytes.
const ELEMENT: usize = 8;

impl Limits {
    /// Counts what exists from the start.
    fn count(&mut self, current: usize, bytes: usize) {
        if current == 0 {
            self.initial = self.initial.saturating_add(bytes);
        }
    }
}

impl Limits {
    fn grow_failed(&self, error: Error) -> Result<()> {
        if self.trap {
            return Err(error.context("the program stops, as --trap-on-grow-failure says"));
        }
        Ok(())
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.count(current, desired);
        // The store itself enforces the total.
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.refused = self.elements.filter(|limit| desired > *limit).map(|_| desired);
        if self.refused.is_none() {
            self.count(current, desired.saturating_mul(ELEMENT));
        }
        Ok(self.refused.is_none())
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.grow_failed(error)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.memories
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn total_memory_size(&self) -> Option<usize> {
        self.total
    }

    fn refusal(&self) -> Option<String> {
        let (requested, limit) = self.refused.zip(self.elements)?;
        Some(format!(
            "{requested} elements were requested, but --max-table-elements lets each table have \
             {limit}: give it more, or leave the option out"
        ))
    }
}

/// The error of an artifact that does not fit the engine. If options that require special code may
/// be the cause, the error says so.
pub(super) fn explain_artifact(
    error: Error,
    needs: impl Iterator<Item = (&'static str, &'static str)>,
) -> Error {
    let (options, mut flags): (Vec<_>, Vec<_>) = needs.unzip();
    // Several options can require the same.
    flags.sort_unstable();
    flags.dedup();
    if options.is_empty() {
        return error;
    }
    error.context(format!(
        "{} can be had of an artifact if it was compiled with `wasm-runtime compile {}`",
        options.join(" and "),
        flags.join(" ")
    ))
}
