//! What threads share without anything else between them, tried by [Loom](https://docs.rs/loom) in every order in
//! which threads can take their turns (up to a number of turns that are taken from a thread against its will).
//!
//! The files that are tried are those of the project itself, compiled here with Loom's locks and atomics
//! in the place of the standard library's: `sync` in each module is what differs. Run by `cargo xtask loom`.

mod registry;
mod sync;
mod vm;

/// In the place of the store's.
#[derive(Debug)]
pub struct Error;

/// Runs a model in every order, and says how many there were.
fn model(name: &str, run: impl Fn() + Sync + Send + 'static) {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let orders = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        run();
    });
    println!("{name}: {} orders", orders.load(Ordering::Relaxed));
}

fn main() {
    registry::models();
    vm::interruption::models();
    vm::reuse_models::models();
}
