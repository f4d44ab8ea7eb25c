//! Exceptions in globals and tables of which a snapshot is taken.

use wasm_runtime::{Config, Engine, Instance, Linker, Module, Snapshot, Store, ThrownException};

const KEEPER: &str = r#"(module
    (tag $t (param i32 externref))
    (global $kept (export "kept") (mut exnref) (ref.null exn))
    (table $list (export "list") 1 exnref)
    (func (export "keep") (param i32)
        (local $exception exnref)
        (block $h (result exnref)
            (try_table (catch_all_ref $h) (throw $t (local.get 0) (ref.null extern)))
            (unreachable))
        (local.set $exception)
        (global.set $kept (local.get $exception))
        (table.set $list (i32.const 0) (local.get $exception)))
    (func (export "kept value") (param $from_table i32) (result i32)
        (block $h (result i32 externref)
            (try_table (catch $t $h)
                (if (local.get $from_table) (then (throw_ref (table.get $list (i32.const 0)))))
                (throw_ref (global.get $kept)))
            (unreachable))
        (drop)))"#;

#[test]
fn a_snapshot_brings_exceptions_back() {
    for zeal in [false, true] {
        let engine = Engine::new(Config::new().gc_zeal(zeal)).unwrap();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, KEEPER).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep").unwrap();
        let value = instance.get_typed_func::<i32, i32>(&mut store, "kept value").unwrap();
        keep.call(&mut store, 7).unwrap();
        let snapshot = Snapshot::take(&mut store, &[instance]).unwrap();
        for number in 0..3 {
            keep.call(&mut store, number).unwrap();
            assert_eq!(value.call(&mut store, 0).unwrap(), number);
            store.gc(None).unwrap();
            snapshot.restore(&mut store).unwrap();
            assert_eq!(value.call(&mut store, 0).unwrap(), 7);
            assert_eq!(value.call(&mut store, 1).unwrap(), 7);
        }
        // What the host throws of it is the same exception.
        let kept = instance.get_global(&mut store, "kept").unwrap().get(&mut store);
        let kept = *kept.unwrap_exnref().unwrap();
        assert_eq!(kept.field(&mut store, 0).unwrap().unwrap_i32(), 7);
        assert!(store.throw::<()>(kept).unwrap_err().downcast_ref::<ThrownException>().is_some());
        // A fork has them too, with tags of its own.
        let mut other = Store::new(&engine, ());
        let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
        let value = fork.get_typed_func::<i32, i32>(&mut other, "kept value").unwrap();
        assert_eq!(value.call(&mut other, 0).unwrap(), 7);
        other.gc(None).unwrap();
        assert_eq!(value.call(&mut other, 1).unwrap(), 7);
        fork.get_typed_func::<i32, ()>(&mut other, "keep").unwrap().call(&mut other, 5).unwrap();
        assert_eq!(value.call(&mut other, 1).unwrap(), 5);
    }
}
