//! References that exceptions carry, and those in frames that handlers are in.

use wasm_runtime::{Caller, Config, Engine, Instance, Linker, Module, Result, Store};

use crate::support::{Alive, IMPORTS, linker};

/// Each function returns a number in whose decimal digits the values that it saw have their places.
const GUEST: &str = r#"
    (import "host" "through" (func $through))
    (tag $t (param externref i32 externref))
    (func $join (param i32 externref) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 10)) (call $number (local.get 1))))
    (func $throws (export "throws")
        (call $make (i32.const 1)) (i32.const 7) (call $make (i32.const 2))
        (call $gc)
        (throw $t))
    (func $catches (param $through i32) (result i32) (local $own externref)
        (local $first externref) (local $second externref)
        (local.set $own (call $make (i32.const 3)))
        (block $caught (result externref i32 externref)
            (try_table (catch $t $caught)
                (if (local.get $through) (then (call $through)) (else (call $throws))))
            (unreachable))
        (local.set $second)
        (drop)
        (local.set $first)
        (call $gc)
        (call $join (call $join (call $join (i32.const 0)
            (local.get $first)) (local.get $second)) (local.get $own)))
    (func (export "direct") (result i32) (call $catches (i32.const 0)))
    (func (export "host") (result i32) (call $catches (i32.const 1)))
    (func (export "again") (result i32) (local $own externref)
        (local $first externref) (local $second externref)
        (local.set $own (call $make (i32.const 3)))
        (block $caught (result externref i32 externref)
            (try_table (catch $t $caught)
                try
                    (call $throws)
                catch_all
                    (call $gc)
                    (drop (call $catches (i32.const 1)))
                    (call $gc)
                    rethrow 0
                end)
            (unreachable))
        (local.set $second)
        (drop)
        (local.set $first)
        (call $gc)
        (call $join (call $join (call $join (i32.const 0)
            (local.get $first)) (local.get $second)) (local.get $own)))
"#;

#[test]
fn exceptions_carry_references_across_collections() -> Result<()> {
    for zeal in [true, false] {
        let mut config = Config::new();
        config.wasm_exceptions(true).wasm_legacy_exceptions(true).gc_zeal(zeal);
        let engine = Engine::new(&config)?;
        let mut linker: Linker<Alive> = linker(&engine);
        linker.func_wrap("host", "through", |mut caller: Caller<'_, Alive>| -> Result<()> {
            let throws = caller.get_export("throws").and_then(|export| export.into_func());
            let throws = throws.expect("the guest exports it").typed::<(), ()>(&caller)?;
            let thrown = throws.call(&mut caller, ()).expect_err("it throws");
            // The exception is on its way, and nobody but the store knows its values.
            caller.gc(None)?;
            Err(thrown)
        })?;
        let module = Module::new(&engine, format!("(module {IMPORTS} {GUEST})"))?;
        let mut store = Store::new(&engine, Alive::default());
        let instance: Instance = linker.instantiate(&mut store, &module)?;
        for name in ["direct", "host", "again"] {
            let func = instance.get_typed_func::<(), i32>(&mut store, name)?;
            for _ in 0..3 {
                assert_eq!(func.call(&mut store, ())?, 123, "{name}, with zeal: {zeal}");
            }
        }
    }
    Ok(())
}
