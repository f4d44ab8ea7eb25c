//! Messages show types of modules by the names that the name section has for them.

#![cfg(feature = "jit")]

use wasm_runtime::{Config, Engine, Func, FuncType, Linker, Module, Result, Store, ValType};

const MODULE: &str = r#"(module
    (rec (type $node (struct (field i32) (field (ref null $node)))))
    (type $bytes (array (mut i8)))
    (type $visit (func (param (ref null $node) i32) (result (ref $bytes))))
    (import "host" "visit" (func (type $visit)))
    (global (export "g") (mut (ref null $node)) (ref.null $node)))"#;

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_gc(true);
    Engine::new(&config)
}

#[test]
fn a_link_error_names_the_types() -> Result<()> {
    let engine = engine()?;
    let module = Module::new(&engine, MODULE)?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let ty = FuncType::new(&engine, [ValType::I32], []);
    let visit = Func::new(&mut store, ty, |_, _, _| Ok(()));
    linker.define(&store, "host", "visit", visit)?;
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("expected type `(func (param (ref null $node) i32) (result (ref $bytes)))`")
            && error.contains("found type `(func (param i32))`"),
        "{error}"
    );
    Ok(())
}

#[test]
fn types_of_a_module_are_shown_by_name() -> Result<()> {
    let engine = engine()?;
    let module = Module::new(&engine, MODULE)?;
    let shown = |name: &str| format!("{:?}", module.get_export(name).unwrap());
    assert!(shown("g").contains("$node"), "{}", shown("g"));
    // Another module has the same types, with other names or none: they are the same to the engine.
    let other = MODULE.replace("$node", "$n\u{1b}").replace("$bytes", "$b").replace('\u{1b}', "x");
    let other = Module::new(&engine, &other)?;
    let shown = format!("{:?}", other.get_export("g").unwrap());
    assert!(shown.contains("$node"), "{shown}");
    Ok(())
}
