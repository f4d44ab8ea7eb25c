//! Where everything stands in an instance context.

use alloc::vec::Vec;

use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use crate::module::Module;
use crate::tunables::Tunables;

/// Offsets of the fixed head of an instance context. The context is 16-byte aligned.
pub mod context {
    /// A number that distinguishes an instance context from a host function's record: `u64`.
    pub const MAGIC: u32 = 0;
    /// The store's own context: a pointer that only thunks and the store read.
    pub const STORE: u32 = 8;
    /// The array of builtins' code pointers, in the order of [`Builtin`](crate::abi::Builtin).
    pub const BUILTINS: u32 = 16;
    /// The [`func_ref`](super::func_ref) record that stands for null in tables of functions.
    pub const NULL_FUNC_REF: u32 = 24;
    /// Right above the page whose protection interrupts code that has no memory to look below: a
    /// pointer. See [`INTERRUPT_PAGE_SIZE`](crate::abi::INTERRUPT_PAGE_SIZE).
    pub const INTERRUPT_PAGE: u32 = 32;
    /// The fuel that is left: a pointer to an `i64` that counts down, below zero if too much was
    /// used.
    pub const FUEL: u32 = 40;
    /// The store's description of the instance: a pointer that only the store reads.
    pub const INSTANCE: u32 = 48;
    /// The start of the store's garbage-collected heap: a pointer, which never changes in an
    /// instance whose module declares a structure or an array. See [`heap`](crate::abi::heap).
    pub const HEAP: u32 = 56;
    /// The size of the head.
    pub const SIZE: u32 = 64;
    /// The value at [`MAGIC`] in an instance context.
    pub const MAGIC_VALUE: u64 = u64::from_le_bytes(*b"wasm ctx");
}

/// Offsets within the record of a defined memory. That of a shared memory is laid out as the record
/// of an imported one ([`memory_import`](super::memory_import)): what threads see of its size is in
/// a place that they share.
pub mod memory {
    /// The first byte: a pointer.
    pub const BASE: u32 = 0;
    /// The current size in bytes: `u64`.
    pub const LENGTH: u32 = 8;
    /// The size of the record.
    pub const SIZE: u32 = 16;
}

/// Offsets within the record of an imported memory.
pub mod memory_import {
    /// A copy of the base. Only valid for memories that never move: those that are reserved whole
    /// (see [`Tunables::memory_is_static`](crate::Tunables::memory_is_static)), and shared ones.
    pub const BASE: u32 = 0;
    /// The exporter's [`memory`](super::memory) record: a pointer. A shared memory has one that all
    /// threads share; there the size may become larger at any time, and never smaller.
    pub const MEMORY: u32 = 8;
    /// The size of the record.
    pub const SIZE: u32 = 16;
}

/// Offsets within the record of a defined table.
///
/// Elements are 8 bytes. In a table of functions an element is the address of a
/// [`func_ref`](super::func_ref) record, never null: the record at
/// [`context::NULL_FUNC_REF`](super::context::NULL_FUNC_REF) stands for null, and 0 for an element
/// that was not used yet, which [`Builtin::TableGetLazy`](crate::abi::Builtin::TableGetLazy)
/// fills in. In other tables an element is the reference itself, and 0 is null.
///
/// **Cards.** A collector does not look through all of a table of references into the heap for
/// those that are new. Before the first element there is a byte for every [`CARD`](table::CARD)
/// elements, the one for the first of them right before it, and so on downwards. Who writes a
/// reference into the table sets the byte of its place to 1 afterwards, with no call in between.
/// It is not needed for null, and there are no such bytes in tables of functions.
pub mod table {
    /// The first element: a pointer.
    pub const BASE: u32 = 0;
    /// The current size in elements: `u64`.
    pub const LENGTH: u32 = 8;
    /// The size of the record.
    pub const SIZE: u32 = 16;
    /// How many elements a card is for.
    pub const CARD: u32 = 512;
}

/// Offsets within the record of an imported table.
pub mod table_import {
    /// The exporter's [`table`](super::table) record: a pointer.
    pub const TABLE: u32 = 0;
    /// The exporter's instance context: a pointer.
    pub const OWNER: u32 = 8;
    /// The size of the record.
    pub const SIZE: u32 = 16;
}

/// Offsets within the record of an imported function.
pub mod import {
    /// The code to call: a pointer.
    pub const CODE: u32 = 0;
    /// The context to call it with: a pointer. For a host function, the address of [`HOST`] of this
    /// very record.
    pub const CONTEXT: u32 = 8;
    /// The [`func_ref`](super::func_ref) record that the exporter has for the function: a pointer.
    pub const FUNC_REF: u32 = 16;
    /// A host function's record, as its thunk gets it for a context: 40 bytes that only thunks and
    /// the store read.
    pub const HOST: u32 = 24;
    /// The size of the record.
    pub const SIZE: u32 = 64;
}

/// Offsets within what a function reference points to.
pub mod func_ref {
    /// The code to call: a pointer.
    pub const CODE: u32 = 0;
    /// The context to call it with: a pointer.
    pub const CONTEXT: u32 = 8;
    /// The engine-wide id of the function's type: `u32`.
    pub const TYPE_ID: u32 = 16;
    /// The number that stands for the function in objects of the
    /// [heap](crate::abi::heap::FUNCTIONS), times 2: `u32`, 0 and 1 if it has none yet. The lowest
    /// bit is for the store.
    pub const NUMBER: u32 = 20;
    /// The [`type_record`](super::type_record) of the function's type: a pointer, null in the
    /// record that stands for null.
    pub const TYPE: u32 = 24;
    /// The size of the record.
    pub const SIZE: u32 = 32;
}

/// Offsets within what tells an instance's code where it is to stop, if it can be debugged: one
/// piece of memory for each instance.
pub mod stops {
    /// How often a call of a function has returned to the code: `u64`, counted up by the code.
    pub const RETURNS: u32 = 0;
    /// A byte for each byte of the module, by its offset in the binary, from the first function's
    /// body to the end of the last one's. Where it is not zero, code that comes to the operator
    /// there calls [`Builtin::DebugStop`](crate::abi::Builtin::DebugStop).
    pub const FLAGS: u32 = 8;
}

/// Offsets within what an engine knows of a type: its id, and its place below its supertypes.
///
/// The types from the outermost supertype to the type itself are its *display* (Wasm 3.0, section
/// 3.3.11, has them declared, at most one for each type). One type is the other or a subtype of it
/// exactly if its display has the other's id at the other's depth. The first
/// [`NEAR`](type_record::NEAR) entries are in the record, with [`NO_TYPE_ID`](super::NO_TYPE_ID)
/// beyond the type itself, so that for them this is one load and one comparison.
pub mod type_record {
    /// The engine-wide id of the type: `u32`.
    pub const ID: u32 = 0;
    /// How many supertypes the type has: `u32`.
    pub const DEPTH: u32 = 4;
    /// The first entries of the display: `u32` each.
    pub const DISPLAY: u32 = 8;
    /// How many entries there are at [`DISPLAY`].
    pub const NEAR: u32 = 8;
    /// The entries that follow, as far as the type's own: a pointer to `u32` each.
    pub const FAR: u32 = 40;
    /// The size of what compiled code may read.
    pub const SIZE: u32 = 48;
    /// How many supertypes a type may have at most, as validation makes sure of.
    pub const MAX_DEPTH: u32 = 63;
}

/// Where everything stands in the instance context of a module.
///
/// In order, after the head ([`context`]): defined memories, imported memories, defined tables,
/// imported tables, defined globals (16 bytes each), imported globals (a pointer each), imported
/// functions, type ids, function references, tags (a pointer each), in code that gathers a profile
/// a pointer to its counters, and in code that can be debugged a pointer to its
/// [stops](super::stops).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContextLayout {
    imported: [u32; 4],
    defined_memories: u32,
    imported_memories: u32,
    defined_tables: u32,
    imported_tables: u32,
    defined_globals: u32,
    imported_globals: u32,
    imported_functions: u32,
    type_ids: u32,
    func_refs: u32,
    tags: u32,
    counters: u32,
    stops: u32,
    size: u32,
    num_type_ids: u32,
}

/// How many of each a module has: all that the layout depends on. Pairs are (imported, defined).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ContextCounts {
    /// Imported functions.
    pub functions: u32,
    /// Memories.
    pub memories: (u32, u32),
    /// Tables.
    pub tables: (u32, u32),
    /// Globals.
    pub globals: (u32, u32),
    /// Types.
    pub types: u32,
    /// Functions that can be referred to.
    pub func_refs: u32,
    /// Tags, imported and defined.
    pub tags: u32,
}

impl ContextLayout {
    /// The layout for a module.
    ///
    /// # Panics
    ///
    /// If the context would be larger than 2 GiB, which the implementation limits of validation
    /// rule out.
    pub fn new(module: &Module) -> Self {
        let split = |imported: u32, all: usize| (imported, all as u32 - imported);
        Self::from_counts(ContextCounts {
            functions: module.num_imported_functions,
            memories: split(module.num_imported_memories, module.memories.len()),
            tables: split(module.num_imported_tables, module.tables.len()),
            globals: split(module.num_imported_globals, module.globals.len()),
            types: module.types.len() as u32,
            func_refs: module.escaping_functions.len() as u32,
            tags: module.tags.len() as u32,
        })
        .expect("the limits of validation keep an instance context below 2 GiB")
    }

    /// The layout for a module with the given counts; `None` if the context would be larger than
    /// 2 GiB.
    pub fn from_counts(counts: ContextCounts) -> Option<Self> {
        let mut end = u64::from(context::SIZE);
        let mut place = |count: u32, size: u32, align: u64| {
            let start = end.next_multiple_of(align);
            end = start + u64::from(count) * u64::from(size);
            start as u32
        };
        let defined_memories = place(counts.memories.1, memory::SIZE, 16);
        let imported_memories = place(counts.memories.0, memory_import::SIZE, 16);
        let defined_tables = place(counts.tables.1, table::SIZE, 16);
        let imported_tables = place(counts.tables.0, table_import::SIZE, 16);
        let defined_globals = place(counts.globals.1, 16, 16);
        let imported_globals = place(counts.globals.0, super::POINTER_SIZE, 8);
        let imported_functions = place(counts.functions, import::SIZE, 16);
        let type_ids = place(counts.types, 4, 4);
        let func_refs = place(counts.func_refs, func_ref::SIZE, 16);
        let tags = place(counts.tags, super::POINTER_SIZE, 8);
        let counters = end as u32;
        let size = end.next_multiple_of(16);
        if size > 1 << 31 {
            return None;
        }
        Some(Self {
            imported: [counts.functions, counts.tables.0, counts.memories.0, counts.globals.0],
            defined_memories,
            imported_memories,
            defined_tables,
            imported_tables,
            defined_globals,
            imported_globals,
            imported_functions,
            type_ids,
            func_refs,
            tags,
            counters,
            stops: size as u32,
            size: size as u32,
            num_type_ids: counts.types,
        })
    }

    /// The layout for code of the module that gathers a profile: with a place for the pointer to
    /// its counters, behind all else.
    #[must_use]
    pub fn with_counters(mut self) -> Self {
        self.counters = self.counters.next_multiple_of(super::POINTER_SIZE);
        self.size = (self.counters + super::POINTER_SIZE).next_multiple_of(16);
        self.stops = self.size;
        self
    }

    /// The layout for code of the module with some settings.
    #[must_use]
    pub fn of_code(mut self, tunables: &Tunables) -> Self {
        if tunables.gathers_profile {
            self = self.with_counters();
        }
        if tunables.guest_debug {
            self = self.with_stops();
        }
        self
    }

    /// The layout for code of the module that can be debugged: with a place for the pointer to its
    /// stops, behind all else. To be called after [`with_counters`](Self::with_counters).
    #[must_use]
    pub fn with_stops(mut self) -> Self {
        self.stops = self.size;
        self.size += 16;
        self
    }

    /// Where the pointer to the [stops](super::stops) stands, in a layout
    /// [with](Self::with_stops) them.
    pub fn stops(&self) -> u32 {
        self.stops
    }

    /// Where the pointer to the counters stands, in a layout [with](Self::with_counters) them: see
    /// [`CounterMap`](crate::profile::CounterMap).
    pub fn counters(&self) -> u32 {
        self.counters
    }

    /// The size of the context, in bytes: a multiple of 16.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The record of an imported function: see [`import`].
    ///
    /// # Panics
    ///
    /// If the function is not an import.
    pub fn imported_function(&self, func: FuncIndex) -> u32 {
        assert!(func.as_u32() < self.imported[0], "function {func} is not an import");
        self.imported_functions + func.as_u32() * import::SIZE
    }

    /// The record of a table: `Ok` a defined one's [`table`], `Err` an imported one's
    /// [`table_import`].
    ///
    /// # Errors
    ///
    /// If it is imported; the error is then where its record is.
    pub fn table(&self, table: TableIndex) -> Result<u32, u32> {
        match table.as_u32().checked_sub(self.imported[1]) {
            Some(defined) => Ok(self.defined_tables + defined * self::table::SIZE),
            None => Err(self.imported_tables + table.as_u32() * table_import::SIZE),
        }
    }

    /// The record of a memory: `Ok` a defined one's [`memory`], `Err` an imported one's
    /// [`memory_import`].
    ///
    /// # Errors
    ///
    /// If it is imported; the error is then where its record is.
    pub fn memory(&self, memory: MemoryIndex) -> Result<u32, u32> {
        match memory.as_u32().checked_sub(self.imported[2]) {
            Some(defined) => Ok(self.defined_memories + defined * self::memory::SIZE),
            None => Err(self.imported_memories + memory.as_u32() * memory_import::SIZE),
        }
    }

    /// Where a global stands: `Ok` the value of a defined one (16 bytes), `Err` the pointer to an
    /// imported one's value.
    ///
    /// # Errors
    ///
    /// If it is imported; the error is then where the pointer to its value is.
    pub fn global(&self, global: GlobalIndex) -> Result<u32, u32> {
        match global.as_u32().checked_sub(self.imported[3]) {
            Some(defined) => Ok(self.defined_globals + defined * 16),
            None => Err(self.imported_globals + global.as_u32() * super::POINTER_SIZE),
        }
    }

    /// The engine-wide id of a function type of the module: `u32`. For a structure or an array it
    /// is the number that the store has for it, times 8: what the header of such an object begins
    /// with.
    ///
    /// # Panics
    ///
    /// If the module has no such type.
    pub fn type_id(&self, ty: TypeIndex) -> u32 {
        assert!(ty.as_u32() < self.num_type_ids, "the module has no type {ty}");
        self.type_ids + ty.as_u32() * 4
    }

    /// The reference record of an escaping function, by [`Module::funcref_slot`]: see [`func_ref`].
    pub fn func_ref(&self, slot: u32) -> u32 {
        self.func_refs + slot * func_ref::SIZE
    }

    /// Where the pointer to a tag stands, imported or defined. It is what distinguishes tags: the
    /// same for all instances that have the tag.
    pub fn tag(&self, tag: TagIndex) -> u32 {
        self.tags + tag.as_u32() * super::POINTER_SIZE
    }

    /// Every part as (name, start, end), in order: for tools and tests.
    pub fn parts(&self) -> Vec<(&'static str, u32, u32)> {
        let starts = [
            ("head", 0),
            ("defined memories", self.defined_memories),
            ("imported memories", self.imported_memories),
            ("defined tables", self.defined_tables),
            ("imported tables", self.imported_tables),
            ("defined globals", self.defined_globals),
            ("imported globals", self.imported_globals),
            ("imported functions", self.imported_functions),
            ("type ids", self.type_ids),
            ("function references", self.func_refs),
            ("tags", self.tags),
            ("counters", self.counters),
            ("stops", self.stops),
            ("end", self.size),
        ];
        starts.windows(2).map(|w| (w[0].0, w[0].1, w[1].1)).collect()
    }
}
