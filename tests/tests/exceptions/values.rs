//! Exceptions as values of the host: made, looked into, thrown, taken, and passed to and from Wasm.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    AsContextMut as _, Caller, Config, Engine, Error, ExnRef, ExnRefPre, ExnType, ExternRef, Func,
    FuncType, Global, GlobalType, HeapType, Instance, Linker, Module, Mutability, Ref, RefType,
    Result, RootScope, Rooted, Store, Table, TableType, Tag, TagType, ThrownException, Val,
    ValType,
};

/// Stores in which nothing is collected but when it must, and in which everything moves all the
/// time.
fn stores() -> [Store<()>; 2] {
    [false, true].map(|zeal| {
        let engine = Engine::new(Config::new().gc_zeal(zeal)).unwrap();
        Store::new(&engine, ())
    })
}

fn module(store: &Store<()>, text: &str) -> Module {
    Module::new(store.engine(), text).unwrap()
}

#[test]
fn an_exception_holds_what_it_was_made_with() {
    for mut store in stores() {
        let types = [
            ValType::I32,
            ValType::EXTERNREF,
            ValType::V128,
            ValType::FUNCREF,
            ValType::F32,
            ValType::EXNREF,
            ValType::I64,
            ValType::F64,
            ValType::EXTERNREF,
        ];
        let ty = ExnType::new(store.engine(), types.clone()).unwrap();
        assert_eq!(ty.fields().len(), types.len());
        let field = ty.field(1).unwrap();
        assert_eq!(field.element_type().unwrap_val_type(), &ValType::EXTERNREF);
        assert_eq!(field.mutability(), Mutability::Const);
        assert!(ty.field(types.len()).is_none());
        let tag = Tag::new(&mut store, &ty.tag_type()).unwrap();
        let pre = ExnRefPre::new(&mut store, ty.clone());
        let value = ExternRef::new(&mut store, 5_u32).unwrap();
        let func = Func::wrap(&mut store, || 6);
        let mut outer = None;
        for number in 0..10 {
            let values = [
                Val::I32(number),
                value.into(),
                Val::V128(u128::MAX.into()),
                func.into(),
                Val::F32(7),
                Val::ExnRef(outer),
                Val::I64(-8),
                Val::F64(9),
                Val::ExternRef(None),
            ];
            outer = Some(ExnRef::new(&mut store, &pre, &tag, &values).unwrap());
        }
        store.gc(None).unwrap();
        let mut next = outer;
        for number in (0..10).rev() {
            let exception = next.expect("there is one in the other");
            let [a, b, c, d, e, inner, g, h, i] =
                exception.fields(&mut store).unwrap().collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(a.unwrap_i32(), number);
            let found = b.unwrap_externref().unwrap();
            assert!(Rooted::ref_eq(&store, found, &value).unwrap());
            assert_eq!(c.unwrap_v128().as_u128(), u128::MAX);
            let mut results = [Val::I32(0)];
            d.unwrap_funcref().unwrap().call(&mut store, &[], &mut results).unwrap();
            assert_eq!(results[0].unwrap_i32(), 6);
            assert_eq!((e.unwrap_f32().to_bits(), g.unwrap_i64()), (7, -8));
            assert_eq!(h.unwrap_f64().to_bits(), 9);
            assert!(i.unwrap_externref().is_none());
            assert_eq!(exception.field(&mut store, 0).unwrap().unwrap_i32(), number);
            let error = exception.field(&mut store, 9).unwrap_err();
            assert_eq!(error.to_string(), "the exception has no value 9");
            assert!(Tag::eq(&exception.tag(&mut store).unwrap(), &tag, &store));
            assert_eq!(exception.ty(&store).unwrap(), ty);
            next = inner.unwrap_exnref().copied();
        }
        assert!(next.is_none());
    }
}

#[test]
fn what_does_not_fit_the_type_is_refused() {
    let [mut store, _] = stores();
    let engine = store.engine().clone();
    let ty = ExnType::new(&engine, [ValType::I32]).unwrap();
    let other = ExnType::new(&engine, [ValType::I64]).unwrap();
    let tag = Tag::new(&mut store, &ty.tag_type()).unwrap();
    let pre = ExnRefPre::new(&mut store, ty.clone());
    let other_pre = ExnRefPre::new(&mut store, other.clone());
    for (pre, values, message) in [
        (&pre, &[][..], "the exception has 1 values, and 0 were given"),
        (&pre, &[Val::I64(1)], "type mismatch: expected i32, found i64"),
        (
            &other_pre,
            &[Val::I64(1)],
            "an exception of a tag of the type `(tag (param i32))` is to be made, and the \
             allocator is for `(tag (param i64))`",
        ),
    ] {
        let error = ExnRef::new(&mut store, pre, &tag, values).unwrap_err();
        assert_eq!(error.root_cause().to_string(), message);
    }
    let with_results = TagType::new(FuncType::new(&engine, [], [ValType::I32]));
    let error = ExnType::from_tag_type(&with_results).unwrap_err();
    assert!(error.to_string().contains("(func (result i32))"), "{error}");
    let heap = HeapType::from(ty.clone());
    assert!(heap.matches(&HeapType::Exn) && !HeapType::Exn.matches(&heap));
    assert!(HeapType::NoExn.matches(&heap) && !heap.matches(&HeapType::from(other)));
    assert!(heap.is_concrete_exn() && heap.is_concrete() && heap.top().is_exn());
    assert_eq!(heap.to_string(), "(exn (field i32))");
    let exception = ExnRef::new(&mut store, &pre, &tag, &[Val::I32(1)]).unwrap();
    assert!(exception.matches_ty(&store, &heap).unwrap());
    let reference = Ref::from(exception);
    assert!(reference.is_exn() && reference.is_non_null());
    let most_precise = reference.ty(&store).unwrap();
    assert_eq!(most_precise, RefType::new(false, HeapType::ConcreteExn(ty)));
    assert!(Ref::null(&HeapType::NoExn).is_exn());
}

/// Calls the host within a construct that catches exceptions of the host's tag.
const CATCHER: &str = r#"(module
    (import "host" "tag" (tag $t (param i32 externref)))
    (import "host" "fail" (func $fail (param i32) (result i32)))
    (func (export "run") (param i32) (result i32 externref)
        (block $h (result i32 externref)
            (try_table (catch $t $h) (return (call $fail (local.get 0)) (ref.null extern)))
            (unreachable)))
    (func (export "keep") (param i32) (result exnref)
        (block $h (result exnref)
            (try_table (catch_all_ref $h) (drop (call $fail (local.get 0))))
            (return (ref.null exn))))
    (func (export "throw") (param i32 externref) (throw $t (local.get 0) (local.get 1)))
    (func (export "throw_ref") (param exnref) (throw_ref (local.get 0)))
    (global (export "global") (mut exnref) (ref.null exn))
    (table (export "table") 2 exnref)
    (func (export "same") (param exnref) (result (ref null exn)) (local.get 0)))"#;

fn catcher(store: &mut Store<()>) -> (Tag, Instance) {
    let ty = ExnType::new(store.engine(), [ValType::I32, ValType::EXTERNREF]).unwrap();
    let tag = Tag::new(&mut *store, &ty.tag_type()).unwrap();
    let mut linker = Linker::new(store.engine());
    let fail = move |mut caller: Caller<'_, ()>, number: i32| -> Result<i32> {
        if number == 0 {
            return Ok(-1);
        }
        let pre = ExnRefPre::new(&mut caller, ty.clone());
        let value = ExternRef::new(&mut caller, number)?;
        let values = [Val::I32(number), value.into()];
        let exception = ExnRef::new(&mut caller, &pre, &tag, &values)?;
        if number < 0 {
            return Err(Error::msg("made, and not thrown"));
        }
        caller.as_context_mut().throw(exception)
    };
    linker.func_wrap("host", "fail", fail).unwrap();
    linker.define(&*store, "host", "tag", tag).unwrap();
    let module = module(store, CATCHER);
    (tag, linker.instantiate(store, &module).unwrap())
}

#[test]
fn wasm_catches_what_the_host_throws() {
    for mut store in stores() {
        let (_, instance) = catcher(&mut store);
        type Results = (i32, Option<Rooted<ExternRef>>);
        let run = instance.get_typed_func::<i32, Results>(&mut store, "run").unwrap();
        for number in [0, 1, 2, 300] {
            let mut scope = RootScope::new(&mut store);
            let (found, value) = run.call(&mut scope, number).unwrap();
            if number == 0 {
                assert_eq!((found, value.is_none()), (-1, true));
                continue;
            }
            let value = value.unwrap().data(&scope).unwrap().unwrap().downcast_ref::<i32>();
            assert_eq!((found, value), (number, Some(&number)));
        }
        let error = run.call(&mut store, -1).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "made, and not thrown");
        assert!(store.take_pending_exception().is_none());
    }
}

#[test]
fn the_host_takes_what_wasm_throws() {
    for mut store in stores() {
        let (tag, instance) = catcher(&mut store);
        let value = ExternRef::new(&mut store, "thrown").unwrap();
        let throw = instance.get_func(&mut store, "throw").unwrap();
        let error = throw.call(&mut store, &[Val::I32(3), value.into()], &mut []).unwrap_err();
        assert!(error.is::<ThrownException>() && store.has_pending_exception());
        store.gc(None).unwrap();
        let exception = store.take_pending_exception().unwrap();
        assert!(!store.has_pending_exception() && store.take_pending_exception().is_none());
        assert!(Tag::eq(&exception.tag(&mut store).unwrap(), &tag, &store));
        assert_eq!(exception.field(&mut store, 0).unwrap().unwrap_i32(), 3);
        let found = exception.field(&mut store, 1).unwrap();
        let found = found.unwrap_externref().unwrap();
        assert!(Rooted::ref_eq(&store, found, &value).unwrap());

        // Thrown by reference, it stays the same one, also if it is thrown again.
        let throw_ref = instance.get_func(&mut store, "throw_ref").unwrap();
        for _ in 0..2 {
            let error = throw_ref.call(&mut store, &[exception.into()], &mut []).unwrap_err();
            assert!(error.is::<ThrownException>());
            let again = store.take_pending_exception().unwrap();
            assert!(Rooted::ref_eq(&store, &again, &exception).unwrap());
        }
        // So it does if the host throws it.
        assert!(store.throw::<()>(exception).is_err() && store.has_pending_exception());
        let again = store.take_pending_exception().unwrap();
        assert!(Rooted::ref_eq(&store, &again, &exception).unwrap());

        // What one handler takes by reference is the host's.
        let keep = instance.get_typed_func::<i32, Option<Rooted<ExnRef>>>(&mut store, "keep");
        let kept = keep.unwrap().call(&mut store, 9).unwrap().unwrap();
        assert_eq!(kept.field(&mut store, 0).unwrap().unwrap_i32(), 9);
        assert!(!store.has_pending_exception());
    }
}

#[test]
fn exceptions_are_in_globals_tables_parameters_and_results() {
    for mut store in stores() {
        let (tag, instance) = catcher(&mut store);
        let ty = ExnType::from_tag_type(&tag.ty(&store)).unwrap();
        let pre = ExnRefPre::new(&mut store, ty);
        let values = [Val::I32(1), Val::null_extern_ref()];
        let exception = ExnRef::new(&mut store, &pre, &tag, &values).unwrap();
        let is_it = |found: &Rooted<ExnRef>, store: &Store<()>| {
            Rooted::ref_eq(store, found, &exception).unwrap()
        };
        let global = instance.get_global(&mut store, "global").unwrap();
        assert!(global.get(&mut store).unwrap_exnref().is_none());
        global.set(&mut store, exception.into()).unwrap();
        assert!(is_it(global.get(&mut store).unwrap_exnref().unwrap(), &store));
        let own = GlobalType::new(ValType::EXNREF, Mutability::Const);
        let own = Global::new(&mut store, own, exception.into()).unwrap();
        let table = instance.get_table(&mut store, "table").unwrap();
        table.set(&mut store, 1, exception.into()).unwrap();
        table.grow(&mut store, 2, exception.into()).unwrap();
        let made = TableType::new(RefType::EXNREF, 1, None);
        let made = Table::new(&mut store, made, exception.into()).unwrap();
        store.gc(None).unwrap();
        assert!(is_it(own.get(&mut store).unwrap_exnref().unwrap(), &store));
        for (table, place) in [(table, 1), (table, 3), (made, 0)] {
            let found = table.get(&mut store, place).unwrap();
            assert!(is_it(found.unwrap_exn().unwrap(), &store));
        }
        assert!(table.get(&mut store, 0).unwrap().is_null());
        let wrong = Val::null_extern_ref();
        assert!(global.set(&mut store, wrong).is_err());

        type Exception = Option<Rooted<ExnRef>>;
        let same = instance.get_typed_func::<Exception, Exception>(&mut store, "same").unwrap();
        assert!(same.call(&mut store, None).unwrap().is_none());
        assert!(is_it(&same.call(&mut store, Some(exception)).unwrap().unwrap(), &store));
        let wrapped = Func::wrap(&mut store, |_: Caller<'_, ()>, exception: Exception| exception);
        let wrapped = wrapped.typed::<Exception, Exception>(&store).unwrap();
        assert!(is_it(&wrapped.call(&mut store, Some(exception)).unwrap().unwrap(), &store));
    }
}

#[test]
fn a_handle_that_has_ended_is_not_thrown() {
    let [mut store, _] = stores();
    let ty = ExnType::new(store.engine(), []).unwrap();
    let tag = Tag::new(&mut store, &ty.tag_type()).unwrap();
    let pre = ExnRefPre::new(&mut store, ty);
    let exception = {
        let mut scope = RootScope::new(&mut store);
        ExnRef::new(&mut scope, &pre, &tag, &[]).unwrap()
    };
    assert!(exception.ty(&store).is_err() && exception.fields(&mut store).is_err());
    let thrown = catch_unwind(AssertUnwindSafe(|| store.throw::<()>(exception)));
    assert!(thrown.is_err() && !store.has_pending_exception());
}
