//! Uses of a store without a module: host functions, a memory that they share, typed and untyped
//! calls, errors with context.

use wasm_store::error::Context;
use wasm_store::{Caller, Engine, Linker, Memory, MemoryType, Result, Store, Val};

/// The data that the host functions of this example work on.
struct State {
    memory: Option<Memory>,
    greetings: u32,
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, State { memory: None, greetings: 0 });

    // A memory that both sides see.
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(1)))?;
    memory.write(&mut store, 0, b"world")?;
    store.data_mut().memory = Some(memory);

    let mut linker = Linker::new(&engine);
    linker.define(&store, "host", "memory", memory)?;
    linker.func_wrap(
        "host",
        "greet",
        |mut caller: Caller<'_, State>, start: u32, len: u32| -> Result<u32> {
            let memory = caller.data().memory.context("there is a memory")?;
            let (bytes, state) = memory.data_and_store_mut(&mut caller);
            let name = bytes
                .get(start as usize..)
                .and_then(|rest| rest.get(..len as usize))
                .context("the name lies outside of the memory")?;
            println!("Hello, {}!", String::from_utf8_lossy(name));
            state.greetings += 1;
            Ok(state.greetings)
        },
    )?;

    // The function as Wasm would import it, called with static types and without.
    let greet = linker.get(&mut store, "host", "greet")?.into_func();
    let greet = greet.context("just defined")?;
    println!("the host's function is of type {}", greet.ty(&store));
    greet.typed::<(u32, u32), u32>(&store)?.call(&mut store, (0, 5))?;
    let mut count = [Val::I32(0)];
    greet.call(&mut store, &[Val::I32(0), Val::I32(5)], &mut count)?;
    assert_eq!(count[0].unwrap_i32(), 2);

    // An error of a host function comes out of the call.
    let error = greet.call(&mut store, &[Val::I32(-1), Val::I32(5)], &mut count).unwrap_err();
    println!("as it should, this fails: {error:#}");
    Ok(())
}
