//! Objects in the garbage-collected heap, calls and casts of them, and exceptions.

use crate::alternate::alternate;
use crate::ours::runtime as ours;
use crate::programs::{Entry, OBJECT_PROGRAMS};
use crate::report::Row;
use crate::theirs::runtime as theirs;

const WORKLOAD: &str = include_str!("../workloads/objects.wat");

/// The exported functions, what they do, and how often.
const FUNCTIONS: [(&str, &str, i32); 6] = [
    ("trees", "a binary tree of 2047 nodes made and visited", 8000),
    ("forest", "binary trees of up to 131,071 nodes, 15 million in all", 1),
    ("splay", "an entry of a splay tree replaced", 100_000),
    ("methods", "a virtual call with a cast", 10_000_000),
    ("throw1", "an exception through one frame", 500_000),
    ("throw10", "an exception through ten frames", 200_000),
];

/// Each thing once, on average.
pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let (a, b) = (ours::Runtime::with_objects(), theirs::Runtime::with_objects());
    let wasm = wat::parse_str(WORKLOAD).expect("the text is right");
    let ((_, module_a), (_, module_b)) = (a.compile(&wasm), b.compile(&wasm));
    let row = |(function, what, count): (&str, &str, i32)| {
        let few = count.min(50);
        let each = |time: f64| time / f64::from(count);
        let sums = (a.sum(&module_a, function, few), b.sum(&module_b, function, few));
        assert_eq!(sums.0, sums.1, "{function} does not do the same on both sides");
        let ours = || each(a.timed(&module_a, function, count));
        let theirs = || each(b.timed(&module_b, function, count));
        alternate(what, rounds, ours, theirs)
    };
    FUNCTIONS.map(row).into()
}

/// Programs in Kotlin.
pub(crate) fn programs(rounds: usize) -> Vec<Row> {
    let (a, b) = (ours::Runtime::with_objects(), theirs::Runtime::with_objects());
    let row = |name: &str, wasm: &[u8], entry: &Entry| {
        let ((_, module_a), (_, module_b)) = (a.compile(wasm), b.compile(wasm));
        let outputs = (a.run(&module_a, name, entry).1, b.run(&module_b, name, entry).1);
        assert!(!outputs.0.is_empty(), "{name} prints nothing");
        assert!(outputs.0 == outputs.1, "{name} does not do the same on both sides");
        let ours = || a.run(&module_a, name, entry).0;
        alternate(name, rounds, ours, || b.run(&module_b, name, entry).0)
    };
    let programs = OBJECT_PROGRAMS.iter();
    programs
        .filter_map(|program| Some(row(program.name, &program.read()?, &program.entry)))
        .collect()
}
