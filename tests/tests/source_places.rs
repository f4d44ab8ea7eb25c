//! Backtraces have places in the source, by the debugging information that a C compiler wrote.
#![allow(unsafe_code, reason = "artifacts are loaded that were made here")]

use wasm_runtime::{
    Config, Engine, Error, FrameSymbol, Instance, Module, Result, Store, WasmBacktrace,
    WasmBacktraceDetails,
};
use wasm_tests::Pipeline;

/// `tests/debugging/traps.c`.
const WASM: &[u8] = include_bytes!("../debugging/traps.wasm");

fn engine(details: WasmBacktraceDetails) -> Result<Engine> {
    Engine::new(Config::new().wasm_backtrace_details(details))
}

fn failure(module: &Module) -> Result<Error> {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[])?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    Ok(run.call(&mut store, 5).expect_err("an access out of bounds"))
}

/// Name, file, line and column.
type Place<'a> = (Option<&'a str>, Option<&'a str>, Option<u32>, Option<u32>);

fn place(symbol: &FrameSymbol) -> Place<'_> {
    (symbol.name(), symbol.file(), symbol.line(), symbol.column())
}

/// What the backtrace says, whatever calls the compiler here has replaced.
fn places(error: &Error) -> Vec<Place<'_>> {
    let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
    backtrace.frames().iter().flat_map(|frame| frame.symbols()).map(place).collect()
}

#[test]
fn frames_have_places_and_inlined_functions() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable)?;
    for pipeline in Pipeline::ALL {
        let error = failure(&pipeline.module(&engine, WASM)?)?;
        let file = Some("/src/traps.c");
        let expected: [Place<'_>; 4] = [
            (Some("load"), file, Some(5), Some(12)),
            (Some("inlined"), file, Some(11), Some(12)),
            (Some("middle"), file, Some(19), Some(12)),
            (Some("run"), file, Some(24), Some(12)),
        ];
        assert_eq!(places(&error), expected, "{pipeline}: {error:?}");
        let text = error.downcast_ref::<WasmBacktrace>().expect("a backtrace").to_string();
        let lines = [
            "!load\n                    at /src/traps.c:5:12\n",
            "!inlined\n                    at /src/traps.c:11:12\n              - middle\n",
            "!run\n                    at /src/traps.c:24:12",
        ];
        for line in lines {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("note:"), "{text}");
    }
    Ok(())
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() -> Result<()> {
    let without = engine(WasmBacktraceDetails::Disable)?;
    let error = failure(&Module::new(&without, WASM)?)?;
    assert!(places(&error).is_empty());
    assert!(!format!("{error:?}").contains("note:"));

    let (with, without) =
        (engine(WasmBacktraceDetails::Enable)?, engine(WasmBacktraceDetails::Disable)?);
    let (large, small) = (with.precompile_module(WASM)?, without.precompile_module(WASM)?);
    let has_it = |artifact: &[u8]| artifact.windows(4).any(|part| part == b"/src");
    assert!(has_it(&large) && !has_it(&small));
    // What is in the artifact decides.
    // SAFETY: the bytes were made in the lines above.
    let modules =
        unsafe { [Module::deserialize(&without, large)?, Module::deserialize(&with, small)?] };
    assert_eq!(places(&failure(&modules[0])?).len(), 4);
    assert!(places(&failure(&modules[1])?).is_empty());
    Ok(())
}
