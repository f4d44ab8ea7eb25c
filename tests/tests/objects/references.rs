//! References that need no objects of Wasm: integers, nulls, and host values that were converted.

use wasm_runtime::{
    AnyRef, AsContextMut, Caller, EqRef, ExternRef, Func, FuncType, Global, GlobalType, HeapType,
    I31, Mutability, NoExtern, NoneRef, OwnedRooted, Ref, RefType, Result, RootScope, Rooted,
    Store, Table, TableType, Val, ValType,
};

use crate::{ENDED, engines, refused};

#[test]
fn integers_are_references_without_an_object() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        for number in [0, 1, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff].map(I31::wrapping_u32) {
            let any = AnyRef::from_i31(&mut store, number);
            let eq = EqRef::from_i31(&mut store, number);
            store.gc(None)?;
            assert!(any.is_i31(&store)? && any.is_eqref(&store)? && eq.is_i31(&store)?);
            assert_eq!((any.as_i31(&store)?, eq.unwrap_i31(&store)?), (Some(number), number));
            assert_eq!((any.ty(&store)?, eq.ty(&store)?), (HeapType::I31, HeapType::I31));
            assert!(Rooted::ref_eq(&store, &any, &eq.to_anyref())?);
            assert!(Rooted::ref_eq(&store, &any.unwrap_eqref(&store)?, &eq)?);
            for (ty, expected) in [
                (HeapType::Any, true),
                (HeapType::Eq, true),
                (HeapType::I31, true),
                (HeapType::Struct, false),
                (HeapType::None, false),
                (HeapType::Extern, false),
            ] {
                assert_eq!(any.matches_ty(&store, &ty)?, expected, "{ty}");
                assert_eq!(eq.matches_ty(&store, &ty)?, expected, "{ty}");
            }
            let owned: OwnedRooted<AnyRef> = eq.to_owned_rooted(&mut store)?.into();
            assert_eq!(owned.as_i31(&store)?, Some(number));
        }
        assert_eq!(store.gc_heap_capacity(), 0);
    }
    Ok(())
}

#[test]
fn host_values_and_internal_references_are_converted() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let value = ExternRef::new(&mut store, "a value")?;
        let any = AnyRef::convert_extern(&mut store, value)?;
        store.gc(None)?;
        assert_eq!(any.ty(&store)?, HeapType::Any);
        assert!(!any.is_i31(&store)? && !any.is_eqref(&store)?);
        assert!(!any.matches_ty(&store, &HeapType::Eq)?);
        let back = ExternRef::convert_any(&mut store, any)?;
        assert!(Rooted::ref_eq(&store, &value, &back)?);
        assert_eq!(back.data(&store)?.unwrap().downcast_ref::<&str>(), Some(&"a value"));
        // An integer is a host value of which there is no more to know.
        let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(7));
        let converted = ExternRef::convert_any(&mut store, number)?;
        assert!(converted.data(&store)?.is_none() && converted.data_mut(&mut store)?.is_none());
        assert_eq!(Val::from(converted).ty(&store)?.to_string(), "(ref extern)");
        let back = AnyRef::convert_extern(&mut store, converted)?;
        assert_eq!(back.as_i31(&store)?, I31::new_u32(7));
    }
    Ok(())
}

#[test]
fn references_pass_calls_of_every_kind() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let twice = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, any: Rooted<AnyRef>| {
            let number = any.unwrap_i31(&caller)?.get_u32();
            caller.gc(None)?;
            Ok(AnyRef::from_i31(&mut caller, I31::wrapping_u32(number * 2)))
        });
        let seven = AnyRef::from_i31(&mut store, I31::wrapping_u32(7));
        let typed = twice.typed::<Rooted<AnyRef>, Rooted<AnyRef>>(&store)?;
        assert_eq!(typed.call(&mut store, seven)?.unwrap_i31(&store)?.get_u32(), 14);
        let typed = twice.typed::<I31, Option<OwnedRooted<AnyRef>>>(&store)?;
        let result = typed.call(&mut store, I31::wrapping_u32(8))?.unwrap();
        assert_eq!(result.as_i31(&store)?, I31::new_u32(16));
        let mut results = [Val::I32(0)];
        twice.call(&mut store, &[seven.into()], &mut results)?;
        assert_eq!(results[0].unwrap_anyref().unwrap().as_i31(&store)?, I31::new_u32(14));
        assert!(twice.typed::<Option<Rooted<AnyRef>>, Rooted<AnyRef>>(&store).is_err());
        assert!(twice.typed::<Rooted<AnyRef>, I31>(&store).is_err());
        assert!(twice.typed::<Option<NoneRef>, Rooted<AnyRef>>(&store).is_err());
        assert!(twice.typed::<Rooted<ExternRef>, Rooted<AnyRef>>(&store).is_err());
        let null = [Val::null_any_ref()];
        refused(twice.call(&mut store, &null, &mut results), &["(ref any)", "(ref null none)"]);

        // One of each, through an array, and null as well as not.
        let ty = [ValType::ANYREF, ValType::EQREF, ValType::I31REF, ValType::NULLREF];
        let ty = FuncType::new(&engine, ty.clone(), ty);
        let same = Func::new(&mut store, ty, |_, params, results| {
            results.copy_from_slice(params);
            Ok(())
        });
        type Params =
            (Option<Rooted<AnyRef>>, Option<OwnedRooted<EqRef>>, Option<I31>, Option<NoneRef>);
        let same = same.typed::<Params, Params>(&store)?;
        let eq = seven.unwrap_eqref(&store)?.to_owned_rooted(&mut store)?;
        let params = (Some(seven), Some(eq), I31::new_u32(7), NoneRef::null());
        let (any, eq, number, _) = same.call(&mut store, params)?;
        assert!(Rooted::ref_eq(&store, &any.unwrap(), &seven)?);
        assert_eq!((eq.unwrap().as_i31(&store)?, number), (I31::new_u32(7), I31::new_u32(7)));
        let (any, eq, number, none) = same.call(&mut store, (None, None, None, None))?;
        assert!(any.is_none() && eq.is_none() && number.is_none() && none.is_none());
    }
    Ok(())
}

#[test]
fn nulls_of_each_hierarchy_fit_all_its_types() -> Result<()> {
    let mut store = Store::new(&engines()[0], ());
    let is_null = |value: Option<Rooted<ExternRef>>| i32::from(value.is_none());
    let is_null = Func::wrap(&mut store, is_null);
    let typed = is_null.typed::<Option<NoExtern>, i32>(&store)?;
    assert_eq!(typed.call(&mut store, NoExtern::null())?, 1);
    assert!(is_null.typed::<Option<NoneRef>, i32>(&store).is_err());
    let values = [
        (NoneRef::null_val(), RefType::NULLREF),
        (NoneRef::null_ref().into(), RefType::NULLREF),
        (NoExtern::null_val(), RefType::NULLEXTERNREF),
        (NoExtern::null_ref().into(), RefType::NULLEXTERNREF),
        (Val::null_ref(&HeapType::Struct), RefType::NULLREF),
        (Val::default_for_ty(&ValType::ARRAYREF).unwrap(), RefType::NULLREF),
    ];
    for (value, ty) in values {
        assert_eq!(value.ty(&store)?, ValType::Ref(ty.clone()));
        assert!(value.ref_().unwrap().is_null());
        let top = RefType::new(true, ty.heap_type().top());
        assert!(value.matches_ty(&store, &top.into())?);
    }
    assert!(NoneRef::null_ref().is_any() && !NoneRef::null_ref().is_extern());
    assert!(NoneRef::null_ref().unwrap_any().is_none());
    assert!(Val::default_for_ty(&ValType::Ref(RefType::new(false, HeapType::Eq))).is_none());
    Ok(())
}

#[test]
fn globals_and_tables_hold_references() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let global = GlobalType::new(ValType::ANYREF, Mutability::Var).default_value(&mut store)?;
        let table = TableType::new(RefType::I31REF, 1, None).default_value(&mut store)?;
        assert!(global.get(&mut store).unwrap_anyref().is_none());
        {
            let mut scope = RootScope::new(&mut store);
            let value = ExternRef::new(&mut scope, 5)?;
            let value = AnyRef::convert_extern(&mut scope, value)?;
            global.set(&mut scope, value.into())?;
            let number = AnyRef::from_i31(&mut scope, I31::wrapping_u32(9));
            table.set(&mut scope, 0, number.into())?;
            table.grow(&mut scope, 1, Ref::Any(None))?;
            refused(table.set(&mut scope, 0, value.into()), &["i31", "(ref any)"]);
            refused(table.set(&mut scope, 0, Ref::Extern(None)), &["i31", "noextern"]);
        }
        store.gc(None)?;
        let value = *global.get(&mut store).unwrap_anyref().unwrap();
        let value = ExternRef::convert_any(&mut store, value)?;
        assert_eq!(value.data(&store)?.unwrap().downcast_ref::<i32>(), Some(&5));
        let number = table.get(&mut store, 0).unwrap();
        assert_eq!(number.ty(&store)?, RefType::new(false, HeapType::I31));
        assert_eq!(number.unwrap_any().unwrap().as_i31(&store)?, I31::new_u32(9));
        assert!(table.get(&mut store, 1).unwrap().is_null());
        let ty = GlobalType::new(ValType::EQREF, Mutability::Const);
        let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(9));
        let global = Global::new(&mut store, ty, number.into())?;
        assert_eq!(global.get(&mut store).ty(&store)?.to_string(), "(ref i31)");
        let ty = TableType::new(RefType::EQREF, 1, None);
        refused(Table::new(&mut store, ty, Ref::Func(None)), &["eq", "nofunc"]);
    }
    Ok(())
}

#[test]
fn handles_end_with_their_scopes() -> Result<()> {
    let mut store = Store::new(&engines()[0], ());
    let (gone, same) = {
        let mut scope = RootScope::new(&mut store);
        let gone = AnyRef::from_i31(&mut scope, I31::wrapping_u32(3));
        (gone, gone.unwrap_eqref(&scope)?)
    };
    // Another has its place.
    AnyRef::from_i31(&mut store, I31::wrapping_u32(4));
    refused(gone.ty(&store), &[ENDED]);
    refused(gone.is_i31(&store), &[ENDED]);
    refused(same.as_i31(&store), &[ENDED]);
    refused(gone.matches_ty(&store, &HeapType::Any), &[ENDED]);
    refused(ExternRef::convert_any(&mut store, gone), &[ENDED]);
    refused(Val::from(gone).ty(&store), &[ENDED]);
    refused(Ref::from(same).matches_ty(&store, &RefType::ANYREF), &[ENDED]);
    refused(gone.to_owned_rooted(store.as_context_mut()), &[ENDED]);
    let take = Func::wrap(&mut store, |_: Option<Rooted<EqRef>>| {});
    refused(take.call(&mut store, &[gone.into()], &mut []), &[ENDED]);
    refused(take.typed::<Rooted<EqRef>, ()>(&store)?.call(&mut store, same), &[ENDED]);
    Ok(())
}
