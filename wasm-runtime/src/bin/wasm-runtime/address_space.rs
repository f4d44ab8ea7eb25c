//! Address space for memories: it is reserved whole, or, where there is little of it, only as much
//! as they need.

use std::fs;

use clap::Args;
use wasm_artifact::Artifact;
use wasm_runtime::{Config, Engine, Error, Memory, MemoryType, Store};

use crate::exit::message;
use crate::input::Input;
use crate::source::Source;
use crate::units;

/// With a reservation of this size or more, code does not compare accesses with the size of a
/// 32-bit memory.
const WHOLE: u64 = 4 << 30;

/// The largest possible reservation for a memory: half of the address space of a process on x86-64.
const MOST: u64 = 64 << 40;

/// What a process needs besides its memories, in bytes: stacks, code and the heap.
const BESIDES: u64 = 512 << 20;

/// What a memory with compared accesses gets beyond its size, in bytes: a guard, and room to grow
/// in place.
const GUARD: u64 = 64 << 10;
const GROWTH: u64 = 64 << 20;

/// The option of commands that compile or run.
#[derive(Args, Clone, Copy)]
pub(crate) struct Reservation {
    /// How much address space each 32-bit memory gets; `4Gi` if not given. With less, code compares
    /// each access with the memory's size. This is slower, but needs no reservation: use it where
    /// address space is limited (`ulimit -v`). `run` does so by itself if there is too little.
    #[arg(long, value_name = "SIZE", value_parser = parse_reservation)]
    memory_reservation: Option<u64>,

    /// How much address space behind each memory can't be accessed; `32Mi` if not given, or `64Ki`
    /// with a --memory-reservation below 4Gi.
    #[arg(long, value_name = "SIZE", value_parser = parse_reservation)]
    memory_guard_size: Option<u64>,

    /// How much address space a memory that is not reserved whole gets beyond its size, to grow in
    /// place; `2Gi` if not given, or `64Mi` with a --memory-reservation below 4Gi.
    #[arg(long, value_name = "SIZE", value_parser = parse_reservation)]
    memory_reservation_for_growth: Option<u64>,

    /// No memory moves: none grows beyond --memory-reservation.
    #[arg(long)]
    memory_stays: bool,
}

/// An amount of address space that a machine can have.
fn parse_reservation(text: &str) -> Result<u64, String> {
    let bytes = units::parse_size(text)?;
    if bytes > MOST {
        return Err(format!(
            "`{text}` is more address space than a process has: 64 TiB are the most"
        ));
    }
    Ok(bytes)
}

impl Reservation {
    /// Sets the reservation if the option is given.
    pub(crate) fn apply(self, config: &mut Config) {
        if let Some(bytes) = self.memory_reservation {
            config.memory_reservation(bytes);
            if bytes < WHOLE {
                config.memory_guard_size(GUARD).memory_reservation_for_growth(GROWTH);
            }
        }
        if let Some(bytes) = self.memory_guard_size {
            config.memory_guard_size(bytes);
        }
        if let Some(bytes) = self.memory_reservation_for_growth {
            config.memory_reservation_for_growth(bytes);
        }
        config.memory_may_move(!self.memory_stays);
    }

    /// Sets the reservation if the option is given. If not, and if there is too little address
    /// space for the memories, the code compares each access.
    pub(crate) fn apply_to<'i>(
        self,
        config: &mut Config,
        inputs: impl Iterator<Item = (&'i Source, &'i Input)>,
    ) {
        self.apply(config);
        if self.memory_reservation.is_some() || !is_limited() {
            return;
        }
        let memories = inputs.map(|(source, input)| match input {
            Input::Wasm(wasm) => memories_of_wasm(wasm),
            // The loader reports what is wrong with an artifact.
            Input::Artifact(_) => {
                input.bytes(source).map_or(0, |bytes| memories_of_artifact(&bytes))
            }
        });
        let memories: usize = memories.sum();
        if memories > 0 && !fit(memories) {
            Self { memory_reservation: Some(0), ..self }.apply(config);
            message(format_args!(
                "note: address space is limited (`ulimit -v`), and there is not enough to reserve for \
                 memories: the code compares each access, as with `--memory-reservation 0`"
            ));
        }
    }
}

/// Adds what to do on the command line to an error about address space for memories.
pub(crate) fn explain(error: Error) -> Error {
    if !format!("{error:#}").contains("`Config::memory_reservation(0)`") {
        return error;
    }
    error.context(
        "there is not enough address space for the program's memories: with `--memory-reservation 0` \
         the code needs none; an artifact must be made by `wasm-runtime compile \
         --memory-reservation 0`",
    )
}

/// Whether the address space of this process is limited.
fn is_limited() -> bool {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
    line.is_some_and(|line| !line.trim_start().starts_with("unlimited"))
}

/// Whether there is address space for this many memories, and for the rest of the process.
fn fit(memories: usize) -> bool {
    let Ok(engine) = Engine::new(Config::new().memory_reservation(WHOLE + BESIDES)) else {
        return false;
    };
    let mut store = Store::new(&engine, ());
    (0..memories).all(|_| Memory::new(&mut store, MemoryType::new(0, None)).is_ok())
}

/// How many memories of a module would be reserved whole.
#[cfg(feature = "jit")]
fn memories_of_wasm(wasm: &[u8]) -> usize {
    let features = wasm_runtime::WasmFeatures::SUPPORTED;
    // The compiler reports what is wrong with a module.
    let parsed = wasm_types::Module::parse_with_bodies(wasm, features);
    let tunables = wasm_runtime::Tunables::default();
    let is_whole = |ty: &&wasm_types::MemoryType| tunables.memory_is_static(ty);
    parsed.map_or(0, |parsed| parsed.module().memories.iter().filter(is_whole).count())
}

#[cfg(not(feature = "jit"))]
fn memories_of_wasm(_: &[u8]) -> usize {
    0
}

/// How many memories an artifact has, if its code does not require reservations.
fn memories_of_artifact(bytes: &[u8]) -> usize {
    match Artifact::parse(bytes) {
        Ok(artifact) if artifact.tunables().memory_reservation < WHOLE => {
            artifact.counts().memories as usize
        }
        _ => 0,
    }
}
