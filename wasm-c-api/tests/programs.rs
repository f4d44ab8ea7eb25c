//! Programs in C, in `tests/c`, which are compiled, linked with the library, and must succeed.

mod support;

use std::process::Command;

use support::{compiler, library_directory, output, reference_headers, root};

/// Compiles a program of `tests/c`, and runs it: it ends with a message if something is not as it
/// should be. What it prints is returned.
fn run(name: &str) -> Option<String> {
    let cc = compiler()?;
    let directory = tempfile::tempdir().expect("a directory");
    let (library, program) = (library_directory(), directory.path().join(name));
    let mut command = Command::new(cc);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-I"]);
    command.arg(root().join("include")).arg(root().join("tests/c").join(format!("{name}.c")));
    command.arg("-L").arg(&library).arg(format!("-Wl,-rpath,{}", library.display()));
    output(command.args(["-lwasm_c_api", "-lpthread", "-lm", "-o"]).arg(&program));
    // Cargo's own path for tests comes before that in the program, and leads to the library that
    // was built last by itself.
    let mut program = Command::new(program);
    Some(output(program.current_dir(directory.path()).env("LD_LIBRARY_PATH", library)))
}

/// A test for each program, with what it prints.
macro_rules! programs {
    ($($name:ident $expected:literal)*) => {$(
        #[test]
        fn $name() {
            if let Some(printed) = run(stringify!($name)) {
                assert_eq!(printed, $expected);
            }
        }
    )*};
}

programs! {
    hello "hello, world\n"
    callback "print 7\nclosure 42\nresult 7\n"
    trap "from the host\nunreachable\n"
    reflect "5 exports\n"
    global "globals\n"
    table "tables\n"
    memory "memories\n"
    hostref "host references\n"
    finalize "30030 finalized\n"
    serialize "hello, artifact\n"
    threads "40 calls\n"
    multi "1 2 3 4\n"
    start "started, trapped\n"
    handles "handles\n"
    messages "messages\n"
    beyond "beyond\n"
    misuse "misuse\n"
    futures "futures\n"
    waiting "waiting\n"
    unchecked "unchecked\n"
    kinds "kinds\n"
    pools "pools\n"
    entered "entered\n"
    resources "resources\n"
    sizes "sizes\n"
    strangers "strangers\n"
    shared "shared\n"
    missing "missing\n"
    numbers "numbers\n"
}

/// Wasmtime's C++ API is written upon its headers, and works upon these.
#[test]
fn cxx() {
    let Some(reference) = reference_headers() else { return };
    if Command::new("c++").arg("--version").output().is_err() {
        println!("skipped: there is no C++ compiler (c++)");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (library, program) = (library_directory(), directory.path().join("cxx"));
    let mut command = Command::new("c++");
    command.args(["-std=c++20", "-I"]).arg(root().join("include")).arg("-I").arg(reference);
    command.arg(root().join("tests/c/cxx.cc")).arg("-L").arg(&library);
    command.arg(format!("-Wl,-rpath,{}", library.display())).args(["-lwasm_c_api", "-o"]);
    output(command.arg(&program));
    assert_eq!(output(&mut Command::new(program)), "42\n");
}
