//! What a profile gains: this project with it and without it. Programs are trained on one input and
//! measured on another.

use wasm_runtime::Config;

use crate::optimizations::run_in;
use crate::ours::runtime::Runtime;
use crate::programs::{Entry, Program, modules};
use crate::report::Row;

/// Programs are trained on so many times less.
const LESS: u32 = 5;

/// What a program is trained on: less of the same for those whose input is made up as they go, and
/// something else for those that get it from here. `None` if there is nothing to train it on.
fn training(program: &Program) -> Option<Entry> {
    match program.entry {
        Entry::Start([amount]) => {
            let less = (amount.parse::<u32>().ok()? / LESS).max(1).to_string();
            Some(Entry::Start(Vec::leak(vec![&*String::leak(less)])))
        }
        Entry::JavaScript(_) => {
            Some(Entry::JavaScript(include_str!("../workloads/quickjs-training.js")))
        }
        Entry::Calls(_) if program.name == "sourcemap" => {
            Some(Entry::Calls(include_str!("../workloads/sourcemap-training.calls")))
        }
        Entry::Start(_) | Entry::Calls(_) | Entry::None => None,
    }
}

pub(crate) fn run(rounds: usize) -> Vec<Row> {
    modules()
        .filter_map(|(program, wasm)| Some((program, wasm, training(program)?)))
        .map(|(program, wasm, training)| {
            let gathering = Runtime::with(Config::new().gather_profile(true));
            let (_, module) = gathering.compile(&wasm);
            gathering.run(&module, program.name, &training);
            let profile = module.module().profile().expect("an artifact of this compiler");
            let profile = profile.expect("the code counts");
            let (with, without) =
                (Runtime::with(Config::new().profile(profile)), Runtime::with(&Config::new()));
            let output = |runtime: &Runtime| {
                runtime.run(&runtime.compile(&wasm).1, program.name, &program.entry).1
            };
            assert_eq!(output(&with), output(&without), "{}", program.name);
            run_in(program, &wasm, rounds, [&with, &without])
        })
        .collect()
}

/// How many times as long a program takes that gathers a profile.
pub(crate) fn gathering(rounds: usize) -> Vec<Row> {
    let (with, without) =
        (Runtime::with(Config::new().gather_profile(true)), Runtime::with(&Config::new()));
    modules()
        .filter(|(program, _)| training(program).is_some())
        .map(|(program, wasm)| run_in(program, &wasm, rounds, [&with, &without]))
        .collect()
}
