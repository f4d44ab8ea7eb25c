//! The programs in `programs`. Each is run compiled on the spot and through an artifact, and once
//! more interrupted as often as possible. Those with a garbage-collected heap are also run with
//! everything in it moved as often as possible. Each must print the expected output in the file
//! beside it.

#[path = "programs/cases.rs"]
mod cases;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_runtime::wasi::p1::{self, WasiP1Ctx};
use wasm_runtime::wasi::{
    DirPerms, FilePerms, I32Exit, MemoryInputPipe, MemoryOutputPipe, WasiCtxBuilder,
};
use wasm_runtime::{Config, Engine, Error, Linker, Store, Trap, UpdateDeadline, WasmBacktrace};
use wasm_tests::Pipeline;

use cases::{CASES, Case, End};

/// If set, the expected output is written instead of compared.
const BLESS: &str = "WASM_TESTS_BLESS";

/// Programs with a garbage-collected heap that make few enough objects to move all of them each
/// time.
const MOVED: &[&str] = &[
    "kotlin-dispatch",
    "kotlin-exceptions",
    "kotlin-machines",
    "kotlin-sequences",
    "kotlin-strings",
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("every_program_has_a_case", every_program_has_a_case)];
    for pipeline in Pipeline::ALL {
        for case in CASES {
            let name = format!("{pipeline}/{}", case.name);
            trials.push(Trial::test(name, move || run(pipeline, case, &Engine::new(&config())?)));
        }
    }
    for case in CASES.iter().filter(|case| MOVED.contains(&case.program)) {
        let name = format!("moved/{}", case.name);
        trials.push(Trial::test(name, move || moved(case)));
    }
    for case in CASES {
        let name = format!("interrupted/{}", case.name);
        trials.push(Trial::test(name, move || interrupted(case)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs")
}

fn every_program_has_a_case() -> Result<(), Failed> {
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let program = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            if !CASES.iter().any(|case| case.program == program) {
                return Err(format!("no case runs `{program}.wasm`").into());
            }
            let size = path.metadata()?.len();
            if size > 100 << 10 {
                return Err(
                    format!("`{program}.wasm` is large for a repository: {size} bytes").into()
                );
            }
        }
    }
    Ok(())
}

/// Default settings, and what some programs need besides.
fn config() -> Config {
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_legacy_exceptions(true);
    config
}

/// Runs a case with everything in its heap moved whenever an object is made.
fn moved(case: &Case) -> Result<(), Failed> {
    run(Pipeline::ALL[0], case, &Engine::new(config().gc_zeal(true))?)
}

/// Runs a case with a deadline that is reached every few microseconds, and postponed each time.
fn interrupted(case: &Case) -> Result<(), Failed> {
    let engine = Engine::new(config().epoch_interruption(true))?;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                engine.increment_epoch();
                std::thread::sleep(Duration::from_micros(20));
            }
        });
        let result = run(Pipeline::ALL[0], case, &engine);
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

fn run(pipeline: Pipeline, case: &Case, engine: &Engine) -> Result<(), Failed> {
    let wasm = std::fs::read(folder().join(format!("{}.wasm", case.program)))?;
    let stdout = MemoryOutputPipe::new(1 << 20);
    let stderr = MemoryOutputPipe::new(1 << 20);
    // The program's directory lies in another one, with something that it must not reach.
    let outside = tempfile::tempdir()?;
    std::fs::write(outside.path().join("secret.txt"), "secret")?;
    let work = outside.path().join("work");
    std::fs::create_dir(&work)?;

    let mut wasi = WasiCtxBuilder::new();
    wasi.arg(format!("{}.wasm", case.program))
        .args(case.arguments)
        .stdin(MemoryInputPipe::new(case.stdin.to_owned()))
        .stdout(stdout.clone())
        .stderr(stderr.clone());
    for (name, value) in case.environment {
        wasi.env(name, value);
    }
    if case.directory {
        wasi.preopened_dir_with(&work, "/work", DirPerms::all(), FilePerms::all())?;
    }

    let module = pipeline.module(engine, &wasm)?;
    let mut linker: Linker<WasiP1Ctx> = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    let mut store = Store::new(engine, wasi.build_p1());
    if engine.config().tunables().interruption {
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
    }
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let end = start.call(&mut store, ());
    drop(store);

    let printed = String::from_utf8_lossy(&stdout.contents()).into_owned();
    let complained = String::from_utf8_lossy(&stderr.contents()).into_owned();
    check_end(case, end).map_err(|why| format!("{why}\n{printed}\n{complained}"))?;
    if complained != case.stderr {
        return Err(format!("on standard error: {complained:?}, not {:?}", case.stderr).into());
    }
    check_output(&folder().join(format!("{}.stdout", case.stdout)), &printed)?;
    if std::fs::read_dir(&work)?.next().is_some() {
        return Err("the program left something in its directory".into());
    }
    Ok(())
}

fn check_end(case: &Case, end: Result<(), Error>) -> Result<(), String> {
    match (&case.end, end) {
        (End::Returns, Ok(())) => Ok(()),
        (_, Ok(())) => Err(format!("expected {:?}, but it returned", case.end)),
        (End::Exits(code), Err(error)) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(exit)) if exit == code => Ok(()),
            _ => Err(format!("expected to leave with {code}, but: {error:?}")),
        },
        (End::Traps(trap, function), Err(error)) => {
            if error.downcast_ref::<Trap>() != Some(trap) {
                return Err(format!("expected the trap `{trap}`, but: {error:?}"));
            }
            let backtrace = error
                .downcast_ref::<WasmBacktrace>()
                .ok_or_else(|| format!("the trap has no backtrace: {error:?}"))?;
            let innermost = backtrace.frames().first().and_then(|frame| frame.func_name());
            if innermost == Some(function) {
                Ok(())
            } else {
                Err(format!("trapped in {innermost:?}, not in `{function}`: {error:?}"))
            }
        }
        (End::Returns, Err(error)) => Err(format!("{error:?}")),
    }
}

fn check_output(file: &Path, printed: &str) -> Result<(), Failed> {
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(file, printed)?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(file)?;
    if printed == expected {
        return Ok(());
    }
    let mut lines = expected.lines().zip(printed.lines()).enumerate();
    let place = match lines.find(|(_, (expected, printed))| expected != printed) {
        Some((line, (expected, printed))) => {
            format!("line {}: expected\n  {expected}\nbut it printed\n  {printed}", line + 1)
        }
        None => {
            format!("{} lines instead of {}", printed.lines().count(), expected.lines().count())
        }
    };
    Err(format!("the output is not that of {}: {place}", file.display()).into())
}
