//! Memories that the program provides: with a reservation and a guard, as code relies on them, and
//! on the heap, where code checks each access.

use std::cell::UnsafeCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    Config, Engine, Instance, InstanceAllocationStrategy, LinearMemory, Linker, Memory,
    MemoryCreator, MemoryType, Module, Result, Snapshot, Store, Trap, UpdateDeadline, bail,
};

/// A reservation of address space, the first bytes of which are accessible.
struct Reserved {
    start: usize,
    reserved: usize,
    size: usize,
    alive: Arc<AtomicUsize>,
}

// SAFETY: the mapping is this value's own, stays where it is, and nothing behind its size can be
// accessed.
unsafe impl LinearMemory for Reserved {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.reserved
    }

    fn grow_to(&mut self, new_size: usize) -> Result<()> {
        let start = ptr::with_exposed_provenance_mut(self.start);
        // SAFETY: the pages are those of this mapping.
        let result = unsafe { libc::mprotect(start, new_size, libc::PROT_READ | libc::PROT_WRITE) };
        if result != 0 {
            bail!("no more memory");
        }
        self.size = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        ptr::with_exposed_provenance_mut(self.start)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: nothing uses the mapping any more.
        unsafe { libc::munmap(ptr::with_exposed_provenance_mut(self.start), self.reserved) };
    }
}

#[derive(Default)]
struct Reserves {
    alive: Arc<AtomicUsize>,
}

// SAFETY: the memories have what they are asked for.
unsafe impl MemoryCreator for Reserves {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reservation: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let largest = maximum.unwrap_or(1 << 24);
        let reserved = reservation.unwrap_or(0).max(largest) + guard;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), reserved, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err("no address space".to_owned());
        }
        self.alive.fetch_add(1, Ordering::Relaxed);
        let alive = Arc::clone(&self.alive);
        let mut memory = Reserved { start: start.expose_provenance(), reserved, size: 0, alive };
        memory.grow_to(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(memory))
    }
}

/// A memory on the heap, which moves whenever it grows.
struct Moving {
    words: Box<[UnsafeCell<u128>]>,
    says: Option<usize>,
}

// SAFETY: nobody accesses the words but the store that has the memory.
unsafe impl Sync for Moving {}

fn zeros(size: usize) -> Box<[UnsafeCell<u128>]> {
    (0..size / 16).map(|_| UnsafeCell::new(0)).collect()
}

// SAFETY: the words are this value's own. Code is compiled without a reservation and a guard.
unsafe impl LinearMemory for Moving {
    fn byte_size(&self) -> usize {
        self.says.unwrap_or(self.words.len() * 16)
    }

    fn byte_capacity(&self) -> usize {
        self.words.len() * 16
    }

    fn grow_to(&mut self, new_size: usize) -> Result<()> {
        if new_size > 1 << 20 {
            bail!("that is too much");
        }
        let mut words = zeros(new_size);
        for (new, old) in words.iter_mut().zip(&mut self.words) {
            *new.get_mut() = *old.get_mut();
        }
        self.words = words;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.words.as_ptr().cast_mut().cast()
    }
}

/// Says that its memories have so many bytes, if it is given a number.
struct Moves(Option<usize>);

// SAFETY: as for `Moving`.
unsafe impl MemoryCreator for Moves {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reservation: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if (reservation, guard) != (Some(0), 0) {
            return Err("the heap has no guards".to_owned());
        }
        Ok(Box::new(Moving { words: zeros(minimum), says: self.0 }))
    }
}

const WAT: &str = r#"(module
    (memory (export "memory") 1 100)
    (data (i32.const 100) "hello")
    (data (i32.const 65532) "end!")
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "far") (param i32) (result i32) (i32.load offset=4000000000 (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "copy") (memory.copy (i32.const 60000) (i32.const 100) (i32.const 5)))
    (func (export "spin") (loop (br 0))))"#;

fn unguarded() -> Config {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0);
    config
}

/// What a module does is the same, wherever the bytes are.
fn exercise(config: &Config) -> Result<()> {
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, WAT)?;
    for round in 0..3 {
        let mut store = Store::new(&engine, ());
        if config.tunables().interruption {
            store.set_epoch_deadline(100);
        }
        let instance = Instance::new(&mut store, &module, &[])?;
        let load = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
        let write = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store")?;
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
        assert_eq!(load.call(&mut store, 100)?, b'h'.into());
        assert_eq!(load.call(&mut store, 65535)?, b'!'.into());
        // Nothing of the round before is left.
        assert_eq!(load.call(&mut store, 7)?, 0, "round {round}");
        write.call(&mut store, (7, 200))?;
        for beyond in [65536, 65537, 1 << 20, i32::MAX, -1] {
            let error = load.call(&mut store, beyond).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{beyond}");
        }
        let far = instance.get_typed_func::<i32, i32>(&mut store, "far")?;
        assert!(far.call(&mut store, -1).is_err() && far.call(&mut store, 0).is_err());
        assert_eq!(grow.call(&mut store, 2)?, 1);
        assert_eq!((load.call(&mut store, 7)?, load.call(&mut store, 3 * 65536 - 1)?), (200, 0));
        write.call(&mut store, (3 * 65536 - 1, 9))?;
        assert!(load.call(&mut store, 3 * 65536).is_err());
        assert_eq!(grow.call(&mut store, 1000)?, -1);
        instance.get_typed_func::<(), ()>(&mut store, "copy")?.call(&mut store, ())?;
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        assert_eq!(&memory.data(&store)[60000..60005], b"hello");
        assert_eq!(memory.data_size(&store), 3 * 65536);
        assert_eq!(memory.grow(&mut store, 1)?, 3);
        let own = Memory::new(&mut store, MemoryType::new(1, Some(2)))?;
        own.write(&mut store, 65535, &[1])?;
        assert!(own.write(&mut store, 65536, &[1]).is_err() && own.grow(&mut store, 2).is_err());
    }
    Ok(())
}

#[test]
fn memories_with_a_reservation() -> Result<()> {
    let creator = Arc::new(Reserves::default());
    for (reservation, guard) in [(4 << 30, 32 << 20), (4 << 30, 0), (1 << 20, 1 << 16), (0, 0)] {
        let mut config = Config::new();
        config.with_host_memory(creator.clone());
        config.memory_reservation(reservation).memory_guard_size(guard);
        exercise(&config)?;
        assert_eq!(creator.alive.load(Ordering::Relaxed), 0, "each was dropped");
    }
    Ok(())
}

#[test]
fn memories_on_the_heap() -> Result<()> {
    exercise(unguarded().with_host_memory(Arc::new(Moves(None))))?;
    exercise(unguarded().epoch_interruption(true).with_host_memory(Arc::new(Moves(None))))
}

#[test]
fn memories_that_may_not_move() -> Result<()> {
    let mut config = unguarded();
    config.with_host_memory(Arc::new(Moves(None))).memory_may_move(false);
    let mut store = Store::new(&Engine::new(&config)?, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    let error = memory.grow(&mut store, 1).unwrap_err();
    assert!(format!("{error:?}").contains("memory_may_move"), "{error:?}");
    Ok(())
}

#[test]
fn reasons_reach_the_caller() -> Result<()> {
    let mut config = Config::new();
    config.with_host_memory(Arc::new(Moves(None)));
    let mut store = Store::new(&Engine::new(&config)?, ());
    let error = Memory::new(&mut store, MemoryType::new(1, None)).unwrap_err();
    assert!(format!("{error:?}").contains("the heap has no guards"), "{error:?}");
    // What it says does not fit what it was asked for.
    for says in [0, 65535, 65537, 1 << 20] {
        let config = unguarded().with_host_memory(Arc::new(Moves(Some(says)))).clone();
        let mut store = Store::new(&Engine::new(&config)?, ());
        let error = Memory::new(&mut store, MemoryType::new(1, None)).unwrap_err();
        assert!(format!("{error:?}").contains("LinearMemory::byte_size"), "{error:?}");
    }
    let config = unguarded().with_host_memory(Arc::new(Moves(None))).clone();
    let mut store = Store::new(&Engine::new(&config)?, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    let error = memory.grow(&mut store, 100).unwrap_err();
    assert!(format!("{error:?}").contains("that is too much"), "{error:?}");
    Ok(())
}

/// What needs pages of the engine's own is refused.
#[test]
fn what_can_not_be_is_refused() -> Result<()> {
    let provided = |config: &mut Config| {
        config.with_host_memory(Arc::new(Reserves::default()));
        Engine::new(config).map_err(|error| error.to_string())
    };
    let error = provided(Config::new().epoch_interruption(true)).unwrap_err();
    assert!(error.contains("memory_reservation(0)"), "{error}");
    let pooling = InstanceAllocationStrategy::pooling();
    let error = provided(Config::new().allocation_strategy(pooling)).unwrap_err();
    assert!(error.contains("Pooling"), "{error}");

    let engine = provided(&mut Config::new()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, WAT)?, &[])?;
    let error = Snapshot::take(&mut store, &[instance]).unwrap_err();
    assert!(error.to_string().contains("with_host_memory"), "{error}");

    // Code that reads a page below its memory, as the engine would not compile it.
    let other = Engine::new(Config::new().epoch_interruption(true))?;
    let artifact = other.precompile_module(WAT.as_bytes())?;
    // SAFETY: it was just made.
    let module = unsafe { Module::deserialize(&engine, &artifact)? };
    let error = Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
    assert!(format!("{error:?}").contains("compiled for interruption"), "{error:?}");
    Ok(())
}

#[test]
fn code_is_interrupted() -> Result<()> {
    let mut config = unguarded();
    config.epoch_interruption(true).with_host_memory(Arc::new(Reserves::default()));
    let engine = Engine::new(&config)?;
    let mut store = Store::new(&engine, 0);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        *context.data_mut() += 1;
        if *context.data() == 3 {
            bail!("enough");
        }
        Ok(UpdateDeadline::Continue(0))
    });
    let instance = Instance::new(&mut store, &Module::new(&engine, WAT)?, &[])?;
    engine.increment_epoch();
    let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    assert!(spin.call(&mut store, ()).is_err());
    assert_eq!(*store.data(), 3);
    Ok(())
}

/// Has one page more than it is asked for, once it has grown; the first time it panics afterwards.
struct Generous(Moving, Arc<AtomicUsize>);

// SAFETY: as for `Moving`, whose size is what it says. That is not what is asked for, which is
// what is tested: the record of the memory must follow it all the same.
unsafe impl LinearMemory for Generous {
    fn byte_size(&self) -> usize {
        self.0.byte_size()
    }

    fn byte_capacity(&self) -> usize {
        self.0.byte_capacity()
    }

    fn grow_to(&mut self, new_size: usize) -> Result<()> {
        self.0.grow_to(new_size + 65536)?;
        assert!(self.1.fetch_add(1, Ordering::Relaxed) > 0, "after the bytes have moved");
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.as_ptr()
    }
}

struct Generously(Arc<AtomicUsize>);

// SAFETY: as for `Generous`.
unsafe impl MemoryCreator for Generously {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        _: Option<usize>,
        _: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let moving = Moving { words: zeros(minimum), says: None };
        Ok(Box::new(Generous(moving, self.0.clone())))
    }
}

#[test]
fn bytes_are_found_wherever_a_failed_growth_has_put_them() -> Result<()> {
    for panics in [false, true] {
        let mut config = unguarded();
        let grown = Arc::new(AtomicUsize::new(usize::from(!panics)));
        config.with_host_memory(Arc::new(Generously(grown)));
        let engine = Engine::new(&config)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, WAT)?, &[])?;
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        let grown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            memory.grow(&mut store, 1).is_ok()
        }));
        // It is too large, which is an error, or nobody knows what it is.
        assert_eq!(grown.ok(), (!panics).then_some(false));
        let load = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
        if panics {
            assert_eq!(memory.data_size(&store), 0);
            assert!(load.call(&mut store, 100).is_err());
            assert!(memory.grow(&mut store, 1).is_err());
        } else {
            assert_eq!(memory.data_size(&store), 65536);
            assert_eq!(load.call(&mut store, 100)?, b'h'.into());
            assert_eq!(&memory.data(&store)[100..105], b"hello");
            assert!(load.call(&mut store, 65536).is_err());
        }
    }
    Ok(())
}
