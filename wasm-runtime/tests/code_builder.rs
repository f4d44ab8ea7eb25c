//! Compiling step by step, components that are compiled into another, and their access to the
//! host's memory.

#![cfg(all(feature = "component", feature = "jit", feature = "wat"))]
#![allow(unsafe_code)]

use wasm_runtime::component::{Component, Linker, Val};
use wasm_runtime::{CodeBuilder, CodeHint, Engine, Instance, Module, Result, Store, Trap};

#[track_caller]
fn says<T>(result: Result<T>, part: &str) {
    let Err(error) = result else { panic!("there is no error") };
    assert!(format!("{error:#}").contains(part), "{error:#}");
}

#[test]
fn modules_and_components_are_compiled() -> Result<()> {
    let engine = Engine::default();
    let mut builder = CodeBuilder::new(&engine);
    assert_eq!(builder.hint(), None);
    says(builder.compile_module(), "nothing to compile");
    builder.wasm_binary_or_text(b"(module (func (export \"f\")))", None)?;
    assert_eq!(builder.hint(), Some(CodeHint::Module));
    says(builder.wasm_binary(&b""[..], None).map(drop), "only once");
    says(builder.compile_component(), "expected a WebAssembly component");
    let artifact = builder.compile_module_serialized()?;
    // SAFETY: it was compiled just now.
    for module in [builder.compile_module()?, unsafe { Module::deserialize(&engine, artifact)? }] {
        Instance::new(&mut Store::new(&engine, ()), &module, &[])?;
    }
    // SAFETY: nothing is compiled.
    unsafe { builder.expose_unsafe_intrinsics("intrinsics") };
    says(builder.compile_module(), "can only be used with components");
    let mut builder = CodeBuilder::new(&engine);
    builder.wasm_binary_or_text(b"(component)", None)?;
    assert_eq!(builder.hint(), Some(CodeHint::Component));
    builder.compile_component()?;
    let missing = std::path::Path::new("/no/such/file");
    says(CodeBuilder::new(&engine).wasm_binary_file(missing).map(drop), "/no/such/file");
    says(CodeBuilder::new(&engine).wasm_binary_or_text(b"(module", None).map(drop), "parse");
    Ok(())
}

/// The data of stores: what the components below expect.
#[repr(C)]
struct Data {
    hits: u32,
    bytes: [u8; 12],
}

/// Counts calls, and reads a byte of the data.
const DATA: &str = r#"(component
    (import "memory" (instance $memory
        (export "store-data-address" (func (result u64)))
        (export "u32-native-load" (func (param "from" u64) (result u32)))
        (export "u32-native-store" (func (param "to" u64) (param "n" u32)))
        (export "u8-checked-native-load"
            (func (param "from" u64) (param "at" u64) (param "len" u64) (result u8)))))
    (core func $data (canon lower (func $memory "store-data-address")))
    (core func $load (canon lower (func $memory "u32-native-load")))
    (core func $store (canon lower (func $memory "u32-native-store")))
    (core func $byte (canon lower (func $memory "u8-checked-native-load")))
    (core module $m
        (import "" "data" (func $data (result i64)))
        (import "" "load" (func $load (param i64) (result i32)))
        (import "" "store" (func $store (param i64 i32)))
        (import "" "byte" (func $byte (param i64 i64 i64) (result i32)))
        (func (export "byte") (param i64) (result i32)
            (call $store (call $data) (i32.add (call $load (call $data)) (i32.const 1)))
            (call $byte (i64.add (call $data) (i64.const 4)) (local.get 0) (i64.const 12))))
    (core instance $i (instantiate $m (with "" (instance
        (export "data" (func $data)) (export "load" (func $load))
        (export "store" (func $store)) (export "byte" (func $byte))))))
    (func (export "byte") (param "at" u64) (result u8) (canon lift (core func $i "byte"))))"#;

/// The sum of two bytes, by the functions of [`DATA`].
const SUM: &str = r#"(component
    (import "data" (instance $data (export "byte" (func (param "at" u64) (result u8)))))
    (core func $byte (canon lower (func $data "byte")))
    (core module $m
        (import "" "byte" (func $byte (param i64) (result i32)))
        (func (export "sum") (param i64 i64) (result i32)
            (i32.add (call $byte (local.get 0)) (call $byte (local.get 1)))))
    (core instance $i (instantiate $m (with "" (instance (export "byte" (func $byte))))))
    (func (export "sum") (param "a" u64) (param "b" u64) (result u32)
        (canon lift (core func $i "sum"))))"#;

/// Types, instances, components and aliases of all kinds before, between and behind the imports, so
/// that all indices are used that are others in what is composed.
const MAIN: &str = r#"(component $main
    (type $pair (tuple u32 u32))
    (import "early" (instance $early (export "one" (func (result u32)))))
    (component $inner
        (import "one" (func $one (result u32)))
        (alias outer $main $pair (type $again))
        (component $innermost (alias outer $main $pair (type $again)))
        (instance (instantiate $innermost))
        (export "one" (func $one)))
    (import "sum" (instance $sum
        (export "sum" (func (param "a" u64) (param "b" u64) (result u32)))))
    (import "late" (instance $late (export "two" (func (param "p" $pair)))))
    (instance $made (instantiate $inner (with "one" (func $early "one"))))
    (alias export $made "one" (func $one))
    (core func $one (canon lower (func $one)))
    (core func $sum (canon lower (func $sum "sum")))
    (core func $two (canon lower (func $late "two")))
    (core module $m
        (import "" "one" (func $one (result i32)))
        (import "" "sum" (func $sum (param i64 i64) (result i32)))
        (import "" "two" (func $two (param i32 i32)))
        (func (export "run") (param i64 i64) (result i32)
            (call $two (call $one) (i32.const 7))
            (i32.add (call $one) (call $sum (local.get 0) (local.get 1)))))
    (core instance $i (instantiate $m (with "" (instance
        (export "one" (func $one)) (export "sum" (func $sum)) (export "two" (func $two))))))
    (func $run (param "a" u64) (param "b" u64) (result u32) (canon lift (core func $i "run")))
    (instance $out (export "run" (func $run)))
    (export "api" (instance $out)))"#;

fn builder<'a>(engine: &'a Engine, main: &'a str) -> Result<CodeBuilder<'a>> {
    let mut builder = CodeBuilder::new(engine);
    builder.wasm_binary_or_text(main.as_bytes(), None)?;
    // SAFETY: the components access the data of stores only, which is `Data` in all tests.
    unsafe {
        builder.expose_unsafe_intrinsics("memory");
        builder.compile_time_builtins_binary_or_text("unused", b"(component)", None)?;
        builder.compile_time_builtins_binary_or_text("data", DATA.as_bytes(), None)?;
        builder.compile_time_builtins_binary_or_text("sum", SUM.as_bytes(), None)?;
    }
    Ok(builder)
}

#[test]
fn components_are_compiled_into_another() -> Result<()> {
    let engine = Engine::default();
    let builder = builder(&engine, MAIN)?;
    let component = builder.compile_component()?;
    let imports = component.component_type();
    let imports: Vec<_> = imports.imports(&engine).map(|(name, _)| name.to_string()).collect();
    assert_eq!(imports, ["early", "late"]);
    let mut linker = Linker::<Data>::new(&engine);
    linker.instance("early")?.func_wrap("one", |_, (): ()| Ok((1_u32,)))?;
    linker.instance("late")?.func_wrap("two", |_, (pair,): ((u32, u32),)| {
        assert_eq!(pair, (1, 7));
        Ok(())
    })?;
    let mut store = Store::new(&engine, Data { hits: 0, bytes: *b"twelve bytes" });
    let instance = linker.instantiate(&mut store, &component)?;
    let api = instance.get_export_index(&mut store, None, "api").unwrap();
    let run = instance.get_export_index(&mut store, Some(&api), "run").unwrap();
    let run = instance.get_typed_func::<(u64, u64), (u32,)>(&mut store, run)?;
    let sum = u32::from(b't') + u32::from(b's') + 1;
    assert_eq!(run.call(&mut store, (0, 11))?, (sum,));
    assert_eq!(store.data().hits, 2);
    let error = run.call(&mut store, (0, 12)).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
    // An artifact has the access only if somebody answers for it.
    let artifact = builder.compile_component_serialized()?;
    // SAFETY: it was compiled just now.
    let loaded = unsafe { Component::deserialize(&engine, artifact)? };
    says(linker.instantiate(&mut store, &loaded), "Component::allow_unsafe_intrinsics");
    // SAFETY: as above.
    unsafe { loaded.allow_unsafe_intrinsics() };
    linker.instantiate(&mut store, &loaded)?;
    Ok(())
}

#[test]
fn the_last_byte_and_all_widths_are_accessed() -> Result<()> {
    let engine = Engine::default();
    let mut text = String::from("(component (import \"m\" (instance $m");
    for bits in [8, 16, 32, 64] {
        text += &format!(
            "(export \"u{bits}-native-load\" (func (param \"a\" u64) (result u{bits})))
             (export \"u{bits}-checked-native-store\" (func (param \"a\" u64) (param \"o\" u64)
                (param \"l\" u64) (param \"v\" u{bits})))"
        );
    }
    text += "))";
    for bits in [8, 16, 32, 64] {
        text += &format!(
            "(alias export $m \"u{bits}-native-load\" (func $load{bits}))
             (alias export $m \"u{bits}-checked-native-store\" (func $store{bits}))
             (export \"load{bits}\" (func $load{bits})) (export \"store{bits}\" (func $store{bits}))"
        );
    }
    text += ")";
    let mut builder = CodeBuilder::new(&engine);
    builder.wasm_binary_or_text(text.as_bytes(), None)?;
    // SAFETY: the test calls the functions with addresses of its own.
    unsafe { builder.expose_unsafe_intrinsics("m") };
    let component = builder.compile_component()?;
    let linker = Linker::new(&engine);
    let mut words = [u64::MAX; 2];
    let address = words.as_mut_ptr().expose_provenance() as u64;
    let value = |bits: u32, n: u64| match bits {
        8 => Val::U8(n as u8),
        16 => Val::U16(n as u16),
        32 => Val::U32(n as u32),
        _ => Val::U64(n),
    };
    for bits in [8, 16, 32, 64_u32] {
        let last = u64::from(16 - bits / 8);
        let written = value(bits, 0x1122_3344_5566_7788);
        for (offset, fits) in [(last + 1, false), (u64::MAX, false), (last, true)] {
            let mut store = Store::new(&engine, ());
            let instance = linker.instantiate(&mut store, &component)?;
            let mut func = |name: &str| {
                instance.get_func(&mut store, format!("{name}{bits}").as_str()).unwrap()
            };
            let (load, write) = (func("load"), func("store"));
            let args = [Val::U64(address), Val::U64(offset), Val::U64(16), written.clone()];
            let stored = write.call(&mut store, &args, &mut []);
            assert_eq!(stored.is_ok(), fits, "{bits} at {offset}");
            if fits {
                let mut result = [Val::Bool(false)];
                load.call(&mut store, &[Val::U64(address + last)], &mut result)?;
                assert_eq!(result[0], written);
            }
        }
    }
    assert_eq!(words[0], u64::MAX);
    Ok(())
}

#[test]
fn what_can_not_be_composed_is_refused() -> Result<()> {
    let engine = Engine::default();
    let forbidden = r#"(component (import "memory" (instance)) (import "sum" (instance)))"#;
    says(builder(&engine, forbidden)?.compile_component(), "cannot import the unsafe intrinsics");
    let main = r#"(component (import "other" (instance)))"#;
    let mut wants_more = builder(&engine, main)?;
    let other = br#"(component (import "clock" (instance)))"#;
    // SAFETY: it has no code.
    unsafe { wants_more.compile_time_builtins_binary_or_text("other", other, None)? };
    says(wants_more.compile_component(), "`other`");
    says(wants_more.compile_component(), "it imports `clock`");
    let mut no_component = builder(&engine, main)?;
    // SAFETY: as above.
    unsafe { no_component.compile_time_builtins_binary("other", &b"\0asm\x01\0\0\0"[..]) };
    says(no_component.compile_component(), "not a component");
    // What it exports is not what is used of it.
    let uses = r#"(component (import "data" (instance $data (export "word" (func (result u32)))))
        (core func (canon lower (func $data "word"))))"#;
    says(builder(&engine, uses)?.compile_component(), "word");
    let wrong = r#"(component (import "memory" (instance
        (export "u8-native-load" (func (param "at" u32) (result u8))))))"#;
    let mut builder = CodeBuilder::new(&engine);
    builder.wasm_binary_or_text(wrong.as_bytes(), None)?;
    says(
        builder.compile_component().and_then(|it| {
            Linker::<()>::new(&engine).instantiate(&mut Store::new(&engine, ()), &it)
        }),
        "memory",
    );
    // SAFETY: it has no code.
    unsafe { builder.expose_unsafe_intrinsics("memory") };
    says(builder.compile_component(), "parameters[0] for function `u8-native-load`");
    Ok(())
}
