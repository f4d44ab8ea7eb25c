//! What works in a process that was forked while other threads were busy.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasm_runtime::{
    Caller, Config, Engine, Instance, Linker, Module, Result, Store, Trap, TypedFunc, Woken,
};

/// Runs something in a child process, and returns whether it succeeded. The system ends the child
/// if it takes too long.
fn in_child(run: impl FnOnce()) -> bool {
    // SAFETY: the child calls only what this project promises to work there, and ends without
    // running the parent's destructors.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "a process can be forked");
        if child == 0 {
            libc::alarm(60);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            libc::_exit(i32::from(result.is_err()));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

/// Loads a module, traps, and drops it.
fn use_a_module(engine: &Engine, code: &[u8]) {
    // SAFETY: the artifact was compiled here.
    let module = unsafe { Module::deserialize(engine, code) }.unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let trap = instance.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
    let error = trap.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
}

#[test]
fn children_load_and_trap_whatever_other_threads_were_doing() {
    let text = "(module (func (export \"trap\") unreachable))";
    let code = Module::new(&Engine::default(), text).unwrap().serialize().unwrap();
    // Whatever is made once in a process exists after this.
    use_a_module(&Engine::default(), &code);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let engine = Engine::default();
                while !is_over.load(Ordering::Relaxed) {
                    use_a_module(&engine, &code);
                }
            });
        }
        let went_well = (0..60).all(|number| {
            in_child(|| {
                let engine = Engine::default();
                use_a_module(&engine, &code);
                if number % 20 == 0 {
                    Module::new(&engine, text).unwrap();
                }
            })
        });
        is_over.store(true, Ordering::Relaxed);
        assert!(went_well);
    });
}

/// What waits in one process is not woken by an interruption in the other.
#[test]
fn parents_and_children_do_not_interrupt_each_other() {
    let engine = Engine::new(Config::new().interruption(true)).unwrap();
    let store = Store::new(&engine, ());
    let (waiter, handle) = (store.waiter(), store.interrupt_handle().unwrap());
    let (reader, mut writer) = std::io::pipe().unwrap();
    let time = Some(Duration::from_millis(5));
    let wait = |time| {
        let fd = std::os::fd::AsFd::as_fd(&reader);
        let mut awaited = [wasm_runtime::Awaited::new(fd, wasm_runtime::Interest::Read)];
        waiter.wait(&mut awaited, time).unwrap()
    };
    assert_eq!(wait(time), Woken::TimedOut);
    assert!(in_child(|| {
        assert_eq!(wait(time), Woken::TimedOut);
        handle.interrupt();
        assert_eq!(wait(None), Woken::Interrupted);
    }));
    assert_eq!(wait(time), Woken::TimedOut);
    std::io::Write::write_all(&mut writer, b"x").unwrap();
    assert_eq!(wait(None), Woken::Ready);
    handle.interrupt();
    assert_eq!(wait(None), Woken::Interrupted);
}

/// A store with a function that never returns, and one that calls the host's `fork`.
fn endless(engine: &Engine) -> (Store<bool>, TypedFunc<(), ()>, TypedFunc<(), ()>) {
    let mut linker = Linker::new(engine);
    let fork = |mut caller: Caller<'_, bool>| -> Result<()> {
        *caller.data_mut() = in_child(|| {
            // The timeout of the call in which the child was forked belongs to the parent.
            let (mut store, endless, _) = self::endless(caller.engine());
            times_out(&mut store, &endless);
        });
        Ok(())
    };
    linker.func_wrap("", "fork", fork).unwrap();
    let text = r#"(module (import "" "fork" (func $fork))
        (func (export "endless") (loop (br 0))) (func (export "fork") (call $fork)))"#;
    let mut store = Store::new(engine, false);
    let instance = linker.instantiate(&mut store, &Module::new(engine, text).unwrap()).unwrap();
    let endless = instance.get_typed_func(&mut store, "endless").unwrap();
    let fork = instance.get_typed_func(&mut store, "fork").unwrap();
    (store, endless, fork)
}

/// Calls the function that never returns, with each kind of timeout.
fn times_out(store: &mut Store<bool>, endless: &TypedFunc<(), ()>) {
    let time = Some(Duration::from_millis(5));
    for (wall, cpu) in [(time, None), (None, time), (time, time)] {
        store.set_timeout(wall).unwrap();
        store.set_cpu_timeout(cpu).unwrap();
        let error = endless.call(&mut *store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    }
}

/// The thread that watches over timeouts does not exist in a child.
#[test]
fn calls_time_out_in_children() {
    let engine = Engine::new(Config::new().interruption(true)).unwrap();
    let (mut store, endless, fork) = self::endless(&engine);
    times_out(&mut store, &endless);
    // Children of children, with the engine of the parent. One is forked after the engine was used
    // in a child. The engine is dropped in the child.
    let mut family = Some((engine, store));
    let dropped = in_child(|| {
        let (engine, mut store) = family.take().unwrap();
        times_out(&mut store, &endless);
        assert!(in_child(|| times_out(&mut store, &endless)));
        times_out(&mut store, &endless);
        drop((store, engine));
    });
    assert!(dropped);
    let (engine, mut store) = family.unwrap();
    // During a call that has a timeout.
    store.set_timeout(Duration::from_secs(600)).unwrap();
    fork.call(&mut store, ()).unwrap();
    assert!(*store.data());
    times_out(&mut store, &endless);
    drop((store, engine));
}

/// Dropping in a child does not wait for a thread of the parent.
#[test]
fn children_drop_what_their_parents_had_timed() {
    let engine = Engine::new(Config::new().interruption(true)).unwrap();
    let (mut store, endless, _) = self::endless(&engine);
    times_out(&mut store, &endless);
    let mut family = Some((store, engine));
    assert!(in_child(|| drop(family.take())));
    times_out(&mut family.unwrap().0, &endless);
}
