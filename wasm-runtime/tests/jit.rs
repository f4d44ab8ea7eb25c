//! The facade with a compiler: engines have it without being told.

use std::io::Write;

use wasm_runtime::{
    CompileRequest, Compiler as _, Config, CraneliftCompiler, Engine, Instance, Module,
    Precompiled, Store,
};

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"#;

fn add(engine: &Engine, module: &Module) -> i32 {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add").unwrap();
    add.call(&mut store, (40, 2)).unwrap()
}

#[test]
fn a_default_engine_compiles() {
    let engine = Engine::default();
    assert_eq!(add(&engine, &Module::new(&engine, ADD).unwrap()), 42);
}

#[test]
fn artifacts_are_the_same_whatever_the_number_of_threads() {
    let artifact = |parallel| {
        let engine = Engine::new(Config::new().parallel_compilation(parallel)).unwrap();
        engine.precompile_module(ADD.as_bytes()).unwrap()
    };
    assert_eq!(artifact(false), artifact(true));
}

#[test]
fn code_that_tells_of_calls_runs_where_nobody_listens() {
    // Whether or not this program has the feature for hooks.
    let mut request = CompileRequest::new();
    request.function_hooks = vec!["*".into()];
    let artifact = CraneliftCompiler::new().compile(ADD.as_bytes(), &request).unwrap();
    let engine = Engine::default();
    assert_ne!(artifact, engine.precompile_module(ADD.as_bytes()).unwrap());
    // SAFETY: the bytes were just made by the compiler.
    let module = unsafe { Module::deserialize(&engine, &artifact).unwrap() };
    assert_eq!(add(&engine, &module), 42);
}

#[test]
fn an_artifact_is_what_a_module_is() {
    let engine = Engine::default();
    let artifact = engine.precompile_module(ADD.as_bytes()).unwrap();
    // SAFETY: the bytes were just made by the compiler.
    let module = unsafe { Module::deserialize(&engine, &artifact).unwrap() };
    assert_eq!(add(&engine, &module), 42);
}

/// With a compiler too: it is compiled already, and nobody vouches for it.
#[test]
fn a_file_that_is_compiled_already_needs_trust() {
    let engine = Engine::default();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&engine.precompile_module(ADD.as_bytes()).unwrap()).unwrap();
    let error = format!("{:?}", Module::from_file(&engine, file.path()).unwrap_err());
    for way in ["Config::trust", "Module::deserialize_file", "Module::from_trusted_file"] {
        assert!(error.contains(way), "{error}");
    }
    // SAFETY: the file was just made by the compiler, and nobody else knows it.
    let module = unsafe { Module::from_trusted_file(&engine, file.path()).unwrap() };
    assert_eq!(add(&engine, &module), 42);
}

/// A file that is far larger than memory tells what it is, since only its header is looked at.
#[test]
fn what_a_file_is_takes_no_more_than_its_header() {
    let engine = Engine::default();
    let artifact = engine.precompile_module(ADD.as_bytes()).unwrap();
    let huge = |bytes: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        file
    };
    let file = huge(&artifact);
    let found = Engine::detect_precompiled_file(file.path()).unwrap();
    assert_eq!(found, Some(Precompiled::Module));
    // SAFETY: the file was just made by the compiler, and nobody else knows it.
    let module = unsafe { Module::from_trusted_file(&engine, file.path()).unwrap() };
    assert_eq!(add(&engine, &module), 42);

    let file = huge(b"\0asm\x01\0\0\0");
    assert_eq!(Engine::detect_precompiled_file(file.path()).unwrap(), None);
}

#[test]
fn validation_needs_no_compilation() {
    let engine = Engine::default();
    Module::validate(&engine, ADD.as_bytes()).unwrap();
    let error = Module::validate(&engine, b"(module (func (result i32)))").unwrap_err();
    assert!(format!("{error:#}").contains("offset"), "{error:#}");
}

#[test]
fn an_engine_can_do_without() {
    let engine = Engine::new(Config::new().enable_compiler(false)).unwrap();
    let error = Module::new(&engine, b"\0asm\x01\0\0\0").unwrap_err();
    assert!(error.to_string().contains("compiler"), "{error}");
}
