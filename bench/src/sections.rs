//! What is measured, with one table for each section.

use std::sync::Arc;

use wasm_runtime::{Config, CraneliftCompiler};
use wasm_translate::Settings;

use crate::alternate::{alternate, alternate_runs};
use crate::bulk;
use crate::call_hook;
use crate::components;
use crate::first_call;
use crate::load;
use crate::objects;
use crate::optimizations;
use crate::ours::runtime as ours;
use crate::overhead;
use crate::profiled;
use crate::programs::{Entry, modules};
use crate::report::{Row, Unit};
use crate::state;
use crate::switching;
use crate::theirs::runtime as theirs;
use crate::v8;
use crate::waiting;

/// A table of the report.
pub(crate) struct Section {
    /// The name on the command line.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The names of the two sides that are compared.
    pub(crate) sides: [&'static str; 2],
    pub(crate) unit: Unit,
    /// How often each side measures each thing, by default.
    pub(crate) rounds: usize,
    pub(crate) run: fn(usize) -> Vec<Row>,
}

/// The number of threads for compilation on several.
pub(crate) const THREADS: usize = 2;

/// Most sections compare this project with Wasmtime.
const US_AND_THEM: [&str; 2] = ["this project", "Wasmtime"];

/// A section on the gain of an optimization.
const fn optimization(
    name: &'static str,
    title: &'static str,
    run: fn(usize) -> Vec<Row>,
) -> Section {
    Section { name, title, sides: ["with", "without"], unit: Unit::Milliseconds, rounds: 7, run }
}

pub(crate) const SECTIONS: &[Section] = &[
    Section {
        name: "compile",
        title: "Compile time, one thread",
        sides: US_AND_THEM,
        unit: Unit::Milliseconds,
        rounds: 5,
        run: |rounds| compile(rounds, false),
    },
    Section {
        name: "compile-parallel",
        title: "Compile time, two threads",
        sides: US_AND_THEM,
        unit: Unit::Milliseconds,
        rounds: 5,
        run: |rounds| compile(rounds, true),
    },
    Section {
        name: "run",
        title: "Execution",
        sides: US_AND_THEM,
        unit: Unit::Milliseconds,
        rounds: 7,
        run: execution,
    },
    Section {
        name: "v8",
        title: "Execution beside V8",
        sides: ["this project", "V8"],
        unit: Unit::Milliseconds,
        rounds: 7,
        run: v8::run,
    },
    Section {
        name: "calls",
        title: "Calls",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: calls,
    },
    Section {
        name: "call-hook",
        title: "Calls with and without a hook",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: call_hook::run,
    },
    Section {
        name: "async",
        title: "Calls that may wait",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: waiting::run,
    },
    Section {
        name: "continuations",
        title: "Continuations",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: switching::continuations,
    },
    Section {
        name: "threads",
        title: "Threads that share a memory",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: switching::threads,
    },
    Section {
        name: "components",
        title: "Components; Wasmtime without `concurrency_support`",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: |rounds| components::run(rounds, false),
    },
    Section {
        name: "components-default",
        title: "Components; Wasmtime as it is by default",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: |rounds| components::run(rounds, true),
    },
    Section {
        name: "bulk",
        title: "Copying and filling memory",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 15,
        run: bulk::run,
    },
    Section {
        name: "objects",
        title: "Objects and exceptions",
        sides: US_AND_THEM,
        unit: Unit::Nanoseconds,
        rounds: 7,
        run: objects::run,
    },
    Section {
        name: "kotlin",
        title: "Programs in Kotlin",
        sides: US_AND_THEM,
        unit: Unit::Milliseconds,
        rounds: 7,
        run: objects::programs,
    },
    Section {
        name: "instantiate",
        title: "Instantiation, with a store of its own each",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 15,
        run: |rounds| instantiation(rounds, theirs::Runtime::new(true)),
    },
    Section {
        name: "instantiate-pooling",
        title: "Instantiation, with a store of its own each; Wasmtime with its pooling allocator",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 15,
        run: |rounds| instantiation(rounds, theirs::Runtime::pooling()),
    },
    Section {
        name: "load",
        title: "From the path of an artifact to a module",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 200,
        run: load::unverified,
    },
    Section {
        name: "load-verified",
        title: "From the path of a signed artifact to a module, verified; Wasmtime does not verify",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 50,
        run: load::verified,
    },
    Section {
        name: "size",
        title: "Size of artifacts",
        sides: US_AND_THEM,
        unit: Unit::Kilobytes,
        rounds: 1,
        run: load::size,
    },
    Section {
        name: "code-size",
        title: "Size of machine code",
        sides: US_AND_THEM,
        unit: Unit::Kilobytes,
        rounds: 1,
        run: code_size,
    },
    Section {
        name: "first-call",
        title: "A new process that loads an artifact and calls a function of it",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 200,
        run: first_call::run,
    },
    Section {
        name: "state",
        title: "Snapshots",
        sides: US_AND_THEM,
        unit: Unit::Microseconds,
        rounds: 25,
        run: state::run,
    },
    optimization(
        "optimization-reorder",
        "Execution with and without `Settings::reorder`",
        |rounds| optimizations::run(rounds, Settings::reorder),
    ),
    optimization(
        "optimization-idioms",
        "Execution with and without `Settings::idioms`",
        |rounds| optimizations::run(rounds, Settings::idioms),
    ),
    optimization(
        "optimization-inlining",
        "Execution with and without `Settings::inlining`",
        |rounds| optimizations::run(rounds, Settings::inlining),
    ),
    optimization(
        "inlining-compile",
        "Compile time with and without `Settings::inlining`, one thread",
        |rounds| optimizations::compile(rounds, Settings::inlining),
    ),
    Section {
        unit: Unit::Kilobytes,
        ..optimization(
            "inlining-code-size",
            "Machine code with and without `Settings::inlining`",
            |_| optimizations::code_size(Settings::inlining),
        )
    },
    optimization(
        "optimization-small-bulk",
        "Execution with and without `Settings::small_bulk`",
        |rounds| optimizations::run(rounds, Settings::small_bulk),
    ),
    optimization(
        "optimization-immutable-tables",
        "Execution with and without `Settings::immutable_tables`",
        |rounds| optimizations::run(rounds, Settings::immutable_tables),
    ),
    optimization(
        "optimization-save-when-full",
        "Execution with and without `Settings::save_when_full`",
        |rounds| optimizations::run(rounds, Settings::save_when_full),
    ),
    optimization(
        "optimization-cold-traps",
        "Execution with and without `Settings::cold_traps`",
        |rounds| optimizations::run(rounds, Settings::cold_traps),
    ),
    optimization(
        "optimization-wide-indices",
        "Execution with and without `Settings::wide_indices`",
        |rounds| optimizations::run(rounds, Settings::wide_indices),
    ),
    optimization(
        "optimization-loop-globals",
        "Execution with and without `Settings::loop_globals`",
        |rounds| optimizations::run(rounds, Settings::loop_globals),
    ),
    optimization(
        "optimization-direct-bulk",
        "Execution with and without `Settings::direct_bulk`",
        |rounds| optimizations::run(rounds, Settings::direct_bulk),
    ),
    optimization(
        "profile",
        "Execution with and without a profile, of another input",
        profiled::run,
    ),
    optimization(
        "profile-gathering",
        "Execution with and without gathering a profile",
        profiled::gathering,
    ),
    Section {
        name: "fuel",
        title: "How many times as long programs take with fuel that is counted",
        sides: US_AND_THEM,
        unit: Unit::Factor,
        rounds: 7,
        run: |rounds| {
            overhead::run(
                rounds,
                &overhead::Setting {
                    ours: |config| config.consume_fuel(true),
                    theirs: |config| config.consume_fuel(true),
                    fuel: true,
                    deadline: false,
                },
            )
        },
    },
    Section {
        name: "interruption",
        title: "How many times as long programs take that can be interrupted, by epochs",
        sides: US_AND_THEM,
        unit: Unit::Factor,
        rounds: 7,
        run: |rounds| {
            overhead::run(
                rounds,
                &overhead::Setting {
                    ours: |config| config.epoch_interruption(true),
                    theirs: |config| config.epoch_interruption(true),
                    fuel: false,
                    deadline: true,
                },
            )
        },
    },
];

/// The kinds of calls, in the order of their numbers.
const CALLS: [&str; 8] = [
    "host → Wasm, typed, `() → ()`",
    "host → Wasm, typed, `(i32, i32) → i32`",
    "host → Wasm, typed, six parameters",
    "host → Wasm, `Func::call`, `() → ()`",
    "host → Wasm, `Func::call`, `(i32, i32) → i32`",
    "Wasm → host, `func_wrap`, `i32 → i32`",
    "Wasm → host, `func_wrap` with `Caller`, `(i32, i64) → i32`",
    "Wasm → host, `func_new`, `(i32, i64) → i32`",
];

fn compile(rounds: usize, parallel: bool) -> Vec<Row> {
    let (a, b) = (on_threads(if parallel { THREADS } else { 1 }), theirs::Runtime::new(parallel));
    modules()
        .map(|(program, wasm)| {
            // Compiling the largest one takes seconds.
            let rounds = if wasm.len() > 4 << 20 { rounds.min(2) } else { rounds };
            alternate(program.name, rounds, || a.compile(&wasm).0, || b.compile(&wasm).0)
        })
        .collect()
}

/// This project, compiling on this many threads whatever the machine has.
fn on_threads(threads: usize) -> ours::Runtime {
    // SAFETY: the number of threads makes no difference to the code.
    let compiler = unsafe {
        CraneliftCompiler::new().adjust(move |settings| {
            settings.threads(threads);
        })
    };
    let mut config = Config::new();
    config.compiler(Arc::new(compiler));
    ours::Runtime::with(&config)
}

fn code_size(_: usize) -> Vec<Row> {
    let (a, b) = (ours::Runtime::new(true), theirs::Runtime::new(true));
    modules()
        .map(|(program, wasm)| {
            let size = |size: usize| size as f64;
            let (ours, theirs) = (a.compile(&wasm).1, b.compile(&wasm).1);
            alternate(program.name, 1, || size(a.code_size(&ours)), || size(b.code_size(&theirs)))
        })
        .collect()
}

fn execution(rounds: usize) -> Vec<Row> {
    let (a, b) = (ours::Runtime::new(true), theirs::Runtime::new(true));
    modules()
        .filter(|(program, _)| !matches!(program.entry, Entry::None))
        .map(|(program, wasm)| {
            let (_, module_a) = a.compile(&wasm);
            let (_, module_b) = b.compile(&wasm);
            let (_, output_a) = a.run(&module_a, program.name, &program.entry);
            let (_, output_b) = b.run(&module_b, program.name, &program.entry);
            assert!(!output_a.is_empty(), "{} prints nothing", program.name);
            assert_eq!(
                String::from_utf8_lossy(&output_a),
                String::from_utf8_lossy(&output_b),
                "{} does not do the same on both sides",
                program.name
            );
            alternate_runs(
                program,
                rounds,
                || a.run(&module_a, program.name, &program.entry).0,
                || b.run(&module_b, program.name, &program.entry).0,
            )
        })
        .collect()
}

fn calls(rounds: usize) -> Vec<Row> {
    const COUNT: i32 = 200_000;
    let mut a = ours::Runtime::new(false).calls();
    let mut b = theirs::Runtime::new(false).calls();
    let kinds = CALLS.iter().enumerate();
    kinds
        .map(|(kind, name)| {
            alternate(name, rounds, || a.measure(kind, COUNT), || b.measure(kind, COUNT))
        })
        .collect()
}

/// How instances are made: a suffix for the program's name, the number of threads, and whether a
/// page is written.
const INSTANTIATIONS: [(&str, usize, bool); 3] =
    [("", 1, false), (", two threads", 2, false), (", a page written", 1, true)];

fn instantiation(rounds: usize, b: theirs::Runtime) -> Vec<Row> {
    const COUNT: u32 = 1000;
    let a = ours::Runtime::new(true);
    modules()
        .filter(|(program, _)| {
            ["nbody", "lua", "sqlite", "quickjs", "ruby"].contains(&program.name)
        })
        .flat_map(|(program, wasm)| {
            let (_, module_a) = a.compile(&wasm);
            let (_, module_b) = b.compile(&wasm);
            INSTANTIATIONS.map(|(how, threads, written)| {
                alternate(
                    &format!("{}{how}", program.name),
                    rounds,
                    || a.instantiate(&module_a, threads, written, COUNT),
                    || b.instantiate(&module_b, threads, written, COUNT),
                )
            })
        })
        .collect()
}
