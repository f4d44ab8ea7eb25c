//! What an optimization gains: this project with it and without it. The others have their defaults.

use std::sync::Arc;

use wasm_runtime::{Config, CraneliftCompiler};
use wasm_translate::Settings;

use crate::alternate::{alternate, alternate_runs};
use crate::ours::runtime::Runtime;
use crate::programs::{Entry, OBJECT_PROGRAMS, Program, modules};
use crate::report::Row;

/// The setter of an optimization.
type Switch = fn(&mut Settings, bool) -> &mut Settings;

/// Functions of modules in text, which do what programs may do much of: calls, and objects.
const FUNCTIONS: [(&str, &str, i32); 10] = [
    (CALLS, "fib", 20),
    (CALLS, "ackermann", 20),
    (CALLS, "tree", 20),
    (CALLS, "matrix", 10),
    (CALLS, "parse", 1000),
    (CALLS, "queens", 100),
    (OBJECTS, "trees", 200),
    (OBJECTS, "forest", 1),
    (OBJECTS, "splay", 20_000),
    (OBJECTS, "methods", 2_000_000),
];
const CALLS: &str = include_str!("../workloads/calls.wat");
const OBJECTS: &str = include_str!("../workloads/objects.wat");

/// Runtimes with and without an optimization.
fn sides(switch: Switch, parallel: bool) -> [Runtime; 2] {
    [true, false].map(|on| {
        // SAFETY: optimizations leave what the code does as it is.
        let compiler = unsafe {
            CraneliftCompiler::new().adjust(move |settings| {
                switch(settings, on);
            })
        };
        let mut config = Config::new();
        config.compiler(Arc::new(compiler)).parallel_compilation(parallel);
        config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true);
        Runtime::with(&config)
    })
}

/// How long a program takes in one runtime and in another.
pub(crate) fn run_in(
    program: &Program,
    wasm: &[u8],
    rounds: usize,
    [with, without]: [&Runtime; 2],
) -> Row {
    let ((_, a), (_, b)) = (with.compile(wasm), without.compile(wasm));
    alternate_runs(
        program,
        rounds,
        || with.run(&a, program.name, &program.entry).0,
        || without.run(&b, program.name, &program.entry).0,
    )
}

/// How long programs take, and functions that do one thing.
pub(crate) fn run(rounds: usize, switch: Switch) -> Vec<Row> {
    let [with, without] = sides(switch, true);
    let programs = modules()
        .chain(OBJECT_PROGRAMS.iter().filter_map(|program| Some((program, program.read()?))));
    let programs = programs.filter(|(program, _)| !matches!(program.entry, Entry::None));
    let mut rows: Vec<Row> =
        programs.map(|(program, wasm)| run_in(program, &wasm, rounds, [&with, &without])).collect();
    for (text, function, count) in FUNCTIONS {
        let wasm = wat::parse_str(text).expect("the text is right");
        let ((_, a), (_, b)) = (with.compile(&wasm), without.compile(&wasm));
        let sums = (with.sum(&a, function, count), without.sum(&b, function, count));
        assert_eq!(sums.0, sums.1, "{function} does not do the same on both sides");
        let row = alternate(
            function,
            rounds,
            || with.timed(&a, function, count),
            || without.timed(&b, function, count),
        );
        rows.push(Row { is_apart: true, ..row });
    }
    rows
}

/// How long it takes to compile programs on one thread.
pub(crate) fn compile(rounds: usize, switch: Switch) -> Vec<Row> {
    let [with, without] = sides(switch, false);
    let row = |(program, wasm): (&Program, Vec<u8>)| {
        alternate(program.name, rounds, || with.compile(&wasm).0, || without.compile(&wasm).0)
    };
    modules().map(row).collect()
}

/// How much code there is.
pub(crate) fn code_size(switch: Switch) -> Vec<Row> {
    let [with, without] = sides(switch, true);
    let row = |(program, wasm): (&Program, Vec<u8>)| {
        let size = |side: &Runtime| side.code_size(&side.compile(&wasm).1) as f64;
        let (with, without) = (size(&with), size(&without));
        alternate(program.name, 1, || with, || without)
    };
    modules().map(row).collect()
}
