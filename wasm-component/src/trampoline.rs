//! Core functions that the runtime provides to core modules.

use core::fmt;

use crate::builtin::Builtin;
use crate::flat::CoreSignature;
use crate::index::{ComponentInstanceIndex, FuncTypeIndex, LoweringIndex, ResourceIndex};
use crate::intrinsic::Intrinsic;

/// The bits of the flags of a component instance. They are a mutable global of type `i32`, so that
/// adapters test and set them in place.
pub mod instance_flags {
    /// The instance may call what it imports. Cleared while its memory is written for it, and while
    /// `post-return` runs.
    pub const MAY_LEAVE: i32 = 1 << 0;
    /// The instance may be called. Cleared while it is in a call.
    pub const MAY_ENTER: i32 = 1 << 1;
    /// What `context.set` has set belongs to the call that the instance is in. Cleared by adapters
    /// when they call the instance.
    pub const HAS_CONTEXT: i32 = 1 << 2;
    /// `realloc` runs: a call of its own, with values of its own.
    pub const IN_REALLOC: i32 = 1 << 3;
    /// What `context.set` has set in `realloc` belongs to the call of it that the instance is in.
    /// Cleared by who calls it.
    pub const REALLOC_HAS_CONTEXT: i32 = 1 << 4;
    /// The value at the start.
    pub const START: i32 = MAY_LEAVE | MAY_ENTER;
}

/// How many values of its own a call has, for `context.get` and `context.set`.
pub const CONTEXT_SLOTS: usize = 2;

/// A core function that the runtime provides. All take and return numbers only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trampoline {
    /// Calls a function that the component imports. Its signature is that of the lowered function.
    LowerImport {
        /// What is lowered, and how.
        lowering: LoweringIndex,
    },
    /// `resource.new`, `(rep) -> handle`: makes a handle that owns a resource.
    ResourceNew {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `resource.rep`, `(handle) -> rep`: what stands for the resource of a handle.
    ResourceRep {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `resource.drop`, `(handle)`: drops a handle, and destroys the resource if it owns it.
    ResourceDrop {
        /// The resource.
        resource: ResourceIndex,
        /// In whose table of handles.
        instance: ComponentInstanceIndex,
    },
    /// `(handle) -> handle`: moves a handle that owns a resource from one table to another.
    ResourceTransferOwn {
        /// The resource.
        resource: ResourceIndex,
        /// Whose handle is given.
        from: ComponentInstanceIndex,
        /// Whose handle is returned.
        to: ComponentInstanceIndex,
    },
    /// `(handle) -> handle`: lends a resource to another instance for the call that
    /// [`ResourceEnterCall`](Self::ResourceEnterCall) began. If the other instance defines the
    /// resource, what is returned is not a handle but what stands for the resource.
    ResourceTransferBorrow {
        /// The resource.
        resource: ResourceIndex,
        /// Whose handle is given.
        from: ComponentInstanceIndex,
        /// Whose handle is returned.
        to: ComponentInstanceIndex,
    },
    /// `()`: begins a call to which resources are lent.
    ResourceEnterCall,
    /// `()`: ends a call to which resources were lent, and traps if some were not given back.
    ResourceExitCall,
    /// `()`: traps.
    Trap {
        /// Why.
        code: AdapterTrap,
    },
    /// `context.get`, `() -> value`: what `context.set` has set in the same call, or 0.
    ContextGet {
        /// Which one of [`CONTEXT_SLOTS`].
        slot: u32,
        /// Whose call it is.
        instance: ComponentInstanceIndex,
    },
    /// `context.set`, `(value)`.
    ContextSet {
        /// Which one of [`CONTEXT_SLOTS`].
        slot: u32,
        /// Whose call it is.
        instance: ComponentInstanceIndex,
    },
    /// `backpressure.inc`, `()`: counts. It only matters to asynchronous calls, of which there are
    /// none.
    BackpressureInc {
        /// Whose counter it is.
        instance: ComponentInstanceIndex,
    },
    /// `backpressure.dec`, `()`.
    BackpressureDec {
        /// Whose counter it is.
        instance: ComponentInstanceIndex,
    },
    /// A built-in function that is not supported: refuses to be called. As all built-in functions
    /// do, it traps first if the instance may not call out.
    Unavailable {
        /// Which one it is.
        builtin: Builtin,
        /// Who could call it.
        instance: ComponentInstanceIndex,
        /// A function type that is lowered to its signature.
        ty: FuncTypeIndex,
    },
    /// Gives access to the host's memory.
    Intrinsic(Intrinsic),
}

impl Trampoline {
    /// The signature; `None` for [`LowerImport`](Self::LowerImport) and
    /// [`Unavailable`](Self::Unavailable), whose signatures depend on a type
    /// ([`Plan::trampoline_signature`](crate::Plan::trampoline_signature) knows it).
    pub fn signature(self) -> Option<CoreSignature> {
        let (params, results) = match self {
            Self::LowerImport { .. } | Self::Unavailable { .. } => return None,
            Self::ResourceNew { .. }
            | Self::ResourceRep { .. }
            | Self::ResourceTransferOwn { .. }
            | Self::ResourceTransferBorrow { .. } => (1, 1),
            Self::ResourceDrop { .. } | Self::ContextSet { .. } => (1, 0),
            Self::ContextGet { .. } => (0, 1),
            Self::Intrinsic(of) => return Some(of.signature()),
            Self::ResourceEnterCall
            | Self::ResourceExitCall
            | Self::BackpressureInc { .. }
            | Self::BackpressureDec { .. }
            | Self::Trap { .. } => (0, 0),
        };
        Some(CoreSignature::of_i32(params, results))
    }
}

/// Why an adapter between components traps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AdapterTrap {
    /// An instance calls out while its memory is being written, or in `post-return`.
    CannotLeave,
    /// An instance is called while it is in a call.
    CannotEnter,
    /// A variant has a discriminant that no case has.
    InvalidDiscriminant,
    /// A `char` is a surrogate, or beyond the last character.
    InvalidChar,
    /// A pointer is not aligned as its type needs.
    UnalignedPointer,
    /// A string does not lie within the memory, or is too long.
    StringOutOfBounds,
    /// A list does not lie within the memory, or is too long.
    ListOutOfBounds,
    /// What is passed in memory does not lie within it.
    PointerOutOfBounds,
    /// What was allocated does not lie within the memory.
    ReallocOutOfBounds,
    /// What was allocated is not aligned as it was asked for.
    ReallocUnaligned,
    /// A string in UTF-8 is not valid.
    InvalidUtf8,
    /// A string in UTF-16 is not valid.
    InvalidUtf16,
    /// An exception comes out of a component.
    UncaughtException,
}

impl AdapterTrap {
    pub(crate) const ALL: [Self; 13] = [
        Self::CannotLeave,
        Self::CannotEnter,
        Self::InvalidDiscriminant,
        Self::InvalidChar,
        Self::UnalignedPointer,
        Self::StringOutOfBounds,
        Self::ListOutOfBounds,
        Self::PointerOutOfBounds,
        Self::ReallocOutOfBounds,
        Self::ReallocUnaligned,
        Self::InvalidUtf8,
        Self::UncaughtException,
        Self::InvalidUtf16,
    ];
}

impl fmt::Display for AdapterTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CannotLeave => "cannot leave component instance",
            Self::CannotEnter => "cannot enter component instance",
            Self::InvalidDiscriminant => "invalid variant discriminant",
            Self::InvalidChar => "invalid `char` bit pattern",
            Self::UnalignedPointer => "unaligned pointer",
            Self::StringOutOfBounds => "string content out-of-bounds",
            Self::ListOutOfBounds => "list content out-of-bounds",
            Self::PointerOutOfBounds => "pointer out of bounds of memory",
            Self::ReallocOutOfBounds => "realloc return: beyond end of memory",
            Self::ReallocUnaligned => "realloc return: result not aligned",
            Self::InvalidUtf8 => "invalid utf8 encoding",
            Self::InvalidUtf16 => "invalid utf16 encoding",
            Self::UncaughtException => "uncaught exception propagated out of component",
        })
    }
}
