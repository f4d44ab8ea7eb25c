//! Items that are zero, null or empty, made from their types.

use super::{Extern, Func, Global, Memory, Ref, SharedMemory, Table, Tag, Val, boxed};
use crate::error::{Context, Error, Result};
use crate::gate::Gate;
use crate::store::AsContextMut;
use crate::types::{
    ExternType, FuncType, GlobalType, MemoryType, RefType, TableType, TagType, ValType,
};

fn default_ref(ty: &RefType) -> Result<Ref> {
    Val::default_for_ty(&ValType::Ref(ty.clone()))
        .and_then(Val::ref_)
        .ok_or_else(|| no_default(&ValType::Ref(ty.clone())))
}

fn no_default(ty: &ValType) -> Error {
    crate::format_err!("the type `{ty}` has no default value")
}

impl ValType {
    /// Zero or null; `None` for a reference that can't be null.
    pub fn default_value(&self) -> Option<Val> {
        Val::default_for_ty(self)
    }
}

impl FuncType {
    /// A function of this type that returns zeros and nulls.
    ///
    /// # Errors
    ///
    /// If one of the results has no such value, or the type is of another engine than the store.
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Func> {
        store.as_context().0.admit(self)?;
        let zeros = self.default_results()?;
        let returns = boxed(move |_, _, results: &mut [Val]| {
            results.copy_from_slice(&zeros);
            Ok(())
        });
        Ok(Func::new(store, self.clone(), returns))
    }

    /// Zeros and nulls for all results.
    pub(crate) fn default_results(&self) -> Result<Vec<Val>> {
        self.results().map(|ty| Val::default_for_ty(&ty).ok_or_else(|| no_default(&ty))).collect()
    }
}

impl GlobalType {
    /// A global of this type that is zero or null.
    ///
    /// # Errors
    ///
    /// If the type has no such value, or is of another engine than the store.
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Global> {
        let value =
            Val::default_for_ty(self.content()).ok_or_else(|| no_default(self.content()))?;
        Global::new(store, self.clone(), value)
    }
}

impl TableType {
    /// A table of this type whose elements are null.
    ///
    /// # Errors
    ///
    /// If they can't be null, and as for [`Table::new`].
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Table> {
        Table::new(store, self.clone(), default_ref(self.element())?)
    }
}

impl MemoryType {
    /// A memory of this type that is all zero.
    ///
    /// # Errors
    ///
    /// As for [`Memory::new`], or for a shared memory, [`SharedMemory::new`].
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Extern> {
        if self.is_shared() {
            let memory = SharedMemory::new(store.as_context().0.engine(), self.clone());
            return memory.map(Extern::SharedMemory);
        }
        Memory::new(store, self.clone()).map(Extern::Memory)
    }
}

impl TagType {
    /// A new tag of this type.
    ///
    /// # Errors
    ///
    /// As for [`Tag::new`].
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Tag> {
        Tag::new(store, self)
    }
}

impl ExternType {
    /// An item of this type that is zero, null or empty.
    ///
    /// # Errors
    ///
    /// If the type has no such value, the store has no room for the item, or the type is of another
    /// engine than the store.
    pub fn default_value(&self, store: impl AsContextMut) -> Result<Extern> {
        match self {
            ExternType::Func(ty) => ty.default_value(store).map(Extern::Func),
            ExternType::Global(ty) => ty.default_value(store).map(Extern::Global),
            ExternType::Table(ty) => ty.default_value(store).map(Extern::Table),
            ExternType::Memory(ty) => ty.default_value(store),
            ExternType::Tag(ty) => ty.default_value(store).map(Extern::Tag),
        }
        .with_context(|| format!("no default value exists for the type `{self}`"))
    }
}
