//! Typed indices into the tables of a plan.

wasm_types::indices! {
    /// A core module that was compiled with the component: one of its own, or an adapter.
    StaticModuleIndex;
    /// A function, core module or resource that the component imports, however deep in instances.
    ImportIndex;
    /// A core instance, counted in the order in which initializers make them.
    CoreInstanceIndex;
    /// An instance of a component: the component itself, or one that was inlined into it. Each has
    /// flags and a table of handles.
    ComponentInstanceIndex;
    /// A resource: imported by the component, or defined by an initializer. What it stands for is
    /// known only when the component is instantiated.
    ResourceIndex;
    /// A value type that is no primitive one.
    TypeIndex;
    /// A type of functions.
    FuncTypeIndex;
    /// A type of core modules.
    ModuleTypeIndex;
    /// Canonical options.
    OptionsIndex;
    /// A function of the host that is lowered: an imported function and options.
    LoweringIndex;
    /// A core function that the runtime provides.
    TrampolineIndex;
    /// A memory that canonical options name.
    MemorySlot;
    /// A function that allocates memory, which canonical options name.
    ReallocSlot;
    /// A function that is called after the results of a lifted function were read.
    PostReturnSlot;
}
