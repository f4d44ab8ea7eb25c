//! Random signatures: arguments and results arrive as they were sent, whichever way a call goes.
//!
//! The thunks between host and Wasm repeat the code generator's calling convention (registers,
//! stack slots, the buffer for results). Here compiled code checks them: every signature is called
//! from the host, calls the host, and calls it through a table and as a tail call. All of it is
//! done with values, and once more with arrays without types, of both alignments.

use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use wasm_runtime::{
    Engine, Extern, Func, FuncType, Instance, Module, Ref, Store, Table, TableType, V128, Val,
    ValRaw, ValType,
};

/// A value as its bits: comparable, also for floats with any bit pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bits {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    NullFunc,
    NullExtern,
}

impl Bits {
    fn text(self) -> &'static str {
        match self {
            Bits::I32(_) => "i32",
            Bits::I64(_) => "i64",
            Bits::F32(_) => "f32",
            Bits::F64(_) => "f64",
            Bits::V128(_) => "v128",
            Bits::NullFunc => "funcref",
            Bits::NullExtern => "externref",
        }
    }

    fn ty(self) -> ValType {
        match self {
            Bits::I32(_) => ValType::I32,
            Bits::I64(_) => ValType::I64,
            Bits::F32(_) => ValType::F32,
            Bits::F64(_) => ValType::F64,
            Bits::V128(_) => ValType::V128,
            Bits::NullFunc => ValType::FUNCREF,
            Bits::NullExtern => ValType::EXTERNREF,
        }
    }

    fn val(self) -> Val {
        match self {
            Bits::I32(v) => Val::I32(v),
            Bits::I64(v) => Val::I64(v),
            Bits::F32(v) => Val::F32(v),
            Bits::F64(v) => Val::F64(v),
            Bits::V128(v) => Val::V128(V128::from(v)),
            Bits::NullFunc => Val::FuncRef(None),
            Bits::NullExtern => Val::ExternRef(None),
        }
    }

    fn raw(self) -> ValRaw {
        match self {
            Bits::I32(v) => ValRaw::i32(v),
            Bits::I64(v) => ValRaw::i64(v),
            Bits::F32(v) => ValRaw::f32(v),
            Bits::F64(v) => ValRaw::f64(v),
            Bits::V128(v) => ValRaw::v128(v),
            Bits::NullFunc | Bits::NullExtern => ValRaw::null(),
        }
    }

    /// A value of the same type, read from where there are no types.
    fn read(self, raw: ValRaw) -> Bits {
        match self {
            Bits::I32(_) => Bits::I32(raw.get_i32()),
            Bits::I64(_) => Bits::I64(raw.get_i64()),
            Bits::F32(_) => Bits::F32(raw.get_f32()),
            Bits::F64(_) => Bits::F64(raw.get_f64()),
            Bits::V128(_) => Bits::V128(raw.get_v128()),
            Bits::NullFunc if raw.get_funcref().is_null() => Bits::NullFunc,
            Bits::NullExtern if raw.get_externref() == 0 => Bits::NullExtern,
            Bits::NullFunc | Bits::NullExtern => panic!("a reference came out of nowhere: {raw:?}"),
        }
    }

    fn of(val: &Val) -> Bits {
        match val {
            Val::I32(v) => Bits::I32(*v),
            Val::I64(v) => Bits::I64(*v),
            Val::F32(v) => Bits::F32(*v),
            Val::F64(v) => Bits::F64(*v),
            Val::V128(v) => Bits::V128(v.as_u128()),
            Val::FuncRef(None) => Bits::NullFunc,
            Val::ExternRef(None) => Bits::NullExtern,
            other => panic!("a reference came out of nowhere: {other:?}"),
        }
    }
}

fn bits() -> impl Strategy<Value = Bits> {
    prop_oneof![
        4 => any::<i32>().prop_map(Bits::I32),
        4 => any::<i64>().prop_map(Bits::I64),
        3 => any::<u32>().prop_map(Bits::F32),
        3 => any::<u64>().prop_map(Bits::F64),
        1 => any::<u128>().prop_map(Bits::V128),
        1 => Just(Bits::NullFunc),
        1 => Just(Bits::NullExtern),
    ]
}

fn list(keyword: &str, values: &[Bits]) -> String {
    let types: Vec<_> = values.iter().map(|value| value.text()).collect();
    format!("({keyword} {})", types.join(" "))
}

/// A module whose exports take `params` and return `params` (`identity`) or what the host returned
/// for them (the others).
fn module(params: &[Bits], results: &[Bits]) -> String {
    let (p, r) = (list("param", params), list("result", results));
    let same = list("result", params);
    let gets: String = (0..params.len()).map(|i| format!("local.get {i} ")).collect();
    format!(
        r#"(module
            (type $sig (func {p} {r}))
            (import "host" "f" (func $f (type $sig)))
            (import "host" "t" (table 1 funcref))
            (func (export "identity") {p} {same} {gets})
            (func $through (export "through") {p} {r} {gets} call $f)
            (func (export "twice") {p} {r} {gets} call $through)
            (func (export "indirect") {p} {r} {gets} i32.const 0 call_indirect (type $sig))
            (func (export "tail") {p} {r} {gets} return_call $f)
            (func (export "tail_indirect") {p} {r}
                {gets} i32.const 0 return_call_indirect (type $sig)))"#
    )
}

/// Calls a function with an array without types, which begins `skip` words behind a place that is
/// aligned to 16 bytes.
fn call_unchecked(
    func: Func,
    store: &mut Store<()>,
    params: &[Bits],
    results: &[Bits],
    skip: usize,
) -> Vec<Bits> {
    #[derive(Clone, Copy)]
    #[repr(align(16))]
    struct Aligned(#[allow(dead_code, reason = "accessed by address")] [u64; 2]);
    let len = params.len().max(results.len());
    let mut words = vec![Aligned([0; 2]); len + 1];
    let first = words.as_mut_ptr().cast::<u64>().wrapping_add(skip).cast::<ValRaw>();
    // SAFETY: there are as many places as the function needs, and they hold its parameters.
    unsafe {
        for (place, value) in params.iter().enumerate() {
            first.add(place).write(value.raw());
        }
        let array = std::ptr::slice_from_raw_parts_mut(first, len);
        func.call_unchecked(store, array).expect("a call");
        results.iter().enumerate().map(|(place, value)| value.read(*first.add(place))).collect()
    }
}

/// As [`check`], with arrays without types.
fn check_unchecked(params: &[Bits], results: &[Bits]) {
    let engine = Engine::default();
    let module = Module::new(&engine, module(params, results)).expect("a valid module");
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(
        &engine,
        params.iter().map(|value| value.ty()),
        results.iter().map(|value| value.ty()),
    );
    let (wanted, answer) = (params.to_vec(), results.to_vec());
    // SAFETY: the closure reads and writes what the type says.
    let host = unsafe {
        Func::new_unchecked(&mut store, ty, move |_, places| {
            assert_eq!(places.len(), wanted.len().max(answer.len()));
            for (value, place) in wanted.iter().zip(&*places) {
                assert_eq!(value.read(place.assume_init()), *value);
            }
            for (value, place) in answer.iter().zip(places) {
                place.write(value.raw());
            }
            Ok(())
        })
    };
    let table_type = TableType::new(wasm_runtime::RefType::FUNCREF, 1, None);
    let table = Table::new(&mut store, table_type, Ref::Func(Some(host))).unwrap();
    let imports: [Extern; 2] = [host.into(), table.into()];
    let instance = Instance::new(&mut store, &module, &imports).expect("an instance");
    for skip in 0..2 {
        let identity = instance.get_func(&mut store, "identity").unwrap();
        assert_eq!(call_unchecked(identity, &mut store, params, params, skip), params);
        for name in ["through", "twice", "indirect", "tail", "tail_indirect"] {
            let func = instance.get_func(&mut store, name).unwrap();
            let out = call_unchecked(func, &mut store, params, results, skip);
            assert_eq!(out, results, "results of {name}");
        }
        assert_eq!(call_unchecked(host, &mut store, params, results, skip), results);
    }
}

fn check(params: &[Bits], results: &[Bits]) {
    check_unchecked(params, results);
    let engine = Engine::default();
    let module = Module::new(&engine, module(params, results)).expect("a valid module");
    let mut store = Store::new(&engine, ());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let ty = FuncType::new(
        &engine,
        params.iter().map(|value| value.ty()),
        results.iter().map(|value| value.ty()),
    );
    let (inside, answer) = (Arc::clone(&seen), results.to_vec());
    let host = Func::new(&mut store, ty, move |_, given, out| {
        inside.lock().unwrap().push(given.iter().map(Bits::of).collect::<Vec<_>>());
        for (place, value) in out.iter_mut().zip(&answer) {
            *place = value.val();
        }
        Ok(())
    });
    let table_type = TableType::new(wasm_runtime::RefType::FUNCREF, 1, None);
    let table = Table::new(&mut store, table_type, Ref::Func(Some(host))).unwrap();
    let imports: [Extern; 2] = [host.into(), table.into()];
    let instance = Instance::new(&mut store, &module, &imports).expect("an instance");
    let args: Vec<_> = params.iter().map(|value| value.val()).collect();

    let identity = instance.get_func(&mut store, "identity").unwrap();
    let mut out = vec![Val::I32(0); params.len()];
    identity.call(&mut store, &args, &mut out).unwrap();
    assert_eq!(out.iter().map(Bits::of).collect::<Vec<_>>(), params);

    for name in ["through", "twice", "indirect", "tail", "tail_indirect"] {
        let func = instance.get_func(&mut store, name).unwrap();
        let mut out = vec![Val::I32(0); results.len()];
        func.call(&mut store, &args, &mut out).unwrap();
        assert_eq!(out.iter().map(Bits::of).collect::<Vec<_>>(), results, "results of {name}");
        assert_eq!(seen.lock().unwrap().pop().unwrap(), params, "parameters through {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn calls_carry_every_signature(
        params in prop::collection::vec(bits(), 0..24),
        results in prop::collection::vec(bits(), 0..12),
    ) {
        check(&params, &results);
    }
}

#[test]
fn hundreds_of_stack_arguments() {
    let params: Vec<_> =
        (0..600).map(|i| if i % 3 == 0 { Bits::F64(i) } else { Bits::I64(i as i64) }).collect();
    let results: Vec<_> = (0..200)
        .map(|i| if i % 2 == 0 { Bits::F32(i) } else { Bits::V128(u128::from(i) << 70) })
        .collect();
    check(&params, &results);
}
