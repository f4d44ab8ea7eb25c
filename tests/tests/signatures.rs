//! Random signatures: arguments and results arrive as they were sent, whichever way a call goes.
//!
//! The thunks between host and Wasm repeat the code generator's calling convention (registers,
//! stack slots, the buffer for results). Here compiled code checks them: every signature is called
//! from the host, calls the host, and calls it through a table and as a tail call.

use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use wasm_runtime::{
    Engine, Extern, Func, FuncType, Instance, Module, Ref, Store, Table, TableType, V128, Val,
    ValType,
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

fn check(params: &[Bits], results: &[Bits]) {
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
