//! The modules that sequences instantiate, compiled once for all of them.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{
    Config, Engine, InstanceAllocationStrategy, Internals, OptLevel, PoolingAllocationConfig,
    ReuseConfig,
};

/// What a module imports from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It has its own memory, tables and global.
    Owner,
    /// It imports them, whatever their sizes.
    User,
    /// It imports them with fixed sizes.
    Fixed,
    /// Like `Owner`, but with a start function that fails after segments were applied to what it
    /// imports.
    Failing,
}

pub(super) const KINDS: [Kind; 4] = [Kind::Owner, Kind::User, Kind::Fixed, Kind::Failing];

/// The limits of an owner: smallest and largest numbers of pages, functions, and host values.
pub(super) const PAGES: (u64, u64) = (1, 4);
pub(super) const FUNCS: (u64, u64) = (4, 8);
pub(super) const VALUES: (u64, u64) = (2, 8);

/// The initial contents of an owner's memory, and their address.
pub(super) const IMAGE: (u32, &[u8]) = (8, b"initial contents");
/// The passive data of each module.
pub(super) const PASSIVE: &[u8] = b"passive!";
/// The byte that `Failing` writes into what it imports before it fails, and its address.
pub(super) const FAILED: (u32, u8) = (60, 0x66);

const TYPES: &str = "(type $k0 (func (result i32)))
    (type $k1 (func (param i64) (result f64)))
    (type $k2 (func (param f64) (result i64)))
    (type $k3 (func (param i32 i32 i32 i32 i32 i32 i32 i32 i64 f64) (result i64 i32)))
    (import \"host\" \"call\" (func $host (param i32) (result i32)))";

impl Kind {
    fn text(self) -> String {
        let head = match self {
            Kind::Owner => format!(
                "{TYPES}
                (memory (export \"m\") 1 4)
                (table $t (export \"t\") 4 8 funcref)
                (table $x (export \"x\") 2 8 externref)
                (global $g (export \"g\") (mut i64) (i64.const 7))
                (data (i32.const 8) \"initial contents\")
                (elem (table $t) (i32.const 0) func $k0 $k1)"
            ),
            // The types are in another order, so they have other indices.
            Kind::User => format!(
                "(type (func (param f32))) (type (func (param i32 f32)))
                {TYPES} {}",
                imports("1", "4", "2")
            ),
            Kind::Fixed => {
                format!("(type (func (param f64 f32))) {TYPES} {}", imports("4 4", "8 8", "8 8"))
            }
            Kind::Failing => {
                return format!(
                    "(module {TYPES}
                    (import \"o\" \"m\" (memory 1)) (import \"o\" \"t\" (table 4 funcref))
                    (func $k (type $k0) (i32.const 606))
                    (elem (i32.const 3) func $k)
                    (data (i32.const 60) \"f\")
                    (start $fail) (func $fail unreachable))"
                );
            }
        };
        format!("(module {head} {})", include_str!("guest.wat"))
    }
}

fn imports(memory: &str, funcs: &str, values: &str) -> String {
    format!(
        "(import \"o\" \"m\" (memory {memory})) (export \"m\" (memory 0))
        (import \"o\" \"t\" (table $t {funcs} funcref)) (export \"t\" (table $t))
        (import \"o\" \"x\" (table $x {values} externref)) (export \"x\" (table $x))
        (import \"o\" \"g\" (global $g (mut i64))) (export \"g\" (global $g))"
    )
}

/// How many different settings of engines there are.
pub(super) const SETTINGS: usize = 4;

/// The settings of a new engine. The pool is rare, because reserving it takes longer than most
/// sequences.
pub(super) fn settings(u: &mut Unstructured<'_>) -> Result<usize> {
    Ok(*u.choose(&[0, 0, 1, 1, 1, 2, 3, 3])?)
}

/// Whether calls can be ended from outside, in an engine with these settings and code compiled for
/// it.
pub(super) fn interruptible(settings: usize) -> bool {
    settings != 0
}

/// Whether engines with these settings have epochs.
pub(super) fn epochs(settings: usize) -> bool {
    settings == 1
}

/// Whether engines with these settings count fuel.
pub(super) fn fuel(settings: usize) -> bool {
    settings == 1
}

/// Settings that differ in what engines reuse, reserve, and compile.
pub(super) fn config(settings: usize) -> Config {
    let mut config = Config::new();
    config.parallel_compilation(false).max_wasm_stack(64 << 10);
    match settings {
        0 => {}
        1 => {
            config.epoch_interruption(true).consume_fuel(true).internals(Internals::Writable);
        }
        2 => {
            config.memory_reservation(0).memory_guard_size(64 << 10).interruption(true);
            let mut pool = PoolingAllocationConfig::new();
            pool.total_core_instances(64).total_memories(64).max_memory_size(1 << 20);
            pool.total_stacks(16).max_unused_warm_slots(2);
            pool.max_memories_per_module(8).max_tables_per_module(8);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        _ => {
            // Everything moves all the time.
            config.interruption(true).cranelift_opt_level(OptLevel::None).gc_zeal(true);
            let mut reuse = ReuseConfig::new();
            reuse.max_unused_instances(0).max_unused_stacks(0).max_unused_memory_bytes(0);
            config.reuse(reuse);
        }
    }
    config
}

/// All modules as artifacts, by settings and kind.
pub(super) struct Artifacts(Vec<[Vec<u8>; KINDS.len()]>);

impl Artifacts {
    pub(super) fn new() -> Self {
        let all = (0..SETTINGS).map(|settings| {
            let engine = Engine::new(&config(settings)).expect("the settings are valid");
            KINDS.map(|kind| {
                let wasm = wat::parse_str(kind.text())
                    .unwrap_or_else(|error| panic!("the text of {kind:?} is right: {error}"));
                engine.precompile_module(&wasm).expect("it is valid")
            })
        });
        Self(all.collect())
    }

    pub(super) fn get(&self, settings: usize, kind: Kind) -> &[u8] {
        let place = KINDS.iter().position(|other| *other == kind).expect("all are listed");
        &self.0[settings][place]
    }
}
