//! Objects that pass between the host and Wasm, which both make and change them.

use wasm_runtime::{
    ArrayRef, ArrayRefPre, Caller, Config, Engine, ExternType, Func, Global, HeapType, Instance,
    Linker, Module, OwnedRooted, Result, RootScope, Rooted, Store, StructRef, StructRefPre,
    StructType, Table, Val, ValType,
};

use crate::refused;

const LISTS: &str = r#"(module
  (type $list (struct (field $value (mut i32)) (field $next (mut (ref null $list)))))
  (type $bytes (array (mut i8)))
  (import "host" "gc" (func $gc))
  (import "host" "push" (func $push (param i32 (ref null $list)) (result (ref $list))))
  (global $kept (export "kept") (mut (ref null $list)) (ref.null $list))
  (table $all (export "all") 3 (ref null $list))
  (func (export "sum") (param $it (ref null $list)) (result i32) (local $sum i32)
    (block $done
      (loop $again
        (br_if $done (ref.is_null (local.get $it)))
        (call $gc)
        (local.set $sum (i32.add (local.get $sum) (struct.get $list $value (local.get $it))))
        (local.set $it (struct.get $list $next (local.get $it)))
        (br $again)))
    (local.get $sum))
  (func (export "count down") (param $from i32) (result (ref null $list))
    (local $it (ref null $list))
    (loop $again
      (local.set $it (struct.new $list (local.get $from) (local.get $it)))
      (local.set $it (call $push (i32.const 100) (local.get $it)))
      (br_if $again (local.tee $from (i32.sub (local.get $from) (i32.const 1)))))
    (global.set $kept (local.get $it))
    (table.set $all (i32.const 1) (local.get $it))
    (local.get $it))
  (func (export "bytes") (param $it (ref $bytes)) (result (ref $bytes))
    (array.set $bytes (local.get $it) (i32.const 0)
      (i32.add (array.get_s $bytes (local.get $it) (i32.const 1)) (array.len (local.get $it))))
    (call $gc)
    (local.get $it)))"#;

/// The one type of structures that a type refers to.
fn structure(ty: &ValType) -> StructType {
    match ty.unwrap_ref().heap_type() {
        HeapType::ConcreteStruct(ty) => ty.clone(),
        other => panic!("{other} is no structure type"),
    }
}

fn instance(store: &mut Store<()>) -> Result<Instance> {
    let module = Module::new(store.engine(), LISTS)?;
    let mut linker = Linker::new(store.engine());
    linker.func_wrap("host", "gc", |mut caller: Caller<'_, ()>| caller.gc(None))?;
    let Some(ExternType::Func(ty)) = module.imports().nth(1).map(|import| import.ty()) else {
        panic!("the second import is a function")
    };
    let list = structure(&ty.result(0).unwrap());
    linker.func_new("host", "push", ty, move |mut caller, params, results| {
        let pre = StructRefPre::new(&mut caller, list.clone());
        let made = StructRef::new(&mut caller, &pre, params)?;
        results[0] = made.into();
        Ok(())
    })?;
    linker.instantiate(store, &module)
}

fn engines() -> Vec<Engine> {
    let mut plain = Config::new();
    plain.wasm_gc(true);
    let mut zeal = plain.clone();
    zeal.gc_zeal(true);
    [plain, zeal].iter().map(|config| Engine::new(config).unwrap()).collect()
}

#[test]
fn lists_of_the_host_are_read_by_wasm() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store)?;
        let sum = instance.get_func(&mut store, "sum").unwrap();
        let list = structure(&sum.ty(&store).param(0).unwrap());
        let pre = StructRefPre::new(&mut store, list.clone());
        let sum = sum.typed::<Option<Rooted<StructRef>>, i32>(&store)?;
        let mut head: Option<OwnedRooted<StructRef>> = None;
        for value in 0..100 {
            let mut scope = RootScope::new(&mut store);
            let next = head.map(|head| head.to_rooted(&mut scope));
            let made = StructRef::new(&mut scope, &pre, &[Val::I32(value), next.into()])?;
            head = Some(made.to_owned_rooted(&mut scope)?);
        }
        let head = head.unwrap().to_rooted(&mut store);
        assert_eq!(sum.call(&mut store, Some(head))?, 99 * 50);
        head.set_field(&mut store, 0, Val::I32(-1))?;
        assert_eq!(sum.call(&mut store, Some(head))?, 99 * 49 - 1);
        head.set_field(&mut store, 1, Val::null_any_ref())?;
        assert_eq!(sum.call(&mut store, Some(head))?, -1);
        assert_eq!(sum.call(&mut store, None)?, 0);
        // Others of the same shape are not of the type.
        let other = StructType::new(&engine, list.fields())?;
        let pre = StructRefPre::new(&mut store, other);
        let other = StructRef::new(&mut store, &pre, &[Val::I32(1), Val::null_any_ref()])?;
        refused(sum.call(&mut store, Some(other)), &["type mismatch", "expected (ref null $list)"]);
        refused(head.set_field(&mut store, 1, other.into()), &["cannot set field 1", "expected"]);
    }
    Ok(())
}

#[test]
fn lists_of_wasm_are_read_and_changed_by_the_host() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store)?;
        let count_down = instance.get_func(&mut store, "count down").unwrap();
        let mut results = [Val::I32(0)];
        count_down.call(&mut store, &[Val::I32(5)], &mut results)?;
        let sum = instance.get_func(&mut store, "sum").unwrap();
        let typed = sum.typed::<Option<Rooted<StructRef>>, i32>(&store)?;
        let head = results[0].unwrap_anyref().unwrap().unwrap_struct(&store)?;
        assert_eq!(typed.call(&mut store, Some(head))?, 515);
        let mut values = Vec::new();
        let mut next = Some(head);
        while let Some(it) = next {
            let fields: Vec<Val> = it.fields(&mut store)?.collect();
            values.push(fields[0].unwrap_i32());
            next = match fields[1].unwrap_anyref() {
                Some(next) => Some(next.unwrap_struct(&store)?),
                None => None,
            };
        }
        assert_eq!(values, [100, 1, 100, 2, 100, 3, 100, 4, 100, 5]);
        let kept: Global = instance.get_global(&mut store, "kept").unwrap();
        let all: Table = instance.get_table(&mut store, "all").unwrap();
        let in_global = *kept.get(&mut store).unwrap_anyref().unwrap();
        let in_table = *all.get(&mut store, 1).unwrap().unwrap_any().unwrap();
        assert!(Rooted::ref_eq(&store, &in_global, &in_table)?);
        assert!(Rooted::ref_eq(&store, &in_global, &head.to_anyref())?);
        assert!(all.get(&mut store, 0).unwrap().is_null());
        // The host puts another list there, which Wasm takes.
        let list = head.ty(&store)?;
        let pre = StructRefPre::new(&mut store, list);
        let one = StructRef::new(&mut store, &pre, &[Val::I32(7), head.into()])?;
        kept.set(&mut store, one.into())?;
        all.set(&mut store, 0, one.into())?;
        store.gc(None)?;
        let got = kept.get(&mut store);
        sum.call(&mut store, &[got], &mut results)?;
        assert_eq!(results[0].unwrap_i32(), 522);
        let wrong = Val::from(wasm_runtime::AnyRef::from_i31(&mut store, Default::default()));
        refused(kept.set(&mut store, wrong), &["type mismatch", "found (ref i31)"]);
    }
    Ok(())
}

#[test]
fn arrays_are_changed_in_place() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store)?;
        let bytes: Func = instance.get_func(&mut store, "bytes").unwrap();
        let ty = bytes.ty(&store).param(0).unwrap();
        let HeapType::ConcreteArray(ty) = ty.unwrap_ref().heap_type().clone() else {
            panic!("{ty} is no array type")
        };
        let pre = ArrayRefPre::new(&mut store, ty);
        let array = ArrayRef::new_from_i8_slice(&mut store, &pre, &[1, 0xff, 3])?;
        let typed = bytes.typed::<Rooted<ArrayRef>, Rooted<ArrayRef>>(&store)?;
        let same = typed.call(&mut store, array)?;
        assert!(Rooted::ref_eq(&store, &array, &same)?);
        let mut copy = [0; 3];
        same.copy_to_i8_slice(&mut store, &mut copy)?;
        assert_eq!(copy, [2, 0xff, 3]);
    }
    Ok(())
}
