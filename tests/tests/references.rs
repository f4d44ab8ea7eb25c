//! Typed references to functions: nulls, calls, tables, subtypes, and what the host may pass.

use proptest::prelude::*;
use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{
    Config, Engine, Finality, Func, FuncType, Global, GlobalType, HeapType, Instance, Internals,
    Linker, Module, Mutability, NoFunc, Ref, RefType, Result, Snapshot, Store, Table, TableType,
    Trap, Val, ValType,
};

const CALLS: &str = r#"(module
  (type $f (func (param i32) (result i32)))
  (import "host" "f" (func $host (type $f)))
  (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
  (elem declare func $double $host)
  (func (export "double") (result (ref $f)) (ref.func $double))
  (func (export "host") (result (ref $f)) (ref.func $host))
  (func (export "null") (result (ref null $f)) (ref.null $f))
  (func (export "call") (param (ref null $f) i32) (result i32)
    (call_ref $f (local.get 1) (local.get 0)))
  (func (export "call non-null") (param (ref $f) i32) (result i32)
    (call_ref $f (local.get 1) (local.get 0)))
  (func (export "tail") (param (ref null $f) i32) (result i32)
    (return_call_ref $f (local.get 1) (local.get 0)))
  (func (export "or 7") (param (ref null $f) i32) (result i32)
    (block $null
      (return (call_ref $f (local.get 1) (br_on_null $null (local.get 0)))))
    (i32.const 7))
  (func (export "or 8") (param (ref null $f) i32) (result i32)
    (block $some (result (ref $f))
      (br_on_non_null $some (local.get 0))
      (return (i32.const 8)))
    (local.set 0)
    (call_ref $f (local.get 1) (ref.as_non_null (local.get 0))))
  (func (export "as non-null") (param (ref null $f)) (result (ref $f))
    (ref.as_non_null (local.get 0))))"#;

/// An instance of a module whose import `host.f` adds one.
fn instance(store: &mut Store<()>, text: &str) -> Result<Instance> {
    let module = Module::new(store.engine(), text)?;
    let mut linker = Linker::new(store.engine());
    linker.func_wrap("host", "f", |x: i32| x + 1)?;
    linker.instantiate(store, &module)
}

fn reference(store: &mut Store<()>, instance: Instance, name: &str) -> Result<Val> {
    let func = instance.get_func(&mut *store, name).expect("an export");
    let mut results = [Val::I32(0)];
    func.call(&mut *store, &[], &mut results)?;
    Ok(results[0])
}

/// With each way to compile: what is checked by a fault must not depend on it.
fn engines() -> Result<Vec<Engine>> {
    let mut plain = Config::new();
    plain.cranelift_opt_level(wasm_runtime::OptLevel::None);
    let mut metered = Config::new();
    metered.consume_fuel(true);
    let mut interruptible = Config::new();
    interruptible.interruption(true);
    [Config::new(), plain, metered, interruptible].iter().map(Engine::new).collect()
}

#[test]
fn references_are_called_and_null_traps_where_it_is_called() -> Result<()> {
    for engine in engines()? {
        let mut store = Store::new(&engine, ());
        let _ = store.set_fuel(1_000_000);
        let instance = instance(&mut store, CALLS)?;
        let double = reference(&mut store, instance, "double")?;
        let host = reference(&mut store, instance, "host")?;
        let null = reference(&mut store, instance, "null")?;
        assert!(matches!(null, Val::FuncRef(None)));
        for (name, of_null) in [
            ("call", None),
            ("call non-null", None),
            ("tail", None),
            ("or 7", Some(7)),
            ("or 8", Some(8)),
        ] {
            let func = instance.get_func(&mut store, name).expect("an export");
            let mut call = |reference| {
                let mut results = [Val::I32(0)];
                func.call(&mut store, &[reference, Val::I32(20)], &mut results)?;
                Ok::<_, wasm_runtime::Error>(results[0].unwrap_i32())
            };
            assert_eq!(call(double)?, 40, "{name}");
            assert_eq!(call(host)?, 21, "{name}");
            match (call(null), of_null) {
                (Ok(result), Some(expected)) => assert_eq!(result, expected, "{name}"),
                (Err(error), None) if name == "call non-null" => {
                    assert!(!error.is::<Trap>(), "{error:?}");
                }
                (Err(error), None) => {
                    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NullReference), "{name}");
                    let trace = error.downcast_ref::<wasm_runtime::WasmBacktrace>();
                    assert_eq!(trace.map(|trace| trace.frames().len()), Some(1), "{name}");
                }
                (result, _) => panic!("{name}: {result:?}"),
            }
        }
        let func = instance.get_func(&mut store, "as non-null").expect("an export");
        let error = func.call(&mut store, &[null], &mut [Val::I32(0)]).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NullReference));
    }
    Ok(())
}

#[test]
fn what_the_host_passes_is_checked_against_the_type() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = instance(&mut store, CALLS)?;
    let call = instance.get_typed_func::<(Option<Func>, i32), i32>(&mut store, "call")?;
    let strict =
        instance.get_typed_func::<(Option<Func>, i32), i32>(&mut store, "call non-null")?;
    let stricter = instance.get_typed_func::<(Func, i32), i32>(&mut store, "call non-null")?;
    let no_func = instance.get_typed_func::<(Option<NoFunc>, i32), i32>(&mut store, "or 7")?;
    let triple = Func::wrap(&mut store, |x: i32| x * 3);
    let other = Func::wrap(&mut store, |x: i64| x);
    assert_eq!(call.call(&mut store, (Some(triple), 5))?, 15);
    assert_eq!(strict.call(&mut store, (Some(triple), 5))?, 15);
    assert_eq!(stricter.call(&mut store, (triple, 5))?, 15);
    assert_eq!(no_func.call(&mut store, (NoFunc::null(), 5))?, 7);
    let null = call.call(&mut store, (None, 5)).unwrap_err();
    assert_eq!(null.downcast_ref::<Trap>(), Some(&Trap::NullReference));
    for error in [
        call.call(&mut store, (Some(other), 5)).unwrap_err(),
        strict.call(&mut store, (Some(other), 5)).unwrap_err(),
        strict.call(&mut store, (None, 5)).unwrap_err(),
        stricter.call(&mut store, (other, 5)).unwrap_err(),
    ] {
        assert!(!error.is::<Trap>() && format!("{error:#}").contains("type mismatch"), "{error:#}");
    }
    // Another hierarchy is refused when the function is looked up.
    assert!(instance.get_typed_func::<(i32, i32), i32>(&mut store, "call").is_err());
    // What is returned is a function without further ado.
    let double = instance.get_typed_func::<(), Func>(&mut store, "double")?;
    let double = double.call(&mut store, ())?.typed::<i32, i32>(&store)?;
    assert_eq!(double.call(&mut store, 4)?, 8);
    Ok(())
}

#[test]
fn values_know_whether_they_are_of_a_type() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [ValType::I32], []);
    let exact = |nullable| ValType::from(RefType::new(nullable, HeapType::from(ty.clone())));
    let func = Func::new(&mut store, ty.clone(), |_, _, _| Ok(()));
    assert!(Val::from(func).matches_ty(&store, &exact(false))?);
    assert!(Val::from(func).matches_ty(&store, &ValType::FUNCREF)?);
    assert!(!Val::from(func).matches_ty(&store, &ValType::NULLFUNCREF)?);
    assert!(NoFunc::null_val().matches_ty(&store, &exact(true))?);
    assert!(!NoFunc::null_val().matches_ty(&store, &exact(false))?);
    assert!(NoFunc::null_ref().is_null());
    assert_eq!(
        Val::default_for_ty(&exact(true)).map(|val| val.unwrap_funcref().is_none()),
        Some(true)
    );
    assert!(Val::default_for_ty(&exact(false)).is_none());
    // Globals and tables let in what is of their type.
    let global = GlobalType::new(exact(false), Mutability::Var);
    assert!(Global::new(&mut store, global.clone(), Val::FuncRef(None)).is_err());
    let global = Global::new(&mut store, global, func.into())?;
    assert!(global.set(&mut store, Val::FuncRef(None)).is_err());
    let table = TableType::new(RefType::new(false, HeapType::from(ty.clone())), 2, Some(4));
    assert!(Table::new(&mut store, table.clone(), Ref::Func(None)).is_err());
    let table = Table::new(&mut store, table, func.into())?;
    assert!(table.set(&mut store, 0, Ref::Func(None)).is_err());
    assert!(table.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert_eq!(table.grow(&mut store, 1, func.into())?, 2);
    let other = Func::wrap(&mut store, || ());
    assert!(table.set(&mut store, 0, other.into()).is_err());
    Ok(())
}

#[test]
fn hooks_are_told_of_calls_by_reference() -> Result<()> {
    use wasm_runtime::{CallDirection, CallFilter};
    let engine = Engine::default();
    let mut store = Store::new(&engine, Vec::new());
    let module = Module::new(&engine, CALLS)?;
    let host = Func::wrap(&mut store, |x: i32| x + 1);
    let instance = Instance::new(&mut store, &module, &[host.into()])?;
    store.add_call_hook(CallFilter::all(), |mut call| {
        if let Some(args) = call.args() {
            let seen = (call.direction(), args.len());
            call.data_mut().push(seen);
        }
        Ok(())
    });
    let call = instance.get_typed_func::<(Func, i32), i32>(&mut store, "call")?;
    assert_eq!(call.call(&mut store, (host, 3))?, 4);
    assert_eq!(store.data(), &[(CallDirection::ToWasm, 2), (CallDirection::ToHost, 1)]);
    Ok(())
}

const SUBTYPES: &str = r#"(module
  (type $top (sub (func (result i32))))
  (type $mid (sub $top (func (result i32))))
  (type $low (sub final $mid (func (result i32))))
  (type $other (sub final $top (func (result i32))))
  (func $of-top (export "of-top") (type $top) (i32.const 0))
  (func $of-mid (export "of-mid") (type $mid) (i32.const 1))
  (func $of-low (export "of-low") (type $low) (i32.const 2))
  (func $of-other (export "of-other") (type $other) (i32.const 3))
  (table (export "table") 5 funcref)
  (elem (table 0) (i32.const 0) func $of-top $of-mid $of-low $of-other)
  (table $fixed 5 funcref)
  (elem (table $fixed) (i32.const 0) func $of-top $of-mid $of-low $of-other)
  (func (export "as top") (param i32) (result i32) (call_indirect (type $top) (local.get 0)))
  (func (export "as mid") (param i32) (result i32) (call_indirect (type $mid) (local.get 0)))
  (func (export "as low") (param i32) (result i32) (call_indirect (type $low) (local.get 0)))
  (func (export "fixed as top") (param i32) (result i32)
    (call_indirect $fixed (type $top) (local.get 0)))
  (func (export "fixed as mid") (param i32) (result i32)
    (call_indirect $fixed (type $mid) (local.get 0)))
  (func (export "fixed as low") (param i32) (result i32)
    (call_indirect $fixed (type $low) (local.get 0)))
  (func (export "tail as mid") (param i32) (result i32)
    (return_call_indirect (type $mid) (local.get 0))))"#;

#[test]
fn indirect_calls_let_subtypes_through() -> Result<()> {
    for engine in engines()? {
        let mut store = Store::new(&engine, ());
        let _ = store.set_fuel(1_000_000);
        let instance = instance(&mut store, SUBTYPES)?;
        for (name, passes) in [
            ("as top", [true, true, true, true]),
            ("as mid", [false, true, true, false]),
            ("as low", [false, false, true, false]),
            ("fixed as top", [true, true, true, true]),
            ("fixed as mid", [false, true, true, false]),
            ("fixed as low", [false, false, true, false]),
            ("tail as mid", [false, true, true, false]),
        ] {
            let func = instance.get_typed_func::<i32, i32>(&mut store, name)?;
            for (place, passes) in (0..).zip(passes) {
                match (func.call(&mut store, place), passes) {
                    (Ok(result), true) => assert_eq!(result, place, "{name}"),
                    (Err(error), false) => {
                        assert_eq!(error.downcast_ref(), Some(&Trap::BadSignature), "{name}");
                    }
                    (result, _) => panic!("{name} {place}: {result:?}"),
                }
            }
            let error = func.call(&mut store, 4).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::IndirectCallToNull), "{name}");
        }
    }
    Ok(())
}

#[test]
fn subtypes_far_below_are_told_apart() -> Result<()> {
    let depth = 20;
    let mut text = String::from("(module (type $t0 (sub (func)))");
    for place in 1..depth {
        text += &format!("(type $t{place} (sub $t{} (func)))", place - 1);
    }
    text += "(type $side (sub final $t9 (func))) (table (export \"t\") 21 funcref)";
    for place in 0..depth {
        text +=
            &format!("(func $f{place} (type $t{place})) (elem (i32.const {place}) func $f{place})");
        text += &format!(
            "(func (export \"as {place}\") (param i32) (call_indirect (type $t{place}) (local.get 0)))"
        );
    }
    text += "(func $f20 (type $side)) (elem (i32.const 20) func $f20))";
    let mut store = Store::<()>::default();
    let instance = instance(&mut store, &text)?;
    for wanted in 0..depth {
        let func = instance.get_typed_func::<i32, ()>(&mut store, &format!("as {wanted}"))?;
        for place in 0..depth {
            assert_eq!(
                func.call(&mut store, place).is_ok(),
                place >= wanted,
                "{place} as {wanted}"
            );
        }
        assert_eq!(func.call(&mut store, 20).is_ok(), wanted <= 9, "the side branch as {wanted}");
    }
    Ok(())
}

#[test]
fn imports_are_matched_by_declared_subtypes() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let open = FuncType::with_finality_and_supertype(&engine, Finality::NonFinal, None, [], [])?;
    let sub = FuncType::with_finality_and_supertype(&engine, Finality::Final, Some(&open), [], [])?;
    assert_eq!(sub.supertype(), Some(open.clone()));
    assert!(sub.finality().is_final() && open.finality().is_non_final());
    let own = Func::new(&mut store, sub.clone(), |_, _, _| Ok(()));
    let plain = Func::wrap(&mut store, || ());
    let module = Module::new(
        &engine,
        r#"(module (type $open (sub (func))) (import "" "" (func $f (type $open)))
             (table 1 funcref) (elem (i32.const 0) func $f)
             (type $sub (sub final $open (func)))
             (func (export "as sub") (call_indirect (type $sub) (i32.const 0))))"#,
    )?;
    // What is imported may have a subtype, and calls by that go through.
    let instance = Instance::new(&mut store, &module, &[own.into()])?;
    instance.get_typed_func::<(), ()>(&mut store, "as sub")?.call(&mut store, ())?;
    let error = Instance::new(&mut store, &module, &[plain.into()]).unwrap_err();
    assert!(error.to_string().contains("incompatible"), "{error}");
    // A final type has no subtypes, and a subtype must match.
    let new = FuncType::with_finality_and_supertype;
    assert!(new(&engine, Finality::Final, Some(&sub), [], []).is_err());
    assert!(
        FuncType::with_finality_and_supertype(
            &engine,
            Finality::Final,
            Some(&open),
            [ValType::I32],
            []
        )
        .is_err()
    );
    Ok(())
}

#[test]
fn tables_start_with_what_their_initialiser_says() -> Result<()> {
    let text = r#"(module
      (type $f (func (result i32)))
      (func $one (type $f) (i32.const 1)) (func $two (type $f) (i32.const 2))
      (global $g (ref $f) (ref.func $two))
      (table $t 3 5 (ref $f) (ref.func $one))
      (table $u 2 (ref null $f) (ref.func $two))
      (elem (table $t) (i32.const 1) (ref $f) (ref.func $two))
      (elem $later (ref $f) (global.get $g) (ref.func $one))
      (func (export "t") (param i32) (result i32)
        (call_ref $f (table.get $t (local.get 0))))
      (func (export "u") (param i32) (result i32)
        (call_indirect $u (type $f) (local.get 0)))
      (func (export "init") (table.init $t $later (i32.const 0) (i32.const 0) (i32.const 2)))
      (func (export "set") (param i32 (ref $f)) (table.set $t (local.get 0) (local.get 1)))
      (func (export "grow") (result i32)
        (table.grow $t (global.get $g) (i32.const 1))))"#;
    let engine = Engine::default();
    // The second instance is the first one, used again.
    for _ in 0..2 {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store, text)?;
        let t = instance.get_typed_func::<i32, i32>(&mut store, "t")?;
        let u = instance.get_typed_func::<i32, i32>(&mut store, "u")?;
        let all = |store: &mut Store<()>| -> Result<Vec<i32>> {
            let t = (0..3).map(|place| t.call(&mut *store, place)).collect::<Result<Vec<_>>>()?;
            let u = (0..2).map(|place| u.call(&mut *store, place)).collect::<Result<Vec<_>>>()?;
            Ok([t, u].concat())
        };
        assert_eq!(all(&mut store)?, [1, 2, 1, 2, 2]);
        instance.get_typed_func::<(), ()>(&mut store, "init")?.call(&mut store, ())?;
        assert_eq!(all(&mut store)?, [2, 1, 1, 2, 2]);
        let set = instance.get_typed_func::<(i32, Func), ()>(&mut store, "set")?;
        let three = Func::wrap(&mut store, || 3);
        set.call(&mut store, (2, three))?;
        assert_eq!(all(&mut store)?, [2, 1, 3, 2, 2]);
        let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
        assert_eq!(grow.call(&mut store, ())?, 3);
        assert_eq!(t.call(&mut store, 3)?, 2);
    }
    Ok(())
}

#[test]
fn state_keeps_typed_references() -> Result<()> {
    let text = r#"(module
      (type $f (func (result i32)))
      (func $one (type $f) (i32.const 1)) (func $two (type $f) (i32.const 2))
      (elem declare func $two)
      (table $t 2 (ref $f) (ref.func $one))
      (global $g (mut (ref $f)) (ref.func $one))
      (global $n (mut (ref null $f)) (ref.null $f))
      (func (export "change")
        (table.set $t (i32.const 1) (ref.func $two))
        (global.set $g (ref.func $two))
        (global.set $n (ref.func $one)))
      (func (export "sum") (result i32)
        (i32.add
          (i32.mul (i32.const 100) (call_ref $f (table.get $t (i32.const 1))))
          (i32.add
            (i32.mul (i32.const 10) (call_ref $f (global.get $g)))
            (if (result i32) (ref.is_null (global.get $n))
              (then (i32.const 0)) (else (call_ref $f (global.get $n))))))))"#;
    let mut config = Config::new();
    config.internals(Internals::Readable);
    let engine = Engine::new(&config)?;
    let mut store = Store::new(&engine, ());
    let instance = instance(&mut store, text)?;
    let sum = instance.get_typed_func::<(), i32>(&mut store, "sum")?;
    let change = instance.get_typed_func::<(), ()>(&mut store, "change")?;
    assert_eq!(sum.call(&mut store, ())?, 110);
    let before = Snapshot::take(&mut store, &[instance])?;
    change.call(&mut store, ())?;
    assert_eq!(sum.call(&mut store, ())?, 221);
    let after = Snapshot::take(&mut store, &[instance])?;
    before.restore(&mut store)?;
    assert_eq!(sum.call(&mut store, ())?, 110);
    after.restore(&mut store)?;
    assert_eq!(sum.call(&mut store, ())?, 221);
    let linker = Linker::new(&engine);
    for (snapshot, expected) in [(&before, 110), (&after, 221)] {
        let mut store = Store::new(&engine, ());
        let fork = snapshot.fork(&mut store, &linker)?[0];
        let sum = fork.get_typed_func::<(), i32>(&mut store, "sum")?;
        assert_eq!(sum.call(&mut store, ())?, expected);
    }
    // As a module that starts there, whose tables and globals still can't be null.
    for (snapshot, expected) in [(before, 110), (after, 221)] {
        let made = preinitialize(
            &wat::parse_str(text)?,
            &snapshot.state(instance)?,
            &PreinitializeOptions::default(),
        )?;
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, &made.wasm)?;
        let instance = Instance::new(&mut store, &module, &[])?;
        let sum = instance.get_typed_func::<(), i32>(&mut store, "sum")?;
        assert_eq!(sum.call(&mut store, ())?, expected);
    }
    Ok(())
}

/// Types below each other: for each, the number of one before it, if it has a supertype, and
/// whether it is final.
fn hierarchy() -> impl Strategy<Value = Vec<(Option<usize>, bool)>> {
    let ty = (proptest::option::weighted(0.8, 0..100_usize), proptest::bool::weighted(0.2));
    proptest::collection::vec(ty, 1..14).prop_map(|plans| {
        let mut types: Vec<(Option<usize>, bool)> = Vec::new();
        for (above, is_final) in plans {
            let open: Vec<usize> = (0..types.len()).filter(|place| !types[*place].1).collect();
            let above = above.filter(|_| !open.is_empty()).map(|above| open[above % open.len()]);
            types.push((above, is_final));
        }
        types
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A call by any type gets through to any function whose type is the same or declared below
    /// it, be the table one that changes or not, and be the function imported or not.
    #[test]
    fn calls_by_type_are_as_declared(types in hierarchy()) {
        let mut declared = String::new();
        for (place, (above, is_final)) in types.iter().enumerate() {
            let above = above.map_or(String::new(), |above| format!("$t{above}"));
            let is_final = if *is_final { "final" } else { "" };
            // The parameter list is the place of the outermost supertype: unrelated types differ.
            let root = std::iter::successors(Some(place), |ty| types[*ty].0).last().unwrap_or(place);
            let params = "i32 ".repeat(root);
            declared += &format!("(type $t{place} (sub {is_final} {above} (func (param {params}))))");
        }
        let all = 0..types.len();
        let funcs: String = all.clone().map(|ty| format!("(func $f{ty} (export \"f{ty}\") (type $t{ty}))")).collect();
        let imports: String = all.clone().map(|ty| format!("(import \"m\" \"f{ty}\" (func $f{ty} (type $t{ty})))")).collect();
        let names: String = all.clone().map(|ty| format!(" $f{ty}")).collect();
        let calls: String = all.clone().map(|ty| {
            let root = std::iter::successors(Some(ty), |ty| types[*ty].0).last().unwrap_or(ty);
            let args = "(i32.const 0)".repeat(root);
            format!(
                "(func (export \"fixed{ty}\") (param i32) (call_indirect $fixed (type $t{ty}) {args} (local.get 0)))
                 (func (export \"open{ty}\") (param i32) (call_indirect $open (type $t{ty}) {args} (local.get 0)))"
            )
        }).collect();
        let tables = format!(
            "(table $fixed funcref (elem{names})) (table $open (export \"t\") funcref (elem{names}))"
        );
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let first = Module::new(&engine, format!("(module {declared} {funcs} {tables} {calls})")).unwrap();
        let first = linker.instantiate(&mut store, &first).unwrap();
        linker.instance(&mut store, "m", first).unwrap();
        let second = Module::new(&engine, format!("(module {declared} {imports} {tables} {calls})")).unwrap();
        let second = linker.instantiate(&mut store, &second).unwrap();
        for instance in [first, second] {
            for wanted in all.clone() {
                for kind in ["fixed", "open"] {
                    let name = format!("{kind}{wanted}");
                    let call = instance.get_typed_func::<i32, ()>(&mut store, &name).unwrap();
                    for found in all.clone() {
                        let mut above = std::iter::successors(Some(found), |ty| types[*ty].0);
                        let passes = above.any(|ty| same(&types, ty, wanted));
                        let passed = call.call(&mut store, found as i32);
                        prop_assert_eq!(passed.is_ok(), passes, "{} {}: {}", name, found, declared);
                        if let Err(error) = passed {
                            prop_assert_eq!(error.downcast_ref(), Some(&Trap::BadSignature));
                        }
                    }
                }
            }
        }
    }
}

/// Whether two types of a hierarchy are equal: each is a group of its own.
fn same(types: &[(Option<usize>, bool)], a: usize, b: usize) -> bool {
    a == b
        || types[a].1 == types[b].1
            && matches!((types[a].0, types[b].0), (Some(a), Some(b)) if same(types, a, b))
}
