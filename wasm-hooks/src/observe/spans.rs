//! Calls as events of the crate `tracing`.

use std::fmt;
use std::string::String;

use super::line::{CallLine, CallSide};

/// The target of the events, by which subscribers enable them.
pub const TARGET: &str = "wasm_calls";

impl<V: fmt::Display> CallLine<'_, V> {
    /// Hands the line to the subscriber of the crate `tracing`, as an event of level `TRACE` with
    /// the target `wasm_calls`. Its fields are `function`, `depth`, and `arguments`, `results` or
    /// `reason`.
    pub fn trace(&self) {
        // Values are turned into text only if a subscriber wants these events.
        if !tracing::enabled!(target: TARGET, tracing::Level::TRACE) {
            return;
        }
        let Self { depth, side, name: function, .. } = *self;
        match side {
            CallSide::Entered => {
                let arguments = self.list();
                tracing::trace!(target: TARGET, function, depth, arguments, "entered");
            }
            CallSide::Returned => {
                let results = self.list();
                tracing::trace!(target: TARGET, function, depth, results, "returned");
            }
            CallSide::TailCalled => {
                tracing::trace!(target: TARGET, function, depth, "left by a tail call");
            }
            CallSide::Unwound(reason) => {
                tracing::trace!(target: TARGET, function, depth, reason, "ended");
            }
        }
    }

    fn list(&self) -> String {
        let mut list = String::new();
        for value in self.values {
            if !list.is_empty() {
                list.push_str(", ");
            }
            let _ = fmt::Write::write_fmt(&mut list, format_args!("{value}"));
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;
    use std::sync::{Arc, Mutex};
    use std::vec::Vec;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Writes down the fields of all events.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            let _ = fmt::Write::write_fmt(&mut self.0, format_args!("{field}={value:?} "));
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == TARGET
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields(String::new());
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields.0.trim_end().to_string());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn events_have_the_parts_of_the_line_as_fields() {
        let log = Log::default();
        tracing::dispatcher::with_default(&tracing::Dispatch::new(log.clone()), || {
            let line = CallLine { depth: 1, side: CallSide::Entered, name: "f", values: &[1, 2] };
            line.trace();
            CallLine { side: CallSide::Returned, ..line }.trace();
            CallLine { side: CallSide::TailCalled, ..line }.trace();
            CallLine { side: CallSide::Unwound("trap"), ..line }.trace();
        });
        assert_eq!(
            *log.0.lock().unwrap(),
            [
                "message=entered function=\"f\" depth=1 arguments=\"1, 2\"",
                "message=returned function=\"f\" depth=1 results=\"1, 2\"",
                "message=left by a tail call function=\"f\" depth=1",
                "message=ended function=\"f\" depth=1 reason=\"trap\"",
            ]
        );
    }
}
