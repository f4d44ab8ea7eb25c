//! Typed indices into the index spaces of a module.
//!
//! An index space counts imported items first, then those the module defines. A `Defined…Index`
//! counts only the latter; [`Module`](crate::Module) converts between the two.

/// Makes typed indices. For the crates of this project.
#[doc(hidden)]
#[macro_export]
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

            /// The number as it stands in the binary format.
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
    /// A type of the module's type section, counted through all recursive groups.
    TypeIndex;
    /// A function of the module, imported or defined.
    FuncIndex;
    /// A function that the module itself defines.
    DefinedFuncIndex;
    /// A table of the module, imported or defined.
    TableIndex;
    /// A table that the module itself defines.
    DefinedTableIndex;
    /// A memory of the module, imported or defined.
    MemoryIndex;
    /// A memory that the module itself defines.
    DefinedMemoryIndex;
    /// A global of the module, imported or defined.
    GlobalIndex;
    /// A global that the module itself defines.
    DefinedGlobalIndex;
    /// A tag of the module, imported or defined.
    TagIndex;
    /// An element segment.
    ElemIndex;
    /// A data segment.
    DataIndex;
}
