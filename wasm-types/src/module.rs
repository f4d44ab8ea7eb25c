//! The description of a module: its declarations, as plain data.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::branch_hints::BranchHints;
use crate::const_expr::ConstExpr;
use crate::debug_sections::DebugSections;
use crate::entity::{EntityIndex, EntityType, GlobalType, MemoryType, TableType, TagType};
use crate::features::WasmFeatures;
use crate::index::{
    DefinedFuncIndex, DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex, FuncIndex,
    GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use crate::names::NameMap;
use crate::types::{FuncType, RecGroup, RefType, SubType};

/// An import: two names and what is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// The module that it is imported from. It is often that of the import before, and shared then.
    pub module: Arc<str>,
    /// The name within that module.
    pub name: Arc<str>,
    /// What is imported, with its index in this module.
    pub index: EntityIndex,
    /// The type that is wanted.
    pub ty: EntityType,
}

impl Import {
    /// How many bytes the names of all imports of a module may have together: 64 MiB. A name that
    /// stands once for several imports (a compact import section) counts for each of them, as
    /// validators keep it for each.
    pub const MAX_NAMES: usize = 64 << 20;
}

/// An export: a name and what it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The name, unique within the module.
    pub name: String,
    /// What is exported.
    pub index: EntityIndex,
}

/// What is done with an element segment.
#[derive(Clone, PartialEq, Debug)]
pub enum ElementKind {
    /// Kept for `table.init`.
    Passive,
    /// Only declares that its functions are referred to.
    Declared,
    /// Written to a table at instantiation.
    Active {
        /// The table.
        table: TableIndex,
        /// Where in the table, in elements.
        offset: ConstExpr,
    },
}

/// The elements of a segment.
#[derive(Clone, PartialEq, Debug)]
pub enum ElementItems {
    /// Plain function references.
    Functions(Vec<FuncIndex>),
    /// A constant expression for each element.
    Expressions(Vec<ConstExpr>),
}

impl ElementItems {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            ElementItems::Functions(items) => items.len(),
            ElementItems::Expressions(items) => items.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An element segment.
#[derive(Clone, PartialEq, Debug)]
pub struct ElementSegment {
    /// What is done with it.
    pub kind: ElementKind,
    /// The type of its elements.
    pub ty: RefType,
    /// The elements.
    pub items: ElementItems,
}

/// What is done with a data segment.
#[derive(Clone, PartialEq, Debug)]
pub enum DataKind {
    /// Kept for `memory.init`.
    Passive,
    /// Written to a memory at instantiation.
    Active {
        /// The memory.
        memory: MemoryIndex,
        /// Where in the memory, in bytes.
        offset: ConstExpr,
    },
}

/// A data segment.
#[derive(Clone, PartialEq, Debug)]
pub struct DataSegment {
    /// What is done with it.
    pub kind: DataKind,
    /// Where its bytes stand in the binary.
    pub range: Range<usize>,
}

/// The body of a defined function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionBody {
    /// Where the body (locals and code, without its size) stands in the binary.
    pub range: Range<usize>,
}

/// The declarations of a module.
///
/// Index spaces hold imported items first. The bytes of code and data are not copied: ranges point
/// into the binary that was parsed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Module {
    /// The types, through all recursive groups.
    pub types: Vec<SubType>,
    /// The recursive groups, which partition `types` in order.
    pub rec_groups: Vec<RecGroup>,
    /// The imports, in the order of the binary.
    pub imports: Vec<Import>,
    /// The type of each function, imported and defined.
    pub functions: Vec<TypeIndex>,
    /// The type of each table, imported and defined.
    pub tables: Vec<TableType>,
    /// The type of each memory, imported and defined.
    pub memories: Vec<MemoryType>,
    /// The type of each global, imported and defined.
    pub globals: Vec<GlobalType>,
    /// The type of each tag, imported and defined.
    pub tags: Vec<TagType>,
    /// How many functions are imported.
    pub num_imported_functions: u32,
    /// How many tables are imported.
    pub num_imported_tables: u32,
    /// How many memories are imported.
    pub num_imported_memories: u32,
    /// How many globals are imported.
    pub num_imported_globals: u32,
    /// How many tags are imported.
    pub num_imported_tags: u32,
    /// The initial elements of each defined table, in order.
    pub table_inits: Vec<Option<ConstExpr>>,
    /// The initial value of each defined global, in order.
    pub global_inits: Vec<ConstExpr>,
    /// The exports, in the order of the binary.
    pub exports: Vec<Export>,
    /// The function that instantiation calls.
    pub start: Option<FuncIndex>,
    /// The element segments.
    pub elements: Vec<ElementSegment>,
    /// The data segments.
    pub data: Vec<DataSegment>,
    /// The bodies of the defined functions, in order.
    pub bodies: Vec<FunctionBody>,
    /// Functions that can be referred to other than by a direct call: exported, in an element
    /// segment, named by `ref.func` in a constant expression, or the start function. Sorted, with
    /// no duplicates. Validation guarantees that `ref.func` in a body names one of these.
    pub escaping_functions: Vec<FuncIndex>,
    /// The proposals that the module was allowed to use when it was validated.
    pub features: WasmFeatures,
    /// Names from the name section: for people, never for semantics.
    pub names: NameMap,
    /// What is said about branches: for speed, never for semantics. Empty unless
    /// [`WasmFeatures::BRANCH_HINTING`] was allowed.
    pub branch_hints: BranchHints,
    /// Debugging information: for people, never for semantics.
    pub debug_sections: DebugSections,
}

macro_rules! index_space {
    ($space:ident, $imported:ident, $index:ident, $defined:ident, $defined_fn:ident, $index_fn:ident, $what:literal) => {
        #[doc = concat!("The number of a ", $what, " among those the module defines; `None` if it is imported.")]
        pub fn $defined_fn(&self, index: $index) -> Option<$defined> {
            index.as_u32().checked_sub(self.$imported).map($defined::new)
        }

        #[doc = concat!("The index of a defined ", $what, " in the index space.")]
        pub fn $index_fn(&self, defined: $defined) -> $index {
            $index::new(defined.as_u32() + self.$imported)
        }
    };
}

impl Module {
    index_space!(
        functions,
        num_imported_functions,
        FuncIndex,
        DefinedFuncIndex,
        defined_func,
        func_index,
        "function"
    );
    index_space!(
        tables,
        num_imported_tables,
        TableIndex,
        DefinedTableIndex,
        defined_table,
        table_index,
        "table"
    );
    index_space!(
        memories,
        num_imported_memories,
        MemoryIndex,
        DefinedMemoryIndex,
        defined_memory,
        memory_index,
        "memory"
    );
    index_space!(
        globals,
        num_imported_globals,
        GlobalIndex,
        DefinedGlobalIndex,
        defined_global,
        global_index,
        "global"
    );

    /// The type of the function whose parameters the exceptions of a tag carry.
    ///
    /// # Panics
    ///
    /// If there is no such tag. In a validated module the type is always that of a function.
    pub fn type_of_tag(&self, tag: TagIndex) -> &FuncType {
        self.func_type(self.tags[tag.index()].ty).expect("a tag has a function type")
    }

    /// The function type with the given index, if it is one.
    pub fn func_type(&self, ty: TypeIndex) -> Option<&FuncType> {
        self.types.get(ty.index())?.as_func()
    }

    /// How many supertypes a type has: its own, the one of that, and so on.
    ///
    /// # Panics
    ///
    /// If the module has no such type.
    pub fn supertype_depth(&self, ty: TypeIndex) -> u32 {
        // A supertype is declared before its subtypes.
        let above = |ty: &TypeIndex| self.types[ty.index()].supertype.filter(|above| above < ty);
        core::iter::successors(Some(ty), above).skip(1).count() as u32
    }

    /// The type of a function.
    ///
    /// # Panics
    ///
    /// If there is no such function. In a validated module the type is always that of a function.
    pub fn type_of_func(&self, func: FuncIndex) -> &FuncType {
        self.func_type(self.functions[func.index()]).expect("a function has a function type")
    }

    /// How many functions the module defines.
    pub fn num_defined_functions(&self) -> u32 {
        self.functions.len() as u32 - self.num_imported_functions
    }

    /// The place of a function among the escaping ones: the number of its reference in an instance.
    pub fn funcref_slot(&self, func: FuncIndex) -> Option<u32> {
        self.escaping_functions.binary_search(&func).ok().map(|slot| slot as u32)
    }

    /// The type of anything in an index space.
    ///
    /// # Panics
    ///
    /// If the index is out of range.
    pub fn entity_type(&self, index: EntityIndex) -> EntityType {
        match index {
            EntityIndex::Func(i) => EntityType::Func(self.functions[i.index()]),
            EntityIndex::Table(i) => EntityType::Table(self.tables[i.index()]),
            EntityIndex::Memory(i) => EntityType::Memory(self.memories[i.index()]),
            EntityIndex::Global(i) => EntityType::Global(self.globals[i.index()]),
            EntityIndex::Tag(i) => EntityType::Tag(self.tags[i.index()]),
        }
    }
}
