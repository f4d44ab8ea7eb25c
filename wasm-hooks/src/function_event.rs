//! The events of a function hook.

/// What happened to a Wasm function that was compiled to notify hooks.
///
/// The events of one store nest: each [`Entered`](FunctionEvent::Entered) is followed by exactly
/// one of the other three for the same call, and the calls in between are over by then. There is
/// one exception: if a hook refuses an entry, it is not notified of that call again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FunctionEvent {
    /// The function was called and has done nothing yet. Its arguments are known.
    Entered,
    /// The function returns. Its results are known.
    Returned,
    /// The function ends with a tail call, which is about to be made. Its results are those of the
    /// called function.
    TailCalled,
    /// The function is over because a trap, an error or a panic has ended the computation.
    Unwound,
}

impl FunctionEvent {
    /// Every event, the entry first.
    pub const ALL: [FunctionEvent; 4] = [
        FunctionEvent::Entered,
        FunctionEvent::Returned,
        FunctionEvent::TailCalled,
        FunctionEvent::Unwound,
    ];

    /// Whether a call begins.
    pub const fn is_entry(&self) -> bool {
        matches!(self, FunctionEvent::Entered)
    }

    /// Whether a call is over, for whatever reason.
    pub const fn is_exit(&self) -> bool {
        !self.is_entry()
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionEvent;

    #[test]
    fn a_call_begins_with_one_event_and_ends_with_one_of_the_others() {
        let entries = FunctionEvent::ALL.iter().filter(|event| event.is_entry()).count();
        let exits = FunctionEvent::ALL.iter().filter(|event| event.is_exit()).count();
        assert_eq!((entries, exits), (1, 3));
    }
}
