//! Structures and arrays that the host makes, reads and writes.

use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, Engine, EqRef, ExternRef, FieldType, Finality, Func,
    FuncType, GcHeapOutOfMemory, HeapType, I31, Mutability, OwnedRooted, RefType, Result,
    RootScope, Rooted, StorageType, Store, StoreLimits, StoreLimitsBuilder, StructRef,
    StructRefPre, StructType, V128, Val, ValType,
};

use crate::{engines, refused};

fn field(ty: impl Into<StorageType>) -> FieldType {
    FieldType::new(Mutability::Var, ty.into())
}

/// A structure with a field of each kind, and values for it.
fn of_all_kinds(store: &mut Store<()>) -> Result<(StructType, Vec<Val>)> {
    let engine = store.engine().clone();
    let func = Func::wrap(&mut *store, || 7);
    let typed = RefType::new(false, HeapType::ConcreteFunc(func.ty(&*store)));
    let host = ExternRef::new(&mut *store, "host")?;
    let number = AnyRef::from_i31(&mut *store, I31::wrapping_i32(-9));
    let fields: [(StorageType, Val); 12] = [
        (StorageType::I8, Val::I32(0x7f)),
        (ValType::I64.into(), Val::I64(i64::MIN)),
        (StorageType::I16, Val::I32(0xffff)),
        (ValType::I32.into(), Val::I32(-1)),
        (ValType::V128.into(), V128::from(u128::MAX - 5).into()),
        (ValType::F32.into(), 1.5f32.into()),
        (ValType::F64.into(), (-0.25f64).into()),
        (ValType::Ref(typed).into(), func.into()),
        (ValType::FUNCREF.into(), Val::FuncRef(None)),
        (ValType::EXTERNREF.into(), host.into()),
        (ValType::ANYREF.into(), number.into()),
        (ValType::STRUCTREF.into(), Val::AnyRef(None)),
    ];
    let ty = StructType::new(&engine, fields.iter().map(|(ty, _)| field(ty.clone())))?;
    Ok((ty, fields.map(|(_, value)| value).into()))
}

/// Numbers by their bits, references by what they lead to.
fn text(store: &mut Store<()>, value: Val) -> Result<String> {
    Ok(match value {
        Val::FuncRef(Some(func)) => {
            let mut results = [Val::I32(0)];
            func.call(&mut *store, &[], &mut results)?;
            format!("a function that returns {:?}", results[0])
        }
        Val::ExternRef(Some(value)) => {
            format!("{:?}", value.data(&*store)?.unwrap().downcast_ref::<&str>())
        }
        Val::AnyRef(Some(value)) => format!("{:?}", value.as_i31(&*store)?),
        value => format!("{value:?}"),
    })
}

#[test]
fn fields_of_all_kinds_are_set_and_got() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let (ty, values) = of_all_kinds(&mut store)?;
        let pre = StructRefPre::new(&mut store, ty.clone());
        let object = StructRef::new(&mut store, &pre, &values)?;
        let empty = [
            Val::I32(0),
            Val::I64(0),
            Val::I32(0),
            Val::I32(0),
            V128::from(0).into(),
            Val::F32(0),
            Val::F64(0),
            values[7],
            Val::FuncRef(None),
            Val::ExternRef(None),
            Val::AnyRef(None),
            Val::AnyRef(None),
        ];
        let other = StructRef::new(&mut store, &pre, &empty)?;
        store.gc(None)?;
        assert_eq!(object.ty(&store)?, ty);
        let got: Vec<Val> = object.fields(&mut store)?.collect();
        assert_eq!((got.len(), object.fields(&mut store)?.len()), (12, 12));
        for (place, (got, value)) in got.into_iter().zip(&values).enumerate() {
            assert_eq!(text(&mut store, got)?, text(&mut store, *value)?, "field {place}");
            let zero = other.field(&mut store, place)?;
            assert_eq!(text(&mut store, zero)?, text(&mut store, empty[place])?, "field {place}");
            other.set_field(&mut store, place, *value)?;
        }
        store.gc(None)?;
        for (place, value) in values.iter().enumerate() {
            let got = other.field(&mut store, place)?;
            assert_eq!(text(&mut store, got)?, text(&mut store, *value)?, "field {place}");
        }
        assert!(!Rooted::ref_eq(&store, &object, &other)?);
    }
    Ok(())
}

#[test]
fn packed_fields_keep_the_lower_bits() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = StructType::new(&engine, [field(StorageType::I8), field(StorageType::I16)])?;
    let pre = StructRefPre::new(&mut store, ty);
    let object = StructRef::new(&mut store, &pre, &[Val::I32(-2), Val::I32(-2)])?;
    let got: Vec<_> = object.fields(&mut store)?.map(|value| value.unwrap_i32()).collect();
    assert_eq!(got, [0xfe, 0xfffe]);
    object.set_field(&mut store, 0, Val::I32(0x12345))?;
    object.set_field(&mut store, 1, Val::I32(0x12345))?;
    let got: Vec<_> = object.fields(&mut store)?.map(|value| value.unwrap_i32()).collect();
    assert_eq!(got, [0x45, 0x2345]);
    Ok(())
}

#[test]
fn elements_of_all_kinds_are_set_and_got() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let (ty, values) = of_all_kinds(&mut store)?;
        for (field, value) in ty.fields().zip(values) {
            let ty = ArrayType::new(&engine, field.clone());
            let pre = ArrayRefPre::new(&mut store, ty.clone());
            let expected = text(&mut store, value)?;
            let filled = ArrayRef::new(&mut store, &pre, &value, 5)?;
            let listed = ArrayRef::new_fixed(&mut store, &pre, &[value; 3])?;
            store.gc(None)?;
            assert_eq!((filled.len(&store)?, listed.len(&store)?), (5, 3));
            assert_eq!((filled.ty(&store)?, listed.ty(&store)?), (ty.clone(), ty));
            for array in [filled, listed] {
                let elements: Vec<Val> = array.elems(&mut store)?.collect();
                assert_eq!(elements.len() as u32, array.len(&store)?);
                for element in elements {
                    assert_eq!(text(&mut store, element)?, expected);
                }
                array.set(&mut store, 1, value)?;
                let element = array.get(&mut store, 1)?;
                assert_eq!(text(&mut store, element)?, expected);
            }
            let none = ArrayRef::new(&mut store, &pre, &value, 0)?;
            assert_eq!((none.len(&store)?, none.elems(&mut store)?.len()), (0, 0));
            refused(none.get(&mut store, 0), &["out of bounds", "0 in an array of 0"]);
        }
    }
    Ok(())
}

#[test]
fn arrays_of_bytes_are_copied_as_a_whole() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, field(StorageType::I8)));
        for len in [0, 1, 7, 100_000] {
            let bytes: Vec<u8> = (0..len).map(|it: u32| it as u8).collect();
            let array = ArrayRef::new_from_i8_slice(&mut store, &pre, &bytes)?;
            store.gc(None)?;
            let mut copy = vec![1; bytes.len()];
            array.copy_to_i8_slice(&mut store, &mut copy)?;
            assert!(copy == bytes);
            copy.push(0);
            let says = [format!("{len} elements"), format!("room for {}", len + 1)];
            let says = [says[0].as_str(), says[1].as_str()];
            refused(array.copy_to_i8_slice(&mut store, &mut copy), &says);
        }
        let pre = ArrayRefPre::new(&mut store, ArrayType::new(&engine, field(StorageType::I16)));
        refused(ArrayRef::new_from_i8_slice(&mut store, &pre, &[1]), &["expected i8", "i16"]);
        let array = ArrayRef::new(&mut store, &pre, &Val::I32(0), 1)?;
        refused(array.copy_to_i8_slice(&mut store, &mut [0]), &["expected i8", "i16"]);
    }
    Ok(())
}

#[test]
fn objects_are_what_their_types_say() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let open = Finality::NonFinal;
        let base = StructType::with_finality_and_supertype(&engine, open, None, [])?;
        let number = [field(ValType::I32)];
        let derived =
            StructType::with_finality_and_supertype(&engine, open, Some(&base), number.clone())?;
        let other = StructType::new(&engine, number)?;
        let pre = StructRefPre::new(&mut store, derived.clone());
        let object = StructRef::new(&mut store, &pre, &[Val::I32(1)])?;
        assert!(object.matches_ty(&store, &derived)? && object.matches_ty(&store, &base)?);
        assert!(!object.matches_ty(&store, &other)?);
        let any: Rooted<AnyRef> = object.into();
        assert_eq!(any.ty(&store)?, HeapType::ConcreteStruct(derived.clone()));
        assert!(any.is_struct(&store)? && any.is_eqref(&store)?);
        assert!(!any.is_array(&store)? && !any.is_i31(&store)?);
        assert!(any.as_array(&store)?.is_none() && any.as_i31(&store)?.is_none());
        assert!(Rooted::ref_eq(&store, &any.unwrap_struct(&store)?, &object)?);
        for (ty, expected) in [
            (HeapType::Any, true),
            (HeapType::Eq, true),
            (HeapType::Struct, true),
            (base.clone().into(), true),
            (other.into(), false),
            (HeapType::Array, false),
            (HeapType::I31, false),
        ] {
            assert_eq!(any.matches_ty(&store, &ty)?, expected, "{ty}");
            let ty = RefType::new(true, ty);
            assert_eq!(Val::from(object).matches_ty(&store, &ty.into())?, expected);
        }
        let pre = ArrayRefPre::new(
            &mut store,
            ArrayType::new(&engine, field(ValType::Ref(RefType::new(true, base.into())))),
        );
        let array = ArrayRef::new(&mut store, &pre, &object.into(), 2)?;
        let eq: OwnedRooted<EqRef> = array.to_owned_rooted(&mut store)?.into();
        store.gc(None)?;
        assert!(eq.is_array(&store)? && !eq.is_struct(&store)?);
        let array = eq.unwrap_array(&store)?;
        let element = *array.get(&mut store, 1)?.unwrap_anyref().unwrap();
        let element = element.unwrap_struct(&store)?;
        assert!(Rooted::ref_eq(&store, &element, &object)?);
        assert_eq!(element.field(&mut store, 0)?.unwrap_i32(), 1);
        // As a host value it has nothing to get, and it comes back.
        let any = eq.to_rooted(&mut store).to_anyref();
        let converted = ExternRef::convert_any(&mut store, any)?;
        assert!(converted.data(&store)?.is_none());
        assert!(AnyRef::convert_extern(&mut store, converted)?.is_array(&store)?);
    }
    Ok(())
}

#[test]
fn a_full_heap_is_an_error_and_what_is_dead_makes_room() -> Result<()> {
    let engine = Engine::default();
    let limits: StoreLimits = StoreLimitsBuilder::new().memory_size(2 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let ty = ArrayType::new(&engine, field(ValType::I64));
    let pre = ArrayRefPre::new(&mut store, ty);
    let mut kept = 0;
    {
        let mut scope = RootScope::new(&mut store);
        let error = loop {
            match ArrayRef::new(&mut scope, &pre, &Val::I64(-1), 10_000) {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert!((5..30).contains(&kept), "{kept} of 80 KB in 2 MiB");
        assert!(error.is::<GcHeapOutOfMemory<()>>(), "{error:?}");
        let elements = [Val::I64(1); 10_000];
        let error = ArrayRef::new_fixed(&mut scope, &pre, &elements).unwrap_err();
        assert!(error.is::<GcHeapOutOfMemory<()>>(), "{error:?}");
    }
    for number in 0..10 * kept {
        let mut scope = RootScope::new(&mut store);
        let array = ArrayRef::new(&mut scope, &pre, &Val::I64(number), 10_000)?;
        assert_eq!(array.get(&mut scope, 9_999)?.unwrap_i64(), number);
    }
    let error = ArrayRef::new(&mut store, &pre, &Val::I64(0), u32::MAX).unwrap_err();
    assert!(error.is::<GcHeapOutOfMemory<()>>(), "{error:?}");
    Ok(())
}

#[test]
fn large_objects_find_room_in_a_heap_that_small_ones_have_filled() -> Result<()> {
    let engine = Engine::default();
    let limits: StoreLimits = StoreLimitsBuilder::new().memory_size(64 << 10).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let ty = ArrayType::new(&engine, field(ValType::I64));
    let pre = ArrayRefPre::new(&mut store, ty);
    for number in 0..3000 {
        let mut scope = RootScope::new(&mut store);
        let len = if number % 100 == 99 { 4000 } else { 30 };
        let array = ArrayRef::new(&mut scope, &pre, &Val::I64(number), len)?;
        assert_eq!(array.get(&mut scope, len - 1)?.unwrap_i64(), number);
    }
    Ok(())
}

#[test]
fn host_functions_take_and_return_objects() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let ty = StructType::new(&engine, [field(ValType::I32), field(ValType::EQREF)])?;
        let exact = ValType::Ref(RefType::new(false, ty.clone().into()));
        let pre = StructRefPre::new(&mut store, ty);
        let object = StructRef::new(&mut store, &pre, &[Val::I32(5), Val::AnyRef(None)])?;
        let number = Func::wrap(
            &mut store,
            |mut caller: wasm_runtime::Caller<'_, ()>, it: Option<Rooted<StructRef>>| {
                caller.gc(None)?;
                it.map_or(Ok(-1), |it| Ok(it.field(&mut caller, 0)?.unwrap_i32()))
            },
        );
        let typed = number.typed::<Option<Rooted<StructRef>>, i32>(&store)?;
        assert_eq!(typed.call(&mut store, Some(object))?, 5);
        assert_eq!(typed.call(&mut store, None)?, -1);
        // One whose type names a single type of structures.
        let same = FuncType::new(&engine, [exact.clone()], [exact]);
        let same = Func::new(&mut store, same, move |mut caller, params, results| {
            let made = StructRef::new(&mut caller, &pre, &[Val::I32(6), params[0]])?;
            results[0] = made.into();
            Ok(())
        });
        let typed = same.typed::<Rooted<StructRef>, OwnedRooted<StructRef>>(&store)?;
        let made = typed.call(&mut store, object)?;
        store.gc(None)?;
        assert_eq!(made.field(&mut store, 0)?.unwrap_i32(), 6);
        let inner = *made.field(&mut store, 1)?.unwrap_anyref().unwrap();
        assert!(Rooted::ref_eq(&store, &inner, &object.to_anyref())?);
        let typed = same.typed::<Rooted<AnyRef>, Option<Rooted<EqRef>>>(&store)?;
        assert!(typed.call(&mut store, object.into())?.unwrap().is_struct(&store)?);
        let number = AnyRef::from_i31(&mut store, I31::default());
        refused(typed.call(&mut store, number), &["(ref i31)", "(struct (field (mut i32))"]);
        let typed = same.typed::<Option<Rooted<StructRef>>, Rooted<StructRef>>(&store)?;
        refused(typed.call(&mut store, None), &["(ref null none)"]);
        assert!(same.typed::<I31, Rooted<StructRef>>(&store).is_err());
        assert!(same.typed::<Rooted<ExternRef>, Rooted<StructRef>>(&store).is_err());
        assert!(same.typed::<Rooted<StructRef>, Rooted<ArrayRef>>(&store).is_err());
    }
    Ok(())
}
