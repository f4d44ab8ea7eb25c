//! Functions that are called with words in place of values, and host functions that get words.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use wasm_runtime::{
    CallFilter, Caller, Engine, Func, FuncType, ImportBinding, Instance, Module, NumericDef,
    NumericFunc, NumericFuncs, Result, Store, Trap, Val, ValType, WasmBacktrace,
};

/// What stands in words above values of 32 bits.
const NOISE: u64 = 0xdead_beef_0000_0000;

/// How many parameters a function has, and its results.
type Shape = (usize, Vec<ValType>);

fn numbers() -> impl Strategy<Value = Vec<ValType>> {
    let ty = prop::sample::select(vec![ValType::I32, ValType::I64, ValType::F32, ValType::F64]);
    prop::collection::vec(ty, 0..20)
}

fn is_word(ty: &ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::F32)
}

fn mask(ty: &ValType) -> u64 {
    if is_word(ty) { u64::from(u32::MAX) } else { u64::MAX }
}

/// What the host function of these tests returns, by its parameters.
fn answer(params: &[u64], place: usize) -> u64 {
    params.iter().fold(place as u64 + 1, |sum, word| {
        sum.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ word
    })
}

fn val(ty: &ValType, word: u64) -> Val {
    match ty {
        ValType::I32 => Val::I32(word as i32),
        ValType::I64 => Val::I64(word.cast_signed()),
        ValType::F32 => Val::F32(word as u32),
        ValType::F64 => Val::F64(word),
        _ => panic!("not a number"),
    }
}

fn word(val: &Val) -> u64 {
    match val {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        _ => panic!("not a number"),
    }
}

/// A module that passes its parameters on to an import, and returns what that returns.
fn passing_on(engine: &Engine, params: &[ValType], results: &[ValType]) -> Result<Module> {
    let list = |types: &[ValType]| types.iter().map(|ty| format!("{ty} ")).collect::<String>();
    let (params_text, results_text) = (list(params), list(results));
    let gets: String = (0..params.len()).map(|i| format!("(local.get {i})")).collect();
    Module::new(
        engine,
        format!(
            "(module (import \"\" \"f\" (func $f (param {params_text}) (result {results_text})))
               (table funcref (elem $f))
               (func (export \"direct\") (param {params_text}) (result {results_text})
                 (call $f {gets}))
               (func (export \"indirect\") (param {params_text}) (result {results_text})
                 (call_indirect (param {params_text}) (result {results_text})
                   {gets} (i32.const 0))))"
        ),
    )
}

/// A future that is ready after it was polled so many times.
struct After(u32);

impl Future for After {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Calls a function with words and with values.
fn compare(
    store: &mut Store<()>,
    func: Func,
    types: (&[ValType], &[ValType]),
    params: &[u64],
    more: usize,
) -> Result<()> {
    let (param_types, result_types) = types;
    let clean: Vec<u64> = params.iter().zip(param_types).map(|(w, ty)| w & mask(ty)).collect();
    let expected: Vec<u64> = result_types
        .iter()
        .enumerate()
        .map(|(place, ty)| answer(&clean, place) & mask(ty))
        .collect();
    let numeric = func.numeric(&*store).expect("only numbers");
    assert_eq!(numeric.param_count(), params.len());
    assert_eq!(numeric.result_count(), expected.len());
    let mut slots = params.to_vec();
    slots.resize(numeric.slot_count() + more, NOISE);
    numeric.call(&mut *store, &mut slots)?;
    assert_eq!(slots[..expected.len()], expected);
    if more > 0 {
        assert_eq!(slots.last(), Some(&NOISE), "words behind the last one stay as they are");
    }
    let vals: Vec<Val> = params.iter().zip(param_types).map(|(w, ty)| val(ty, *w)).collect();
    let mut results = vec![Val::I32(0); expected.len()];
    func.call(&mut *store, &vals, &mut results)?;
    assert_eq!(results.iter().map(word).collect::<Vec<_>>(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// For any signature, in registers, on the stack and in the results' buffer, with hooks and
    /// without, all ways of calling say the same.
    #[test]
    fn words_and_values_agree(
        param_types in numbers(),
        result_types in numbers(),
        words in prop::collection::vec(any::<u64>(), 20),
        more in 0..3_usize,
        hooked in any::<bool>(),
    ) {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let params = &words[..param_types.len()];
        let types = (&param_types[..], &result_types[..]);
        let ty = FuncType::new(&engine, param_types.clone(), result_types.clone());
        if hooked {
            // It reads everything, so that what it is shown is read from words.
            store.add_call_hook(CallFilter::all(), |call| {
                let _ = (call.args().map(|it| it.len()), call.results().map(|it| it.len()));
                Ok(())
            });
        }
        let (count, results) = (param_types.len(), result_types.clone());
        let with_words = Func::new_numeric(&mut store, ty.clone(), move |_, slots| {
            assert_eq!(slots.len(), count.max(results.len()));
            let params = slots[..count].to_vec();
            for (place, ty) in results.iter().enumerate() {
                slots[place] = answer(&params, place) | if is_word(ty) { NOISE } else { 0 };
            }
            Ok(())
        }).unwrap();
        let in_context = NumericDef::new(ty.clone(), |_, (count, results): &Shape, slots| {
            let params = slots[..*count].to_vec();
            for (place, ty) in results.iter().enumerate() {
                slots[place] = answer(&params, place) | if is_word(ty) { NOISE } else { 0 };
            }
            Ok(())
        }).unwrap();
        let in_context = NumericFuncs::new(&engine, [in_context]).unwrap();
        let shape = Arc::new((count, result_types.clone()));
        let in_context = in_context.bind(&mut store, shape).unwrap();
        let results = result_types.clone();
        let with_values = Func::new(&mut store, ty, move |_, params, list| {
            let params: Vec<u64> = params.iter().map(word).collect();
            for (place, (result, ty)) in list.iter_mut().zip(&results).enumerate() {
                *result = val(ty, answer(&params, place));
            }
            Ok(())
        });
        let module = passing_on(&engine, &param_types, &result_types).unwrap();
        let handle = in_context.func(&mut store, 0).unwrap();
        let mut imports: Vec<ImportBinding<'_>> = Vec::new();
        for import in [with_words, with_values, handle] {
            compare(&mut store, import, types, params, more).unwrap();
            imports.push(ImportBinding::Item(import.into()));
        }
        imports.push(ImportBinding::Func(&in_context, 0));
        for import in imports {
            let instance = Instance::with_bindings(&mut store, &module, &[import]).unwrap();
            for name in ["direct", "indirect"] {
                let func = instance.get_func(&mut store, name).unwrap();
                compare(&mut store, func, types, params, more).unwrap();
            }
        }
    }

    /// The same for calls that wait.
    #[test]
    fn words_wait(
        param_types in numbers(),
        result_types in numbers(),
        words in prop::collection::vec(any::<u64>(), 20),
        polls in 0..3_u32,
    ) {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let ty = FuncType::new(&engine, param_types.clone(), result_types.clone());
        let ty_again = ty.clone();
        let (count, results) = (param_types.len(), result_types.len());
        let func = Func::new_numeric_async(&mut store, ty, move |_, slots| {
            Box::new(async move {
                After(polls).await;
                let params = slots[..count].to_vec();
                slots.iter_mut().take(results).enumerate().for_each(|(place, word)| {
                    *word = answer(&params, place);
                });
                Ok(())
            })
        }).unwrap();
        let in_context = NumericDef::new_async(ty_again, |_, shape: &(u32, Shape), slots| {
            Box::new(async move {
                let (polls, (count, results)) = shape;
                After(*polls).await;
                let params = slots[..*count].to_vec();
                slots.iter_mut().take(results.len()).enumerate().for_each(|(place, word)| {
                    *word = answer(&params, place);
                });
                Ok(())
            })
        }).unwrap();
        let in_context = NumericFuncs::new(&engine, [in_context]).unwrap();
        let shape = Arc::new((polls, (count, result_types.clone())));
        let in_context = in_context.bind(&mut store, shape).unwrap();
        let module = passing_on(&engine, &param_types, &result_types).unwrap();
        let instance = block_on(Instance::new_async(&mut store, &module, &[func.into()])).unwrap();
        let binding = [ImportBinding::Func(&in_context, 0)];
        let other = Instance::with_bindings_async(&mut store, &module, &binding);
        let other = block_on(other).unwrap();
        let clean: Vec<u64> = words.iter().zip(&param_types).map(|(w, ty)| w & mask(ty)).collect();
        let expected: Vec<u64> = result_types
            .iter()
            .enumerate()
            .map(|(place, ty)| answer(&clean, place) & mask(ty))
            .collect();
        let direct = instance.get_func(&mut store, "direct").unwrap();
        let bound = ["direct", "indirect"].map(|name| other.get_func(&mut store, name).unwrap());
        let handle = in_context.func(&mut store, 0).unwrap();
        for func in [func, direct, handle].into_iter().chain(bound) {
            let numeric = func.numeric(&store).unwrap();
            let mut slots = words[..count].to_vec();
            slots.resize(numeric.slot_count(), 0);
            block_on(numeric.call_async(&mut store, &mut slots)).unwrap();
            assert_eq!(slots[..results], expected);
            let error = numeric.call(&mut store, &mut slots).unwrap_err();
            assert!(error.to_string().contains("_async"), "{error}");
        }
    }
}

fn export(store: &mut Store<()>, wat: &str, name: &str) -> Result<Func> {
    let module = Module::new(store.engine(), wat)?;
    let instance = Instance::new(&mut *store, &module, &[])?;
    Ok(instance.get_func(store, name).expect("an export"))
}

#[test]
fn upper_halves_are_ignored() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let wat = "(module (memory 1) (data (i32.const 8) \"\\2a\")
        (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export \"wide\") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))
        (func (export \"narrow\") (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
        (func (export \"float\") (param f32 i32) (result f32)
          (f32.add (local.get 0) (f32.convert_i32_u (local.get 1)))))";
    let module = Module::new(store.engine(), wat)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let mut call = |name: &str, slots: &mut [u64]| -> Result<u64> {
        let func = instance.get_func(&mut store, name).expect("an export");
        func.numeric(&store).expect("only numbers").call(&mut store, slots)?;
        Ok(slots[0])
    };
    assert_eq!(call("load", &mut [NOISE | 8])?, 42);
    assert_eq!(call("wide", &mut [NOISE | 8])?, 8);
    assert_eq!(call("narrow", &mut [NOISE | 8])?, 8);
    let slots = &mut [NOISE | u64::from(1.5_f32.to_bits()), NOISE | 2];
    assert_eq!(call("float", slots)?, u64::from(3.5_f32.to_bits()));
    Ok(())
}

#[test]
fn other_types_are_refused() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    for ty in [ValType::FUNCREF, ValType::EXTERNREF, ValType::V128] {
        for ty in [
            FuncType::new(&engine, [ValType::I32, ty.clone()], []),
            FuncType::new(&engine, [], [ty]),
        ] {
            let error = Func::new_numeric(&mut store, ty.clone(), |_, _| Ok(())).unwrap_err();
            assert!(error.to_string().contains("only `i32`, `i64`, `f32` and `f64`"), "{error}");
            let error =
                Func::new_numeric_async(&mut store, ty.clone(), |_, _| Box::new(async { Ok(()) }));
            assert!(error.is_err());
            let func = Func::new(&mut store, ty, |_, _, _| Ok(()));
            assert!(func.numeric(&store).is_none());
        }
    }
    Ok(())
}

#[test]
fn each_bound_function_keeps_its_context_whatever_hooks_come_and_go() -> Result<()> {
    let engine = Engine::default();
    let ty = FuncType::new(&engine, [], [ValType::I32]);
    let say = |_: Caller<'_, u32>, word: &u64, slots: &mut [u64]| {
        slots[0] = *word;
        Ok(())
    };
    let twice = |_: Caller<'_, u32>, word: &u64, slots: &mut [u64]| {
        slots[0] = 2 * word;
        Ok(())
    };
    let defs = [NumericDef::new(ty.clone(), say)?, NumericDef::new(ty, twice)?];
    let funcs = NumericFuncs::new(&engine, defs)?;
    assert_eq!(funcs.len(), 2);
    let module = passing_on(&engine, &[], &[ValType::I32])?;
    let mut store = Store::new(&engine, 0);
    let contexts = [Arc::new(3), Arc::new(5)];
    let mut expected = Vec::new();
    for context in &contexts {
        let bound = funcs.bind(&mut store, Arc::clone(context))?;
        assert!(bound.func(&mut store, 2).is_none());
        let missing = [ImportBinding::Func(&bound, 2)];
        assert!(Instance::with_bindings(&mut store, &module, &missing).is_err());
        for place in 0..2 {
            let imports = [ImportBinding::Func(&bound, place)];
            let instance = Instance::with_bindings(&mut store, &module, &imports)?;
            for name in ["direct", "indirect"] {
                let func = instance.get_func(&mut store, name).expect("an export");
                let func = func.numeric(&store).expect("only numbers");
                expected.push((func, **context << place));
            }
        }
    }
    let check = |store: &mut Store<u32>| -> Result<u32> {
        for (func, word) in &expected {
            let mut slots = [0];
            func.call(&mut *store, &mut slots)?;
            assert_eq!(slots, [*word]);
        }
        Ok(std::mem::take(store.data_mut()))
    };
    assert_eq!(check(&mut store)?, 0);
    let hook = store.add_call_hook(CallFilter::all(), |mut call| {
        *call.data_mut() += 1;
        Ok(())
    });
    assert_eq!(check(&mut store)?, 4 * expected.len() as u32);
    store.remove_call_hook(hook);
    assert_eq!(check(&mut store)?, 0);
    drop(store);
    // The store was the last to have them.
    contexts.into_iter().for_each(|context| assert_eq!(Arc::strong_count(&context), 1));
    Ok(())
}

#[test]
fn too_few_words_are_an_error() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let wat = "(module (func (export \"f\") (param i32 i64) (result i32 i32 f32)
        (local.get 0) (local.get 0) (f32.const 1)))";
    let func = export(&mut store, wat, "f")?.numeric(&store).expect("only numbers");
    assert_eq!(func.slot_count(), 3);
    for given in 0..3 {
        let error = func.call(&mut store, &mut vec![1; given]).unwrap_err().to_string();
        assert!(error.contains("needs 3 words"), "{error}");
        let error = block_on(func.call_async(&mut store, &mut vec![1; given])).unwrap_err();
        assert!(error.to_string().contains("needs 3 words"), "{error}");
    }
    store.call_hook(|_, _| Ok(()));
    assert!(func.call(&mut store, &mut [1, 2]).is_err());
    let mut slots = [NOISE | 3, 4, 5, 6];
    func.call(&mut store, &mut slots)?;
    assert_eq!(slots, [3, 3, u64::from(1_f32.to_bits()), 6]);
    Ok(())
}

#[test]
#[should_panic(expected = "store")]
fn another_store_is_a_panic() {
    let engine = Engine::default();
    let (mut store, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let func = export(&mut store, "(module (func (export \"f\")))", "f").unwrap();
    let func = func.numeric(&store).unwrap();
    let _ = func.call(&mut other, &mut []);
}

#[test]
fn traps_errors_and_panics_go_through() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [ValType::I32], [ValType::I32]);
    let host = Func::new_numeric(&mut store, ty, |_, slots| match slots[0] {
        0 => wasm_runtime::bail!("the host does not want to"),
        1 => panic!("the host can't"),
        _ => Ok(()),
    })?;
    let wat = "(module (import \"\" \"f\" (func $f (param i32) (result i32)))
        (func (export \"run\") (param i32) (result i32)
          (if (i32.eq (local.get 0) (i32.const 2)) (then unreachable))
          (call $f (local.get 0))))";
    let module = Module::new(&engine, wat)?;
    let instance = Instance::new(&mut store, &module, &[host.into()])?;
    let run = instance.get_func(&mut store, "run").expect("an export");
    for func in [run, host] {
        let func = func.numeric(&store).expect("only numbers");
        let error = func.call(&mut store, &mut [0]).unwrap_err();
        assert!(format!("{error:#}").contains("does not want to"), "{error:#}");
        let panic = catch_unwind(AssertUnwindSafe(|| func.call(&mut store, &mut [1])));
        assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the host can't"));
        let mut slots = [3];
        func.call(&mut store, &mut slots)?;
        assert_eq!(slots, [3]);
    }
    let error = run.numeric(&store).expect("only numbers").call(&mut store, &mut [2]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert!(error.downcast_ref::<WasmBacktrace>().is_some_and(|it| !it.frames().is_empty()));
    Ok(())
}

#[test]
fn calls_nest() -> Result<()> {
    static INNER: Mutex<Option<NumericFunc>> = Mutex::new(None);
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0_u64);
    let ty = FuncType::new(&engine, [ValType::I64], [ValType::I64]);
    let host = Func::new_numeric(&mut store, ty, |mut caller: Caller<'_, u64>, slots| {
        *caller.data_mut() += 1;
        if slots[0] > 0 {
            let run = INNER.lock().unwrap().expect("it was set");
            let mut inner = [slots[0] - 1];
            run.call(&mut caller, &mut inner)?;
            slots[0] += inner[0];
        }
        Ok(())
    })?;
    let wat = "(module (import \"\" \"f\" (func $f (param i64) (result i64)))
        (func (export \"run\") (param i64) (result i64) (call $f (local.get 0))))";
    let instance = Instance::new(&mut store, &Module::new(&engine, wat)?, &[host.into()])?;
    let run = instance.get_func(&mut store, "run").expect("an export").numeric(&store);
    *INNER.lock().unwrap() = run;
    let mut slots = [10];
    run.expect("only numbers").call(&mut store, &mut slots)?;
    assert_eq!(slots, [55]);
    assert_eq!(*store.data(), 11);
    Ok(())
}

#[test]
fn hooks_are_told_of_words_as_values() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Vec::new());
    let ty = FuncType::new(&engine, [ValType::I32, ValType::F32], [ValType::F32]);
    let host = Func::new_numeric(&mut store, ty, |_, slots| {
        slots[0] = slots[1];
        Ok(())
    })?;
    let wat = "(module (import \"\" \"f\" (func $f (param i32 f32) (result f32)))
        (func (export \"run\") (param i32 f32) (result f32)
          (call $f (local.get 0) (local.get 1))))";
    let instance = Instance::new(&mut store, &Module::new(&engine, wat)?, &[host.into()])?;
    store.add_call_hook(CallFilter::all(), |mut call| {
        let line = format!("{:?} {:?} {:?}", call.event(), call.args(), call.results());
        call.data_mut().push(line);
        Ok(())
    });
    let run = instance.get_func(&mut store, "run").expect("an export").numeric(&store);
    let bits = u64::from(0.5_f32.to_bits());
    let mut slots = [NOISE | 7, NOISE | bits];
    run.expect("only numbers").call(&mut store, &mut slots)?;
    assert_eq!(slots[0], bits);
    let (args, results) = ("Some([I32(7), F32(1056964608)])", "Some([F32(1056964608)])");
    assert_eq!(
        *store.data(),
        [
            format!("CallingWasm {args} None"),
            format!("CallingHost {args} None"),
            format!("ReturningFromHost None {results}"),
            format!("ReturningFromWasm None {results}"),
        ]
    );
    Ok(())
}

#[test]
fn a_dropped_call_drops_what_it_waits_for() -> Result<()> {
    thread_local!(static DROPPED: Cell<u32> = const { Cell::new(0) });
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            DROPPED.with(|count| count.set(count.get() + 1));
        }
    }

    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [ValType::I32], [ValType::I32]);
    let func = Func::new_numeric_async(&mut store, ty, |_, slots| {
        Box::new(async move {
            let _guard = Guard;
            After(slots[0] as u32).await;
            slots[0] += 1;
            Ok(())
        })
    })?;
    let wat = "(module (import \"\" \"f\" (func $f (param i32) (result i32)))
        (func (export \"run\") (param i32) (result i32) (call $f (local.get 0))))";
    let module = Module::new(&engine, wat)?;
    let instance = block_on(Instance::new_async(&mut store, &module, &[func.into()]))?;
    let run = instance.get_func(&mut store, "run").expect("an export").numeric(&store);
    let run = run.expect("only numbers");
    let mut slots = [5];
    {
        let mut call = pin!(run.call_async(&mut store, &mut slots));
        let mut context = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(DROPPED.with(Cell::get), 1);
    let mut slots = [2];
    block_on(run.call_async(&mut store, &mut slots))?;
    assert_eq!(slots, [3]);
    assert_eq!(DROPPED.with(Cell::get), 2);
    Ok(())
}
