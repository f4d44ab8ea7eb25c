//! The program on a system that refuses to create threads: it still compiles and runs.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Error, Result};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use tempfile::TempDir;

/// From here on the system refuses threads and processes to this process.
fn refuse_threads() -> Result<()> {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let refuse = |call: libc::c_long| {
        let skip = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        let jump = libc::sock_filter { code: skip as u16, jt: 0, jf: 1, k: call as u32 };
        let error = libc::SECCOMP_RET_ERRNO | libc::EAGAIN as u32;
        [jump, statement(libc::BPF_RET | libc::BPF_K, error)]
    };
    let [clone, clone3] = [refuse(libc::SYS_clone), refuse(libc::SYS_clone3)];
    let mut filter = [
        // The number of the system call is the first word that a filter gets.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        clone[0],
        clone[1],
        clone3[0],
        clone3[1],
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the arguments are those that the calls expect, and the filter's program lives until
    // the second call returns.
    let set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    if set { Ok(()) } else { Err(Error::last_os_error()) }
}

#[test]
fn programs_compile_and_run_without_threads() {
    let directory = TempDir::new().unwrap();
    let step = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 7)))";
    let function = format!("(func (param i32) (result i32) {} (local.get 0))", step.repeat(40));
    let text = format!("(module {} (func (export \"f\")))", function.repeat(100));
    fs::write(directory.path().join("a.wat"), text).unwrap();
    let run = |args: &[&str], refused: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(directory.path());
        command.env("XDG_CACHE_HOME", directory.path().join(".cache"));
        if refused {
            // SAFETY: what is called before the program starts makes two system calls and allocates
            // nothing.
            unsafe { command.pre_exec(refuse_threads) };
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{args:?}: {errors}");
    };
    run(&["compile", "a.wat", "-o", "expected"], false);
    let expected = fs::read(directory.path().join("expected")).unwrap();
    for threads in [&[][..], &["--threads", "1"], &["--threads", "8"]] {
        run(&[&["compile", "a.wat"], threads].concat(), true);
        assert!(fs::read(directory.path().join("a.cwasm")).unwrap() == expected, "{threads:?}");
    }
    run(&["run", "--invoke", "f", "a.wat"], true);
}
