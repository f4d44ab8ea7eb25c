//! The CLIF of small modules, beside them: `tests/clif/NAME.wat` and `NAME.clif`; and for those
//! that want it the machine code, `NAME.s`.
//!
//! `BLESS=1 cargo test -p wasm-translate --test clif` writes the files anew.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use common::{TARGETS, compile, parse, settings};
use cranelift_codegen::ir;
use wasm_translate::{
    ClifStage, Error, ErrorKind, PassContext, PassPoint, Settings, assembly, clif, compile_module,
};
use wasm_types::profile::{FunctionProfile, PointProfile, Profile};
use wasm_types::{DefinedFuncIndex, FuncIndex, OperatorCost, ParsedModule, Tunables};

/// Comments at the start of a module choose settings: `;;! checked` for memories with bounds
/// checks, `;;! target TRIPLE`, `;;! optimized`, `;;! unmitigated`, `;;! inlined`,
/// `;;! interruptible`, `;;! function hooks` for functions that report when they are called,
/// `;;! fuel` for code that counts fuel, `;;! fuel yields` for code that gives way by it. `;;!
/// assembly` is for machine code, `;;! gathers` for code that counts for a profile. `;;! profile
/// ENTRIES COUNT…` is a profile, a line for each function, with a count for each counter;
/// `FUNC*COUNT` is for calls of a function.
fn golden_settings(text: &str, parsed: &ParsedModule, wasm: &[u8]) -> (Settings, ClifStage) {
    let mut profile = Vec::new();
    let mut stage = ClifStage::Raw;
    let mut target = TARGETS[0];
    let mut tunables = Tunables::default();
    let mut inlining = false;
    let mut hooks = false;
    for line in text.lines().filter_map(|line| line.strip_prefix(";;! ")) {
        match line {
            "checked" => tunables.memory_reservation = 1 << 20,
            "optimized" => stage = ClifStage::Optimized,
            "inlined" => inlining = true,
            "interruptible" => tunables.interruption = true,
            "gathers" => tunables.gathers_profile = true,
            line if line.starts_with("profile ") => profile.push(line),
            "callbacks" => tunables.interruption_callbacks = true,
            "assembly" => {}
            "function hooks" => hooks = true,
            "fuel" => tunables.fuel_costs = Some(OperatorCost::new().identity()),
            "fuel yields" => {
                tunables.fuel_costs = Some(OperatorCost::new().identity());
                tunables.fuel_yields = true;
            }
            "unmitigated" => tunables.spectre_mitigation = false,
            _ => target = line.strip_prefix("target ").expect("a setting that is known"),
        }
    }
    let mut settings = settings(target);
    settings.tunables(tunables).inlining(inlining);
    if !profile.is_empty() {
        settings.profile(Arc::new(written_profile(&profile, parsed, wasm)));
    }
    if hooks {
        settings.function_hooks(Arc::new(|module| {
            let all = 0..module.functions.len() as u32;
            all.map(FuncIndex::new).collect()
        }));
    }
    (settings, stage)
}

/// A profile of a module from a line for each function.
fn written_profile(lines: &[&str], parsed: &ParsedModule, wasm: &[u8]) -> Profile {
    let map = parsed.counters(wasm);
    let mut profile = Profile::new();
    let module = profile.modules.entry(map.code).or_default();
    for ((number, line), points) in (0..).zip(lines).zip(&map.functions) {
        let mut words = line.split(' ').skip(1);
        let entries = words.next().expect("a count of entries").parse().expect("a number");
        let mut function = FunctionProfile { entries, order: 1, points: BTreeMap::new() };
        for (point, word) in points.iter().zip(words) {
            let mut counted = PointProfile { kind: point.kind, count: 0, targets: Vec::new() };
            match word.split_once('*') {
                Some((func, count)) => {
                    let func = FuncIndex::new(func.parse().expect("a function"));
                    counted.add_target(func, count.parse().expect("a number"));
                }
                None => counted.count = word.parse().expect("a number"),
            }
            function.points.insert(point.offset, counted);
        }
        module.functions.insert(DefinedFuncIndex::new(number), function);
    }
    profile
}

#[test]
fn code_is_as_written_down() {
    let bless = std::env::var_os("BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clif");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut different = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let wasm = wat::parse_str(&text).unwrap();
        let parsed = parse(&wasm);
        let (settings, stage) = golden_settings(&text, &parsed, &wasm);
        let mut compare =
            |extension: &str, show: &dyn Fn(DefinedFuncIndex) -> Result<String, Error>| {
                let mut found = String::new();
                for func in (0..parsed.module().num_defined_functions()).map(DefinedFuncIndex::new)
                {
                    let text =
                        show(func).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    writeln!(found, "{text}").unwrap();
                }
                let golden = path.with_extension(extension);
                if bless {
                    std::fs::write(&golden, found).unwrap();
                } else if std::fs::read_to_string(&golden).unwrap_or_default() != found {
                    different.push(format!("{}:\n{found}", golden.display()));
                }
            };
        compare("clif", &|func| clif(&parsed, &wasm, func, &settings, stage));
        if text.lines().any(|line| line == ";;! assembly") {
            compare("s", &|func| assembly(&parsed, &wasm, func, &settings));
        }
    }
    assert!(
        different.is_empty(),
        "code differs from what is written down (BLESS=1 writes it anew):\n{}",
        different.join("\n")
    );
}

#[test]
fn passes_run_where_they_were_put() {
    let wasm = wat::parse_str("(module (func $f (param i32) (result i32) local.get 0))").unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut settings = settings(TARGETS[0]);
    let note = |what: &'static str| {
        let seen = seen.clone();
        move |func: &mut ir::Function, context: PassContext<'_>| -> Result<(), Error> {
            assert_eq!(context.func.as_u32(), 0);
            assert_eq!(context.isa.name(), "x64");
            seen.lock().unwrap().push((what, func.dfg.num_insts()));
            Ok(())
        }
    };
    settings.pass(PassPoint::AfterOptimization, Arc::new(note("after")));
    settings.pass(PassPoint::BeforeOptimization, Arc::new(note("before")));
    let observed = seen.clone();
    settings.observe_clif(Arc::new(move |_, func| {
        observed.lock().unwrap().push(("observer", func.dfg.num_insts()));
    }));
    compile(&wasm, &settings).unwrap();
    let order: Vec<&str> = seen.lock().unwrap().iter().map(|(what, _)| *what).collect();
    assert_eq!(order, ["observer", "before", "after"]);
}

#[test]
fn the_error_of_a_pass_names_the_function() {
    let wasm = wat::parse_str("(module (func $f))").unwrap();
    let mut settings = settings(TARGETS[0]);
    let refuse = |_: &mut ir::Function, _: PassContext<'_>| -> Result<(), Error> {
        Err(Error::new(ErrorKind::Limit, "not today"))
    };
    settings.pass(PassPoint::BeforeOptimization, Arc::new(refuse));
    let error = compile_module(&parse(&wasm), &wasm, &settings).unwrap_err();
    assert_eq!(error.to_string(), "in function 0 `f`: not today");
}
