//! The facade with a compiler: engines use it by default.

use std::io::Write;

use wasm_runtime::{
    CompileRequest, Compiler as _, Config, CraneliftCompiler, Engine, Instance, Linker, Module,
    Precompiled, Store, UnknownImportError,
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
fn code_with_function_hooks_runs_without_a_listener() {
    // This works whether or not the program has the feature for hooks.
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

/// Bytes need no alignment: `include_bytes!` does not align them.
#[test]
fn an_artifact_is_loaded_wherever_its_bytes_lie() {
    let engine = Engine::default();
    let text = r#"(module (memory 1) (data (i32.const 8) "\2a") (table 2 funcref) (elem (i32.const 1) $f)
        (func $f (param i32 i32) (result i32) (i32.load8_u (i32.const 8)))
        (func (export "add") (param i32 i32) (result i32)
            (call_indirect (param i32 i32) (result i32)
                (local.get 0) (local.get 1) (i32.const 1))))"#;
    let artifact = engine.precompile_module(text.as_bytes()).unwrap();
    let mut room = vec![0; artifact.len() + 64];
    for offset in [0, 1, 2, 3, 4, 7, 8, 33] {
        let bytes = &mut room[offset..offset + artifact.len()];
        bytes.copy_from_slice(&artifact);
        assert!(Engine::detect_precompiled(bytes).is_some());
        // SAFETY: the compiler has just made these bytes.
        let module = unsafe { Module::deserialize(&engine, bytes).unwrap() };
        assert_eq!(add(&engine, &module), 42);
    }
}

#[test]
fn unknown_imports_are_reported_without_compiling() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("env", "known", |_: i32| {}).unwrap();
    // What follows the imports is invalid, but is not read.
    let text = r#"(module
        (type $pair (func (param i64) (result f32 f64)))
        (import "env" "known" (func (param i32)))
        (import "env" "knwon" (func (type $pair)))
        (import "env" "memory" (memory 1 2))
        (import "env" "global" (global (mut i64)))
        (import "env" "table" (table 3 funcref))
        (func (result i32)))"#;
    assert!(Module::new(&engine, text).is_err());
    let unknown = linker.unknown_imports(text).unwrap();
    let names: Vec<_> = unknown.iter().map(|import| (import.module(), import.name())).collect();
    assert_eq!(names, ["knwon", "memory", "global", "table"].map(|name| ("env", name)));
    let ty = unknown[0].ty();
    let ty = ty.unwrap_func();
    assert!(ty.params().next().unwrap().is_i64() && ty.results().len() == 2);
    assert_eq!(unknown[1].ty().unwrap_memory().maximum(), Some(2));
    assert!(unknown[0].to_string().contains("did you mean `env::known`"), "{}", unknown[0]);

    // Instantiation reports the same imports, one after the other.
    let text = text.replace("(func (result i32))", "");
    let module = Module::new(&engine, &text).unwrap();
    let error = linker.instantiate_pre(&module).unwrap_err();
    assert_eq!(
        error.downcast_ref::<UnknownImportError>().unwrap().to_string(),
        unknown[0].to_string()
    );
    linker.define_unknown_imports_as_default_values(Store::new(&engine, ()), &module).unwrap();
    assert!(linker.unknown_imports(&text).unwrap().is_empty());

    assert!(linker.unknown_imports("(module (import \"a\" \"b\" (func (type 7))))").is_err());
    assert!(linker.unknown_imports("(component)").is_err());
    let engine = Engine::new(Config::new().enable_compiler(false)).unwrap();
    assert!(Linker::<()>::new(&engine).unknown_imports(&text).is_err());
}

/// The same with a compiler: the file is compiled already, and nobody vouches for it.
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

/// A file far larger than memory can be identified, since only its header is read.
#[test]
fn identifying_a_file_takes_no_more_than_its_header() {
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
