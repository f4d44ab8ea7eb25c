//! A fault at each single instruction of a call.
//!
//! The thread runs step by step: after each instruction the processor signals `SIGTRAP`. The
//! handler of that signal calls the handler of `SIGSEGV`, which is the store's, with the state of
//! the thread, as if the next instruction had hit the guard. The store's handler is what is tested.
//! If the thread is on a Wasm stack, it must make the thread leave Wasm, whatever the instruction
//! is. If the thread is on the host's stack, it must pass the signal on to the previous handler,
//! which is also the test's.

#![allow(unsafe_code)]

use std::arch::asm;
use std::collections::HashSet;
use std::ops::Range;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use wasm_runtime::{Result, WasmBacktrace};

use super::{PAGE, is_overflow};
use crate::ways::World;

/// The processor's flag for single steps.
const TRAP_FLAG: i64 = 1 << 8;

/// The host's stack, and the Wasm stack with its guard, as addresses.
static HOST: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static GUARD: AtomicUsize = AtomicUsize::new(0);
static TOP: AtomicUsize = AtomicUsize::new(0);
/// The lowest stack pointer that was not the host's.
static LOWEST: AtomicUsize = AtomicUsize::new(usize::MAX);
/// The number of steps at which the thread was on the Wasm stack.
static STEPS: AtomicUsize = AtomicUsize::new(0);
/// The program counters at the first of these steps.
static PLACES: [AtomicUsize; 4096] = [const { AtomicUsize::new(0) }; 4096];
/// The step at which the fault is to be real.
static FAULT_AT: AtomicUsize = AtomicUsize::new(usize::MAX);
/// How often the test's own handler was called.
static FORWARDED: AtomicUsize = AtomicUsize::new(0);
/// The check that failed, as the number of a line here.
static WRONG: AtomicUsize = AtomicUsize::new(0);
/// The program counter at that time.
static WRONG_AT: AtomicUsize = AtomicUsize::new(0);
/// Whether frame pointers need not be those of a Wasm stack at that time.
static LOOSE: AtomicBool = AtomicBool::new(false);

type Handler = unsafe extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// The store's handler.
static STORES: AtomicUsize = AtomicUsize::new(0);

fn install(signal: libc::c_int, handler: Handler) {
    // SAFETY: the handler has the signature that the flags promise.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        assert_eq!(libc::sigaction(signal, &action, ptr::null_mut()), 0);
    }
}

/// A fault that is not the store's.
unsafe extern "C" fn others(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: called with what the kernel or the test reports of a signal.
    if unsafe { (*info).si_addr() }.addr() != GUARD.load(Relaxed) {
        // SAFETY: a fault of the test itself.
        unsafe { libc::abort() }
    }
    FORWARDED.fetch_add(1, Relaxed);
}

fn wrong(line: u32, pc: i64) {
    if WRONG.swap(line as usize, Relaxed) == 0 {
        WRONG_AT.store(pc as usize, Relaxed);
    }
}

/// Calls the store's handler for a fault on the guard with the given state.
unsafe fn fault(context: *mut libc::ucontext_t) {
    // The layout of `siginfo_t` for faults.
    #[repr(C)]
    struct Info {
        signal: i32,
        errno: i32,
        code: i32,
        address: usize,
        rest: [usize; 13],
    }
    const ACCESS_ERROR: i32 = 2;
    let mut info = Info {
        signal: libc::SIGSEGV,
        errno: 0,
        code: ACCESS_ERROR,
        address: GUARD.load(Relaxed),
        rest: [0; 13],
    };
    assert!(size_of::<Info>() == size_of::<libc::siginfo_t>());
    // SAFETY: the address is that of a handler, which is called as by the kernel.
    unsafe {
        let handler: Handler = std::mem::transmute(STORES.load(Relaxed));
        handler(libc::SIGSEGV, (&raw mut info).cast(), context.cast());
    }
}

/// Runs after each instruction.
unsafe extern "C" fn step(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel calls this with the thread's state.
    let state = unsafe { &mut (*context).uc_mcontext.gregs };
    let register = |number: libc::c_int| state[number as usize];
    let (pc, sp) = (register(libc::REG_RIP), register(libc::REG_RSP) as usize);
    let on_host = (HOST[0].load(Relaxed)..HOST[1].load(Relaxed)).contains(&sp);
    if !on_host {
        LOWEST.fetch_min(sp, Relaxed);
    }
    if STORES.load(Relaxed) == 0 {
        return;
    }
    // SAFETY: plain data, except for a pointer that only the kernel follows.
    let mut copy = unsafe { ptr::read(context) };
    let before = FORWARDED.load(Relaxed);
    if on_host {
        // SAFETY: the handler changes the copy only.
        unsafe { fault(&mut copy) };
        if FORWARDED.load(Relaxed) != before + 1 || copy.uc_mcontext.gregs != *state {
            wrong(line!(), pc);
        }
        return;
    }
    let stack = GUARD.load(Relaxed) + PAGE..TOP.load(Relaxed);
    let fp = register(libc::REG_RBP) as usize;
    if fp != 0 && !stack.contains(&fp) && !LOOSE.load(Relaxed) {
        wrong(line!(), pc);
    }
    let number = STEPS.fetch_add(1, Relaxed);
    if let Some(place) = PLACES.get(number) {
        place.store(pc as usize, Relaxed);
    }
    if number == FAULT_AT.load(Relaxed) {
        state[libc::REG_EFL as usize] &= !TRAP_FLAG;
        // SAFETY: the thread continues as the handler says.
        unsafe { fault(context) };
        return;
    }
    // SAFETY: as above.
    unsafe { fault(&mut copy) };
    let there = &copy.uc_mcontext.gregs;
    let new_sp = there[libc::REG_RSP as usize] as usize;
    let leaves = (HOST[0].load(Relaxed)..HOST[1].load(Relaxed)).contains(&new_sp)
        && there[libc::REG_RIP as usize] != pc
        && FORWARDED.load(Relaxed) == before;
    if !leaves {
        wrong(line!(), pc);
    }
}

/// Runs something step by step.
fn stepping<R>(run: impl FnOnce() -> R) -> R {
    // SAFETY: the flag makes the processor signal after each instruction, and does nothing else.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    let result = run();
    // SAFETY: as above.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -257", "popfq") };
    result
}

/// The mapping that contains the address.
fn mapping(address: usize) -> Range<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut ranges = maps.lines().map(|line| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        number(start)..number(end)
    });
    ranges.find(|range| range.contains(&address)).unwrap()
}

fn host_stack() -> Range<usize> {
    // SAFETY: the attributes are initialised by the first call, and destroyed after use.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        assert_eq!(libc::pthread_getattr_np(libc::pthread_self(), &mut attributes), 0);
        let (mut address, mut size) = (ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&attributes, &mut address, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        address.addr()..address.addr() + size
    }
}

/// All calls: each instruction is checked, and outside of compiled code the fault is also real.
fn all() -> Result<()> {
    install(libc::SIGSEGV, others);
    install(libc::SIGTRAP, step);
    let host = host_stack();
    HOST[0].store(host.start, Relaxed);
    HOST[1].store(host.end, Relaxed);
    let mut world = World::new(4 * PAGE, Some(&[0, 4, 7, 14]))?;
    // The stack of the store is the one that it first runs on.
    world.go(0, 0)?;
    stepping(|| world.go(0, 0))?;
    let shallow = LOWEST.swap(usize::MAX, Relaxed);
    let stack = mapping(shallow);
    TOP.store(stack.end, Relaxed);
    GUARD.store(stack.start - PAGE, Relaxed);
    // To cover all distances, each level must take as little stack as possible.
    stepping(|| world.go(0, 1))?;
    assert_eq!(shallow - LOWEST.load(Relaxed), crate::ways::LEVEL);
    // SAFETY: only reads the action.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(libc::SIGSEGV, ptr::null(), &mut action);
        STORES.store(action.sa_sigaction, Relaxed);
    }
    let names: Vec<_> = world.names().map(str::to_owned).collect();
    let mut tried = HashSet::new();
    for (way, name) in names.iter().enumerate() {
        // The way back from an interruption has checked before that there is room.
        LOOSE.store(name == "interruption", Relaxed);
        STEPS.store(0, Relaxed);
        stepping(|| world.go(way, 2))?;
        let count = STEPS.load(Relaxed);
        assert!((20..PLACES.len()).contains(&count), "{name}: {count} steps on the Wasm stack");
        sound(name, "every step");
        let places: Vec<_> = PLACES[..count].iter().map(|place| place.load(Relaxed)).collect();
        // The first step is the thunk's call, and leads to compiled code. Several calls share
        // thunks.
        let code = mapping(places[1]);
        for (at, place) in places.into_iter().enumerate() {
            if code.contains(&place) || !tried.insert(place) {
                continue;
            }
            STEPS.store(0, Relaxed);
            FAULT_AT.store(at, Relaxed);
            let error = stepping(|| world.go(way, 2)).expect_err("a fault");
            FAULT_AT.store(usize::MAX, Relaxed);
            assert!(is_overflow(&error), "{name}, step {at} of {count}: {error:?}");
            sound(name, &format!("step {at} of {count}"));
            // Whatever was called last, `go` was called first, unless it was not reached or has
            // returned.
            if let Some(trace) = error.downcast_ref::<WasmBacktrace>() {
                let last = trace.frames().last().and_then(|frame| frame.func_name());
                assert_eq!(last, Some("go"), "{name}, step {at} of {count}: {error:?}");
            }
            world.go(way, 1)?;
        }
    }
    Ok(())
}

fn sound(name: &str, when: &str) {
    let (line, pc) = (WRONG.load(Relaxed), WRONG_AT.load(Relaxed));
    assert_eq!(line, 0, "{name}, {when}: the check of that line fails at {pc:#x}");
}

/// Runs in a process of its own: signals concern all threads of a process.
#[test]
fn every_instruction_can_fault() {
    const CHILD: &str = "ENTERING_STEP_BY_STEP";
    if std::env::var_os(CHILD).is_some() {
        all().unwrap();
        return;
    }
    let name = "stepper::every_instruction_can_fault";
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", output.status);
}
