//! Globals.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;

use crate::error::Result;
use crate::gate::Gate;
use crate::items::{Val, read_only};
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::GlobalType;
use crate::vm::ValRaw;

/// A global of a store.
///
/// ```
/// use wasm_store::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::I32(1))?;
/// global.set(&mut store, Val::I32(2))?;
/// assert_eq!(global.get(&mut store).i32(), Some(2));
/// assert!(global.set(&mut store, Val::I64(2)).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Global {
    store: StoreId,
    value: NonNull<ValRaw>,
    /// The canonical type.
    ty: wasm_types::GlobalType,
    /// Whether the host may only read it, since it is internal to a module.
    read_only: bool,
}

// SAFETY: the pointer is only followed with a borrow of the store that owns what it leads to.
unsafe impl Send for Global {}
// SAFETY: as above.
unsafe impl Sync for Global {}

impl Global {
    /// Where it is.
    #[cfg(feature = "debug")]
    pub(crate) fn address(&self) -> usize {
        self.value.addr().get()
    }

    /// A new global with the given value.
    ///
    /// # Errors
    ///
    /// If the value is not of the global's type, the value is of another store, or the type is of
    /// another engine than the store.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, val: Val) -> Result<Global> {
        let store = store.as_context_mut();
        store.0.admit(&ty)?;
        let ty = ty.canonical();
        val.check(store.0, ty.content)?;
        let raw = val.to_abi(store.0);
        let value = store.0.vm.new_global(raw, ty.content.is_collected());
        Ok(Global { store: store.0.id(), value, ty, read_only: false })
    }

    pub(crate) fn from_vm(
        store: &StoreOpaque,
        value: NonNull<ValRaw>,
        ty: wasm_types::GlobalType,
    ) -> Self {
        Self { store: store.id(), value, ty, read_only: false }
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// If the global is of another store.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let store = store.as_context();
        self.store.assert_is(store.0.id());
        GlobalType::from_canonical(store.0.engine(), self.ty)
    }

    /// The value.
    ///
    /// # Panics
    ///
    /// If the global is of another store.
    pub fn get(&self, mut store: impl AsContextMut) -> Val {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        // SAFETY: the value lives as long as the store, which is borrowed, and is of the type.
        unsafe { Val::from_abi(store.0, *self.value.as_ptr(), self.ty.content) }
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// If the global is immutable, the value is not of its type, or the global is not exported and
    /// its module was not compiled for writes by the host ([`Internals`](crate::Internals)).
    ///
    /// # Panics
    ///
    /// If the global is of another store.
    pub fn set(&self, mut store: impl AsContextMut, val: Val) -> Result<()> {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        crate::ensure!(self.ty.mutable, "immutable global cannot be set");
        self.check_writable()?;
        val.check(store.0, self.ty.content)?;
        // SAFETY: the value lives as long as the store, which is borrowed exclusively.
        unsafe { *self.value.as_ptr() = val.to_abi(store.0) };
        Ok(())
    }

    /// The value of a global of numbers, as a word: `i32` and `f32` in the low half, floats as
    /// their bits. `None` if the global is of another type.
    ///
    /// # Panics
    ///
    /// If the global is of another store.
    #[inline]
    pub fn word(&self, store: impl AsContext) -> Option<u64> {
        self.store.assert_is(store.as_context().0.id());
        let mask = word_mask(self.ty.content)?;
        // SAFETY: the value lives as long as the store, which is borrowed, and is a number.
        Some(unsafe { (*self.value.as_ptr()).u64 } & mask)
    }

    /// Sets the value of a global of numbers, from a word as [`word`](Self::word) returns it.
    ///
    /// # Errors
    ///
    /// As for [`set`](Self::set), and if the global is of another type.
    ///
    /// # Panics
    ///
    /// If the global is of another store.
    #[inline]
    pub fn set_word(&self, mut store: impl AsContextMut, word: u64) -> Result<()> {
        self.store.assert_is(store.as_context_mut().0.id());
        match word_mask(self.ty.content) {
            Some(mask) if self.ty.mutable && !self.read_only => {
                // SAFETY: the value lives as long as the store, which is borrowed exclusively, and
                // is a number.
                unsafe { *self.value.as_ptr() = ValRaw::from_u64(word & mask) };
                Ok(())
            }
            _ => self.no_word(),
        }
    }

    #[cold]
    fn no_word(&self) -> Result<()> {
        crate::ensure!(self.ty.mutable, "immutable global cannot be set");
        self.check_writable()?;
        crate::bail!("a global of type `{}` is no number", self.ty.content)
    }

    /// The global as a handle that only reads. An immutable global keeps its handle: anybody may
    /// have it.
    pub(crate) fn read_only(self) -> Self {
        Self { read_only: self.ty.mutable, ..self }
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.read_only { Err(read_only("global")) } else { Ok(()) }
    }

    pub(crate) fn canonical_type(&self) -> wasm_types::GlobalType {
        self.ty
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn pointer(&self) -> NonNull<ValRaw> {
        self.value
    }
}

/// The bits of a word that a number of the type has.
#[inline]
fn word_mask(ty: wasm_types::ValType) -> Option<u64> {
    match ty {
        wasm_types::ValType::I32 | wasm_types::ValType::F32 => Some(u64::from(u32::MAX)),
        wasm_types::ValType::I64 | wasm_types::ValType::F64 => Some(u64::MAX),
        _ => None,
    }
}

impl fmt::Debug for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Global").field("store", &self.store).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Func, Mutability, Store, V128, ValType};

    #[test]
    fn numbers_are_words_and_nothing_else_is() {
        let mut store = Store::new(&Engine::default(), ());
        let ty = |content, mutability| GlobalType::new(content, mutability);
        let number = |store: &mut Store<()>, content, val| {
            Global::new(store, ty(content, Mutability::Var), val).unwrap()
        };
        let int = number(&mut store, ValType::I32, Val::I32(-1));
        assert_eq!(int.word(&store), Some(0xffff_ffff));
        int.set_word(&mut store, 0x1_0000_0002).unwrap();
        assert_eq!(int.get(&mut store).i32(), Some(2));
        let float = number(&mut store, ValType::F64, Val::F64(1.5_f64.to_bits()));
        assert_eq!(float.word(&store), Some(1.5_f64.to_bits()));
        let fixed = ty(ValType::I64, Mutability::Const);
        let fixed = Global::new(&mut store, fixed, Val::I64(7)).unwrap();
        assert_eq!(fixed.word(&store), Some(7));
        assert!(fixed.set_word(&mut store, 8).is_err());
        let reference = number(&mut store, ValType::FUNCREF, Val::FuncRef(None));
        assert_eq!(reference.word(&store), None);
        assert!(reference.set_word(&mut store, 0).is_err());
    }

    #[test]
    fn every_type_of_value_comes_back() {
        let mut store = Store::new(&Engine::default(), ());
        let func = Func::wrap(&mut store, || {});
        let values: [Val; 7] = [
            Val::I32(-1),
            Val::I64(i64::MIN),
            1.5f32.into(),
            (-0.0f64).into(),
            V128::from(u128::MAX - 1).into(),
            func.into(),
            Val::ExternRef(None),
        ];
        for value in values {
            let content = match value {
                Val::FuncRef(_) => ValType::FUNCREF,
                Val::ExternRef(_) => ValType::EXTERNREF,
                other => other.ty(&store).unwrap(),
            };
            let ty = GlobalType::new(content, Mutability::Const);
            let global = Global::new(&mut store, ty.clone(), value).unwrap();
            assert_eq!(format!("{:?}", global.get(&mut store)), format!("{value:?}"));
            assert_eq!(global.ty(&store), ty);
            assert!(global.set(&mut store, value).is_err());
        }
    }

    #[test]
    #[should_panic(expected = "object used with the wrong store")]
    fn globals_of_another_store_are_refused() {
        let mut one = Store::new(&Engine::default(), ());
        let ty = GlobalType::new(ValType::I32, Mutability::Const);
        let global = Global::new(&mut one, ty, Val::I32(0)).unwrap();
        global.get(&mut Store::new(&Engine::default(), ()));
    }
}
