//! The direction of a call.

use crate::CallHook;

/// The direction of a call between the host and Wasm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallDirection {
    /// From the host to Wasm: [`CallHook::CallingWasm`] and [`CallHook::ReturningFromWasm`].
    ToWasm,
    /// From Wasm to the host: [`CallHook::CallingHost`] and [`CallHook::ReturningFromHost`].
    ToHost,
}

impl CallDirection {
    /// Both directions.
    pub const ALL: [CallDirection; 2] = [CallDirection::ToWasm, CallDirection::ToHost];

    /// The event before a call in this direction.
    pub const fn call(self) -> CallHook {
        match self {
            CallDirection::ToWasm => CallHook::CallingWasm,
            CallDirection::ToHost => CallHook::CallingHost,
        }
    }

    /// The event after a call in this direction.
    pub const fn ret(self) -> CallHook {
        match self {
            CallDirection::ToWasm => CallHook::ReturningFromWasm,
            CallDirection::ToHost => CallHook::ReturningFromHost,
        }
    }
}

impl CallHook {
    /// The direction of the call that this event begins or ends.
    pub const fn direction(self) -> CallDirection {
        match self {
            CallHook::CallingWasm | CallHook::ReturningFromWasm => CallDirection::ToWasm,
            CallHook::CallingHost | CallHook::ReturningFromHost => CallDirection::ToHost,
        }
    }

    /// Whether the event begins a call.
    pub const fn is_call(self) -> bool {
        self.closed_by().is_some()
    }

    /// Whether the event ends a call.
    pub const fn is_return(self) -> bool {
        !self.is_call()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_and_events_agree() {
        for direction in CallDirection::ALL {
            assert_eq!(direction.call().closed_by(), Some(direction.ret()));
            for event in [direction.call(), direction.ret()] {
                assert_eq!(event.direction(), direction);
            }
            assert!(direction.call().is_call() && direction.ret().is_return());
        }
    }
}
