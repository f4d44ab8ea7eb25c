//! References to exceptions: caught, kept where values are, and thrown again.

use wasm_runtime::{
    Config, Engine, ExternRef, GcHeapOutOfMemory, Instance, Linker, Module, RootScope, Store,
    StoreLimitsBuilder, Trap, Val,
};

use super::run;

#[test]
fn what_was_caught_by_reference_is_thrown_again() {
    run(
        r#"(module
            (tag $a (param i32 i64))
            (tag $b)
            (func $thrower (param i32)
                (if (i32.eqz (local.get 0)) (then (throw $b)))
                (throw $a (local.get 0) (i64.const 40)))
            ;; The first handler takes the reference only, the second one values and the reference.
            (func $again (param i32)
                (local $exception exnref)
                (block $all (result exnref)
                    (try_table (catch_all_ref $all) (call $thrower (local.get 0)))
                    (unreachable))
                (local.set $exception)
                (throw_ref (local.get $exception)))
            (func (export "run") (param i32) (result i32)
                (local $exception (ref null exn))
                (block $b (result (ref exn))
                    (block $a (result i32 i64 (ref exn))
                        (try_table (catch_ref $a $a) (catch_ref $b $b) (call $again (local.get 0)))
                        (unreachable))
                    (local.set $exception)
                    (i32.wrap_i64)
                    (i32.add)
                    (local.set 0)
                    (block $again (result i32 i64)
                        (try_table (catch $a $again) (throw_ref (local.get $exception)))
                        (unreachable))
                    (drop)
                    (return (i32.add (local.get 0))))
                (drop)
                (i32.const -1)))"#,
        &[(0, -1), (1, 42), (5, 50)],
    );
}

#[test]
fn null_is_not_thrown() {
    let (mut store, instance) = super::instantiate(
        r#"(module
            (func (export "null")
                (block $h (result exnref)
                    (try_table (catch_all_ref $h) (throw_ref (ref.null exn)))
                    (unreachable))
                (drop))
            (func (export "bottom") (throw_ref (ref.null noexn))))"#,
    )
    .unwrap();
    for name in ["null", "bottom"] {
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        let error = func.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::NullReference), "{name}");
        assert!(!store.has_pending_exception());
    }
}

/// Keeps exceptions in tables, globals and locals, and counts those that come back as they were.
const PLACES: &str = r#"(module
    (import "host" "collect" (func $collect))
    (tag $t (param i32 externref funcref exnref v128 f64))
    (global $kept (mut exnref) (ref.null noexn))
    (table $table 2 exnref (ref.null exn))
    (elem declare func $self)
    (func $self (export "value") (result i32) (i32.const 77))
    (type $value (func (result i32)))
    (func $catch (param i32 externref exnref) (result exnref)
        (block $h (result exnref)
            (try_table (catch_all_ref $h)
                (throw $t (local.get 0) (local.get 1) (ref.func $self) (local.get 2)
                    (i32x4.splat (local.get 0)) (f64.convert_i32_s (local.get 0))))
            (unreachable)))
    ;; Whether an exception holds this number and this value.
    (func $check (param $exception exnref) (param $number i32) (param $value externref)
        (result i32 externref exnref)
        (local $func funcref) (local $inner exnref) (local $vector v128) (local $float f64)
        (local $found i32)
        (block $h (result i32 externref funcref exnref v128 f64)
            (try_table (catch $t $h)
                (br_on_null 0 (local.get $exception))
                (throw_ref))
            (return (i32.const -1) (ref.null extern) (ref.null exn)))
        (local.set $float)
        (local.set $vector)
        (local.set $inner)
        (local.set $func)
        (local.set $value)
        (local.set $found)
        (call $collect)
        (i32.and
            (i32.and
                (i32.eq (local.get $found) (local.get $number))
                (i32.eq (i32x4.extract_lane 3 (local.get $vector)) (local.get $number)))
            (i32.and
                (f64.eq (f64.convert_i32_s (local.get $number)) (local.get $float))
                (i32.eqz (ref.is_null (local.get $func)))))
        (local.get $value)
        (local.get $inner))
    (func (export "run") (param $value externref) (param $rounds i32) (result i32 externref)
        (local $number i32) (local $good i32) (local $inner exnref)
        (loop $again
            ;; The second one holds the first one.
            (table.set $table (i32.const 0)
                (call $catch (local.get $number) (local.get $value) (ref.null exn)))
            (global.set $kept
                (call $catch (i32.add (local.get $number) (i32.const 1)) (ref.null extern)
                    (table.get $table (i32.const 0))))
            (table.copy (i32.const 1) (i32.const 0) (i32.const 1))
            (table.fill $table (i32.const 0) (ref.null exn) (i32.const 1))
            (drop (table.grow $table (global.get $kept) (i32.const 1)))
            (call $check
                (table.get $table (i32.sub (table.size $table) (i32.const 1)))
                (i32.add (local.get $number) (i32.const 1))
                (ref.null extern))
            (local.set $inner)
            (drop)
            (local.set $good (i32.add (local.get $good)))
            (call $check (local.get $inner) (local.get $number) (local.get $value))
            (drop)
            (local.set $value)
            (local.set $good (i32.add (local.get $good)))
            (call $check (table.get $table (i32.const 1)) (local.get $number) (local.get $value))
            (drop)
            (drop)
            (local.set $good (i32.add (local.get $good)))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $number) (local.get $rounds))))
        (local.get $good)
        (local.get $value)))"#;

#[test]
fn references_are_kept_wherever_values_are() {
    for (zeal, rounds) in [(true, 20), (false, 3000)] {
        let mut config = Config::new();
        config.wasm_exceptions(true).gc_zeal(zeal);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, PLACES).unwrap();
        let mut linker = Linker::new(&engine);
        let collect = move |mut caller: wasm_runtime::Caller<'_, ()>| -> wasm_runtime::Result<()> {
            for number in 0..3_u32 {
                ExternRef::new(&mut caller, number)?;
            }
            if zeal { caller.gc(None) } else { Ok(()) }
        };
        linker.func_wrap("host", "collect", collect).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, "the value".to_string()).unwrap();
        let func = instance.get_func(&mut scope, "run").unwrap();
        let mut results = [Val::I32(0); 2];
        func.call(&mut scope, &[value.into(), Val::I32(rounds)], &mut results).unwrap();
        assert_eq!(results[0].unwrap_i32(), 3 * rounds);
        let value = results[1].unwrap_externref().unwrap();
        let value = value.data(&scope).unwrap().unwrap().downcast_ref::<String>();
        assert_eq!(value.map(String::as_str), Some("the value"));
    }
}

#[test]
fn an_exception_that_the_heap_has_no_room_for_ends_the_call() {
    let mut config = Config::new();
    config.wasm_exceptions(true);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
        (tag $t (param i64 i64))
        (table $kept 0 exnref)
        (func (export "by value") (param i32)
            (block $h (try_table (catch_all $h) (throw $t (i64.const 1) (i64.const 2)))))
        (func (export "by reference") (param i32)
            (loop $again
                (block $h (result exnref)
                    (try_table (catch_all $again)
                        (drop
                            (block $h (result exnref)
                                (try_table (catch_all_ref $h)
                                    (throw $t (i64.const 1) (i64.const 2)))
                                (unreachable)))
                        (return))
                    (unreachable))
                (drop))))"#;
    let module = Module::new(&engine, text).unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(100).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut call = |name: &str| {
        let func = instance.get_typed_func::<i32, ()>(&mut store, name).unwrap();
        let result = func.call(&mut store, 0);
        assert!(!store.has_pending_exception());
        result
    };
    call("by value").unwrap();
    let error = call("by reference").unwrap_err();
    assert!(error.is::<GcHeapOutOfMemory<()>>(), "{error:?}");
    call("by value").unwrap();
}
