//! Every name in these modules tries to control a terminal, to begin a line of its own, or to hide.
//! Nothing that the program or the library writes contains such characters.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use wasm_runtime::observe::{CallCounter, CallTracer, FunctionCoverage};
use wasm_runtime::{
    CallFilter, Config, Engine, Error, Instance, Linker, Module, NamePattern, Snapshot, Store,
};

/// The content of each name, in the text format. It clears the screen, begins a line, reverses the
/// direction of writing, has characters without a width, and contains the control sequence
/// introducer of eight-bit terminals. Its letters stay.
const EVIL: &str = r"\1b[2J\0d\0aFORGED\u{202e}\u{200b}\u{9b}1m\u{2028}\7f\u{feff}größe";

/// The same characters, unescaped.
const RAW: &str = "\u{1b}[2J\r\nFORGED\u{202e}\u{200b}\u{9b}1m\u{2028}\u{7f}\u{feff}größe";

/// What must be written instead.
const SHOWN: &str = r"\u{1b}[2J\r\nFORGED\u{202e}\u{200b}\u{9b}1m\u{2028}\u{7f}\u{feff}größe";

/// A module that has a name wherever there can be one.
fn module(fields: &str) -> String {
    format!(
        r#"(module (@name "module{EVIL}")
            (import "wasi_snapshot_preview1" "proc_exit"
                (func $exit (@name "import{EVIL}") (param i32)))
            (memory (@name "memory{EVIL}") (export "memory") 1)
            (memory (export "memory{EVIL}") 1)
            (table (@name "table{EVIL}") (export "table{EVIL}") 4 funcref)
            (global (@name "global{EVIL}") (export "global{EVIL}") (mut i32) (i32.const 0))
            (global (@name "hidden{EVIL}") (mut i32) (i32.const 0))
            (elem (@name "elem{EVIL}") (i32.const 0) $work)
            (data (@name "data{EVIL}") (i32.const 0) "hello")
            (@custom "custom{EVIL}" "contents")
            (@custom ".debug_info{EVIL}" "contents")
            (func $work (@name "work{EVIL}") (export "work{EVIL}") (param (@name "param{EVIL}") i32)
                (local (@name "local{EVIL}") i32))
            (func $init (@name "init{EVIL}") (export "init") (call $work (i32.const 1)))
            {fields})"#
    )
}

/// Checks a text, line by line. Only the program itself begins lines.
#[track_caller]
fn check(what: &str, text: &str) {
    for (number, line) in text.split('\n').enumerate() {
        let bad = line.chars().find(|c| {
            (c.is_control() && *c != '\t') || matches!(c, '\u{200b}'..='\u{202e}' | '\u{feff}')
        });
        assert_eq!(bad, None, "{what}, line {}: {line:?}", number + 1);
        assert!(!line.trim_start().starts_with("FORGED"), "{what}: {text}");
    }
}

struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn new(files: &[(&str, String)]) -> Self {
        let workspace = Self { directory: TempDir::new().unwrap() };
        for (name, text) in files {
            fs::write(workspace.path(name), text).unwrap();
        }
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the program, checks everything that it writes, and returns it.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(self.directory.path());
        command.env("XDG_CACHE_HOME", self.path(".cache"));
        let output = command.output().unwrap();
        assert!(output.status.code().is_some_and(|code| code != 101), "{args:?}: {output:?}");
        let mut all = String::new();
        for (what, bytes) in [("output", output.stdout), ("errors", output.stderr)] {
            let text = String::from_utf8(bytes).expect("text");
            check(&format!("{what} of {args:?}"), &text);
            all += &text;
        }
        all
    }

    #[track_caller]
    fn shows(&self, args: &[&str]) {
        let text = self.run(args);
        assert!(text.contains(SHOWN), "no name in what {args:?} writes: {text}");
    }
}

#[test]
fn what_looks_at_modules() {
    let workspace = Workspace::new(&[("m.wat", module("(start $init)"))]);
    workspace.shows(&["inspect", "m.wat"]);
    workspace.run(&["compile", "m.wat"]);
    workspace.run(&["inspect", "m.cwasm"]);
    // The standard library escapes characters that it considers unprintable, which has the same
    // effect.
    let all = workspace.run(&["inspect", "--all", "m.cwasm"]);
    assert!(all.contains(r"work\u{1b}[2J\r\nFORGED"), "{all}");
    workspace.shows(&["clif", "m.wat"]);
    workspace.shows(&["clif", "--raw", "m.wat"]);
    workspace.shows(&["clif", "--assembly", "m.wat"]);
    workspace.shows(&["clif", "--function", RAW, "m.wat"]);
    workspace.shows(&["expose", "m.wat"]);
    workspace.run(&["snapshot", "m.wat", "--wasi", "--init", "init", "-o", "s.wasm"]);
    workspace.run(&["snapshot", "m.wat", "--init", RAW, "-o", "s.wasm"]);
    workspace.run(&[
        "snapshot",
        "m.wat",
        "--init",
        "init",
        "--rename",
        "work=main",
        "-o",
        "s.wasm",
    ]);
    workspace.run(&["cache", "list"]);
    workspace.run(&["keygen"]);
    workspace.run(&["sign", "--key", "artifacts.key", "m.cwasm"]);
    workspace.run(&["verify", "--trust", "artifacts.pub", "m.cwasm"]);
    workspace.run(&["compile", "--function-hooks", RAW, "m.wat"]);
}

#[test]
fn what_runs_modules() {
    let trap = module(r#"(func $main (export "_start") (call $deep)) (func $deep unreachable)"#);
    let exits = module(
        r#"(func $main (export "_start") (call $work (i32.const 1)) (call $exit (i32.const 0)))"#,
    );
    let workspace = Workspace::new(&[
        ("trap.wat", trap.replace("(func $deep", &format!("(func $deep (@name \"deep{EVIL}\")"))),
        ("exits.wat", exits),
        ("lib.wat", module("")),
        ("unknown.wat", format!("(module (import \"m{EVIL}\" \"f{EVIL}\" (func)))")),
        (
            "wrong.wat",
            "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (memory 1)))".to_owned(),
        ),
    ]);
    workspace.shows(&["run", "trap.wat"]);
    workspace.shows(&["run", "lib.wat"]);
    workspace.shows(&["run", "--invoke", "none", "lib.wat"]);
    let name = format!("work{RAW}");
    workspace.shows(&["run", "--invoke", &name, "lib.wat"]);
    workspace.shows(&["run", "--invoke", &name, "lib.wat", "many"]);
    workspace.shows(&["run", "unknown.wat"]);
    workspace.run(&["run", "wrong.wat"]);
    workspace.shows(&["run", "--trace-calls", "exits.wat"]);
    workspace.run(&["run", "--trace-calls=nosuch*", "exits.wat"]);
    workspace.shows(&["run", "--trace-calls=work", "exits.wat"]);
    workspace.shows(&["run", "--profile=counts", "exits.wat"]);
    workspace.run(&["run", "--coverage=c.info", "exits.wat"]);
    workspace.run(&["run", "--profile=folded,p.folded,1us", "exits.wat"]);
    workspace.run(&["run", "--profile=guest,p.json,1us", "exits.wat"]);
    for file in ["c.info", "p.folded", "p.json"] {
        check(file, &fs::read_to_string(workspace.path(file)).unwrap());
    }
    assert!(fs::read_to_string(workspace.path("c.info")).unwrap().contains(SHOWN));
}

#[test]
fn what_refuses_modules() {
    let workspace = Workspace::new(&[
        ("body.wat", module(&format!("(func (@name \"bad{EVIL}\") (result i32) i64.const 0)"))),
        (
            "wide.wat",
            module(&format!(
                "(func (@name \"wide{EVIL}\") (param i64) (result i64 i64)
                  (i64.mul_wide_u (local.get 0) (local.get 0)))"
            )),
        ),
        ("twice.wat", module(&format!("(func (export \"work{EVIL}\"))"))),
        ("text.wat", format!("(module (func (call ${RAW})))")),
        ("string.wat", format!("(module (func (export \"{RAW}\") nosuch))")),
        (
            "s.wast",
            format!(
                "(module $m (func (export \"f{EVIL}\") (result i32) (i32.const 1)))
                (assert_return (invoke \"f{EVIL}\") (i32.const 2))
                (assert_return (invoke \"g{EVIL}\"))
                (assert_trap (invoke \"f{EVIL}\") \"trap{EVIL}\")
                (assert_invalid (module) \"invalid{EVIL}\")
                (module (import \"m{EVIL}\" \"f{EVIL}\" (func)))
                (assert_return (get \"x{EVIL}\") (i32.const 2))"
            ),
        ),
        ("bad.wast", format!("(module) (nosuch {RAW}")),
    ]);
    for file in ["body.wat", "wide.wat"] {
        for command in ["run", "compile", "clif", "expose"] {
            workspace.run(&[command, file]);
        }
        workspace.shows(&["compile", file]);
    }
    workspace.shows(&["compile", "twice.wat"]);
    workspace.shows(&["expose", "twice.wat"]);
    workspace.run(&["compile", "text.wat"]);
    workspace.run(&["compile", "string.wat"]);
    workspace.shows(&["wast", "s.wast"]);
    workspace.run(&["wast", "bad.wast"]);
}

/// All forms of an error.
#[track_caller]
fn check_error(what: &str, error: &Error) {
    for text in [format!("{error}"), format!("{error:#}"), format!("{error:?}")] {
        check(what, &text);
    }
    assert!(format!("{error:#}").contains(SHOWN), "{what}: {error:#}");
}

/// The same through the library, without a program that would escape what the library forgot.
#[test]
fn errors_of_the_library() {
    let engine = Engine::default();
    let compile = |text: String| Module::new(&engine, text);
    let lib = compile(module("")).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker: Linker<()> = Linker::new(&engine);
    check_error("unknown import", &{
        let wat = format!("(module (import \"m{EVIL}\" \"f{EVIL}\" (func)))");
        linker.instantiate(&mut store, &compile(wat).unwrap()).unwrap_err()
    });
    linker.func_wrap("wasi_snapshot_preview1", "proc_exit", |_: i32| {}).unwrap();
    let instance = linker.instantiate(&mut store, &lib).unwrap();
    let named = format!("evil{RAW}");
    linker.instance(&mut store, &named, instance).unwrap();
    let work = format!("work{RAW}");
    check_error("wrong import", &{
        let wat = format!("(module (import \"evil{EVIL}\" \"work{EVIL}\" (func)))");
        linker.instantiate(&mut store, &compile(wat).unwrap()).unwrap_err()
    });
    check_error("near import", &{
        let wat = format!("(module (import \"evil{EVIL}\" \"wokr{EVIL}\" (func)))");
        linker.instantiate(&mut store, &compile(wat).unwrap()).unwrap_err()
    });
    check_error("twice", &linker.instance(&mut store, &named, instance).unwrap_err());
    check_error("alias", &linker.alias(&named, "nosuch", "a", "b").map(drop).unwrap_err());
    check_error(
        "type",
        &instance.get_typed_func::<(), ()>(&mut store, &work).map(drop).unwrap_err(),
    );
    check_error(
        "kind",
        &instance
            .get_typed_func::<(), ()>(&mut store, &format!("global{RAW}"))
            .map(drop)
            .unwrap_err(),
    );
    check_error(
        "none",
        &instance
            .get_typed_func::<(), ()>(&mut store, &format!("wokr{RAW}"))
            .map(drop)
            .unwrap_err(),
    );
    check_error(
        "internal",
        &instance.global_named(&mut store, &format!("golbal{RAW}")).map(drop).unwrap_err(),
    );
    check_error("body", &{
        let wat = module(&format!("(func (@name \"bad{EVIL}\") (result i32) i64.const 0)"));
        compile(wat).unwrap_err()
    });
    check_error("declaration", &{
        compile(module(&format!("(func (export \"work{EVIL}\"))"))).unwrap_err()
    });
    let text = compile(format!("(module (func (export \"{RAW}\") nosuch))")).unwrap_err();
    check("text", &format!("{text} {text:#} {text:?}"));
    check_error("trap", &{
        let wat = format!(
            "(module (@name \"m{EVIL}\") (func (@name \"f{EVIL}\") unreachable) (start 0))"
        );
        Instance::new(&mut store, &compile(wat).unwrap(), &[]).unwrap_err()
    });
    check_error("command", &{
        let wat = format!(
            "(module (func (export \"_start\")) (global (export \"g{EVIL}\") i32 (i32.const 0)))"
        );
        linker.module(&mut store, "command", &compile(wat).unwrap()).map(drop).unwrap_err()
    });
    check_error("snapshot", &{
        let wat = format!("(module (import \"evil{EVIL}\" \"memory\" (memory 1)))");
        let user = linker.instantiate(&mut store, &compile(wat).unwrap()).unwrap();
        Snapshot::take(&mut store, &[user]).map(drop).unwrap_err()
    });
    check_error("function hooks", &{
        let bytes = engine.precompile_module(module("").as_bytes()).unwrap();
        let mut config = Config::new();
        config.function_hooks([NamePattern::any()]);
        let engine = Engine::new(&config).unwrap();
        // SAFETY: the artifact was just made.
        unsafe { Module::deserialize(&engine, &bytes) }.map(drop).unwrap_err()
    });
}

#[test]
fn observers_of_the_library() {
    let mut config = Config::new();
    config.function_hooks([NamePattern::any()]);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, module("")).unwrap();
    let mut store = Store::new(&engine, ());
    let (counter, coverage) = (CallCounter::new(), FunctionCoverage::new());
    coverage.add_module(&format!("file{RAW}"), &module).unwrap();
    let traced = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let lines = std::sync::Arc::clone(&traced);
    let tracer = CallTracer::new(move |line| {
        *lines.lock().unwrap() += &format!("{line}\n");
        Ok(())
    });
    let (count, cover, trace) = (counter.clone(), coverage.clone(), tracer.clone());
    store.function_hook(move |call| {
        count.observe(&call);
        cover.observe(&call)?;
        trace.observe(&call)
    });
    store.add_call_hook(CallFilter::all(), move |call| tracer.observe_import(&call));
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("wasi_snapshot_preview1", "proc_exit", |_: i32| -> wasm_runtime::Result<()> {
            Err(Error::msg(format!("reason{RAW}")))
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "init").unwrap().call(&mut store, ()).unwrap();
    let mut table = Vec::new();
    counter.write_table(&mut table).unwrap();
    let mut lcov = Vec::new();
    coverage.write_lcov("", &mut lcov).unwrap();
    let traced = traced.lock().unwrap().clone();
    let texts = [
        ("counts", String::from_utf8(table).unwrap()),
        ("coverage", String::from_utf8(lcov).unwrap()),
        ("trace", traced),
    ];
    for (what, text) in texts {
        check(what, &text);
        assert!(text.contains(SHOWN), "{what}: {text}");
    }
}
