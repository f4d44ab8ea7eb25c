//! Summaries of the heap.

use wasm_runtime::{ExternRef, HeapObjectKind, Module, Result, RootScope, Store};

use crate::graph::{GUEST, World, engines};

#[test]
fn a_summary_counts_what_lives() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.call("churn", 10_000, 0)?;
        for slot in 0..3 {
            world.call("bytes", slot, 1)?;
        }
        world.call("leaf", 3, 1)?;
        let summary = world.store.heap_summary()?;
        let of = |name: &str| {
            let found = summary.types().iter().find(|ty| ty.name() == Some(name));
            found.map(|ty| (ty.kind(), ty.count(), ty.bytes()))
        };
        // Each array has nine bytes behind its header and length.
        assert_eq!(of("bytes"), Some((HeapObjectKind::Array, 3, 3 * 24)));
        assert_eq!(of("leaf"), Some((HeapObjectKind::Struct, 1, 32)));
        // The node of the segment.
        assert_eq!(of("node"), Some((HeapObjectKind::Struct, 1, 24)));
        assert_eq!((summary.count(), summary.bytes()), (5, 72 + 32 + 24));
        let text = summary.to_string();
        assert!(text.starts_with("objects in the heap: 5, of 128 bytes\n"), "{text}");
        assert!(text.contains("3             72  array $bytes\n"), "{text}");
    }
    Ok(())
}

#[test]
fn values_of_the_host_are_counted() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        assert_eq!(store.heap_summary()?.count(), 0);
        assert_eq!(store.heap_summary()?.to_string(), "objects in the heap: 0, of 0 bytes\n");
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, 5)?;
        ExternRef::new(&mut scope, "text")?;
        let summary = wasm_runtime::AsContextMut::as_context_mut(&mut scope).heap_summary()?;
        let [ty] = summary.types() else { panic!("{summary}") };
        assert_eq!((ty.kind(), ty.count()), (HeapObjectKind::HostValue, 2));
    }
    Ok(())
}
