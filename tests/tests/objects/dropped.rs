//! Handles whose owners are dropped while they are in use, by what runs in between: hooks and
//! limiters. Null never takes the place of what they led to.

use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, CallHook, Engine, EqRef, ExnRef, ExnRefPre, ExnType,
    ExternRef, FieldType, Func, FuncType, HeapType, I31, Instance, Module, Mutability, OwnedRooted,
    RefType, ResourceLimiter, Result, Rooted, Store, StoreContextMut, Tag, TagType, Val, ValType,
};

use crate::{ENDED, refused};

/// What keeps the object, until something is wanted.
#[derive(Default)]
struct Owner(Option<OwnedRooted<AnyRef>>);

impl ResourceLimiter for Owner {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        // The heap is collected before it is asked again.
        Ok(self.0.take().is_none())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

/// A handle that ends with what the store's data keep.
fn kept(store: &mut Store<Owner>) -> Result<Rooted<EqRef>> {
    let number = AnyRef::from_i31(&mut *store, I31::wrapping_u32(7));
    let owned = number.to_owned_rooted(&mut *store)?;
    let kept = owned.as_eqref(&*store)?.unwrap();
    store.data_mut().0 = Some(owned);
    Ok(kept)
}

fn not_null() -> ValType {
    RefType::new(false, HeapType::Eq).into()
}

/// A store whose heap has something to collect.
fn store() -> Result<Store<Owner>> {
    let mut store = Store::new(&Engine::default(), Owner::default());
    ExternRef::new(&mut store, "something")?;
    store.limiter(|owner| owner);
    Ok(store)
}

#[test]
fn a_limiter_drops_what_a_new_object_is_to_hold() -> Result<()> {
    let mut store = store()?;
    let ty = FieldType::new(Mutability::Var, not_null().into());
    let ty = ArrayType::new(store.engine(), ty);
    let pre = ArrayRefPre::new(&mut store, ty);
    let element = kept(&mut store)?;
    refused(ArrayRef::new(&mut store, &pre, &element.into(), 1 << 15), &[ENDED]);
    let element = kept(&mut store)?;
    let elements = vec![element.into(); 1 << 16];
    refused(ArrayRef::new_fixed(&mut store, &pre, &elements), &[ENDED]);
    let element = kept(&mut store)?;
    let array = ArrayRef::new(&mut store, &pre, &element.into(), 3)?;
    assert!(array.get(&mut store, 2)?.unwrap_anyref().is_some());
    Ok(())
}

#[test]
fn a_limiter_drops_what_an_exception_is_to_hold() -> Result<()> {
    let mut store = store()?;
    let engine = store.engine().clone();
    // More than the heap has room for at first.
    let mut params = vec![ValType::V128; 300];
    params.push(not_null());
    let ty = FuncType::new(&engine, params, []);
    let tag = Tag::new(&mut store, &TagType::new(ty.clone()))?;
    let pre = ExnRefPre::new(&mut store, ExnType::from_tag_type(&TagType::new(ty))?);
    let value = kept(&mut store)?;
    let mut values = vec![Val::V128(0.into()); 300];
    values.push(value.into());
    refused(ExnRef::new(&mut store, &pre, &tag, &values), &[ENDED]);
    Ok(())
}

#[test]
fn a_hook_drops_an_argument() -> Result<()> {
    let mut store = store()?;
    let text = "(module (func (export \"f\") (param (ref eq)) (result eqref) local.get 0))";
    let module = Module::new(store.engine(), text)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let func: Func = instance.get_func(&mut store, "f").unwrap();
    let typed = func.typed::<Rooted<EqRef>, Option<Rooted<EqRef>>>(&store)?;
    store.call_hook(|mut store: StoreContextMut<'_, Owner>, event| {
        if event == CallHook::CallingWasm {
            store.data_mut().0 = None;
            // Places of handles that have ended are looked for when there are many.
            let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(8));
            let many: Result<Vec<_>> =
                (0..5000).map(|_| number.to_owned_rooted(&mut store)).collect();
            many?;
        }
        Ok(())
    });
    let argument = kept(&mut store)?;
    refused(typed.call(&mut store, argument), &[ENDED]);
    let argument = kept(&mut store)?;
    let mut results = [Val::null_any_ref()];
    refused(func.call(&mut store, &[argument.into()], &mut results), &[ENDED]);
    Ok(())
}
