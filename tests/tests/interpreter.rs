//! An interpreter is stopped in the middle of its work, and continues in a hundred ways: in forks
//! on several threads, as a portable module, and as an artifact.

#![allow(unsafe_code)]

use std::path::Path;
use std::thread;

use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{Engine, Instance, Linker, Module, Result, Snapshot, Store};

const PROGRAM: &str = "
    variable limit variable factor variable total variable number
    : collatz 0 swap
      begin dup 1 = 0 = while
        dup 2 mod if 3 * 1 + else 2 / then
        swap 1 + swap
      repeat drop ;
    : main 1 number !
      begin number @ limit @ < while
        number @ collatz factor @ * total @ + total !
        number @ 1 + number !
      repeat ;
    main";

const LIMIT: i32 = 300;

/// The number of steps from `n` down to 1.
fn collatz(mut n: i32) -> i32 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 1 { 3 * n + 1 } else { n / 2 };
        steps += 1;
    }
    steps
}

/// The interpreter in a store.
struct Forth {
    store: Store<()>,
    instance: Instance,
}

impl Forth {
    fn engine() -> (Engine, Vec<u8>) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("reactors/forth.wasm");
        (Engine::default(), std::fs::read(file).unwrap())
    }

    fn new(module: &Module) -> Result<Self> {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[])?;
        Ok(Self { store, instance })
    }

    /// A store with the program loaded, and some of its work done with the factor 1.
    fn in_the_middle(module: &Module) -> Result<Self> {
        let mut forth = Self::new(module)?;
        for name in ["_initialize", "prepare"] {
            let func = forth.instance.get_typed_func::<(), ()>(&mut forth.store, name)?;
            func.call(&mut forth.store, ())?;
        }
        let source = forth.string(PROGRAM)?;
        assert_eq!(forth.call("compile", source)?, 1);
        forth.set("limit", LIMIT)?;
        forth.set("factor", 1)?;
        assert_eq!(forth.call("step", 50_000)?, 1, "it is not done yet");
        Ok(forth)
    }

    fn call(&mut self, name: &str, argument: i32) -> Result<i32> {
        let func = self.instance.get_typed_func::<i32, i32>(&mut self.store, name)?;
        func.call(&mut self.store, argument)
    }

    /// Text in memory that the interpreter has allocated.
    fn string(&mut self, text: &str) -> Result<i32> {
        let place = self.call("buffer", text.len() as i32 + 1)?;
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.write(&mut self.store, place as usize, text.as_bytes())?;
        memory.write(&mut self.store, place as usize + text.len(), &[0])?;
        Ok(place)
    }

    fn set(&mut self, name: &str, value: i32) -> Result<()> {
        let name = self.string(name)?;
        let set = self.instance.get_typed_func::<(i32, i32), i32>(&mut self.store, "set")?;
        assert_eq!(set.call(&mut self.store, (name, value))?, 1);
        Ok(())
    }

    fn get(&mut self, name: &str) -> Result<i32> {
        let name = self.string(name)?;
        self.call("get", name)
    }

    /// Continues with another factor, in slices; returns the total in the end.
    fn finish(&mut self, factor: i32) -> Result<i32> {
        self.set("factor", factor)?;
        while self.call("step", 1_000 + factor)? != 0 {}
        self.get("total")
    }
}

/// The final total if the factor changes now.
fn expected(forth: &mut Forth, factor: i32) -> Result<i32> {
    let (total, number) = (forth.get("total")?, forth.get("number")?);
    assert!(number > 10 && number < LIMIT - 10, "{number} is in the middle");
    // The current number may be counted already or not: forks add the same for it in both cases.
    let rest: i32 = (number + 1..LIMIT).map(collatz).sum();
    let at_hand = collatz(number);
    let counted = (1..=number).map(collatz).sum::<i32>() == total;
    Ok(total + factor * (rest + if counted { 0 } else { at_hand }))
}

#[test]
fn a_hundred_forks_go_on_differently() -> Result<()> {
    let (engine, wasm) = Forth::engine();
    let module = Module::new(&engine, &wasm)?;
    let mut forth = Forth::in_the_middle(&module)?;
    let snapshot = Snapshot::take(&mut forth.store, &[forth.instance])?;
    let expected: Vec<_> =
        (0..100).map(|factor| expected(&mut forth, factor)).collect::<Result<_>>()?;
    // The original continues meanwhile.
    let mut own = Forth::in_the_middle(&module)?;
    assert_eq!(own.finish(1)?, (1..LIMIT).map(collatz).sum::<i32>());
    assert_eq!(forth.finish(7)?, expected[7]);
    let linker = Linker::new(&engine);
    let pre = snapshot.fork_pre(&linker)?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|first: usize| {
                let (pre, expected, engine) = (&pre, &expected, &engine);
                scope.spawn(move || -> Result<()> {
                    for factor in (first..100).step_by(4) {
                        let mut store = Store::new(engine, ());
                        let instance = pre.fork(&mut store)?[0];
                        let total = Forth { store, instance }.finish(factor as i32)?;
                        assert_eq!(total, expected[factor], "with the factor {factor}");
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}

#[test]
fn as_a_module_and_as_an_artifact_it_goes_on_too() -> Result<()> {
    let (engine, wasm) = Forth::engine();
    let module = Module::new(&engine, &wasm)?;
    let mut forth = Forth::in_the_middle(&module)?;
    let snapshot = Snapshot::take(&mut forth.store, &[forth.instance])?;
    let expected = [2, 50].map(|factor| expected(&mut forth, factor).unwrap());
    let state = snapshot.state(forth.instance)?;
    let made = preinitialize(&wasm, &state, &PreinitializeOptions::default())?;
    let portable = Module::new(&engine, &made.wasm)?;
    assert!(portable.get_export("_initialize").is_none(), "it has been called");
    let artifact = engine.precompile_module(&made.wasm)?;
    // In an engine that has never seen the module.
    let other = Engine::default();
    // SAFETY: the artifact has just been made.
    let loaded = unsafe { Module::deserialize(&other, artifact)? };
    for module in [&portable, &loaded] {
        for (factor, expected) in [2, 50].into_iter().zip(expected) {
            assert_eq!(Forth::new(module)?.finish(factor)?, expected);
        }
    }
    Ok(())
}
