//! What objects refuse: wrong types, fields that are not there or can't be set, handles that have
//! ended, and what is of another store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, I31, Mutability, RefType, Result,
    RootScope, StorageType, Store, StructRef, StructRefPre, StructType, Val, ValType,
};

use crate::{ENDED, refused};

/// `(struct (field (mut i32)) (field eqref))` and `(array i16)`.
fn types(engine: &Engine) -> Result<(StructType, ArrayType)> {
    let number = FieldType::new(Mutability::Var, ValType::I32.into());
    let reference = FieldType::new(Mutability::Const, ValType::EQREF.into());
    let element = FieldType::new(Mutability::Const, StorageType::I16);
    Ok((StructType::new(engine, [number, reference])?, ArrayType::new(engine, element)))
}

#[test]
fn wrong_types_and_places_are_named() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let (structure, array) = types(store.engine())?;
    let pre = StructRefPre::new(&mut store, structure);
    let null = Val::null_any_ref();
    let result = StructRef::new(&mut store, &pre, &[Val::I32(1)]);
    refused(
        result,
        &["expected 2 fields, got 1", "(struct (field (mut i32)) (field (ref null eq)))"],
    );
    let result = StructRef::new(&mut store, &pre, &[Val::I64(1), null]);
    refused(result, &["field 0", "expected i32, found i64"]);
    let result = StructRef::new(&mut store, &pre, &[Val::I32(1), Val::ExternRef(None)]);
    refused(result, &["field 1", "expected (ref null eq), found (ref null noextern)"]);
    let object = StructRef::new(&mut store, &pre, &[Val::I32(1), null])?;
    refused(object.field(&mut store, 2), &["no field 2", "have 2"]);
    refused(object.set_field(&mut store, 2, null), &["no field 2", "have 2"]);
    refused(object.set_field(&mut store, 1, null), &["cannot set field 1", "immutable"]);
    let result = object.set_field(&mut store, 0, null);
    refused(result, &["cannot set field 0", "expected i32, found (ref null none)"]);

    let pre = ArrayRefPre::new(&mut store, array);
    let result = ArrayRef::new(&mut store, &pre, &null, 3);
    refused(result, &["element type mismatch", "expected i32, found (ref null none)"]);
    let result = ArrayRef::new_fixed(&mut store, &pre, &[Val::I32(1), Val::F32(1)]);
    refused(result, &["element 1", "expected i32, found f32"]);
    let array = ArrayRef::new(&mut store, &pre, &Val::I32(1), 3)?;
    refused(array.get(&mut store, 3), &["out of bounds", "3 in an array of 3"]);
    refused(array.set(&mut store, 3, Val::I32(0)), &["out of bounds"]);
    refused(array.set(&mut store, 0, Val::I32(0)), &["cannot set element 0", "immutable"]);
    Ok(())
}

#[test]
fn types_without_names_are_shown_as_what_they_are() -> Result<()> {
    let engine = Engine::default();
    let refers = |to: StructType| {
        let ty = RefType::new(true, to.into());
        StructType::new(&engine, [FieldType::new(Mutability::Const, ValType::from(ty).into())])
    };
    let inner = types(&engine)?.0;
    let outer = refers(inner)?;
    let inner = "(struct (field (mut i32)) (field (ref null eq)))";
    assert_eq!(outer.to_string(), format!("(struct (field (ref null {inner})))"));
    let outermost = refers(outer)?.to_string();
    assert_eq!(outermost, "(struct (field (ref null (struct (field (ref null (struct …)))))))");
    Ok(())
}

#[test]
fn handles_that_have_ended_are_refused() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let (structure, array) = types(store.engine())?;
    let structure = StructRefPre::new(&mut store, structure);
    let array = ArrayRefPre::new(&mut store, array);
    let fields = [Val::I32(1), Val::null_any_ref()];
    let (object, elements) = {
        let mut scope = RootScope::new(&mut store);
        let object = StructRef::new(&mut scope, &structure, &fields)?;
        (object, ArrayRef::new(&mut scope, &array, &Val::I32(1), 3)?)
    };
    let kept = StructRef::new(&mut store, &structure, &fields)?;
    refused(object.ty(&store), &[ENDED]);
    refused(object.matches_ty(&store, &kept.ty(&store)?), &[ENDED]);
    refused(object.field(&mut store, 0), &[ENDED]);
    refused(object.fields(&mut store).map(|_| ()), &[ENDED]);
    refused(object.set_field(&mut store, 0, Val::I32(1)), &[ENDED]);
    refused(object.to_anyref().is_struct(&store), &[ENDED]);
    refused(StructRef::new(&mut store, &structure, &[Val::I32(1), object.into()]), &[ENDED]);
    refused(elements.ty(&store), &[ENDED]);
    refused(elements.len(&store), &[ENDED]);
    refused(elements.get(&mut store, 0), &[ENDED]);
    refused(elements.elems(&mut store).map(|_| ()), &[ENDED]);
    refused(elements.set(&mut store, 0, Val::I32(1)), &[ENDED]);
    refused(elements.copy_to_i8_slice(&mut store, &mut []), &[ENDED]);
    // So are those that were made of one of an owner that is gone.
    let owned = kept.to_owned_rooted(&mut store)?.to_anyref();
    let inner = owned.unwrap_struct(&store)?;
    assert_eq!(inner.field(&mut store, 0)?.unwrap_i32(), 1);
    drop(owned);
    store.gc(None)?;
    refused(inner.field(&mut store, 0), &[ENDED]);
    assert_eq!(kept.field(&mut store, 0)?.unwrap_i32(), 1);
    Ok(())
}

#[test]
fn what_is_not_what_it_should_be_is_a_panic_where_it_is_unwrapped() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(1));
    let panics = |run: &dyn Fn()| {
        let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("a panic");
        *payload.downcast::<String>().expect("a text")
    };
    let text = panics(&|| drop(number.unwrap_struct(&store)));
    assert_eq!(text, "the anyref is not a structure");
    let text = panics(&|| drop(number.unwrap_array(&store)));
    assert_eq!(text, "the anyref is not an array");
    Ok(())
}
