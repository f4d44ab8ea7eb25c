//! [Loom](https://docs.rs/loom) tries code that threads share without anything else between them.
//! It tries every order in which threads can take turns, up to a number of forced switches between
//! threads.
//!
//! The tested files are those of the project itself, compiled here with Loom's locks and atomics in
//! place of the standard library's: only `sync` in each module differs. Run by `cargo xtask loom`.

mod registry;
mod sync;
mod vm;

/// Replaces the store's type.
#[derive(Debug)]
pub struct Error;

/// Runs a model in every order, and prints how many there were.
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
    vm::parking_models::models();
    vm::reuse_models::models();
}
