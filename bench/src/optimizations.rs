//! What an optimization gains: this project with it and without it. The others have their defaults.

use std::sync::Arc;

use wasm_runtime::{Config, CraneliftCompiler};
use wasm_translate::Settings;

use crate::alternate::alternate_runs;
use crate::ours::runtime::Runtime;
use crate::programs::{Entry, modules};
use crate::report::Row;

/// The setter of an optimization.
type Switch = fn(&mut Settings, bool) -> &mut Settings;

pub(crate) fn run(rounds: usize, switch: Switch) -> Vec<Row> {
    let side = |on: bool| {
        // SAFETY: optimizations leave what the code does as it is.
        let compiler = unsafe {
            CraneliftCompiler::new().adjust(move |settings| {
                switch(settings, on);
            })
        };
        let mut config = Config::new();
        config.compiler(Arc::new(compiler));
        Runtime::with(&config)
    };
    let (with, without) = (side(true), side(false));
    modules()
        .filter(|(program, _)| !matches!(program.entry, Entry::None))
        .map(|(program, wasm)| {
            let ((_, a), (_, b)) = (with.compile(&wasm), without.compile(&wasm));
            alternate_runs(
                program,
                rounds,
                || with.run(&a, program.name, &program.entry).0,
                || without.run(&b, program.name, &program.entry).0,
            )
        })
        .collect()
}
