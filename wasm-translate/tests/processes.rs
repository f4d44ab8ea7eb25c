//! Compiling in processes that are not as others: a child that was forked, and one that can make no
//! threads.
//!
//! A test binary of its own, since it forks.

#![cfg(target_os = "linux")]

mod common;

use std::io::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{TARGETS, compile, settings};
use wasm_types::CompiledModule;

/// Enough functions, and large enough, that several threads are worthwhile.
fn module() -> Vec<u8> {
    let step = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 31)) (i32.const 7)))";
    let function = format!("(func (param i32) (result i32) {} (local.get 0))", step.repeat(40));
    wat::parse_str(format!("(module {})", function.repeat(100))).unwrap()
}

fn compiled(wasm: &[u8]) -> CompiledModule {
    compile(wasm, settings(TARGETS[0]).verifier(false).threads(4)).unwrap()
}

/// Runs the work in a child, and waits until it says that all is well.
#[track_caller]
fn in_child(work: impl Fn() -> bool) {
    // SAFETY: the child has this thread only, and goes on with it until it ends without running
    // anything that belongs to others: it waits for no other thread, which is what is tested.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", Error::last_os_error());
    if child == 0 {
        let is_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
        // SAFETY: ends this process at once.
        unsafe { libc::_exit(if is_well { 0 } else { 1 }) };
    }
    let end = Instant::now() + Duration::from_secs(60);
    let mut status = 0;
    loop {
        // SAFETY: the child is this process's own, and `status` is a place for the answer.
        let waited = unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) };
        assert!(waited >= 0, "{}", Error::last_os_error());
        if waited == child {
            break;
        }
        if Instant::now() > end {
            // SAFETY: the child was not waited for yet, so the number is still its own.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child waits for something that never comes");
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    assert_eq!(status, 0, "what the child says");
}

/// Has the system refuse threads, and processes, to this process from here on.
fn refuse_threads(error: i32) {
    // What is no jump goes on with the next.
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let refuse = |call: libc::c_long| {
        let skip = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        let jump = libc::sock_filter { code: skip as u16, jt: 0, jf: 1, k: call as u32 };
        [jump, statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error as u32)]
    };
    // The number of the call is the first word of what a filter gets.
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let mut filter = vec![statement(load, 0)];
    filter.extend(refuse(libc::SYS_clone));
    filter.extend(refuse(libc::SYS_clone3));
    filter.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the arguments are those of the calls; the program lives until the second returns.
    let set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    assert!(set, "{}", Error::last_os_error());
}

/// One test, since the harness makes a thread for each, and a child that is forked at that moment
/// waits for std's lock whatever is compiled.
#[test]
fn children_compile() {
    let wasm = module();
    let here = compiled(&wasm);
    a_forked_child(&wasm, &here);
    children_that_are_forked_while_others_compile(&wasm, &here);
    a_process_without_threads(&wasm, &here);
}

fn a_forked_child(wasm: &[u8], here: &CompiledModule) {
    in_child(|| compiled(wasm) == *here);
}

fn children_that_are_forked_while_others_compile(wasm: &[u8], here: &CompiledModule) {
    // Small, so that threads begin and end all the time.
    let small = wat::parse_str(format!(
        "(module {})",
        format!("(func {})", "(drop (i32.const 1))".repeat(350)).repeat(4)
    ));
    let small = small.unwrap();
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !has_ended.load(Ordering::Relaxed) {
                    compiled(&small);
                }
            });
        }
        let _end = End(&has_ended);
        for _ in 0..400 {
            in_child(|| compiled(&small) == compiled(&small));
        }
        in_child(|| compiled(wasm) == *here);
    });
}

/// Has the others end, also where a child does not.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn a_process_without_threads(wasm: &[u8], here: &CompiledModule) {
    for error in [libc::EAGAIN, libc::EPERM, libc::ENOSYS] {
        in_child(|| {
            refuse_threads(error);
            std::thread::Builder::new().spawn(|| {}).is_err() && compiled(wasm) == *here
        });
    }
}
