//! The limits of an engine that reserves everything up front: those of Wasmtime's pools, as far as
//! there is something here that they limit.

use wasm_artifact::Artifact;
use wasm_types::abi::{ContextCounts, ContextLayout};
use wasm_types::{MemoryIndex, TableIndex};

use crate::error::Result;
use crate::vm::PoolLimits;

/// Whether something is used that not every machine has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Enabled {
    /// If the machine has it.
    Auto,
    /// Always; without it there is an error.
    Yes,
    /// Never.
    No,
}

/// The limits of an engine that reserves everything up front.
///
/// Reserving costs address space and no memory. An instantiation or call that needs more than there
/// is fails with an error that names the setting; a module of which no instance could ever be made
/// is refused when it is made.
///
/// ```
/// use wasm_store::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut pool = PoolingAllocationConfig::new();
/// pool.total_core_instances(100).total_memories(100).total_stacks(8).max_memory_size(64 << 20);
/// let mut config = Config::new();
/// config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
/// let engine = Engine::new(&config)?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PoolingAllocationConfig {
    settings: Settings,
    pub(super) keep_resident: Option<usize>,
}

/// Settings with a setter and a getter each.
macro_rules! settings {
    ($($name:ident $get:ident: $ty:ty = $default:expr, $doc:literal;)*) => {
        #[derive(Clone, Debug)]
        struct Settings {
            $($name: $ty,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl PoolingAllocationConfig {
            $(
                #[doc = $doc]
                pub fn $name(&mut self, value: $ty) -> &mut Self {
                    self.settings.$name = value;
                    self
                }

                #[doc = concat!("What [`", stringify!($name), "`](Self::", stringify!($name), ") \
                    was set to.")]
                pub fn $get(&self) -> $ty {
                    self.settings.$name
                }
            )*
        }
    };
}

settings! {
    total_core_instances get_total_core_instances: u32 = 1000,
        "How many instances may live at once. Default: 1000.";
    total_memories get_total_memories: u32 = 1000,
        "How many memories may live at once, those of the host included. Default: 1000.\n\nFor \
         each, address space of [`memory_reservation`](crate::Config::memory_reservation) and \
         [`memory_guard_size`](crate::Config::memory_guard_size) is reserved.";
    total_tables get_total_tables: u32 = 1000,
        "How many tables may live at once, those of the host included. Default: 1000. Tables are \
         made when they are needed.";
    total_stacks get_total_stacks: u32 = 1000,
        "How many stores may run Wasm at once, or have run it and not been dropped. Default: \
         1000.\n\nFor each, a stack of [`max_wasm_stack`](crate::Config::max_wasm_stack) is reserved.";
    max_memory_size get_max_memory_size: usize = 4 << 30,
        "How large a memory may be, in bytes. Default: 4 GiB.\n\nA module with a larger memory is \
         an error, and so is making one. Growing one beyond this size gives -1, as at its maximum.";
    max_memories_per_module get_max_memories_per_module: u32 = 1,
        "How many memories a module may define. Default: 1.";
    max_tables_per_module get_max_tables_per_module: u32 = 1,
        "How many tables a module may define. Default: 1.";
    table_elements get_table_elements: usize = 20_000,
        "How many elements a table of a module may have, also when it has grown. Default: 20,000.";
    max_core_instance_size get_max_core_instance_size: usize = 1 << 20,
        "How large the context of an instance may be, in bytes: what compiled code knows of it. \
         Default: 1 MiB.";
    max_unused_warm_slots get_max_unused_warm_slots: u32 = 100,
        "How many unused instances are kept as they are for the next instance of their module. When \
         there are more, the one that has been unused for longest makes room. Default: 100.";
    total_component_instances get_total_component_instances: u32 = u32::MAX,
        "Has no effect: an instance of a component counts as the instances of modules in it.";
    max_component_instance_size get_max_component_instance_size: usize = usize::MAX,
        "Has no effect: instances of components have no place of a fixed size.";
    max_core_instances_per_component get_max_core_instances_per_component: u32 = u32::MAX,
        "Has no effect: [`total_core_instances`](Self::total_core_instances) limits all of them.";
    max_memories_per_component get_max_memories_per_component: u32 = u32::MAX,
        "Has no effect: [`total_memories`](Self::total_memories) limits all of them.";
    max_tables_per_component get_max_tables_per_component: u32 = u32::MAX,
        "Has no effect: [`total_tables`](Self::total_tables) limits all of them.";
    total_gc_heaps get_total_gc_heaps: u32 = u32::MAX,
        "Has no effect: heaps are reserved when they are needed, one for each store.";
    decommit_batch_size get_decommit_batch_size: usize = 1,
        "Has no effect: pages are given back when an instance is reset, by one call for each memory.";
    async_stack_keep_resident get_async_stack_keep_resident: usize = 0,
        "Has no effect: stacks are not cleared, since compiled code reads nothing there that it has \
         not written before.";
    table_keep_resident get_table_keep_resident: usize = 0,
        "Has no effect: tables are ordinary memory.";
    pagemap_scan get_pagemap_scan: Enabled = Enabled::Auto,
        "The pages that were written are queried wherever the kernel can report them. So \
         [`Enabled::Yes`] is an error of [`Engine::new`](crate::Engine::new) where it can't, and the \
         others have no effect. Default: [`Enabled::Auto`].";
    memory_protection_keys get_memory_protection_keys: Enabled = Enabled::No,
        "Memories are protected by what is not accessible behind them, and not by keys. So \
         [`Enabled::Yes`] is an error of [`Engine::new`](crate::Engine::new), and the others have no \
         effect. Default: [`Enabled::No`].";
    max_memory_protection_keys get_max_memory_protection_keys: usize = 16,
        "Has no effect: see [`memory_protection_keys`](Self::memory_protection_keys).";
}

impl PoolingAllocationConfig {
    /// The default limits, which are Wasmtime's: 1000 each of instances, memories, tables and
    /// stacks; for each module one memory of at most 4 GiB, one table of at most 20,000 elements,
    /// and a context of at most 1 MiB.
    pub fn new() -> Self {
        Self { settings: Settings::default(), keep_resident: None }
    }

    /// How much of a memory that was written stays in memory when it is reset, in bytes. Default:
    /// as [`ReuseConfig::linear_memory_keep_resident`](crate::ReuseConfig), which this overrides.
    pub fn linear_memory_keep_resident(&mut self, bytes: usize) -> &mut Self {
        self.keep_resident = Some(bytes);
        self
    }

    /// What [`linear_memory_keep_resident`](Self::linear_memory_keep_resident) was set to; the
    /// default of [`ReuseConfig`](crate::ReuseConfig) if nothing was set.
    pub fn get_memory_keep_resident(&self) -> usize {
        let default = || super::ReuseConfig::new().linear_memory_keep_resident;
        self.keep_resident.unwrap_or_else(default)
    }

    /// Whether memories can be protected by keys: no.
    pub fn are_memory_protection_keys_available() -> bool {
        false
    }

    /// Whether the kernel reports which pages of a memory were written (`PAGEMAP_SCAN`, Linux 6.7).
    pub fn is_pagemap_scan_available() -> bool {
        crate::vm::reports_written_pages()
    }

    /// # Errors
    ///
    /// If something is demanded that there is not.
    pub(in crate::engine) fn check(&self) -> Result<()> {
        crate::ensure!(
            self.settings.memory_protection_keys != Enabled::Yes,
            "memories are not protected by keys here, but by inaccessible pages behind each: use `Enabled::Auto` or \
             `Enabled::No` for `PoolingAllocationConfig::memory_protection_keys`"
        );
        crate::ensure!(
            self.settings.pagemap_scan != Enabled::Yes || Self::is_pagemap_scan_available(),
            "the kernel does not report which pages were written (`PAGEMAP_SCAN`, Linux 6.7): use `Enabled::Auto` or \
             `Enabled::No` for `PoolingAllocationConfig::pagemap_scan`"
        );
        Ok(())
    }

    /// What the machine's edge has to know.
    pub(super) fn limits(&self) -> PoolLimits {
        PoolLimits {
            instances: self.settings.total_core_instances as usize,
            tables: self.settings.total_tables as usize,
            table_elements: self.settings.table_elements,
            memories: self.settings.total_memories,
            stacks: self.settings.total_stacks,
            memory_size: self.settings.max_memory_size,
        }
    }

    /// Checks that an instance of a module could be made.
    ///
    /// # Errors
    ///
    /// If it would be more than one of the limits allows.
    pub(crate) fn check_module(&self, artifact: &Artifact<'_>, context: usize) -> Result<()> {
        let Settings { max_memories_per_module, max_tables_per_module, .. } = self.settings;
        let counts = artifact.counts();
        let (memories, tables) =
            (counts.memories - counts.imported_memories, counts.tables - counts.imported_tables);
        crate::ensure!(
            memories <= max_memories_per_module,
            "defined memories count of {memories} exceeds the per-instance limit of {max_memories_per_module}: raise \
             `PoolingAllocationConfig::max_memories_per_module`"
        );
        crate::ensure!(
            tables <= max_tables_per_module,
            "defined tables count of {tables} exceeds the per-instance limit of {max_tables_per_module}: raise \
             `PoolingAllocationConfig::max_tables_per_module`"
        );
        for number in counts.imported_memories..counts.memories {
            let ty = artifact.memory(MemoryIndex::new(number))?;
            let bytes = ty.bytes_of(ty.minimum).unwrap_or(u64::MAX);
            let limit = self.settings.max_memory_size as u64;
            crate::ensure!(
                bytes <= limit,
                "memory index {number} is unsupported in this pooling allocator configuration: the memory has a minimum \
                 byte size of {bytes} which exceeds the limit of {limit:#x} bytes: raise \
                 `PoolingAllocationConfig::max_memory_size`"
            );
        }
        for number in counts.imported_tables..counts.tables {
            let minimum = artifact.table(TableIndex::new(number))?.minimum;
            let limit = self.settings.table_elements as u64;
            crate::ensure!(
                minimum <= limit,
                "table index {number} has a minimum element size of {minimum} which exceeds the limit of {limit}: \
                 raise `PoolingAllocationConfig::table_elements`"
            );
        }
        let limit = self.settings.max_core_instance_size;
        let size =
            |counts| ContextLayout::from_counts(counts).map_or(0, |layout| layout.size() as usize);
        let fixed = size(ContextCounts::default());
        let globals = (0, counts.globals - counts.imported_globals);
        let globals = size(ContextCounts { globals, ..ContextCounts::default() });
        let globals = globals.saturating_sub(fixed);
        crate::ensure!(
            context <= limit,
            "an instance of this module takes {context} bytes, which exceeds the configured maximum of {limit} bytes: raise \
             `PoolingAllocationConfig::max_core_instance_size` (breakdown of allocation requirement: \
             instance state management: {fixed} bytes of static vmctx data, as for any module; \
             {globals} bytes for defined globals; {} bytes for what else it imports, defines and refers to)",
            context.saturating_sub(fixed + globals)
        );
        Ok(())
    }
}

impl Default for PoolingAllocationConfig {
    fn default() -> Self {
        Self::new()
    }
}
