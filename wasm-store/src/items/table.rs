//! Tables.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;

use crate::error::{Context, Error, Result, Trap};
use crate::gate::Gate;
use crate::items::{Ref, Val, read_only};
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::TableType;
use crate::vm::{VmTable, Wanted, table_bytes};

/// A table of a store.
///
/// ```
/// use wasm_store::{Engine, Func, Ref, RefType, Store, Table, TableType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = TableType::new(RefType::FUNCREF, 2, None);
/// let table = Table::new(&mut store, ty, Ref::Func(None))?;
/// let func = Func::wrap(&mut store, || 7);
/// table.set(&mut store, 1, func.into())?;
/// assert!(table.get(&mut store, 0).unwrap().is_null());
/// assert!(table.get(&mut store, 1).unwrap().is_non_null());
/// assert!(table.get(&mut store, 2).is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Table {
    store: StoreId,
    table: NonNull<VmTable>,
    /// The canonical type of the elements.
    element: wasm_types::RefType,
    /// Whether the host may only read it, since it is internal to a module.
    read_only: bool,
}

// SAFETY: the pointer is only followed with a borrow of the store that owns what it leads to.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    /// Where it is.
    #[cfg(feature = "debug")]
    pub(crate) fn address(&self) -> usize {
        self.table.addr().get()
    }

    /// A new table, all of whose elements are `init`.
    ///
    /// # Errors
    ///
    /// If `init` is not of the type of the elements, `init` is of another store, or the type is of
    /// another engine than the store. If the limiter of the store does not allow it, or the machine
    /// has no room.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Ref) -> Result<Table> {
        let store = store.as_context_mut();
        store.0.admit(&ty)?;
        let ty = ty.canonical();
        if let Some(maximum) = ty.maximum {
            crate::ensure!(
                ty.minimum <= maximum,
                "a table can't be made with at least {} elements and at most {maximum}",
                ty.minimum
            );
        }
        let init = init.check(store.0, ty.element)?;
        let (store, host) = store.0.opaque_and_host();
        store.count_table()?;
        let elements = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        if !host.table_growing(0, elements(ty.minimum), ty.maximum.map(elements))? {
            let what =
                format!("table minimum size of {} elements exceeds table limits", ty.minimum);
            return Err(Error::msg(host.refusal()).context(what));
        }
        store.vm.room().check(table_bytes(ty.minimum), Wanted::Table)?;
        let table = store.vm.new_table(ty, init)?;
        Ok(Table { store: store.id(), table, element: ty.element, read_only: false })
    }

    pub(crate) fn from_vm(
        store: &StoreOpaque,
        table: NonNull<VmTable>,
        element: wasm_types::RefType,
    ) -> Self {
        Self { store: store.id(), table, element, read_only: false }
    }

    /// The type. Its minimum is the current size.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let store = store.as_context();
        TableType::from_canonical(store.0.engine(), self.canonical_type(store.0))
    }

    /// An element. `None` if the index is out of bounds, or if the artifact is damaged so that the
    /// element can't be read.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Ref> {
        let store = store.as_context_mut();
        let bits = self.vm_mut(store.0).get(index).ok()??;
        // SAFETY: the table belongs to the store, and holds references of its type.
        Some(unsafe { Ref::from_reference(store.0, bits, self.element) })
    }

    /// Sets an element.
    ///
    /// # Errors
    ///
    /// If the index is out of bounds, or the value is not of the type of the elements.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn set(&self, mut store: impl AsContextMut, index: u64, val: Ref) -> Result<()> {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        self.check_writable()?;
        let bits = val.check(store.0, self.element)?;
        crate::ensure!(
            self.vm_mut(store.0).set(index, bits),
            "table element index out of bounds: {index} in a table of {}",
            self.vm(store.0).size()
        );
        Ok(())
    }

    /// The size in elements.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.vm(store.as_context().0).size()
    }

    /// Grows by a number of elements, which are set to `init`, and returns the old size.
    ///
    /// # Errors
    ///
    /// If `init` is not of the type of the elements, the maximum or the limiter of the store does
    /// not allow it, or the machine has no room.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, init: Ref) -> Result<u64> {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        self.check_writable()?;
        let bits = init.check(store.0, self.element)?;
        let (opaque, host) = store.0.opaque_and_host();
        let (room, mut why) = (opaque.vm.room(), String::new());
        // SAFETY: the table belongs to the store, which is borrowed for this call. The host's part
        // of the store does not reach the table.
        let grown =
            unsafe { (*self.table.as_ptr()).grow(delta, bits, Some(host), room, Some(&mut why))? };
        let Some(old) = grown else {
            return Err(Error::msg(why).context(format!("failed to grow table by `{delta}`")));
        };
        // SAFETY: the store is borrowed, and no part of it is borrowed any more.
        unsafe {
            if delta > 0 {
                store.0.vm.has_grown(self.table.addr().get(), old + delta);
            }
        }
        Ok(old)
    }

    /// Sets `len` elements from `dst`.
    ///
    /// # Errors
    ///
    /// If some are out of bounds (then nothing is changed), or the value is not of the type of the
    /// elements.
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub fn fill(&self, mut store: impl AsContextMut, dst: u64, val: Ref, len: u64) -> Result<()> {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        self.check_writable()?;
        store.0.admit(&Val::from(val))?;
        let bits = val
            .check(store.0, self.element)
            .context("type mismatch: value does not match table element type")?;
        if !self.vm_mut(store.0).fill(dst, bits, len) {
            return Err(Trap::TableOutOfBounds.into());
        }
        Ok(())
    }

    /// Copies `len` elements from one table to another, or within one.
    ///
    /// # Errors
    ///
    /// If some are out of bounds (then nothing is changed), or the types of the elements do not
    /// fit.
    ///
    /// # Panics
    ///
    /// If one of the tables is of another store.
    pub fn copy(
        mut store: impl AsContextMut,
        dst_table: &Table,
        dst_index: u64,
        src_table: &Table,
        src_index: u64,
        len: u64,
    ) -> Result<()> {
        let store = store.as_context_mut();
        dst_table.store.assert_is(store.0.id());
        src_table.store.assert_is(store.0.id());
        dst_table.check_writable()?;
        let types = Some(store.0.engine().types());
        crate::ensure!(
            crate::types::matching::ref_matches(src_table.element, dst_table.element, types),
            "type mismatch: source table's element type does not match destination table's element type"
        );
        // SAFETY: both tables belong to the store, which is borrowed for this call.
        let copied =
            unsafe { VmTable::copy(dst_table.table, src_table.table, dst_index, src_index, len)? };
        if !copied {
            return Err(Trap::TableOutOfBounds.into());
        }
        Ok(())
    }

    /// What a limiter is asked before the table grows.
    #[cfg(feature = "async")]
    pub(super) fn growing(&self, store: &StoreOpaque, delta: u64) -> crate::vm::Growing {
        self.vm(store).growing(delta)
    }

    fn vm<'a>(&self, store: &'a StoreOpaque) -> &'a VmTable {
        self.store.assert_is(store.id());
        // SAFETY: the table lives as long as its store, which is borrowed.
        unsafe { &*self.table.as_ptr() }
    }

    fn vm_mut<'a>(&self, store: &'a mut StoreOpaque) -> &'a mut VmTable {
        self.store.assert_is(store.id());
        // SAFETY: the table lives as long as its store, which is borrowed exclusively.
        unsafe { &mut *self.table.as_ptr() }
    }

    /// The canonical type with the current size as its minimum.
    pub(crate) fn canonical_type(&self, store: &StoreOpaque) -> wasm_types::TableType {
        let table = self.vm(store);
        wasm_types::TableType { minimum: table.size(), element: self.element, ..table.ty() }
    }

    /// The table as a handle that only reads.
    pub(crate) fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.read_only { Err(read_only("table")) } else { Ok(()) }
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn pointer(&self) -> NonNull<VmTable> {
        self.table
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("store", &self.store).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, ExternRef, RefType, Store};

    #[test]
    fn elements_are_checked_against_the_type() {
        let mut store = Store::new(&Engine::default(), ());
        let ty = TableType::new(RefType::EXTERNREF, 1, Some(4));
        let table = Table::new(&mut store, ty.clone(), Ref::Extern(None)).unwrap();
        let error = table.set(&mut store, 0, Ref::Func(None)).unwrap_err();
        assert!(error.to_string().contains("expected externref"), "{error}");
        let value = ExternRef::new(&mut store, 3u8).unwrap();
        assert_eq!(table.grow(&mut store, 2, value.into()).unwrap(), 1);
        assert!(table.get(&mut store, 2).unwrap().is_non_null());
        assert!(table.grow(&mut store, 2, Ref::Extern(None)).is_err());
        assert_eq!(table.ty(&store), TableType::new(RefType::EXTERNREF, 3, Some(4)));
        table.fill(&mut store, 0, value.into(), 3).unwrap();
        assert!(table.fill(&mut store, 1, value.into(), 3).unwrap_err().is::<Trap>());
        let other = Table::new(&mut store, ty, Ref::Extern(None)).unwrap();
        Table::copy(&mut store, &other, 0, &table, 0, 1).unwrap();
        assert!(other.get(&mut store, 0).unwrap().is_non_null());
        assert!(Table::copy(&mut store, &other, 0, &table, 0, 2).is_err());
    }
}
