//! Memories that the program provides: `Config::with_host_memory`.

#![allow(unsafe_code)]

use std::sync::Arc;

use crate::engine::Config;
use crate::error::{Error, Result};
use crate::types::MemoryType;
use crate::vm::{MemoryBytes, MemoryProvider, WantedMemory};

/// Makes the memories of an engine in its place: see [`Config::with_host_memory`].
///
/// ```
/// use std::cell::UnsafeCell;
/// use std::sync::Arc;
///
/// use wasm_store::{Config, Engine, LinearMemory, Memory, MemoryCreator, MemoryType, Store};
///
/// /// A memory on the heap, which never grows.
/// struct OnHeap(Box<[UnsafeCell<u128>]>);
///
/// // SAFETY: nobody accesses the bytes but the store that has the memory.
/// unsafe impl Sync for OnHeap {}
///
/// // SAFETY: the bytes are the box's, and stay where they are. Code is compiled for memories
/// // without a reservation and a guard, which checks each access.
/// unsafe impl LinearMemory for OnHeap {
///     fn byte_size(&self) -> usize {
///         self.byte_capacity()
///     }
///     fn byte_capacity(&self) -> usize {
///         self.0.len() * 16
///     }
///     fn grow_to(&mut self, _: usize) -> wasm_store::Result<()> {
///         wasm_store::bail!("it can't grow")
///     }
///     fn as_ptr(&self) -> *mut u8 {
///         self.0.as_ptr().cast_mut().cast()
///     }
/// }
///
/// struct Heap;
///
/// // SAFETY: see `OnHeap`.
/// unsafe impl MemoryCreator for Heap {
///     fn new_memory(
///         &self,
///         _: MemoryType,
///         minimum: usize,
///         _: Option<usize>,
///         reservation: Option<usize>,
///         guard: usize,
///     ) -> Result<Box<dyn LinearMemory>, String> {
///         if reservation != Some(0) || guard != 0 {
///             return Err("there are neither reservations nor guards on the heap".to_owned());
///         }
///         Ok(Box::new(OnHeap((0..minimum / 16).map(|_| UnsafeCell::new(0)).collect())))
///     }
/// }
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut config = Config::new();
/// config.with_host_memory(Arc::new(Heap)).memory_reservation(0).memory_guard_size(0);
/// let mut store = Store::new(&Engine::new(&config)?, ());
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// memory.write(&mut store, 65535, &[7])?;
/// assert!(memory.grow(&mut store, 1).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Safety
///
/// What is made must keep the promises of [`LinearMemory`], for the reservation and the guard that
/// are asked for.
pub unsafe trait MemoryCreator: Send + Sync {
    /// Makes a memory of `minimum` bytes, all zero.
    ///
    /// Sizes are in bytes. `maximum` is that of the type. `reserved_size_in_bytes` is what
    /// [`Config::memory_reservation`] says: so much address space from the first byte on belongs to
    /// the memory, which does not move before that is used up. `guard_size_in_bytes` is what
    /// [`Config::memory_guard_size`] says: so much can't be accessed behind the reservation, and
    /// behind the memory.
    ///
    /// # Errors
    ///
    /// If it can't be made: why.
    fn new_memory(
        &self,
        ty: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String>;
}

/// A linear memory that a [`MemoryCreator`] has made.
///
/// # Safety
///
/// Compiled code and this crate read and write the memory without asking again. As long as the
/// value lives:
///
/// * the [`byte_size`](Self::byte_size) bytes from [`as_ptr`](Self::as_ptr) on are readable,
///   writable, and accessed by nobody else;
/// * what follows them can't be accessed, so that an access faults: up to the end of the
///   reservation and of the guard that [`MemoryCreator::new_memory`] was asked for, and as many
///   bytes as the guard has where the memory is larger than the reservation;
/// * the size changes only by [`grow_to`](Self::grow_to), after which it is exactly what was asked
///   for; the contents stay, and the bytes that were added are zero;
/// * the address is a multiple of 16 and changes only by `grow_to`, and not by that up to the
///   reservation that was asked for, or up to the [capacity](Self::byte_capacity).
pub unsafe trait LinearMemory: Send + Sync + 'static {
    /// How many bytes are accessible.
    fn byte_size(&self) -> usize;

    /// How many bytes the memory may have before it has to move.
    fn byte_capacity(&self) -> usize;

    /// Makes so many bytes accessible, which are more than there are.
    ///
    /// # Errors
    ///
    /// If that can't be done. Then nothing has changed, and the program that wanted to grow its
    /// memory is told that it can't.
    fn grow_to(&mut self, new_size: usize) -> Result<()>;

    /// The first byte: a multiple of 16.
    fn as_ptr(&self) -> *mut u8;
}

/// What a creator has made.
struct Made(Box<dyn LinearMemory>);

impl MemoryBytes for Made {
    fn byte_size(&self) -> usize {
        self.0.byte_size()
    }

    fn byte_capacity(&self) -> usize {
        self.0.byte_capacity()
    }

    fn grow_to(&mut self, len: usize) -> Result<()> {
        self.0.grow_to(len)
    }

    fn base(&self) -> *mut u8 {
        self.0.as_ptr()
    }
}

struct Creator(Arc<dyn MemoryCreator>);

impl MemoryProvider for Creator {
    fn provide(&self, wanted: WantedMemory) -> Result<Box<dyn MemoryBytes>> {
        let WantedMemory { ty, minimum, maximum, reservation, guard } = wanted;
        let ty = MemoryType::from_canonical(ty);
        let made = self.0.new_memory(ty, minimum, maximum, Some(reservation), guard);
        Ok(Box::new(Made(made.map_err(Error::msg)?)))
    }
}

impl Config {
    /// Who makes the memories of the engine's stores, in place of the engine.
    ///
    /// Memories that several stores share ([`SharedMemory`](crate::SharedMemory)) are the engine's
    /// own all the same, and so is the garbage-collected heap. The initial contents of provided
    /// memories are copied, the memories are not used again by other instances, and the state of
    /// instances that have them can't be taken (snapshots, transactions).
    ///
    /// Code that can be interrupted reads a page below its memory if that is reserved whole, which
    /// a provided one does not have. So together with [`Config::epoch_interruption`] or
    /// [`Config::interruption`], [`Engine::new`](crate::Engine::new) wants
    /// [`Config::memory_reservation`] to be 0. It is also an error together with a pool
    /// ([`InstanceAllocationStrategy::Pooling`](crate::InstanceAllocationStrategy)).
    pub fn with_host_memory(&mut self, creator: Arc<dyn MemoryCreator>) -> &mut Self {
        self.memory_provider = Some(Arc::new(Creator(creator)));
        self
    }
}
