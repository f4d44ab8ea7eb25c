//! Linear memories.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId, StoreOpaque};
use crate::types::MemoryType;
use crate::vm::{VmMemory, Wanted};

/// A linear memory of a store.
///
/// ```
/// use wasm_store::{Engine, Memory, MemoryType, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
/// memory.write(&mut store, 8, b"hello")?;
/// assert_eq!(&memory.data(&store)[8..13], b"hello");
/// assert_eq!(memory.grow(&mut store, 1)?, 1);
/// assert_eq!(memory.data_size(&store), 2 << 16);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Memory {
    store: StoreId,
    memory: NonNull<VmMemory>,
    /// Whether the host may only read it, since it is internal to a module.
    read_only: bool,
}

// SAFETY: the pointer is only followed with a borrow of the store that owns what it leads to.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// An access outside of a memory: see [`Memory::read`] and [`Memory::write`].
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryAccessError {
    offset: usize,
    len: usize,
    size: usize,
    /// Whether it was a write to a memory that may only be read.
    read_only: bool,
}

impl fmt::Display for MemoryAccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, len, size, read_only } = self;
        if *read_only {
            return crate::items::read_only("memory").fmt(f);
        }
        write!(
            f,
            "out of bounds memory access: {len} bytes at {offset:#x} in a memory of {size:#x}"
        )
    }
}

impl fmt::Debug for MemoryAccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for MemoryAccessError {}

impl MemoryAccessError {
    fn new(offset: usize, buffer: &[u8], data: &[u8]) -> Self {
        Self::beyond(offset, buffer.len(), data.len())
    }

    pub(crate) fn beyond(offset: usize, len: usize, size: usize) -> Self {
        Self { offset, len, size, read_only: false }
    }
}

impl Memory {
    /// Where it is.
    #[cfg(feature = "debug")]
    pub(crate) fn address(&self) -> usize {
        self.memory.addr().get()
    }

    /// A new memory, all zero.
    ///
    /// # Errors
    ///
    /// If the limiter of the store does not allow it, or the machine has no room. If the type is
    /// that of a shared memory: [`SharedMemory::new`](crate::SharedMemory::new) makes one.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        let store = store.as_context_mut();
        let ty = ty.canonical();
        crate::ensure!(
            !ty.shared,
            "a shared memory belongs to no store: `SharedMemory::new` makes one"
        );
        let (store, host) = store.0.opaque_and_host();
        store.limits.add_memory()?;
        let bytes = |pages: u64| {
            ty.bytes_of(pages).and_then(|len| usize::try_from(len).ok()).unwrap_or(usize::MAX)
        };
        if !host.memory_growing(0, bytes(ty.minimum), ty.maximum.map(bytes))? {
            let what = format!("memory minimum size of {} pages exceeds memory limits", ty.minimum);
            return Err(Error::msg(host.refusal()).context(what));
        }
        store.vm.room().check(bytes(ty.minimum), Wanted::Memory)?;
        let memory = store.vm.new_memory(ty)?;
        Ok(Memory { store: store.id(), memory, read_only: false })
    }

    pub(crate) fn from_vm(store: &StoreOpaque, memory: NonNull<VmMemory>) -> Self {
        Self { store: store.id(), memory, read_only: false }
    }

    /// The type. Its minimum is the current size.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        MemoryType::from_canonical(self.canonical_type(store.as_context().0))
    }

    /// Copies bytes out of the memory.
    ///
    /// # Errors
    ///
    /// If some are out of bounds.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn read(
        &self,
        store: impl AsContext,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), MemoryAccessError> {
        let store = store.as_context();
        let data = self.bytes(store.0);
        let error = MemoryAccessError::new(offset, buffer, data);
        let end = offset.checked_add(buffer.len()).ok_or(error)?;
        buffer.copy_from_slice(data.get(offset..end).ok_or(error)?);
        Ok(())
    }

    /// Copies bytes into the memory.
    ///
    /// # Errors
    ///
    /// If some would be out of bounds, or the memory is not exported and its module was not
    /// compiled for writes by the host ([`Internals`](crate::Internals)). Nothing is written in
    /// these cases.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn write(
        &self,
        mut store: impl AsContextMut,
        offset: usize,
        buffer: &[u8],
    ) -> Result<(), MemoryAccessError> {
        let mut store = store.as_context_mut();
        if self.read_only {
            let size = self.bytes(store.0).len();
            let len = buffer.len();
            return Err(MemoryAccessError { offset, len, size, read_only: true });
        }
        let data = self.data_mut(&mut store);
        let error = MemoryAccessError::new(offset, buffer, data);
        let end = offset.checked_add(buffer.len()).ok_or(error)?;
        data.get_mut(offset..end).ok_or(error)?.copy_from_slice(buffer);
        Ok(())
    }

    /// All bytes.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    #[inline]
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        let store: StoreContext<'a, T> = store.into();
        self.bytes(store.0)
    }

    /// All bytes, to be changed.
    ///
    /// # Panics
    ///
    /// If the memory is of another store. If it is not exported, and its module was not compiled
    /// for writes by the host ([`Internals`](crate::Internals)): [`Memory::write`] returns an error
    /// in this case.
    #[inline]
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> &'a mut [u8] {
        self.data_and_store_mut(store).0
    }

    /// All bytes, to be changed, together with the store's data.
    ///
    /// # Panics
    ///
    /// As for [`Memory::data_mut`].
    #[inline]
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let store: StoreContextMut<'a, T> = store.into();
        if self.read_only {
            not_writable();
        }
        let memory = self.vm(store.0);
        // SAFETY: that many bytes are accessible, and they belong to nothing but the memory, which
        // is part of the store that is borrowed. The store's data do not overlap them.
        let data = unsafe { std::slice::from_raw_parts_mut(memory.base(), memory.byte_size()) };
        (data, store.0.data_mut())
    }

    /// All bytes, to be changed, together with what a library keeps in the store
    /// ([`Store::attachment`](crate::Store::attachment)).
    ///
    /// # Panics
    ///
    /// As for [`Memory::data_mut`].
    #[inline]
    pub fn data_and_attachment<'a, A, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut A)
    where
        A: Default + Send + Sync + 'static,
    {
        let store: StoreContextMut<'a, T> = store.into();
        if self.read_only {
            not_writable();
        }
        let memory = self.vm(store.0);
        // SAFETY: as above; what libraries keep does not overlap the memory either.
        let data = unsafe { std::slice::from_raw_parts_mut(memory.base(), memory.byte_size()) };
        (data, store.into_attachment())
    }

    /// All bytes of this memory, and all bytes of another one, to be changed: to copy from one to
    /// the other. `None` if both are the same.
    ///
    /// # Panics
    ///
    /// If this memory is of another store. For the other one, as for [`Memory::data_mut`].
    #[inline]
    pub fn data_and_other_mut<'a, T: 'static>(
        &self,
        other: &Memory,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Option<(&'a [u8], &'a mut [u8])> {
        let store: StoreContextMut<'a, T> = store.into();
        if other.read_only {
            not_writable();
        }
        let (from, to) = (self.vm(store.0), other.vm(store.0));
        if self.memory == other.memory {
            return None;
        }
        // SAFETY: as above. Two memories of a store, which is borrowed exclusively, are two
        // reservations, so nothing overlaps.
        Some(unsafe {
            (
                std::slice::from_raw_parts(from.base(), from.byte_size()),
                std::slice::from_raw_parts_mut(to.base(), to.byte_size()),
            )
        })
    }

    /// The address of the first byte. It may change when the memory grows.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn data_ptr(&self, store: impl AsContext) -> *mut u8 {
        self.vm(store.as_context().0).base()
    }

    /// The size in bytes.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.vm(store.as_context().0).byte_size()
    }

    /// The size in pages.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.vm(store.as_context().0).pages()
    }

    /// The size of a page, in bytes.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn page_size(&self, store: impl AsContext) -> u64 {
        self.vm(store.as_context().0).ty().page_size()
    }

    /// The logarithm of the page size to base 2.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn page_size_log2(&self, store: impl AsContext) -> u8 {
        self.vm(store.as_context().0).ty().page_size_log2
    }

    /// Grows by a number of pages and returns the old size in pages.
    ///
    /// # Errors
    ///
    /// If the maximum or the limiter of the store does not allow it, or the machine has no room.
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64> {
        let store = store.as_context_mut();
        self.store.assert_is(store.0.id());
        self.check_writable()?;
        let (opaque, host) = store.0.opaque_and_host();
        let (room, mut why) = (opaque.vm.room(), String::new());
        // SAFETY: the memory belongs to the store, which is borrowed for this call. The host's part
        // of the store does not reach the memory.
        let grown =
            unsafe { (*self.memory.as_ptr()).grow(delta, Some(host), room, Some(&mut why))? };
        let Some(old) = grown else {
            return Err(Error::msg(why).context(format!("failed to grow memory by `{delta}`")));
        };
        // SAFETY: the store is borrowed, and no part of it is borrowed any more.
        unsafe {
            if delta > 0 {
                store.0.vm.has_grown(self.memory.addr().get(), old + delta);
            }
        }
        Ok(old)
    }

    /// What a limiter is asked before the memory grows.
    #[cfg(feature = "async")]
    pub(super) fn growing(&self, store: &StoreOpaque, delta: u64) -> crate::vm::Growing {
        self.vm(store).growing(delta)
    }

    #[inline]
    fn vm<'a>(&self, store: &'a StoreOpaque) -> &'a VmMemory {
        self.store.assert_is(store.id());
        // SAFETY: the memory lives as long as its store, which is borrowed.
        unsafe { &*self.memory.as_ptr() }
    }

    #[inline]
    fn bytes<'a>(&self, store: &'a StoreOpaque) -> &'a [u8] {
        let memory = self.vm(store);
        // SAFETY: that many bytes are accessible, and nothing changes them while the store is
        // borrowed.
        unsafe { std::slice::from_raw_parts(memory.base_to_read(), memory.byte_size()) }
    }

    /// The type with the current size as its minimum.
    pub(crate) fn canonical_type(&self, store: &StoreOpaque) -> wasm_types::MemoryType {
        let memory = self.vm(store);
        wasm_types::MemoryType { minimum: memory.pages(), ..memory.ty() }
    }

    /// The memory as a handle that only reads.
    pub(crate) fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.read_only { Err(crate::items::read_only("memory")) } else { Ok(()) }
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn pointer(&self) -> NonNull<VmMemory> {
        self.memory
    }
}

#[cold]
#[inline(never)]
fn not_writable() -> ! {
    panic!("{}", crate::items::read_only("memory"))
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("store", &self.store).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Store};

    #[test]
    fn accesses_out_of_bounds_change_nothing() {
        let mut store = Store::new(&Engine::default(), ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        let end = memory.data_size(&store);
        let error = memory.write(&mut store, end - 2, b"abc").unwrap_err();
        assert!(error.to_string().contains("out of bounds"), "{error}");
        assert!(memory.write(&mut store, usize::MAX, b"abc").is_err());
        assert!(memory.read(&store, usize::MAX, &mut [0; 2]).is_err());
        let mut two = [1; 2];
        memory.read(&store, end - 2, &mut two).unwrap();
        assert_eq!(two, [0; 2]);
    }

    #[test]
    fn growth_stops_at_the_maximum() {
        let mut store = Store::new(&Engine::default(), ());
        let memory = Memory::new(&mut store, MemoryType::new(1, Some(3))).unwrap();
        assert_eq!(memory.grow(&mut store, 2).unwrap(), 1);
        assert!(memory.grow(&mut store, 1).is_err());
        assert_eq!(memory.size(&store), 3);
        assert_eq!(memory.ty(&store), MemoryType::new(3, Some(3)));
    }
}
