//! The option `--pool`: memories and stacks that are reserved when the program starts, with hard
//! limits.

use clap::Args;
use wasm_runtime::{Config, PoolingAllocationConfig, Result};

use crate::units;

/// The option of commands that run code.
#[derive(Args, Clone)]
pub(crate) struct Pool {
    /// Reserves memories and stacks when the program starts, and lets it have no more. `on`, or one
    /// or more of the limits, for example `total-memories=4,max-memory-size=64Mi`. With `on` alone,
    /// the limits are those of the library.
    #[arg(
        long = "pool",
        value_name = "NAME=VALUE,...",
        value_delimiter = ',',
        value_parser = parse
    )]
    settings: Vec<Setting>,
}

/// What one part of the option sets.
#[derive(Clone, Copy, Debug)]
enum Setting {
    On,
    Off,
    Limit(Limit, usize),
}

/// Sets a limit.
type Limit = fn(&mut PoolingAllocationConfig, usize);

/// As the limits of a pool are counted.
fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The limits, by their names.
const LIMITS: &[(&str, Limit)] = &[
    ("max-core-instance-size", |pool, value| _ = pool.max_core_instance_size(value)),
    ("max-memories-per-module", |pool, value| _ = pool.max_memories_per_module(count(value))),
    ("max-memory-size", |pool, value| _ = pool.max_memory_size(value)),
    ("max-tables-per-module", |pool, value| _ = pool.max_tables_per_module(count(value))),
    ("max-unused-warm-slots", |pool, value| _ = pool.max_unused_warm_slots(count(value))),
    ("memory-keep-resident", |pool, value| _ = pool.linear_memory_keep_resident(value)),
    ("table-elements", |pool, value| _ = pool.table_elements(value)),
    ("total-core-instances", |pool, value| _ = pool.total_core_instances(count(value))),
    ("total-memories", |pool, value| _ = pool.total_memories(count(value))),
    ("total-stacks", |pool, value| _ = pool.total_stacks(count(value))),
    ("total-tables", |pool, value| _ = pool.total_tables(count(value))),
];

fn parse(text: &str) -> Result<Setting, String> {
    let (name, value) = match text.split_once('=') {
        None if text == "on" => return Ok(Setting::On),
        None if text == "off" => return Ok(Setting::Off),
        None => return Err(format!("`{text}` is neither `on`, `off` nor `NAME=VALUE`")),
        Some(parts) => parts,
    };
    let Some((_, limit)) = LIMITS.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = LIMITS.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no limit `{name}`; the limits are {}", names.join(", ")));
    };
    let value = units::parse_size(value)?;
    Ok(Setting::Limit(*limit, usize::try_from(value).unwrap_or(usize::MAX)))
}

impl Pool {
    /// Changes the engine's settings as needed. If something is given several times, the last
    /// counts.
    pub(super) fn apply(&self, config: &mut Config) {
        let mut pool = None;
        for setting in &self.settings {
            match setting {
                Setting::Off => pool = None,
                Setting::On => _ = pool.get_or_insert_with(PoolingAllocationConfig::new),
                Setting::Limit(set, value) => {
                    set(pool.get_or_insert_with(PoolingAllocationConfig::new), *value);
                }
            }
        }
        if let Some(pool) = pool {
            config.allocation_strategy(pool);
        }
    }
}
