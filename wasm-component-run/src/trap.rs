//! Errors that the rules of the component model end a computation with.

use wasm_component::AdapterTrap;
use wasm_store::{Error, StoreContextMut, ThrownException, Trap};

/// An instance was called while it is in a call, or after it has trapped.
#[cold]
#[inline(never)]
pub(crate) fn cannot_enter() -> Error {
    Error::new(Trap::CannotEnterComponent)
}

/// An instance has called out while its memory is written, or in `post-return`.
#[cold]
#[inline(never)]
pub(crate) fn cannot_leave() -> Error {
    Error::new(Trap::CannotLeaveComponent)
}

/// What an adapter traps with.
#[cold]
#[inline(never)]
pub(crate) fn of_adapter(code: AdapterTrap) -> Error {
    let trap = match code {
        AdapterTrap::CannotLeave => Trap::CannotLeaveComponent,
        AdapterTrap::CannotEnter => Trap::CannotEnterComponent,
        AdapterTrap::InvalidDiscriminant => Trap::InvalidDiscriminant,
        AdapterTrap::InvalidChar => Trap::InvalidChar,
        AdapterTrap::UnalignedPointer => Trap::UnalignedPointer,
        AdapterTrap::StringOutOfBounds => Trap::StringOutOfBounds,
        AdapterTrap::ListOutOfBounds => Trap::ListOutOfBounds,
        // Those that Wasmtime's list of traps does not have.
        other => return Error::msg(other.to_string()),
    };
    Error::new(trap)
}

/// The error with which code of a component has ended, for whoever has called it. Exceptions do not
/// come out of components: the caller may be another component, by way of the host, and would catch
/// it. Nor do they stay pending.
#[cold]
#[inline(never)]
pub(crate) fn contained<T: 'static>(store: &mut StoreContextMut<'_, T>, error: Error) -> Error {
    if !error.is::<ThrownException>() {
        return error;
    }
    store.take_pending_exception();
    Error::msg(format!("{}: {error:#}", AdapterTrap::UncaughtException))
}
