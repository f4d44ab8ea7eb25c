//! What calls of components cost, beside Wasmtime with and without its support for concurrency.

use crate::alternate::alternate;
use crate::ours::composed as ours;
use crate::report::Row;
use crate::theirs::composed as theirs;

/// Measures all kinds of calls. Wasmtime is as it is by default if `concurrency` says so, and else
/// without what its default adds to each call.
pub(crate) fn run(rounds: usize, concurrency: bool) -> Vec<Row> {
    let numbers = wasm_runtime::component::NumberList::U32(ours::numbers().to_vec());
    let our_list = wasm_runtime::component::Val::NumberList(numbers);
    let their_list = theirs::numbers().iter().map(|n| wasmtime::component::Val::U32(*n));
    let their_list = wasmtime::component::Val::List(their_list.collect());
    let mut config = wasmtime::Config::new();
    config.concurrency_support(concurrency);
    let their_engine = wasmtime::Engine::new(&config).expect("a valid configuration");
    let mut a = ours::Composed::new(&wasm_runtime::Engine::default(), our_list);
    let mut b = theirs::Composed::new(&their_engine, their_list);
    let kinds = ours::KINDS.iter().enumerate();
    let measure = kinds.map(|(kind, (name, count))| {
        alternate(name, rounds, || a.measure(kind, *count), || b.measure(kind, *count))
    });
    measure.collect()
}
