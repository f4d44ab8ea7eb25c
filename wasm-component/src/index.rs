//! Typed indices into the tables of a plan.

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The index with the given number.
            #[inline]
            pub const fn new(index: u32) -> Self {
                Self(index)
            }

            /// The number.
            #[inline]
            pub const fn as_u32(self) -> u32 {
                self.0
            }

            /// The number as an index into a slice.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

indices! {
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
