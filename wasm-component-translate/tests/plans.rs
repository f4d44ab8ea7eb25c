//! The plans of the components under `plans/`, beside which they stand as text.
//!
//! `BLESS=1 cargo test -p wasm-component-translate --test plans` writes the texts anew.

mod support;

use std::env;
use std::fs;
use std::path::Path;

use wasm_component::Plan;
use wasm_component_translate::{ErrorKind, translate};
use wasm_encoder::{
    ComponentBuilder, ComponentExportKind, ComponentTypeRef, EntityType, ExportKind, ExportSection,
    ImportSection, InstanceType, Module, ModuleArg, PrimitiveValType, TypeSection, ValType,
};
use wasm_types::WasmFeatures;

#[test]
fn plans_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let update = env::var_os("BLESS").is_some();
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "wat") {
            continue;
        }
        count += 1;
        let wasm = wat::parse_file(&file).unwrap();
        let translation = translate(&wasm, WasmFeatures::default()).unwrap();
        support::check(&translation);
        let shown = format!("{:#}", Plan::parse(&translation.plan).unwrap().show());
        let golden = file.with_extension("txt");
        if update {
            fs::write(&golden, &shown).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(shown == expected, "{}: the plan is now\n{shown}", golden.display());
    }
    assert_eq!(count, 4);
}

fn refused(text: &str) -> (ErrorKind, String) {
    let wasm = wat::parse_str(text).unwrap();
    let error = translate(&wasm, WasmFeatures::default()).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn what_is_not_supported_is_named() {
    for (text, part) in [
        (
            r#"(component (import "c" (component)))"#,
            "root-level component imports are not supported: `c`",
        ),
        (
            r#"(component (component $c) (export "d" (component $c)))"#,
            "exporting a component from the root component is not supported: `d`",
        ),
        (
            r#"(component (import "f" (func $f)) (export "g" (func $f)))"#,
            "component export `g` is a reexport of an imported function which is not implemented",
        ),
        (r#"(component (import "f" (func async)))"#, "`async` functions"),
        (r#"(component (import "f" (func (param "a" (stream u8)))))"#, "`stream`"),
        (
            r#"(component (import "f" (func (param "a" (map string u8)))))"#,
            "`Config::wasm_component_model_map(true)` allows it",
        ),
        (
            "(component (core func (canon thread.index)))",
            "`Config::wasm_component_model_threading(true)` allows it",
        ),
        (
            r#"(component (import "f" (func (param "a" error-context))))"#,
            "`Config::wasm_component_model_error_context(true)` allows it",
        ),
        (
            r#"(component (core module $m (func (export "f"))) (core instance $m (instantiate $m))
                (func (export "f") async (canon lift (core func $m "f") async)))"#,
            "`Config::wasm_component_model_async_stackful(true)` allows it",
        ),
        (
            r#"(component
                (core module $m
                    (func (export "f") (result i32) unreachable)
                    (func (export "on") (param i32 i32 i32) (result i32) unreachable))
                (core instance $m (instantiate $m))
                (func (export "f") async
                    (canon lift (core func $m "f") async (callback (core func $m "on")))))"#,
            "of WASI 0.3, in the export `f`",
        ),
    ] {
        let (kind, message) = refused(text);
        assert_eq!(kind, ErrorKind::Unsupported, "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn other_binaries_are_told_apart() {
    let module = translate(b"\0asm\x01\0\0\0", WasmFeatures::default()).unwrap_err();
    assert_eq!(module.kind(), ErrorKind::NotAComponent);
    assert!(module.to_string().contains("a core module"), "{module}");
    let text = translate(b"(component)", WasmFeatures::default()).unwrap_err();
    assert_eq!(text.kind(), ErrorKind::NotAComponent);
    let empty = wat::parse_str("(component)").unwrap();
    for len in 8..empty.len() {
        assert!(translate(&empty[..len], WasmFeatures::default()).is_err());
    }
}

/// Each component makes two of the one before: a few lines ask for more than there is memory.
#[test]
fn what_doubles_and_doubles_is_refused() {
    let mut text = String::from("(component (component $c0)\n");
    for n in 1..60 {
        text += &format!(
            "(component $c{n} (alias outer 1 $c{} (component $c)) (instance (instantiate $c)) \
             (instance (instantiate $c)))\n",
            n - 1
        );
    }
    text += "(instance (instantiate $c59)))";
    let (kind, message) = refused(&text);
    assert_eq!(kind, ErrorKind::Limit, "{message}");
    assert!(message.contains("10000 component instances"), "{message}");
}

/// Each pair of instances has its own functions to copy what is passed: a few kilobytes ask for
/// more code than anybody wants to compile.
#[test]
fn adapters_have_an_end() {
    let fields: String = (0..300).map(|n| format!("(field \"f{n}\" string)")).collect();
    let ty = format!("(type $t' (record {fields}))");
    let libc = r#"
        (core module $libc
            (memory (export "m") 1)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "f") (param i32 i32)))
        (core instance $libc (instantiate $libc))"#;
    let mut text = format!(
        r#"(component
        (component $c0
            (component $C {ty} (export $t "t" (type $t')) {libc}
                (func (export "f") (param "x" (list $t)) (canon lift (core func $libc "f")
                    (memory (core memory $libc "m")) (realloc (core func $libc "r")))))
            (component $D
                (import "c" (instance $c {ty} (export "t" (type $t (eq $t')))
                    (export "f" (func (param "x" (list $t))))))
                {libc}
                (core func $f (canon lower (func $c "f") (memory (core memory $libc "m"))))
                (core module $m (import "" "f" (func (param i32 i32))))
                (core instance (instantiate $m (with "" (instance (export "f" (func $f)))))))
            (instance $c (instantiate $C))
            (instance (instantiate $D (with "c" (instance $c)))))"#
    );
    for n in 1..=11 {
        text += &format!(
            "(component $c{n} (alias outer 1 $c{} (component $c)) (instance (instantiate $c)) \
             (instance (instantiate $c)))\n",
            n - 1
        );
    }
    let small = format!("{text} (instance (instantiate $c1)))");
    let wasm = wat::parse_str(&small).unwrap();
    assert!(wasm.len() < 10_000, "{}", wasm.len());
    let translation = translate(&wasm, WasmFeatures::default()).unwrap();
    assert!(translation.modules.iter().map(|module| module.len()).sum::<usize>() > 20_000);
    let (kind, message) = refused(&format!("{text} (instance (instantiate $c11)))"));
    assert_eq!(kind, ErrorKind::Limit, "{message}");
    assert!(message.contains("the functions between its components take more"), "{message}");
}

#[test]
fn what_is_deep_is_refused() {
    let mut instances = String::from("(component (component $c0)\n");
    for n in 1..200 {
        instances += &format!(
            "(component $c{n} (alias outer 1 $c{} (component $c)) (instance (instantiate $c)))\n",
            n - 1
        );
    }
    instances += "(instance (instantiate $c199)))";
    let mut types = String::from("(component (type $t0 (list u8))\n");
    for n in 1..150 {
        types += &format!("(type $t{n} (list $t{}))\n", n - 1);
    }
    types += r#"(import "f" (func (param "a" $t149))))"#;
    // Each function allocates by the one before.
    let mut funcs = String::from(
        r#"(component
            (import "f" (func $f (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32)
                (result u32)))
            (import "g" (func $g (result string)))
            (core module $m (memory (export "m") 1)
                (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
            (core instance $m (instantiate $m))
            (alias core export $m "m" (core memory $mem))
            (alias core export $m "r" (core func $r0))
        "#,
    );
    for n in 1..200 {
        funcs += &format!(
            "(core func $r{n} (canon lower (func $f) (memory (core memory $mem)) (realloc (core func $r{}))))\n",
            n - 1
        );
    }
    funcs += ")";
    for text in [instances, types, funcs] {
        let (kind, message) = refused(&text);
        // The validator has limits of its own.
        assert!(matches!(kind, ErrorKind::Limit | ErrorKind::Invalid), "{message}");
        assert!(message.contains("deep") || message.contains("nesting"), "{message}");
    }
}

/// A component that imports, lowers, passes on, lifts and exports many functions.
fn with_many_functions(count: u32) -> Vec<u8> {
    let names: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    let mut exports = ExportSection::new();
    for (n, name) in names.iter().enumerate() {
        imports.import("i", name, EntityType::Function(0));
        exports.export(name, ExportKind::Func, n as u32);
    }
    module.section(&types).section(&imports).section(&exports);

    let mut component = ComponentBuilder::default();
    let mut instance = InstanceType::new();
    instance.ty().function().params([("a", PrimitiveValType::U32)]).result(None);
    for name in &names {
        instance.export(name.as_str(), ComponentTypeRef::Func(0));
    }
    let ty = component.type_instance(None, &instance);
    let imported = component.import("i", ComponentTypeRef::Instance(ty));
    let module = component.core_module(None, &module);
    let mut lowered = Vec::new();
    for name in &names {
        let func = component.alias_export(imported, name, ComponentExportKind::Func);
        lowered.push(component.lower_func(None, func, []));
    }
    let items = names.iter().zip(&lowered).map(|(name, n)| (&**name, ExportKind::Func, *n));
    let items = component.core_instantiate_exports(None, items);
    let main = component.core_instantiate(None, module, [("i", ModuleArg::Instance(items))]);
    let (ty, mut func) = component.type_function(None);
    func.params([("a", PrimitiveValType::U32)]).result(None);
    for name in &names {
        let core = component.core_alias_export(None, main, name, ExportKind::Func);
        let func = component.lift_func(None, core, ty, []);
        component.export(name.as_str(), ComponentExportKind::Func, func, None);
    }
    component.finish()
}

/// Nothing is looked up by going through a list: this would take minutes.
#[test]
fn many_functions_are_no_problem() {
    const COUNT: u32 = 30_000;
    let wasm = with_many_functions(COUNT);
    let translation = translate(&wasm, WasmFeatures::default()).unwrap();
    let plan = Plan::parse(&translation.plan).unwrap();
    assert_eq!(plan.import_count(), COUNT as usize);
    assert_eq!(plan.trampoline_count(), COUNT as usize);
    assert_eq!(plan.exports().unwrap().len(), COUNT as usize);
    for n in (0..COUNT).step_by(1000) {
        let exports = plan.exports().unwrap();
        assert!(exports.find(&format!("f{n}")).unwrap().is_some(), "{n}");
    }
}
