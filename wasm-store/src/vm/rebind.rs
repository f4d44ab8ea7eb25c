//! Host functions that are already bound: identifying them, and giving them other shims.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::FuncIndex;
use wasm_types::abi::import;

use super::context::{FuncRef, HostDef, HostFunc, HostRecord, ImportRecord, VMContext};
use super::instance::VmInstance;
use super::store::VmStore;

/// An import of an instance that is bound to a host function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostImport {
    instance: NonNull<VmInstance>,
    func: FuncIndex,
    record: NonNull<ImportRecord>,
}

impl HostImport {
    /// An import of a function; `None` if it is bound to a Wasm function, or was never bound.
    ///
    /// # Safety
    ///
    /// The instance lives as long as the value, and the function is one that its module imports.
    pub(crate) unsafe fn new(instance: NonNull<VmInstance>, func: FuncIndex) -> Option<Self> {
        // SAFETY: as the caller promises; the layout gives places within the context.
        unsafe {
            let offset = instance.as_ref().module().layout.imported_function(func);
            let record = instance.as_ref().at::<ImportRecord>(offset);
            let record = NonNull::new(record).filter(|record| !record.as_ref().host.data.is_null());
            record.map(|record| Self { instance, func, record })
        }
    }

    /// The function's own data, which distinguishes it from other functions.
    pub(crate) fn data(&self) -> *const () {
        // SAFETY: the instance lives.
        unsafe { self.record.as_ref().host.data }
    }

    /// The address of the code that the thunk calls.
    pub(crate) fn shim(&self) -> usize {
        // SAFETY: the instance lives.
        unsafe { self.record.as_ref().host.shim.addr() }
    }

    /// The record that the function's shim is called with.
    pub(crate) fn host_record(&self) -> *const HostRecord {
        // SAFETY: the instance lives.
        unsafe { &raw const (*self.record.as_ptr()).host }
    }

    /// The reference to the function, if there is one.
    pub(crate) fn reference(&self) -> Option<NonNull<FuncRef>> {
        // SAFETY: the instance lives.
        NonNull::new(unsafe { self.record.as_ref().func_ref })
    }

    /// Makes calls of the import use the shims of another definition.
    ///
    /// # Safety
    ///
    /// The definition has the same type and data, and lives as long as the store, which runs no
    /// code of the instance now.
    pub(crate) unsafe fn bind(&self, def: NonNull<HostDef>) {
        // SAFETY: the instance lives, and nothing borrows it.
        unsafe {
            let (code, shim) = def.as_ref().thunk_and_shim();
            (*self.record.as_ptr()).code = code;
            (*self.record.as_ptr()).host.shim = shim;
            if let Some(bound) = &mut (*self.instance.as_ptr()).host_imports[self.func.index()] {
                *bound = def;
            }
        }
    }
}

/// Makes calls through a reference to a host function use the shims of another definition.
///
/// # Safety
///
/// The reference is to a host function of a store. The definition has the same type and data, and
/// lives as long as the store, in which nothing calls the function now.
pub(crate) unsafe fn bind_reference(func: NonNull<FuncRef>, def: NonNull<HostDef>) {
    // SAFETY: as the caller promises; a reference to a host function is the head of it.
    unsafe {
        let func = func.cast::<HostFunc>().as_ptr();
        let (code, shim) = def.as_ref().thunk_and_shim();
        (*func).func_ref.code = code;
        (*func).record.shim = shim;
        (*func).array = def.as_ref().array;
        #[cfg(feature = "async")]
        {
            (*func).start = def.as_ref().start;
        }
    }
}

/// The record that the shim of a host function is called with when the call goes through a
/// reference.
///
/// # Safety
///
/// The reference is to a host function of a live store.
pub(crate) unsafe fn record_of(func: NonNull<FuncRef>) -> *const HostRecord {
    // SAFETY: a reference to a host function is the head of it.
    unsafe { &raw const (*func.cast::<HostFunc>().as_ptr()).record }
}

/// The import whose record this is; `None` if it is the record of a reference.
///
/// # Safety
///
/// The record is one of a live store.
pub(crate) unsafe fn import_of(record: *const HostRecord) -> Option<HostImport> {
    // SAFETY: a record that is in the context of an instance names that instance, which lives as
    // long as the store.
    unsafe {
        let instance = importer(record)?;
        HostImport::new(instance, import_index(record, instance))
    }
}

/// The instance that has the import whose record this is; `None` if it is the record of a
/// reference.
///
/// # Safety
///
/// As for [`import_of`].
#[inline]
pub(crate) unsafe fn importer(record: *const HostRecord) -> Option<NonNull<VmInstance>> {
    // SAFETY: as the caller promises.
    unsafe { NonNull::new(NonNull::new((*record).instance)?.as_ref().instance) }
}

/// The index of the import of [`importer`] whose record this is.
///
/// # Safety
///
/// As for [`import_of`].
#[inline]
pub(crate) unsafe fn import_index(
    record: *const HostRecord,
    importer: NonNull<VmInstance>,
) -> FuncIndex {
    // SAFETY: as the caller promises. The records of imports are a table of the context.
    unsafe {
        let first = importer.as_ref().module().layout.imported_function(FuncIndex::new(0));
        let place = record.addr() - (*record).instance.addr() - first as usize;
        FuncIndex::new((place / import::SIZE as usize) as u32)
    }
}

/// The instance that defines a Wasm function; `None` for a function of the host.
///
/// # Safety
///
/// The function is one of a live store.
#[inline]
pub(crate) unsafe fn definer(func: NonNull<FuncRef>) -> Option<NonNull<VmInstance>> {
    // SAFETY: a Wasm function's context is that of its instance, which lives as long as the store.
    unsafe {
        let func = func.as_ref();
        if func.is_host() {
            return None;
        }
        NonNull::new(NonNull::new(func.context.cast::<VMContext>())?.as_ref().instance)
    }
}

/// The index that a Wasm function has in the instance that defines it.
///
/// # Safety
///
/// The function is one of a live store, and the instance its [`definer`].
#[inline]
pub(crate) unsafe fn defined_index(
    func: NonNull<FuncRef>,
    definer: NonNull<VmInstance>,
) -> Option<FuncIndex> {
    // SAFETY: as the caller promises; the instance lives as long as the store.
    unsafe { definer.as_ref().index_of(func) }
}

impl HostImport {
    /// The instance that imports the function.
    pub(crate) fn instance(&self) -> NonNull<VmInstance> {
        self.instance
    }

    /// The function's index in the module that imports it.
    pub(crate) fn func(&self) -> FuncIndex {
        self.func
    }

    /// The names of the import, module first.
    pub(crate) fn names<'a>(&'a self) -> Option<(&'a str, &'a str)> {
        // SAFETY: the instance lives, and its artifact with it.
        let instance: &'a VmInstance = unsafe { self.instance.as_ref() };
        let import = instance.module().function_import(self.func)?;
        Some((import.module, import.name))
    }
}

impl VmStore {
    /// The imports of an instance that are bound to host functions.
    pub(crate) fn host_imports_of(
        &self,
        instance: NonNull<VmInstance>,
    ) -> impl Iterator<Item = HostImport> + '_ {
        // SAFETY: the instances of a store live as long as it.
        let counts = unsafe { instance.as_ref() }.module().loaded.artifact().counts();
        (0..counts.imported_functions)
            // SAFETY: as above; the module imports that many functions.
            .filter_map(move |func| unsafe { HostImport::new(instance, FuncIndex::new(func)) })
    }

    /// The references to host functions that were made.
    pub(crate) fn host_references(&self) -> impl Iterator<Item = NonNull<FuncRef>> + '_ {
        self.host_funcs().iter().map(|func| func.cast())
    }

    /// The imports whose records hold the given reference to a host function.
    pub(crate) fn imports_of_reference(
        &self,
        func: NonNull<FuncRef>,
    ) -> impl Iterator<Item = HostImport> + '_ {
        let all = self.instances().iter().flat_map(|instance| self.host_imports_of(*instance));
        all.filter(move |import| import.reference() == Some(func))
    }
}

/// The reference that has this record, which is not the record of an import.
///
/// # Safety
///
/// The record is that of a reference, of a live store.
pub(crate) unsafe fn reference_of(record: *const HostRecord) -> NonNull<FuncRef> {
    let offset = std::mem::offset_of!(HostFunc, record);
    // SAFETY: the record is part of a host function, whose head is what references point to.
    unsafe { NonNull::new_unchecked(record.byte_sub(offset).cast::<FuncRef>().cast_mut()) }
}
