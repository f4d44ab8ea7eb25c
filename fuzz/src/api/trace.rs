//! What a sequence did, for those who look into a failure.

use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

thread_local! {
    static STEPS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether each step is written out at once. This is for sequences that end the process.
fn loud() -> bool {
    thread_local! {
        static LOUD: bool = std::env::var_os("SMOKE_TRACE").is_some();
    }
    LOUD.with(|loud| *loud)
}

/// Records a step.
pub(super) fn step(step: impl FnOnce() -> String) {
    let step = step();
    if loud() {
        eprintln!("    {step}");
    }
    STEPS.with_borrow_mut(|steps| steps.push(step));
}

/// Records what is being looked at, if steps are written out at once.
pub(super) fn at(place: impl FnOnce() -> String) {
    if loud() {
        PLACE.with_borrow_mut(|at| *at = place());
    }
}

/// Forgets all steps, and keeps expected panics from printing anything.
pub(super) fn begin() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.with(Cell::get) {
                before(info);
            }
        }));
    });
    STEPS.with_borrow_mut(Vec::clear);
}

/// Writes out all steps.
pub(super) fn print() {
    STEPS.with_borrow(|steps| {
        eprintln!("the sequence that failed:");
        for (number, step) in steps.iter().enumerate() {
            eprintln!("{number:4}  {step}");
        }
        PLACE.with_borrow(|place| eprintln!("      {place}"));
    });
}

/// Runs something that is expected to panic.
pub(super) fn quietly<R>(run: impl FnOnce() -> R) -> R {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            QUIET.with(|quiet| quiet.set(false));
        }
    }
    QUIET.with(|quiet| quiet.set(true));
    let _loud = Loud;
    run()
}

/// Takes the steps so far, to move them to another thread and back.
pub(super) fn take() -> Vec<String> {
    STEPS.take()
}

/// Adds steps that were recorded on another thread.
pub(super) fn put(steps: Vec<String>) {
    STEPS.set(steps);
}
