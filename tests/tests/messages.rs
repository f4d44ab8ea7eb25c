//! The errors that users meet first say what is wrong, where, and what to do.

use wasm_runtime::{
    Engine, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module, Mutability,
    Result, Store, UnknownImportError, Val, ValType,
};

#[track_caller]
fn assert_says(error: &wasm_runtime::Error, words: &[&str]) {
    let text = format!("{error:#}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn a_missing_import_is_named_with_its_type_and_near_misses() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "env" "print_number" (func (param i32 f64) (result i64))))"#,
    )?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("env", "print_numbers", |_: i32| {})?;
    linker.func_wrap("other", "print_number", |_: i32| {})?;
    let mut store = Store::new(&engine, ());
    let error = linker.instantiate(&mut store, &module).expect_err("an import is missing");
    assert_says(&error, &["unknown import", "env", "print_number", "i32", "f64", "i64"]);
    assert_says(&error, &["print_numbers"]);
    let unknown = error.downcast_ref::<UnknownImportError>().expect("an error of this type");
    assert_eq!((unknown.module(), unknown.name()), ("env", "print_number"));
    assert_eq!(unknown.ty().unwrap_func().params().len(), 2);
    Ok(())
}

#[test]
fn an_import_of_another_type_shows_both() -> Result<()> {
    let engine = Engine::default();
    let module =
        Module::new(&engine, r#"(module (import "env" "f" (func (param i32 i64) (result f32))))"#)?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("env", "f", |_: i32, _: f64| 1.0_f32)?;
    let mut store = Store::new(&engine, ());
    let error = linker.instantiate(&mut store, &module).expect_err("types differ");
    assert_says(&error, &["incompatible import type", "env", "f", "i64", "f64"]);
    Ok(())
}

#[test]
fn another_kind_and_other_limits_are_shown() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(3)))?;
    let ty = GlobalType::new(ValType::I64, Mutability::Const);
    let global = Global::new(&mut store, ty, Val::I64(1))?;
    let wants = |wat: &str| Module::new(&engine, wat);

    let module = wants(r#"(module (import "env" "item" (memory 2 3)))"#)?;
    let error = Instance::new(&mut store, &module, &[memory.into()]).expect_err("too small");
    assert_says(&error, &["env", "item", "1", "2"]);

    let module = wants(r#"(module (import "env" "item" (global (mut i64))))"#)?;
    let error = Instance::new(&mut store, &module, &[global.into()]).expect_err("not mutable");
    assert_says(&error, &["mut", "i64"]);

    let module = wants(r#"(module (import "env" "item" (table 1 funcref)))"#)?;
    let error = Instance::new(&mut store, &module, &[memory.into()]).expect_err("another kind");
    assert_says(&error, &["table", "memory"]);

    let error = Instance::new(&mut store, &module, &[]).expect_err("one import is missing");
    assert_says(&error, &["1", "0"]);
    Ok(())
}

#[test]
fn calls_with_other_types_show_both() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (func (export "f") (param i32 i64) (result f64) (f64.const 1)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let func = instance.get_func(&mut store, "f").expect("a function");

    let error = func.typed::<(i32, i32), f64>(&store).expect_err("another parameter");
    assert_says(&error, &["i32", "i64"]);
    let error = func.typed::<(i32, i64), (f64, f64)>(&store).expect_err("another result");
    assert_says(&error, &["f64"]);
    let error = instance.get_typed_func::<(), ()>(&mut store, "g").expect_err("no such export");
    assert_says(&error, &["g"]);

    let mut results = [Val::I32(0)];
    let error = func.call(&mut store, &[Val::I32(1)], &mut results).expect_err("one is missing");
    assert_says(&error, &["1", "2"]);
    let wrong = [Val::I32(1), Val::F32(0)];
    let error = func.call(&mut store, &wrong, &mut results).expect_err("another type");
    assert_says(&error, &["i64", "f32"]);
    let right = [Val::I32(1), Val::I64(0)];
    let error = func.call(&mut store, &right, &mut []).expect_err("no room for the result");
    assert_says(&error, &["1", "0"]);
    func.call(&mut store, &right, &mut results)?;
    Ok(())
}

#[test]
fn a_host_function_that_returns_another_type_is_an_error() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = wasm_runtime::FuncType::new(&engine, [], [ValType::I32]);
    let func = Func::new(&mut store, ty, |_, _, results| {
        results[0] = Val::F64(0);
        Ok(())
    });
    let mut results = [Val::I32(0)];
    let error = func.call(&mut store, &[], &mut results).expect_err("another type");
    assert_says(&error, &["i32", "f64"]);
    Ok(())
}

#[test]
fn an_invalid_module_has_function_offset_and_reason() {
    let engine = Engine::default();
    let text = r#"(module (func $fine) (func $broken (result i32) (i64.const 1)))"#;
    let error = Module::new(&engine, text).expect_err("types differ");
    assert_says(&error, &["type mismatch", "broken", "offset 0x", "i32", "i64"]);
    let text = "(module (memory 1 (pagesize 1)))";
    let error = Module::new(&engine, text).expect_err("a page of one byte");
    assert_says(&error, &["custom-page-sizes", "proposal", "offset"]);
}

#[test]
fn a_wrong_file_says_what_it_looks_like() {
    let engine = Engine::default();
    let error = Module::from_binary(&engine, b"#!/bin/sh\necho hello\n").expect_err("a script");
    assert_says(&error, &["script"]);
    let error = Module::from_binary(&engine, b"\0asm\x0d\0\x01\0").expect_err("a component");
    assert_says(&error, &["component"]);
    let error = Module::new(&engine, "(module (func $f").expect_err("cut short");
    assert_says(&error, &["(module (func $f"]);
    let error = Module::from_binary(&engine, b"").expect_err("empty");
    assert_says(&error, &["empty"]);
    let error = Module::from_binary(&engine, b"\0asm\x01\0\0\0\x01").expect_err("cut short");
    assert_says(&error, &["unexpected end", "0x9"]);
}
