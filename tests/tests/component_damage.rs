//! Plans of components that are damaged, with modules that are as they were: what is read of them
//! is an error or a value, and running what is left harms nobody but the guest.

#![allow(unsafe_code)]

use std::sync::OnceLock;

use proptest::prelude::*;
use wasm_artifact::{Artifact, WriteOptions, write_component};
use wasm_component_translate::translate;
use wasm_runtime::component::types::ComponentItem;
use wasm_runtime::component::{Component, Linker, Type, Val};
use wasm_runtime::{Engine, Store};
use wasm_types::WasmFeatures;

/// Something of everything: imports of all kinds, resources, strings in all encodings, adapters,
/// instances in instances, types of all kinds.
const COMPONENT: &str = r#"(component
    (import "a:b/files@0.2.3" (instance $files
        (export "file" (type $file (sub resource)))
        (export "open" (func (param "name" string) (result (own $file))))
        (export "read" (func (param "f" (borrow $file)) (param "n" u32) (result (list u8))))))
    (import "log" (func $log (param "x" (tuple string (option s16) (list f64))) (result bool)))
    (alias export $files "file" (type $file))
    (core module $memory
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
        (func (export "post") (param i32)))
    (core instance $memory (instantiate $memory))
    (alias core export $memory "memory" (core memory $mem))
    (alias core export $memory "realloc" (core func $realloc))
    (core func $open (canon lower (func $files "open") (memory $mem) (realloc $realloc)))
    (core func $read (canon lower (func $files "read") (memory $mem) (realloc $realloc)))
    (core func $log (canon lower (func $log) (memory $mem) string-encoding=utf16))
    (core func $close (canon resource.drop $file))
    (core module $dtor (func (export "drop") (param i32)))
    (core instance $dtor (instantiate $dtor))
    (type $thing' (resource (rep i32) (dtor (core func $dtor "drop"))))
    (export $thing "thing" (type $thing'))
    (core func $new (canon resource.new $thing'))
    (core func $rep (canon resource.rep $thing'))
    (component $Inner
        (type $color' (enum "red" "green"))
        (export $color "color" (type $color'))
        (type $shape' (variant (case "dot") (case "line" (tuple f32 f32)) (case "text" string)))
        (export $shape "shape" (type $shape'))
        (type $bits' (flags "x" "y" "z"))
        (export $bits "bits" (type $bits'))
        (type $all' (record (field "c" $color) (field "s" $shape) (field "b" $bits)
            (field "r" (result u64 (error string))) (field "l" (list string)) (field "ch" char)))
        (export $all "all" (type $all'))
        (core module $m
            (memory (export "memory") 1)
            (global $next (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "echo") (param i32) (result i32) (local.get 0)))
        (core instance $i (instantiate $m))
        (func (export "echo") (param "x" $all) (param "pad" (tuple u64 u64 u64 u64 u64 u64 u64)) (result $all)
            (canon lift (core func $i "echo") (memory (core memory $i "memory"))
                (realloc (core func $i "realloc")) string-encoding=latin1+utf16)))
    (instance $inner (instantiate $Inner))
    (alias export $inner "echo" (func $echo))
    (core func $echo (canon lower (func $echo) (memory $mem) (realloc $realloc)))
    (core module $main
        (import "host" "open" (func $open (param i32 i32) (result i32)))
        (import "host" "read" (func $read (param i32 i32 i32)))
        (import "host" "log" (func $log (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "host" "close" (func $close (param i32)))
        (import "host" "new" (func $new (param i32) (result i32)))
        (import "host" "rep" (func $rep (param i32) (result i32)))
        (import "host" "echo" (func $echo (param i32 i32)))
        (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
        (func (export "look") (param i32) (result i32) (local.get 0))
        (func (export "go") (param i32 i32) (result i32)
            (local $f i32)
            (local.set $f (call $open (local.get 0) (local.get 1)))
            (call $read (local.get $f) (i32.const 3) (i32.const 16))
            (drop (call $log (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 7)
                (i32.const 0) (i32.const 2)))
            (call $close (local.get $f))
            (i32.const 16)))
    (core instance $main (instantiate $main (with "host" (instance
        (export "open" (func $open)) (export "read" (func $read)) (export "log" (func $log))
        (export "close" (func $close)) (export "new" (func $new)) (export "rep" (func $rep))
        (export "echo" (func $echo))))))
    (func (export "make") (param "x" u32) (result (own $thing)) (canon lift (core func $main "make")))
    (func (export "look") (param "x" (borrow $thing)) (result u32)
        (canon lift (core func $main "look")))
    (func (export "go") (param "x" string) (result (list u8)) (canon lift (core func $main "go")
        (memory $mem) (realloc $realloc) (post-return (core func $memory "post"))))
    (export "inner" (instance $inner)))"#;

struct Made {
    engine: Engine,
    plan: Vec<u8>,
    modules: Vec<Vec<u8>>,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let engine = Engine::default();
        let wasm = wat::parse_str(COMPONENT).unwrap();
        let translation = translate(&wasm, WasmFeatures::SUPPORTED).unwrap();
        let modules = translation.modules.iter();
        let modules = modules.map(|module| engine.precompile_module(module).unwrap()).collect();
        Made { engine, plan: translation.plan, modules }
    })
}

fn load(plan: &[u8]) -> wasm_runtime::Result<Component> {
    let Made { engine, modules, .. } = made();
    let first = Artifact::parse(&modules[0]).unwrap();
    let (target, tunables) = (first.target(), first.tunables());
    let bytes = write_component(plan, modules, target, &tunables, &WriteOptions::new()).unwrap();
    // SAFETY: the code is the compiler's, and no plan makes it do what it must not.
    unsafe { Component::deserialize(engine, bytes) }
}

/// Some value of a type.
fn value(ty: &Type) -> Val {
    match ty {
        Type::Bool => Val::Bool(true),
        Type::S8 => Val::S8(-1),
        Type::U8 => Val::U8(1),
        Type::S16 => Val::S16(-1),
        Type::U16 => Val::U16(1),
        Type::S32 => Val::S32(-1),
        Type::U32 => Val::U32(8),
        Type::S64 => Val::S64(-1),
        Type::U64 => Val::U64(1),
        Type::Float32 => Val::Float32(1.5),
        Type::Float64 => Val::Float64(1.5),
        Type::Char => Val::Char('\u{20ac}'),
        Type::String => Val::String("h\u{e9}llo \u{20ac}".into()),
        Type::List(list) => Val::List(vec![value(&list.ty()), value(&list.ty())]),
        Type::Record(record) => Val::Record(
            record.fields().map(|field| (field.name.to_owned(), value(&field.ty))).collect(),
        ),
        Type::Tuple(tuple) => Val::Tuple(tuple.types().map(|ty| value(&ty)).collect()),
        Type::Variant(variant) => match variant.cases().last() {
            Some(case) => {
                Val::Variant(case.name.to_owned(), case.ty.map(|ty| Box::new(value(&ty))))
            }
            None => Val::Bool(false),
        },
        Type::Enum(names) => Val::Enum(names.names().last().unwrap_or_default().to_owned()),
        Type::Option(option) => Val::Option(Some(Box::new(value(&option.ty())))),
        Type::Result(result) => Val::Result(Ok(result.ok().map(|ty| Box::new(value(&ty))))),
        Type::Flags(flags) => Val::Flags(flags.names().map(str::to_owned).collect()),
        _ => Val::Bool(false),
    }
}

/// Does everything that can be done with a component. Returns how many calls have succeeded.
fn use_all(component: &Component) -> usize {
    let engine = component.engine();
    let ty = component.component_type();
    let _ = format!("{:?}", ty.imports(engine).collect::<Vec<_>>());
    let mut linker = Linker::<()>::new(engine);
    let _ = linker.substituted_component_type(component);
    if linker.define_unknown_imports_as_traps(component).is_err() {
        return 0;
    }
    linker.allow_shadowing(true);
    let mut files = linker.instance("a:b/files@0.2.3").unwrap();
    for name in ["open", "read"] {
        files
            .func_new(name, |mut store, ty, params, results| {
                for (result, ty) in results.iter_mut().zip(ty.results()) {
                    *result = match ty {
                        Type::Own(_) => {
                            let own = wasm_runtime::component::Resource::<()>::new_own(7);
                            Val::Resource(own.try_into_resource_any(&mut store)?)
                        }
                        ty => value(&ty),
                    };
                }
                for param in params {
                    if let Val::Resource(resource) = param {
                        resource.resource_drop(&mut store)?;
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    let _ = linker.root().func_new("log", |_, _, _, results| {
        results.iter_mut().for_each(|result| *result = Val::Bool(true));
        Ok(())
    });
    let mut store = Store::new(engine, ());
    store.set_hostcall_fuel(1 << 20);
    let Ok(pre) = linker.instantiate_pre(component) else { return 0 };
    let Ok(instance) = pre.instantiate(&mut store) else { return 0 };
    let mut found = Vec::new();
    for (name, item) in ty.exports(engine) {
        let outer = instance.get_export_index(&mut store, None, name);
        let _ = instance.get_module(&mut store, name);
        let _ = instance.get_resource(&mut store, name);
        match item.ty {
            ComponentItem::ComponentFunc(_) => found.extend(outer),
            ComponentItem::ComponentInstance(inside) => {
                for (name, _) in inside.exports(engine) {
                    found.extend(instance.get_export_index(&mut store, outer.as_ref(), name));
                }
            }
            _ => {}
        }
    }
    let mut succeeded = 0;
    let mut resources = Vec::new();
    for index in found {
        let Some(func) = instance.get_func(&mut store, index) else { continue };
        let mut params: Vec<_> = func.params(&store).iter().map(|(_, ty)| value(ty)).collect();
        for (param, (_, ty)) in params.iter_mut().zip(func.params(&store)) {
            if let (Type::Own(_) | Type::Borrow(_), Some(resource)) = (ty, resources.last()) {
                *param = Val::Resource(*resource);
            }
        }
        let mut results = vec![Val::Bool(false); func.results(&store).len()];
        match func.call(&mut store, &params, &mut results) {
            Ok(()) => succeeded += 1,
            Err(error) => drop(format!("{error:?}")),
        }
        for result in results {
            if let Val::Resource(resource) = result {
                resources.push(resource);
            }
        }
    }
    for resource in resources {
        let _ = resource.resource_drop(&mut store);
    }
    succeeded
}

#[test]
fn a_whole_plan_works() {
    let component = load(&made().plan).unwrap();
    assert_eq!(use_all(&component), 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn damaged_plans_harm_nobody(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        let mut plan = made().plan.clone();
        for (place, value) in changes {
            let place = place % plan.len();
            plan[place] = value;
        }
        if let Ok(component) = load(&plan) {
            use_all(&component);
        }
    }

    /// Small numbers are indices and kinds that exist elsewhere.
    #[test]
    fn plans_with_other_indices_harm_nobody(
        changes in proptest::collection::vec((any::<usize>(), 0_u8..24), 1..4),
    ) {
        let mut plan = made().plan.clone();
        for (place, value) in changes {
            let place = place % plan.len() / 4 * 4;
            plan[place] = value;
        }
        if let Ok(component) = load(&plan) {
            use_all(&component);
        }
    }
}
