//! Memories that several stores share.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::error::{Error, Result, Trap};
use crate::items::MemoryAccessError;
use crate::types::MemoryType;
use crate::vm::{AtomicPlace, Room, VmSharedMemory, Waited};

/// A linear memory that several stores share, and so several threads (the threads proposal).
///
/// It belongs to an engine, and lives as long as anybody has it: values of this type, which are
/// clones of each other, and stores with instances that import or define it. An instance imports it
/// by [`Extern::SharedMemory`](crate::Extern::SharedMemory); that of an instance is found by
/// [`Instance::get_shared_memory`](crate::Instance::get_shared_memory). Engines allow shared
/// memories only with [`Config::shared_memory`](crate::Config::shared_memory).
///
/// ```
/// use wasm_store::{Config, Engine, MemoryType, SharedMemory};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::new(Config::new().shared_memory(true))?;
/// let memory = SharedMemory::new(&engine, MemoryType::shared(1, 4))?;
/// let other = memory.clone();
/// std::thread::spawn(move || other.grow(2)).join().expect("no panic")?;
/// assert_eq!(memory.size(), 3);
/// # Ok(())
/// # }
/// ```
///
/// # Data races
///
/// The threads of a program may read and write the memory at any time, so the host never gets a
/// reference to its bytes: [`SharedMemory::read`] and [`SharedMemory::write`] copy them, and
/// [`SharedMemory::data`] is a slice of [`UnsafeCell`]. Whoever reads or writes through that should
/// do so atomically, for example by [`AtomicU32::from_ptr`] for places that the program accesses
/// atomically, and [`AtomicU8::from_ptr`] for all others. Other accesses are undefined behaviour if
/// a thread of the program writes the same bytes at the same time. What a memory holds can change
/// between two reads: a host copies what it checks before it checks it.
///
/// In Wasm a race is no undefined behaviour: it gives one of the values that were written, byte by
/// byte.
///
/// # State
///
/// The state of an instance with a shared memory can't be taken
/// ([`Snapshot`](crate::Snapshot), [`Store::begin`](crate::Store::begin)), since other threads may
/// be writing to it. What a shared memory has reserved is never used again by another memory, and
/// is no part of a pool ([`PoolingAllocationConfig`](crate::PoolingAllocationConfig)), though
/// `max_memory_size` limits it. What is reserved is 4 GiB and a guard; or with bounds checks
/// ([`Config::memory_reservation`](crate::Config::memory_reservation)) and for 64-bit memories, the
/// maximum of the type and a guard.
///
/// [`AtomicU32::from_ptr`]: std::sync::atomic::AtomicU32::from_ptr
/// [`AtomicU8::from_ptr`]: std::sync::atomic::AtomicU8::from_ptr
#[derive(Clone)]
pub struct SharedMemory {
    engine: Engine,
    vm: Arc<VmSharedMemory>,
}

/// How a wait for a place in a shared memory has ended: see [`SharedMemory::atomic_wait32`]. The
/// numbers are those that Wasm gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitResult {
    /// The place was notified.
    Ok = 0,
    /// Another value than the expected one was there, so that there was no wait.
    Mismatch = 1,
    /// The time is over.
    TimedOut = 2,
}

impl SharedMemory {
    /// A new memory, all zero.
    ///
    /// # Errors
    ///
    /// If the type is not that of a shared memory. If the engine does not allow shared memories
    /// ([`Config::shared_memory`](crate::Config::shared_memory)), or the machine has no room.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        crate::ensure!(
            ty.is_shared(),
            "a shared memory needs a type that says so, and not `{ty}`: `MemoryType::shared` makes \
             one"
        );
        let vm = VmSharedMemory::new(ty.canonical(), engine.vm())?;
        Ok(Self { engine: engine.clone(), vm })
    }

    pub(crate) fn from_vm(engine: &Engine, vm: &Arc<VmSharedMemory>) -> Self {
        Self { engine: engine.clone(), vm: Arc::clone(vm) }
    }

    /// The engine that it belongs to.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The type that it was made with. Its minimum is the size at the start.
    pub fn ty(&self) -> MemoryType {
        MemoryType::from_canonical(self.vm.ty())
    }

    /// The size in pages. Other threads may have let it grow before this returns.
    pub fn size(&self) -> u64 {
        self.vm.pages()
    }

    /// The size of a page, in bytes.
    pub fn page_size(&self) -> u64 {
        self.vm.ty().page_size()
    }

    /// The logarithm of the page size to base 2.
    pub fn page_size_log2(&self) -> u8 {
        self.vm.ty().page_size_log2
    }

    /// The size in bytes. Other threads may have let it grow before this returns.
    pub fn data_size(&self) -> usize {
        self.vm.byte_size()
    }

    /// All bytes that there are now. They stay where they are when the memory grows. See [Data
    /// races](SharedMemory#data-races) about reading and writing them.
    pub fn data(&self) -> &[UnsafeCell<u8>] {
        // SAFETY: that many bytes are accessible as long as this value lives, since the memory
        // never becomes smaller. Nobody has a reference to what is in the cells.
        unsafe { std::slice::from_raw_parts(self.vm.base().cast_const().cast(), self.data_size()) }
    }

    /// Copies bytes out of the memory, each of them atomically. Wasmtime has no such method.
    ///
    /// # Errors
    ///
    /// If some are out of bounds.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<(), MemoryAccessError> {
        let cells = self.cells(offset, buffer.len())?;
        for (to, from) in buffer.iter_mut().zip(cells) {
            *to = atomic(from).load(Ordering::Relaxed);
        }
        Ok(())
    }

    /// Copies bytes into the memory, each of them atomically. Wasmtime has no such method.
    ///
    /// # Errors
    ///
    /// If some would be out of bounds. Nothing is written then.
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<(), MemoryAccessError> {
        for (from, to) in buffer.iter().zip(self.cells(offset, buffer.len())?) {
            atomic(to).store(*from, Ordering::Relaxed);
        }
        Ok(())
    }

    fn cells(&self, offset: usize, len: usize) -> Result<&[UnsafeCell<u8>], MemoryAccessError> {
        let data = self.data();
        let range = offset.checked_add(len).and_then(|end| data.get(offset..end));
        range.ok_or(MemoryAccessError::beyond(offset, len, data.len()))
    }

    /// Grows by a number of pages and returns the old size in pages. No limiter is asked, as the
    /// memory belongs to no store; where Wasm lets it grow, that of its store is.
    ///
    /// # Errors
    ///
    /// If the maximum does not allow it, or the machine has no room.
    pub fn grow(&self, delta: u64) -> Result<u64> {
        let mut why = String::new();
        match self.vm.grow(delta, None, Room::UNLIMITED, Some(&mut why))? {
            Some(old) => Ok(old),
            None => Err(Error::msg(why).context(format!("failed to grow memory by `{delta}`"))),
        }
    }

    /// Wakes at most `count` of the threads that wait for an address, in Wasm or in the host, those
    /// first that came first. Returns how many. This is `memory.atomic.notify`.
    ///
    /// # Errors
    ///
    /// [`Trap::HeapMisaligned`] if the address is no multiple of 4,
    /// [`Trap::MemoryOutOfBounds`] if it is out of bounds.
    pub fn atomic_notify(&self, addr: u64, count: u32) -> Result<u32, Trap> {
        Ok(self.vm.notify(self.place(addr, 4)?, count))
    }

    /// Waits until an address is notified, if `expected` is there, and for at most so long. This is
    /// `memory.atomic.wait32`.
    ///
    /// Nothing interrupts the wait, whatever store it is called for.
    ///
    /// # Errors
    ///
    /// [`Trap::HeapMisaligned`] if the address is no multiple of 4,
    /// [`Trap::MemoryOutOfBounds`] if it is out of bounds.
    pub fn atomic_wait32(
        &self,
        addr: u64,
        expected: u32,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        Ok(self.wait(self.place(addr, 4)?, expected.into(), timeout))
    }

    /// As [`SharedMemory::atomic_wait32`], for 8 bytes. This is `memory.atomic.wait64`.
    ///
    /// # Errors
    ///
    /// [`Trap::HeapMisaligned`] if the address is no multiple of 8,
    /// [`Trap::MemoryOutOfBounds`] if it is out of bounds.
    pub fn atomic_wait64(
        &self,
        addr: u64,
        expected: u64,
        timeout: Option<Duration>,
    ) -> Result<WaitResult, Trap> {
        Ok(self.wait(self.place(addr, 8)?, expected, timeout))
    }

    fn place(&self, addr: u64, size: u8) -> Result<AtomicPlace, Trap> {
        AtomicPlace::new(addr, size, self.data_size()).map_err(Trap::from_code)
    }

    fn wait(&self, place: AtomicPlace, expected: u64, timeout: Option<Duration>) -> WaitResult {
        // A time that the clock can't express is no limit.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let never = || Ok::<Option<Infallible>, Infallible>(None);
        let Ok(waited) = self.vm.wait(place, expected, deadline, None, never);
        match waited {
            Waited::Woken => WaitResult::Ok,
            Waited::Mismatch => WaitResult::Mismatch,
            Waited::TimedOut => WaitResult::TimedOut,
        }
    }

    /// The type with the current size as its minimum.
    pub(crate) fn canonical_type(&self) -> wasm_types::MemoryType {
        wasm_types::MemoryType { minimum: self.vm.pages(), ..self.vm.ty() }
    }

    pub(crate) fn pointer(&self) -> NonNull<VmSharedMemory> {
        NonNull::from(&*self.vm)
    }
}

/// A byte of a shared memory, to be accessed.
fn atomic(cell: &UnsafeCell<u8>) -> &AtomicU8 {
    // SAFETY: the byte lives as long as the cell. Rust code that accesses it otherwise answers for
    // it that nobody does so at the same time, as the documentation of the memory says; what
    // compiled code does is no access of Rust's.
    unsafe { AtomicU8::from_ptr(cell.get()) }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory").field("ty", &self.ty()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Memory, Store};

    fn engine() -> Engine {
        Engine::new(Config::new().shared_memory(true)).unwrap()
    }

    #[test]
    fn shared_memories_have_to_be_allowed_and_to_say_so() {
        let error = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 2)).unwrap_err();
        assert!(error.to_string().contains("Config::shared_memory"), "{error}");
        let error = SharedMemory::new(&engine(), MemoryType::new(1, Some(2))).unwrap_err();
        assert!(error.to_string().contains("MemoryType::shared"), "{error}");
        let mut store = Store::new(&engine(), ());
        let error = Memory::new(&mut store, MemoryType::shared(1, 2)).unwrap_err();
        assert!(error.to_string().contains("SharedMemory::new"), "{error}");
    }

    #[test]
    fn a_memory_grows_on_many_threads_by_as_much_as_each_says() {
        let memory = SharedMemory::new(&engine(), MemoryType::shared(1, 101)).unwrap();
        let bytes = memory.data().as_ptr();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let before = memory.grow(1).unwrap();
                        let last = &memory.data()[((before + 1) << 16) as usize - 1];
                        // SAFETY: the byte lives, and others access it atomically.
                        let last = unsafe { std::sync::atomic::AtomicU8::from_ptr(last.get()) };
                        let other = last.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        assert_eq!(other, 0, "each page is made by one thread");
                    }
                });
            }
        });
        assert_eq!(memory.size(), 101);
        assert_eq!(memory.data().as_ptr(), bytes);
        let error = memory.grow(1).unwrap_err();
        assert!(format!("{error:#}").contains("maximum"), "{error:#}");
        assert_eq!(memory.ty(), MemoryType::shared(1, 101));
    }

    #[test]
    fn waits_of_the_host_follow_the_rules() {
        let memory = SharedMemory::new(&engine(), MemoryType::shared(1, 1)).unwrap();
        let now = Some(Duration::ZERO);
        assert_eq!(memory.atomic_wait32(8, 1, now), Ok(WaitResult::Mismatch));
        assert_eq!(memory.atomic_wait64(8, 0, now), Ok(WaitResult::TimedOut));
        assert_eq!(memory.atomic_wait64(12, 0, now), Err(Trap::HeapMisaligned));
        assert_eq!(memory.atomic_wait32(65536, 0, now), Err(Trap::MemoryOutOfBounds));
        assert_eq!(memory.atomic_notify(u64::MAX - 3, 1), Err(Trap::MemoryOutOfBounds));
        assert_eq!(memory.atomic_notify(2, 1), Err(Trap::HeapMisaligned));
        assert_eq!(memory.atomic_notify(0, 1), Ok(0));
        memory.write(65533, b"abc").unwrap();
        let error = memory.write(65533, b"abcd").unwrap_err();
        assert!(error.to_string().contains("out of bounds"), "{error}");
        let mut three = [0; 3];
        memory.read(65533, &mut three).unwrap();
        assert_eq!(&three, b"abc");
        assert!(memory.read(usize::MAX, &mut three).is_err());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| memory.atomic_wait32(4, 0, None));
            while memory.atomic_notify(4, u32::MAX).unwrap() == 0 {
                std::thread::yield_now();
            }
            assert_eq!(waiting.join().unwrap(), Ok(WaitResult::Ok));
        });
    }
}
