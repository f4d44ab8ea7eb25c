//! The steps of instantiating a component.

use wasm_types::ValType;

use crate::core_def::CoreDef;
use crate::index::{
    ComponentInstanceIndex, CoreInstanceIndex, FuncTypeIndex, ImportIndex, LoweringIndex,
    MemorySlot, OptionsIndex, PostReturnSlot, ReallocSlot, ResourceIndex, StaticModuleIndex,
};
use crate::read::Args;

/// A step of instantiating a component. Each uses only what steps before it made.
#[derive(Clone, Copy, Debug)]
pub enum Initializer<'a> {
    /// Instantiates a core module that was compiled with the component.
    InstantiateModule {
        /// The instance that it makes.
        instance: CoreInstanceIndex,
        /// The module.
        module: StaticModuleIndex,
        /// What it gets for its imports, in their order.
        args: Args<'a>,
    },
    /// Instantiates a core module that the component imports. It may have fewer imports than
    /// there are arguments, and in another order.
    InstantiateImportedModule {
        /// The instance that it makes.
        instance: CoreInstanceIndex,
        /// The module.
        import: ImportIndex,
        /// What it gets for its imports, by name.
        args: Args<'a>,
    },
    /// From here on the trampoline of a lowered import can be used.
    LowerImport {
        /// What is lowered; see [`Plan::lowering`](crate::Plan::lowering).
        lowering: LoweringIndex,
    },
    /// From here on canonical options can use a memory.
    ExtractMemory {
        /// The slot that it gets.
        slot: MemorySlot,
        /// Where it comes from.
        def: CoreDef<'a>,
    },
    /// From here on canonical options can use a function that allocates.
    ExtractRealloc {
        /// The slot that it gets.
        slot: ReallocSlot,
        /// Where it comes from.
        def: CoreDef<'a>,
    },
    /// From here on canonical options can use a `post-return` function.
    ExtractPostReturn {
        /// The slot that it gets.
        slot: PostReturnSlot,
        /// Where it comes from.
        def: CoreDef<'a>,
    },
    /// Makes a new type of resources.
    DefineResource {
        /// The resource.
        resource: ResourceIndex,
        /// The component instance that defines it.
        instance: ComponentInstanceIndex,
        /// The type of what stands for a resource: always `i32`.
        rep: ValType,
        /// What destroys a resource, `(rep)`.
        dtor: Option<CoreDef<'a>>,
    },
}

/// A function of the host that is lowered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lowering {
    /// The function.
    pub import: ImportIndex,
    /// Its type.
    pub ty: FuncTypeIndex,
    /// How it is lowered.
    pub options: OptionsIndex,
}
