//! What call hooks cost: without a hook, with one that counts, and with one whose filter leaves the
//! calls out. Wasmtime has no filters, so its hook is called there all the same.

use wasm_runtime::{CallFilter, Store};

use crate::alternate::alternate;
use crate::ours::hooked as ours;
use crate::report::Row;
use crate::theirs::hooked as theirs;

/// A setup that is measured.
struct Mode {
    name: &'static str,
    /// Sets the hook on each side.
    ours: fn(&mut Store<u64>),
    theirs: fn(&mut wasmtime::Store<u64>),
    /// Whether this project's hook observes the calls.
    is_called: bool,
}

const MODES: [Mode; 4] = [
    Mode { name: "no hook", ours: |_| (), theirs: |_| (), is_called: false },
    Mode { name: "a hook", ours: ours::count, theirs: theirs::count, is_called: true },
    Mode { name: "a hook with a context", ours: context, theirs: theirs::count, is_called: true },
    Mode {
        name: "a hook that is filtered out",
        ours: filtered_out,
        theirs: theirs::count,
        is_called: false,
    },
];

/// A hook that receives a context, and counts.
fn context(store: &mut Store<u64>) {
    store.add_call_hook(CallFilter::all(), |mut call| {
        *call.data_mut() += 1;
        Ok(())
    });
}

/// A hook for other functions.
fn filtered_out(store: &mut Store<u64>) {
    store.add_call_hook(CallFilter::none().import("host", "other").export("other"), |mut call| {
        *call.data_mut() += 1;
        Ok(())
    });
}

/// Measures all kinds of calls in each mode.
pub(crate) fn run(rounds: usize) -> Vec<Row> {
    const COUNT: i32 = 200_000;
    let mut rows = Vec::new();
    for (kind, name) in ours::KINDS.iter().enumerate() {
        for mode in MODES {
            let (mut a, mut b) = (ours::Hooked::new(mode.ours), theirs::Hooked::new(mode.theirs));
            rows.push(alternate(
                &format!("{name}: {}", mode.name),
                rounds,
                || a.measure(kind, COUNT),
                || b.measure(kind, COUNT),
            ));
            let is_called = a.events() >= u64::from(COUNT.unsigned_abs());
            assert_eq!(is_called, mode.is_called, "{}", mode.name);
        }
    }
    rows
}
