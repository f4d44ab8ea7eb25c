//! GDB knows the lines of a C program in a module: it stops there, goes on line by line, and shows
//! where it is.
#![cfg(target_os = "linux")]

use std::process::Command;

/// A program of the whole project's tests, with the folder of its source.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/debugging");

#[test]
fn gdb_stops_at_lines_and_steps() {
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("skipped: there is no gdb (Debian: apt-get install gdb)");
        return;
    }
    let map = format!("set substitute-path /src {SOURCES}");
    let commands = [
        "set confirm off",
        "set debuginfod enabled off",
        "set breakpoint pending on",
        &map,
        "break traps.c:24",
        "break traps.c:5",
        "run",
        "step",
        "step",
        "step",
        "echo continued:\\n",
        "continue",
        "backtrace 3",
        "kill",
    ];
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch"]);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    gdb.args(["--args", env!("CARGO_BIN_EXE_wasm-runtime"), "run", "--profile-names", "gdb"]);
    // What stands in place of a call has no frame there.
    gdb.arg("--no-inlining");
    gdb.args(["--invoke", "run", &format!("{SOURCES}/traps.wasm"), "5"]);
    let output = gdb.output().expect("gdb starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("ptrace: Operation not permitted") {
        eprintln!("skipped: gdb may not trace programs here");
        return;
    }
    let (stepped, continued) =
        text.split_once("continued:").unwrap_or_else(|| panic!("{text}\n{errors}"));
    let in_order = |text: &str, parts: &[&str]| {
        let mut rest = text;
        parts.iter().all(|part| {
            let found = rest.split_once(part);
            rest = found.map_or("", |(_, after)| after);
            found.is_some()
        })
    };
    let lines = [
        "Breakpoint 1, run () at /src/traps.c:24",
        "return middle(a) + 1;",
        "middle () at /src/traps.c:17",
        "unsigned far = a | 0x7fff0000;",
        "return load(far) + 1;",
    ];
    assert!(in_order(stepped, &lines), "{text}\n{errors}");
    let lines = [
        "Breakpoint 2, load () at /src/traps.c:5",
        "#0  load () at /src/traps.c:5",
        "middle () at /src/traps.c:11",
        "run () at /src/traps.c:24",
    ];
    assert!(in_order(continued, &lines), "{text}\n{errors}");
}
