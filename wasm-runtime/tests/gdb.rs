//! GDB and LLDB know the lines and variables of a C program in a module: they stop there, go on
//! line by line, show where they are, and what variables have.
#![cfg(target_os = "linux")]

use std::process::Command;

/// Programs of the whole project's tests, with the folder of their sources.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/debugging");

/// What GDB says to commands about a program; `None` if it can't run here.
fn gdb(commands: &[&str], module: &str, options: &[&str]) -> Option<String> {
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("skipped: there is no gdb (Debian: apt-get install gdb)");
        return None;
    }
    let map = format!("set substitute-path /src {SOURCES}");
    let settings =
        ["set confirm off", "set debuginfod enabled off", "set breakpoint pending on", &map];
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch"]);
    for command in settings.iter().chain(commands).chain(&["kill"]) {
        gdb.args(["-ex", command]);
    }
    gdb.args(["--args", env!("CARGO_BIN_EXE_wasm-runtime"), "run", "--profile-names", "gdb"]);
    gdb.args(options).args(["--invoke", "run", &format!("{SOURCES}/{module}"), "5"]);
    let output = gdb.output().expect("gdb starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("ptrace: Operation not permitted") {
        eprintln!("skipped: gdb may not trace programs here");
        return None;
    }
    Some(format!("{}\n{errors}", String::from_utf8_lossy(&output.stdout)))
}

/// Checks that lines are there one after the other.
fn assert_in_order(text: &str, lines: &[&str]) {
    let mut rest = text;
    for line in lines {
        match rest.split_once(line) {
            Some((_, after)) => rest = after,
            None => panic!("`{line}` is not there, or not in order:\n{text}"),
        }
    }
}

#[test]
fn gdb_stops_at_lines_and_steps() {
    let commands = [
        "break traps.c:24",
        "break traps.c:5",
        "run",
        "step",
        "step",
        "step",
        "echo continued:\\n",
        "continue",
        "backtrace 4",
    ];
    let Some(text) = gdb(&commands, "traps.wasm", &[]) else { return };
    let (stepped, continued) = text.split_once("continued:").unwrap_or_else(|| panic!("{text}"));
    let lines = [
        "Breakpoint 1, run (a=5) at traps.c:24",
        "return middle(a) + 1;",
        "middle (a=5) at traps.c:17",
        "return inlined(sum) + 1;",
        "inlined (a=",
        "unsigned far = a | 0x7fff0000;",
    ];
    assert_in_order(stepped, &lines);
    let lines = [
        "Breakpoint 2, load (at=2147418122) at traps.c:5",
        "#0  load (at=2147418122) at traps.c:5",
        " inlined (a=",
        ") at traps.c:11",
        " middle (a=",
        " run (a=",
        ") at traps.c:24",
    ];
    assert_in_order(continued, &lines);
}

#[test]
fn gdb_shows_variables() {
    let commands = [
        "break variables.c:25",
        "run",
        "backtrace 2",
        "info args",
        "info locals",
        "print *list",
        "print list->at.y + 1",
        "print (char *)(wasm_memory + list->name)",
        "print ((struct node *)(wasm_memory + list->next))->weight",
        "print nodes[1].weight",
        "print counter",
        "ptype list",
        "up",
        "info locals",
        "continue",
        "print *list",
        "print total",
        "print c",
    ];
    for options in [&["--optimize", "none"][..], &[]] {
        let Some(text) = gdb(&commands, "variables.wasm", options) else { return };
        let lines = [
            ", sum (list=0x",
            ", start=100, scale=2) at variables.c:25",
            "#0  sum (list=0x",
            "#1  ",
            " run (a=5) at variables.c:40",
            "list = 0x",
            "start = 100",
            "scale = 2",
            "here = {x = 5, y = 2}",
            "c = GREEN",
            "total = 112",
            "$1 = {at = {x = 5, y = 2}, name = ",
            "flags = 0, weight = 0}",
            "$2 = 3",
            "\"first\"",
            "$4 = 1.5",
            "$5 = 1.5",
            "$6 = 7",
            "struct point at;",
            "text = \"hello\"",
            "Breakpoint 1, sum",
            "$7 = {at = {x = 1, y = 0}",
            "next = 0,",
            "weight = 1.5}",
            "$8 = 113",
            "$9 = RED",
        ];
        assert_in_order(&text, &lines);
    }
}

#[test]
fn what_is_optimized_away_is_not_shown() {
    let commands = ["break variables.c:24", "run", "info locals", "info args", "print counter"];
    let Some(text) = gdb(&commands, "variables-optimized.wasm", &[]) else { return };
    let lines = ["Breakpoint 1, ", "sum (list=", "start=100", "$1 = "];
    assert_in_order(&text, &lines);
    assert!(text.contains("<optimized out>"), "{text}");
}

#[test]
fn lldb_shows_variables() {
    // LLDB has no other way to find the list of code on Linux.
    let commands = [
        "settings set plugin.jit-loader.gdb.enable on",
        "breakpoint set --file variables.c --line 25",
        "run",
        "thread backtrace --count 2",
        "frame variable",
        "frame variable *list",
        "process kill",
    ];
    let mut lldb = Command::new("lldb");
    lldb.args(["--no-lldbinit", "--batch"]);
    for command in commands {
        lldb.args(["-o", command]);
    }
    lldb.args(["--", env!("CARGO_BIN_EXE_wasm-runtime"), "run", "--profile-names", "gdb"]);
    lldb.args(["--optimize", "none", "--invoke", "run"]);
    let Ok(output) = lldb.arg(format!("{SOURCES}/variables.wasm")).arg("5").output() else {
        eprintln!("skipped: there is no lldb (Debian: apt-get install lldb)");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.contains("stop reason = breakpoint") {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("not permitted") || errors.contains("denied"), "{text}\n{errors}");
        eprintln!("skipped: lldb may not trace programs here");
        return;
    }
    let lines = [
        "sum(list=0x",
        ", start=100, scale=2) at variables.c:25",
        "run(a=5) at variables.c:40",
        "(const node *) list = 0x",
        "(long long) start = 100",
        "(double) scale = 2",
        "(long long) total = 112",
        "(point) here = (x = 5, y = 2)",
        "(color) c = GREEN",
        "at = (x = 5, y = 2)",
    ];
    assert_in_order(&text, &lines);
}
