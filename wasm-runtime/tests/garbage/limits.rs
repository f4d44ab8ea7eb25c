//! Limits of the heap.

use wasm_runtime::{
    Engine, Error, ExternRef, GcHeapOutOfMemory, ResourceLimiter, Result, RootScope, Store,
    StoreLimitsBuilder,
};

/// A limiter that remembers what it was asked, and allows so many bytes.
#[derive(Default)]
struct Asked {
    limit: usize,
    sizes: Vec<(usize, usize)>,
}

impl ResourceLimiter for Asked {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        assert_eq!(maximum, None);
        self.sizes.push((current, desired));
        Ok(desired <= self.limit)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn the_limiter_is_asked_before_the_heap_grows() -> Result<()> {
    let mut store = Store::new(&Engine::default(), Asked { limit: 64 << 10, ..Asked::default() });
    store.limiter(|asked| asked);
    let mut made = 0_u32;
    let error = loop {
        match ExternRef::new(&mut store, made) {
            Ok(_) => made += 1,
            Err(error) => break error,
        }
    };
    let error = error.downcast::<GcHeapOutOfMemory<u32>>()?;
    let (value, error) = error.take_inner();
    assert_eq!(value, made);
    // A value takes 8 bytes, and what survives needs as much room again.
    assert!((3000..8192).contains(&made), "{made}");
    let sizes = store.data().sizes.clone();
    assert_eq!(sizes[0].0, 0);
    assert!(sizes.iter().all(|(current, desired)| current < desired), "{sizes:?}");
    assert!(store.gc_heap_capacity() <= 64 << 10);
    // With a higher limit there is room.
    store.data_mut().limit = 1 << 20;
    store.gc(Some(&error))?;
    ExternRef::new(&mut store, made)?;
    Ok(())
}

/// A limiter that fails each other time.
#[derive(Default)]
struct Unsteady {
    asked: u32,
}

impl ResourceLimiter for Unsteady {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        self.asked += 1;
        if self.asked.is_multiple_of(2) { Err(Error::msg("not now")) } else { Ok(true) }
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_limiter_that_fails_does_no_harm() -> Result<()> {
    let mut store = Store::new(&Engine::default(), Unsteady::default());
    store.limiter(|limiter| limiter);
    let mut made = Vec::new();
    for number in 0..50_000_u32 {
        match ExternRef::new(&mut store, number) {
            Ok(value) => made.push((number, value)),
            Err(error) => assert_eq!(error.to_string(), "not now"),
        }
    }
    assert!((49_000..50_000).contains(&made.len()), "{}", made.len());
    for (number, value) in made {
        let data = value.data(&store)?.expect("a value of the host");
        assert_eq!(data.downcast_ref::<u32>(), Some(&number));
    }
    Ok(())
}

#[test]
fn a_full_heap_has_room_again_when_something_is_forgotten() -> Result<()> {
    let limits = StoreLimitsBuilder::new().memory_size(32 << 10).build();
    let mut store = Store::new(&Engine::default(), limits);
    store.limiter(|limits| limits);
    for _ in 0..3 {
        let mut scope = RootScope::new(&mut store);
        let mut made = 0;
        while ExternRef::new(&mut scope, made).is_ok() {
            made += 1;
        }
        assert!((1000..4096).contains(&made), "{made}");
    }
    Ok(())
}

#[test]
fn values_that_are_dead_do_not_count() -> Result<()> {
    let limits = StoreLimitsBuilder::new().total_memory_size(1 << 20).build();
    let mut store = Store::new(&Engine::default(), limits);
    store.limiter(|limits| limits);
    for number in 0..200_000_u64 {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, [number; 64])?;
    }
    Ok(())
}
