//! Signals that are not the store's, and threads at their ends: a program with a store behaves as
//! one without.
//!
//! Each case is a process of its own. The reasons are that signal handlers belong to the whole
//! process, and that some cases are about how the process dies.

#![allow(unsafe_code)]

use std::cell::RefCell;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, Output};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use libtest_mimic::{Arguments, Trial};
use wasm_runtime::{Engine, Instance, Module, Store, Trap, TypedFunc};

/// The environment variable that selects the case of a process.
const CASE: &str = "SIGNALS_CASE";

fn main() -> ExitCode {
    if let Ok(case) = std::env::var(CASE) {
        try_case(&case);
        return ExitCode::SUCCESS;
    }
    let test = |name: &str, run: fn()| {
        Trial::test(name, move || {
            run();
            Ok(())
        })
    };
    let tests = vec![
        test(
            "thread_local_data_may_call_wasm_when_it_is_destroyed",
            thread_local_data_may_call_wasm_when_it_is_destroyed,
        ),
        test("threads_come_and_go", threads_come_and_go),
        test("a_forked_child_handles_traps", a_forked_child_handles_traps),
        test("faults_of_the_host_end_the_process", faults_of_the_host_end_the_process),
        test("signals_that_somebody_sends_are_not_lost", signals_that_somebody_sends_are_not_lost),
        test("handlers_are_called_as_they_requested", handlers_are_called_as_they_requested),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// A recursion that ends in a trap at the given depth, or never if the depth is negative.
const WAT: &str = r#"(module (func $f (export "f") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))"#;

struct Guest(Store<()>, TypedFunc<i32, i32>);

impl Guest {
    fn new(engine: &Engine) -> Self {
        let module = Module::new(engine, WAT).unwrap();
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func(&mut store, "f").unwrap();
        Self(store, func)
    }

    /// Traps in both ways that involve a signal.
    fn traps(&mut self) {
        for (depth, trap) in [(3, Trap::UnreachableCodeReached), (-1, Trap::StackOverflow)] {
            let error = self.1.call(&mut self.0, depth).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&trap));
        }
    }
}

fn guest() -> Guest {
    Guest::new(&Engine::default())
}

/// Runs a case in a process of its own.
fn run(case: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CASE, case).output().unwrap()
}

/// The case succeeds, and reports that it has reached its end.
#[track_caller]
fn ends_well(case: &str) {
    let output = run(case);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{case}: {} {output:?}", output.status);
    assert!(text.contains("the end"), "{case}: {text}");
}

/// The case dies of the signal, after it has reported that it was about to.
#[track_caller]
fn dies(case: &str, signal: libc::c_int) {
    let output = run(case);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.signal(), Some(signal), "{case}: {output:?}");
    assert!(text.contains("about to die") && !text.contains("the end"), "{case}: {text}");
}

/// A fault of the host.
fn fault() {
    // SAFETY: this is not safe, which is what is tested.
    unsafe { ptr::read_volatile(ptr::without_provenance::<u8>(8)) };
}

fn send(signal: libc::c_int) {
    // SAFETY: a system call.
    unsafe { libc::raise(signal) };
}

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BLOCKED: AtomicUsize = AtomicUsize::new(0);

/// Records which of two signals are blocked, and skips a faulting instruction of three bytes.
unsafe extern "C" fn handler(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    CALLS.fetch_add(1, Relaxed);
    // SAFETY: called with the state of the thread.
    unsafe {
        let mut mask = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut mask);
        let blocked =
            libc::sigismember(&mask, signal) + 2 * libc::sigismember(&mask, libc::SIGUSR1);
        BLOCKED.store(blocked as usize, Relaxed);
        if (*info).si_code > 0 {
            let context = &mut *context.cast::<libc::ucontext_t>();
            context.uc_mcontext.gregs[libc::REG_RIP as usize] += 3;
        }
    }
}

/// As [`fault`], by an instruction of three bytes.
fn short_fault() {
    // SAFETY: the handler skips the instruction.
    unsafe {
        std::arch::asm!(".byte 0x48, 0x8b, 0x00", inout("rax") 8_usize => _, options(nostack));
    }
}

unsafe extern "C" fn simple_handler(_: libc::c_int) {
    CALLS.fetch_add(1, Relaxed);
}

fn install(signal: libc::c_int, function: usize, flags: libc::c_int, blocked: &[libc::c_int]) {
    // SAFETY: a handler that does what a handler may.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        action.sa_sigaction = function;
        action.sa_flags = flags;
        for signal in blocked {
            libc::sigaddset(&mut action.sa_mask, *signal);
        }
        assert_eq!(libc::sigaction(signal, &action, ptr::null_mut()), 0);
    }
}

const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// Calls Wasm when it is dropped.
struct AtTheEnd(RefCell<Option<Guest>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(mut guest) = self.0.take() {
            guest.traps();
            guest.traps();
            println!("the end");
        }
    }
}

thread_local! {
    static AT_THE_END: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

/// A thread whose data calls Wasm when it is dropped. The data is registered with the thread before
/// or after the thread has called Wasm, if it has.
fn at_the_end(before: bool, calls: bool) {
    let engine = Engine::default();
    let thread = thread::spawn(move || {
        if before {
            AT_THE_END.with(|_| {});
        }
        let mut guest = Guest::new(&engine);
        if calls {
            guest.traps();
        }
        AT_THE_END.with(|data| *data.0.borrow_mut() = Some(guest));
    });
    thread.join().unwrap();
}

/// A thread of the system's library: it has no signal stack except the store's.
fn foreign_thread() {
    extern "C" fn start(_: *mut libc::c_void) -> *mut libc::c_void {
        let mut guest = guest();
        guest.traps();
        AT_THE_END.with(|data| *data.0.borrow_mut() = Some(guest));
        ptr::null_mut()
    }
    // SAFETY: the thread is waited for.
    unsafe {
        let mut thread = std::mem::zeroed();
        assert_eq!(libc::pthread_create(&mut thread, ptr::null(), start, ptr::null_mut()), 0);
        libc::pthread_join(thread, ptr::null_mut());
    }
}

/// Data under a key of the system's library is destroyed last of all, in several rounds.
fn system_key() {
    unsafe extern "C" fn destroy(guest: *mut libc::c_void) {
        // SAFETY: it was made that way below.
        let mut guest = unsafe { Box::from_raw(guest.cast::<Guest>()) };
        guest.traps();
        println!("the end");
    }
    let mut keys = [0; 2];
    // SAFETY: the destructor fits the values of the keys.
    keys.iter_mut().for_each(|key| unsafe {
        assert_eq!(libc::pthread_key_create(key, Some(destroy)), 0);
    });
    let engine = Engine::default();
    let work = move || {
        for key in keys {
            let mut guest = Guest::new(&engine);
            guest.traps();
            // SAFETY: as above.
            unsafe { libc::pthread_setspecific(key, Box::into_raw(Box::new(guest)).cast()) };
        }
    };
    thread::spawn(work).join().unwrap();
}

/// Threads keep ending while others begin: what one leaves is mapped again by another.
fn many_threads() {
    let engine = Engine::default();
    let work = |engine: Engine| {
        for _ in 0..50 {
            let engine = engine.clone();
            let thread = thread::spawn(move || {
                let mut guest = Guest::new(&engine);
                guest.traps();
                AT_THE_END.with(|data| *data.0.borrow_mut() = Some(guest));
            });
            thread.join().unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            let engine = engine.clone();
            scope.spawn(move || work(engine));
        }
    });
}

fn fork() {
    let mut guest = guest();
    guest.traps();
    // SAFETY: the child does nothing that needs a lock that another thread may hold: there is only
    // the test's own thread, which waits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        guest.traps();
        Guest::new(guest.0.engine()).traps();
        // SAFETY: the child ends.
        unsafe { libc::_exit(7) };
    }
    let mut status = 0;
    // SAFETY: a system call.
    unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((libc::WIFEXITED(status), libc::WEXITSTATUS(status)), (true, 7));
    guest.traps();
    println!("the end");
}

/// What a handler that was installed before sees.
fn previous_handler(flags: libc::c_int, expected_blocked: usize) {
    for signal in SIGNALS {
        install(signal, handler as *const () as usize, libc::SA_SIGINFO | flags, &[libc::SIGUSR1]);
    }
    let mut guest = guest();
    guest.traps();
    assert_eq!(CALLS.load(Relaxed), 0);
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        send(signal);
        assert_eq!(CALLS.load(Relaxed), number + 1);
        assert_eq!(BLOCKED.load(Relaxed), expected_blocked);
    }
    if flags & libc::SA_RESETHAND != 0 {
        println!("about to die");
    }
    short_fault();
    assert_eq!(CALLS.load(Relaxed), SIGNALS.len() + 1);
    guest.traps();
    // SAFETY: only reads the mask.
    unsafe {
        let mut mask = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut mask);
        assert_eq!(libc::sigismember(&mask, libc::SIGUSR1), 0, "as before the signal");
    }
    println!("the end");
}

/// What a process does to run a case.
fn try_case(case: &str) {
    match case {
        "data first" => at_the_end(true, true),
        "data last" => at_the_end(false, true),
        "data only" => at_the_end(true, false),
        "foreign thread" => foreign_thread(),
        "system key" => system_key(),
        "many threads" => many_threads(),
        "fork" => fork(),
        "ignored fault" => {
            // SAFETY: a signal is ignored.
            unsafe { libc::signal(libc::SIGSEGV, libc::SIG_IGN) };
            guest().traps();
            println!("about to die");
            fault();
        }
        "ignored" => {
            // SAFETY: signals are ignored.
            SIGNALS.iter().for_each(|signal| unsafe {
                libc::signal(*signal, libc::SIG_IGN);
            });
            let mut guest = guest();
            guest.traps();
            SIGNALS.into_iter().for_each(send);
            guest.traps();
            println!("the end");
        }
        "default fault" => {
            // SAFETY: the default action.
            unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
            guest().traps();
            println!("about to die");
            fault();
        }
        sent if sent.starts_with("default sent ") => {
            let signal = SIGNALS[sent.bytes().last().unwrap() as usize - usize::from(b'0')];
            // SAFETY: the default action.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
            guest().traps();
            println!("about to die");
            send(signal);
            println!("the end");
        }
        "usual fault" => {
            guest().traps();
            println!("about to die");
            fault();
        }
        "usual sent" => {
            guest().traps();
            println!("about to die");
            // The standard library's handler removes itself, so that the next signal gets the
            // default action.
            send(libc::SIGSEGV);
            send(libc::SIGSEGV);
            println!("the end");
        }
        "handler" => previous_handler(0, 3),
        "handler on a stack" => previous_handler(libc::SA_ONSTACK, 3),
        "handler without blocking" => previous_handler(libc::SA_NODEFER, 2),
        "handler for one" => previous_handler(libc::SA_RESETHAND, 3),
        "simple handler" => {
            install(libc::SIGILL, simple_handler as *const () as usize, 0, &[]);
            let mut guest = guest();
            guest.traps();
            send(libc::SIGILL);
            assert_eq!(CALLS.load(Relaxed), 1);
            guest.traps();
            println!("the end");
        }
        other => panic!("no case `{other}`"),
    }
}

fn thread_local_data_may_call_wasm_when_it_is_destroyed() {
    for case in ["data first", "data last", "data only", "foreign thread", "system key"] {
        ends_well(case);
    }
}

fn threads_come_and_go() {
    ends_well("many threads");
}

fn a_forked_child_handles_traps() {
    ends_well("fork");
}

fn faults_of_the_host_end_the_process() {
    for case in ["ignored fault", "default fault", "usual fault"] {
        dies(case, libc::SIGSEGV);
    }
    dies("handler for one", libc::SIGSEGV);
}

fn signals_that_somebody_sends_are_not_lost() {
    for (number, signal) in SIGNALS.into_iter().enumerate() {
        dies(&format!("default sent {number}"), signal);
    }
    dies("usual sent", libc::SIGSEGV);
    ends_well("ignored");
}

fn handlers_are_called_as_they_requested() {
    for case in ["handler", "handler on a stack", "handler without blocking", "simple handler"] {
        ends_well(case);
    }
}
