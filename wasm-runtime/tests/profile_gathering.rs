//! What code counts that gathers a profile: exactly what ran, whatever becomes of it.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::collections::BTreeMap;

use wasm_runtime::profile::{FunctionProfile, ModuleProfile, PointKind, Profile};
use wasm_runtime::{Config, Engine, Instance, Module, Snapshot, Store, Val};

fn engine() -> Engine {
    Engine::new(Config::new().gather_profile(true)).unwrap()
}

/// What a module has counted, by the functions that it defines.
fn counted(module: &Module) -> BTreeMap<u32, FunctionProfile> {
    let profile = module.profile().unwrap().expect("the code counts");
    assert_eq!(profile.modules.len(), 1);
    let ModuleProfile { functions } = profile.modules.into_values().next().unwrap();
    functions.into_iter().map(|(func, counts)| (func.as_u32(), counts)).collect()
}

/// The counts of a kind, in the order of the code.
fn counts(function: &FunctionProfile, kind: PointKind) -> Vec<u64> {
    function.points.values().filter(|point| point.kind == kind).map(|point| point.count).collect()
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, args: &[i32]) -> bool {
    let func = instance.get_func(&mut *store, name).unwrap();
    let args: Vec<Val> = args.iter().map(|arg| Val::I32(*arg)).collect();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, &args, &mut results).is_ok()
}

#[test]
fn code_that_does_not_count_has_no_profile() {
    let module = Module::new(&Engine::default(), "(module (func))").unwrap();
    assert!(module.profile().unwrap().is_none());
}

#[test]
fn loops_branches_and_jump_tables_are_counted() {
    let wat = r#"(module
        (func (export "run") (param $n i32)
            (loop $next
                (if (i32.and (local.get $n) (i32.const 1)) (then (call $odd)))
                (block $three (block $two (block $one (block $zero
                    (br_table $zero $one $two $three (i32.and (local.get $n) (i32.const 3))))
                )))
                (block $out
                    (br_if $out (i32.eq (local.get $n) (i32.const 5)))
                    (call $not_five))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func $odd)
        (func $not_five))"#;
    let engine = engine();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(call(&mut store, &instance, "run", &[10]));
    let all = counted(&module);
    let run = &all[&0];
    assert_eq!((run.entries, run.order), (1, 1));
    assert_eq!(counts(run, PointKind::Loop), [10]);
    assert_eq!(counts(run, PointKind::Taken), [5, 1], "odd numbers, and five");
    assert_eq!(counts(run, PointKind::NotTaken), [1], "the loop ends once");
    // 4 and 8; and 1, 5, 9; and 2, 6, 10; and 3, 7: each falls into the next.
    assert_eq!(counts(run, PointKind::Joined), [2, 5, 8, 10]);
    assert_eq!((all[&1].entries, all[&2].entries), (5, 9));
    assert!(all[&1].order > all[&2].order, "10 is even, and not five");
}

#[test]
fn the_functions_that_are_called_most_are_known() {
    let wat = r#"(module
        (type $f (func (result i32)))
        (import "" "host" (func $host (result i32)))
        (table funcref (elem $a $b $c $d $host $e))
        (func (export "run") (param i32)
            (drop (call_indirect (type $f) (local.get 0))))
        (func $a (result i32) (i32.const 0))
        (func $b (result i32) (i32.const 1))
        (func $c (result i32) (i32.const 2))
        (func $d (result i32) (i32.const 3))
        (func $e (result i32) (i32.const 4)))"#;
    let engine = engine();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let host = wasm_runtime::Func::wrap(&mut store, || 5);
    let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
    for (func, times) in [(0, 2), (1, 1), (2, 3), (3, 50), (4, 2), (5, 1)] {
        for _ in 0..times {
            assert!(call(&mut store, &instance, "run", &[func]));
        }
    }
    let all = counted(&module);
    let [point] = all[&0].points.values().collect::<Vec<_>>()[..] else { panic!("{all:?}") };
    assert_eq!(point.kind, PointKind::Indirect);
    let targets: BTreeMap<u32, u64> =
        point.targets.iter().map(|(func, count)| (func.as_u32(), *count)).collect();
    // Indices count the import. The place of the third was taken over by the fourth.
    assert_eq!((targets[&2], targets[&3]), (2, 1));
    assert_eq!(targets[&5], 50 - 3 - 3, "{targets:?}");
    assert_eq!(targets.values().sum::<u64>() + point.count, 59);
}

#[test]
fn nothing_is_lost_to_traps_exceptions_and_earlier_states() {
    let wat = r#"(module
        (tag $e)
        (func (export "trap") (call $inner) unreachable)
        (func (export "throw") (call $inner) (block $caught (try_table (catch $e $caught)
            (call $thrower))))
        (func $inner)
        (func $thrower (throw $e)))"#;
    let engine = Engine::new(Config::new().gather_profile(true).wasm_exceptions(true)).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let snapshot = Snapshot::take(&mut store, &[instance]).unwrap();
    assert!(!call(&mut store, &instance, "trap", &[]));
    assert!(call(&mut store, &instance, "throw", &[]));
    snapshot.restore(&mut store).unwrap();
    assert!(!call(&mut store, &instance, "trap", &[]));
    drop(store);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(call(&mut store, &instance, "throw", &[]));
    let all = counted(&module);
    let entries: Vec<u64> = (0..4).map(|func| all[&func].entries).collect();
    assert_eq!(entries, [2, 2, 4, 2]);
    assert_eq!(counts(&all[&1], PointKind::Joined), [2], "where exceptions go");
}

#[test]
fn instances_on_several_threads_count_for_themselves() {
    let wat = r#"(module (func (export "run") (param $n i32)
        (loop $next (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let engine = engine();
    let module = Module::new(&engine, wat).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                for _ in 0..10 {
                    assert!(call(&mut store, &instance, "run", &[1000]));
                }
            });
        }
    });
    let run = &counted(&module)[&0];
    assert_eq!((run.entries, run.order), (40, 1));
    assert_eq!(counts(run, PointKind::Loop), [40_000]);
}

#[test]
fn artifacts_count_in_engines_that_gather_nothing() {
    let wat = r#"(module (func (export "run")))"#;
    let module = Module::new(&engine(), wat).unwrap();
    let plain = Engine::default();
    // SAFETY: it was compiled just now.
    let module = unsafe { Module::deserialize(&plain, module.serialize().unwrap()) }.unwrap();
    let mut store = Store::new(&plain, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(call(&mut store, &instance, "run", &[]));
    assert_eq!(counted(&module)[&0].entries, 1);
}

#[test]
fn a_profile_names_the_code_whatever_else_changes() {
    let engine = engine();
    let names = |wat: &str| {
        let profile: Profile = Module::new(&engine, wat).unwrap().profile().unwrap().unwrap();
        profile.modules.into_keys().next().unwrap()
    };
    let code = names("(module (func (export \"f\") (nop)))");
    assert_eq!(code, names("(module $name (memory 1) (data \"x\") (func (export \"g\") (nop)))"));
    assert_ne!(code, names("(module (func (export \"f\") (nop) (nop)))"));
}
