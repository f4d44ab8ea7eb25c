//! Compiling in processes that are not as others: a child that was forked, and one that can make no
//! threads.
//!
//! A test binary of its own, since it forks.

#![cfg(target_os = "linux")]

mod common;

use std::io::Error;
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
    let end = Instant::now() + Duration::from_secs(120);
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
        std::thread::sleep(Duration::from_millis(5));
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

#[test]
fn a_forked_child_compiles() {
    let wasm = module();
    let here = compiled(&wasm);
    in_child(|| compiled(&wasm) == here);
}

#[test]
fn a_process_without_threads_compiles() {
    let wasm = module();
    let here = compiled(&wasm);
    for error in [libc::EAGAIN, libc::EPERM, libc::ENOSYS] {
        in_child(|| {
            refuse_threads(error);
            std::thread::Builder::new().spawn(|| {}).is_err() && compiled(&wasm) == here
        });
    }
}
