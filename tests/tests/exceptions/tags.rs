//! Tags: imported, exported, made by the host, and what they are after a snapshot, a fork, and when
//! an instance is used again.

use wasm_runtime::{
    Engine, Extern, ExternType, FuncType, Linker, Module, Result, SnapshotBuilder, Store, Tag,
    TagType, ValType,
};

use super::engine;

const THROWER: &str = r#"(module
    (tag $t (export "tag") (param i32))
    (tag (export "same type") (param i32))
    (func (export "throw") (param i32) (throw $t (local.get 0))))"#;

const CATCHER: &str = r#"(module
    (import "m" "throw" (func $throw (param i32)))
    (import "m" "tag" (tag $t (param i32)))
    (tag $own (param i32))
    (func (export "run") (param i32) (result i32)
        (block $own (result i32)
            (block $t (result i32)
                (try_table (catch $own $own) (catch $t $t) (call $throw (local.get 0)))
                (return (i32.const -1)))
            (return (i32.add (i32.const 1))))
        (drop)
        (i32.const -2)))"#;

fn linked(store: &mut Store<()>, engine: &Engine) -> Result<wasm_runtime::Instance> {
    let mut linker = Linker::new(engine);
    let thrower = linker.instantiate(&mut *store, &Module::new(engine, THROWER)?)?;
    linker.instance(&mut *store, "m", thrower)?;
    linker.instantiate(&mut *store, &Module::new(engine, CATCHER)?)
}

fn run(store: &mut Store<()>, instance: &wasm_runtime::Instance) -> i32 {
    let run = instance.get_typed_func::<i32, i32>(&mut *store, "run").unwrap();
    run.call(&mut *store, 4).unwrap()
}

#[test]
fn an_imported_tag_is_the_exporters() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let instance = linked(&mut store, &engine).unwrap();
    assert_eq!(run(&mut store, &instance), 5);
    // Another instance of the same module throws exceptions of another tag.
    let mut linker = Linker::new(&engine);
    let thrower = Module::new(&engine, THROWER).unwrap();
    let [one, two] = [(); 2].map(|()| linker.instantiate(&mut store, &thrower).unwrap());
    let tags = [one, two].map(|instance| instance.get_tag(&mut store, "tag").unwrap());
    assert!(!Tag::eq(&tags[0], &tags[1], &store));
    let other = one.get_tag(&mut store, "same type").unwrap();
    assert!(!Tag::eq(&tags[0], &other, &store));
    assert_eq!(tags[0].ty(&store), other.ty(&store));
    let throw = one.get_func(&mut store, "throw").unwrap();
    linker.define(&store, "m", "throw", throw).unwrap();
    linker.define(&store, "m", "tag", tags[1]).unwrap();
    let catcher = linker.instantiate(&mut store, &Module::new(&engine, CATCHER).unwrap()).unwrap();
    let run = catcher.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert!(run.call(&mut store, 4).is_err());
}

#[test]
fn types_of_tags_are_seen_and_compared() {
    let engine = engine();
    let module = Module::new(&engine, CATCHER).unwrap();
    let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
    let tags: Vec<_> = module.imports().filter_map(|import| import.ty().tag().cloned()).collect();
    assert_eq!(tags, std::slice::from_ref(&ty));
    assert_eq!(ty.to_string(), "(tag (param i32))");
    let exports = Module::new(&engine, THROWER).unwrap();
    assert_eq!(exports.get_export("tag"), Some(ExternType::Tag(ty)));

    let mut store = Store::new(&engine, ());
    let wide = TagType::new(FuncType::new(&engine, [ValType::I64], []));
    let tag = Tag::new(&mut store, &wide).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define(&store, "m", "tag", tag).unwrap();
    linker.func_wrap("m", "throw", |_: i32| {}).unwrap();
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("incompatible import type for `m::tag`"), "{text}");
    assert!(text.contains("expected type `(tag (param i32))`"), "{text}");
    assert!(text.contains("found type `(tag (param i64))`"), "{text}");
    let tag: Extern = wide.default_value(&mut store).unwrap().into();
    assert!(tag.into_tag().is_some());
}

#[test]
fn artifacts_have_tags_and_handlers() {
    let engine = engine();
    let compiled = |text: &str| engine.precompile_module(text.as_bytes()).unwrap();
    // SAFETY: the bytes were compiled here.
    #[allow(unsafe_code, reason = "the artifacts were just made")]
    let load = |bytes: &[u8]| unsafe { Module::deserialize(&engine, bytes).unwrap() };
    let (thrower, catcher) = (load(&compiled(THROWER)), load(&compiled(CATCHER)));
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let instance = linker.instantiate(&mut store, &thrower).unwrap();
    linker.instance(&mut store, "m", instance).unwrap();
    let instance = linker.instantiate(&mut store, &catcher).unwrap();
    assert_eq!(run(&mut store, &instance), 5);
}

#[test]
fn instances_are_used_again() {
    let engine = engine();
    let thrower = Module::new(&engine, THROWER).unwrap();
    let catcher = Module::new(&engine, CATCHER).unwrap();
    for _ in 0..4 {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &thrower).unwrap();
        linker.instance(&mut store, "m", instance).unwrap();
        let instance = linker.instantiate(&mut store, &catcher).unwrap();
        assert_eq!(run(&mut store, &instance), 5);
    }
}

#[test]
fn forks_have_tags_of_their_own() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let instance = linked(&mut store, &engine).unwrap();
    assert_eq!(run(&mut store, &instance), 5);
    let snapshot = SnapshotBuilder::new().take(&mut store).unwrap();
    assert_eq!(run(&mut store, &instance), 5);
    let linker = Linker::<()>::new(&engine);
    let pre = snapshot.fork_pre(&linker).unwrap();
    let mut other = Store::new(&engine, ());
    let fork = pre.fork(&mut other).unwrap();
    assert_eq!(run(&mut other, &fork[1]), 5);
    let tag = fork[0].get_tag(&mut other, "tag").unwrap();
    assert_eq!(tag.ty(&other).to_string(), "(tag (param i32))");
    snapshot.restore(&mut store).unwrap();
    assert_eq!(run(&mut store, &instance), 5);
}
