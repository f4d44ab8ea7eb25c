//! Core items by where they come from, before anything has a place in the plan.

use wasm_component::{ComponentInstanceIndex, CoreKind, Trampoline};

/// A core function, table, memory, global or tag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Def<'a> {
    /// An export of a core instance of the component.
    Export {
        /// The instance.
        instance: CoreInstanceId,
        /// What it is.
        kind: CoreKind,
        /// Its name.
        name: &'a str,
    },
    /// The flags of a component instance, a mutable global of type `i32`.
    Flags(ComponentInstanceIndex),
    /// A function that the runtime provides, but for lowered imports, which name core items
    /// themselves.
    Trampoline(Trampoline),
    /// A function that the component imports, lowered.
    Lowered(LoweringId),
    /// A lowered function that is not supported, by the place of the reason.
    Unsupported(u32),
    /// A function of a component in the component, lifted and lowered again.
    Adapter(AdapterId),
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            /// The number as an index into a slice.
            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A core instance, in the order in which the component makes them.
    CoreInstanceId;
    /// A function that the component imports and lowers.
    LoweringId;
    /// A function that goes from one component to another.
    AdapterId;
}
