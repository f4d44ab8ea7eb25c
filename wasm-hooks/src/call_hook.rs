//! The events of a call hook.

/// A change of sides between the host and Wasm.
///
/// The events of one store nest: each [`CallingWasm`](CallHook::CallingWasm) is followed, when that
/// call is over, by its [`ReturningFromWasm`](CallHook::ReturningFromWasm), and the same holds for
/// the pair of the host. A call that ends in a trap or an error returns too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallHook {
    /// The host calls a Wasm function.
    CallingWasm,
    /// A Wasm function that the host called is over.
    ReturningFromWasm,
    /// Wasm calls a function of the host.
    CallingHost,
    /// A function of the host that Wasm called is over.
    ReturningFromHost,
}

impl CallHook {
    /// Every event, each call before its return.
    pub const ALL: [CallHook; 4] = [
        CallHook::CallingWasm,
        CallHook::ReturningFromWasm,
        CallHook::CallingHost,
        CallHook::ReturningFromHost,
    ];

    /// Whether code of the host runs after this event.
    pub const fn entering_host(&self) -> bool {
        matches!(self, CallHook::ReturningFromWasm | CallHook::CallingHost)
    }

    /// Whether Wasm code runs after this event.
    pub const fn exiting_host(&self) -> bool {
        !self.entering_host()
    }

    /// The event that ends what this one begins; `None` for one that ends something itself.
    pub const fn closed_by(self) -> Option<CallHook> {
        match self {
            CallHook::CallingWasm => Some(CallHook::ReturningFromWasm),
            CallHook::CallingHost => Some(CallHook::ReturningFromHost),
            CallHook::ReturningFromWasm | CallHook::ReturningFromHost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CallHook;

    #[test]
    fn every_event_is_on_exactly_one_side() {
        for event in CallHook::ALL {
            assert_ne!(event.entering_host(), event.exiting_host(), "{event:?}");
        }
    }

    #[test]
    fn an_event_and_the_one_that_closes_it_go_opposite_ways() {
        for event in CallHook::ALL {
            if let Some(closing) = event.closed_by() {
                assert_ne!(event.entering_host(), closing.entering_host(), "{event:?}");
                assert_eq!(closing.closed_by(), None, "{closing:?} ends something");
            }
        }
    }

    #[test]
    fn calling_the_host_enters_it() {
        assert!(CallHook::CallingHost.entering_host());
        assert!(CallHook::ReturningFromWasm.entering_host());
        assert!(CallHook::CallingWasm.exiting_host());
        assert!(CallHook::ReturningFromHost.exiting_host());
    }
}
