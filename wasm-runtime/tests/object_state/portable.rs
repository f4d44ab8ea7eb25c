//! Modules written from snapshots start with the same objects.

use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{Linker, Module, ObjectState, RefState, Result, Snapshot, Store};

use crate::graph::{GUEST, World, engines};

/// The guest as a module that starts in the state of a world.
fn written(world: &mut World) -> Result<Vec<u8>> {
    let state = Snapshot::of_store(&mut world.store)?.state(world.instance)?;
    let wasm = wat::parse_str(GUEST)?;
    Ok(preinitialize(&wasm, &state, &PreinitializeOptions::default())?.wasm)
}

#[test]
fn a_module_starts_with_the_objects_of_a_snapshot() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.call("list", 0, 3)?;
        world.call("leaf", 1, 4)?;
        world.call("node", 2, 5)?;
        world.call("segment", 3, 0)?;
        world.call("bytes", 4, 6)?;
        // A circle, something shared, a function and a number.
        world.call_three("link", 1, 0, 2)?;
        world.call_three("link", 2, 0, 1)?;
        world.call_three("link", 0, 1, 4)?;
        world.call_three("link", 3, 2, 0)?;
        world.call("number", 5, -3)?;
        let hashes = world.hashes()?;
        let mut model = world.model.clone();
        model.segment(3);
        let wasm = written(&mut world)?;
        let again = Module::new(&engine, &wasm)?;
        let mut started = World::new(&again)?;
        assert_eq!(started.hashes()?, hashes);
        // What is shared is one object, and the segment has it too.
        world.call("set", 4, 99)?;
        started.call("set", 4, 99)?;
        for world in [&mut world, &mut started] {
            world.call("segment", 5, 0)?;
            world.call("set", 5, 98)?;
        }
        assert_eq!(started.hashes()?, world.hashes()?);
        assert_ne!(started.hashes()?, hashes);
        // And again from there.
        let hashes = started.hashes()?;
        let state = Snapshot::of_store(&mut started.store)?.state(started.instance)?;
        let twice = preinitialize(&wasm, &state, &PreinitializeOptions::default())?.wasm;
        assert_eq!(World::new(&Module::new(&engine, &twice)?)?.hashes()?, hashes);
    }
    Ok(())
}

#[test]
fn plain_data_say_what_objects_hold() -> Result<()> {
    let engine = &engines()[0];
    let module = Module::new(engine, GUEST)?;
    let mut world = World::new(&module)?;
    world.call("bytes", 1, 3)?;
    let state = Snapshot::of_store(&mut world.store)?.state(world.instance)?;
    let Some(table) = &state.tables[0] else { panic!("no table") };
    let [run] = &*table.runs else { panic!("{table:?}") };
    let (1, [RefState::Object(number)]) = (run.offset, &*run.elements) else { panic!("{run:?}") };
    let ObjectState::Numbers(ty, bytes) = &state.objects[*number as usize] else {
        panic!("{:?}", state.objects)
    };
    assert_eq!((ty.as_u32(), &**bytes), (4, &[3; 9][..]));
    Ok(())
}

#[test]
fn values_of_the_host_have_no_place_in_a_module() -> Result<()> {
    const TEXT: &str = r#"(module
        (type $box (struct (field anyref)))
        (global $g (mut (ref null $box)) (ref.null $box))
        (func (export "hold") (param externref)
            (global.set $g (struct.new $box (any.convert_extern (local.get 0))))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, TEXT)?;
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        let mut scope = wasm_runtime::RootScope::new(&mut store);
        let value = wasm_runtime::ExternRef::new(&mut scope, 5)?;
        let hold = instance.get_func(&mut scope, "hold").unwrap();
        hold.call(&mut scope, &[value.into()], &mut [])?;
        drop(scope);
        let snapshot = Snapshot::of_store(&mut store)?;
        let error = snapshot.state(instance).unwrap_err().to_string();
        assert!(error.starts_with("an object of the snapshot, of type 0, refers to"), "{error}");
        let error = snapshot.fork_pre::<()>(&Linker::new(&engine)).unwrap_err().to_string();
        assert!(error.contains("value of the host"), "{error}");
    }
    Ok(())
}
