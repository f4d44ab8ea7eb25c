//! What the program `wasm-runtime` reads and writes: standard input and output, files of other
//! kinds, and output that its reader closes.

mod command_line;

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use command_line::Workspace;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"#;

/// Ends with the length of its first argument as the exit code, and reads a byte of standard input.
const COMMAND: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $args (i32.const 0) (i32.const 4)))
        (call $exit (i32.load (i32.const 4)))))"#;

#[test]
fn a_module_comes_from_standard_input() {
    let workspace = Workspace::new();
    workspace.feed(ADD, &["run", "--invoke", "add", "-", "40", "2"]).exits_with(0).says("42\n");
    workspace.feed(ADD, &["run", "-", "--invoke", "add", "40", "2"]).exits_with(0).says("42\n");
    workspace.feed(ADD, &["-", "--invoke", "add", "40", "2"]).exits_with(0).says("42\n");
    // Its name is `stdin`, which has this length with the terminating zero.
    workspace.feed(COMMAND, &["run", "-"]).exits_with(6);
    workspace.feed(ADD, &["inspect", "-"]).exits_with(0).says("\"add\"");
    workspace.feed(ADD, &["clif", "-", "-f", "add"]).exits_with(0).says("iadd");
    workspace.feed("", &["run", "-"]).exits_with(1).complains("standard input is an empty file");
    workspace.feed("(module", &["run", "-"]).exits_with(1).complains("expected `)`");
}

#[test]
fn artifacts_go_through_pipes() {
    let workspace = Workspace::new();
    workspace.feed(ADD, &["compile", "-"]).exits_with(1).complains("--output");
    workspace.feed(ADD, &["compile", "-", "-o", "add.cwasm"]).exits_with(0);
    let compiled = workspace.feed(ADD, &["compile", "-", "-o", "-"]).exits_with(0);
    let artifact = compiled.output.stdout;
    assert!(artifact == fs::read(workspace.path("add.cwasm")).unwrap());
    let run = ["run", "--invoke", "add", "-", "40", "2"];
    workspace.feed(&artifact, &run).exits_with(0).says("42\n");
    workspace
        .feed(&artifact, &["inspect", "-", "--table", "exports"])
        .exits_with(0)
        .says("\"add\"");
    workspace
        .feed(&artifact, &["compile", "-", "-o", "x"])
        .exits_with(1)
        .complains("compiled already");

    workspace.run(&["keygen", "-o", "my"]).exits_with(0);
    let signed =
        workspace.feed(&artifact, &["sign", "-", "--key", "my.key", "-o", "-"]).exits_with(0);
    assert!(signed.stderr().contains("signed with the key"));
    let signed = signed.output.stdout;
    workspace.feed(&signed, &["verify", "-", "--trust", "my.pub"]).exits_with(0).says("trusted");
    let trusting = ["run", "--trust", "my.pub", "--invoke", "add", "-", "40", "2"];
    workspace.feed(&signed, &trusting).exits_with(0).says("42\n");
    workspace.feed(&artifact, &trusting).exits_with(1).complains("standard input");
}

#[test]
fn pipes_with_names_are_read_too() {
    let workspace = Workspace::new();
    workspace.feed(ADD, &["compile", "-", "-o", "add.cwasm"]).exits_with(0);
    let artifact = fs::read(workspace.path("add.cwasm")).unwrap();
    let run = ["run", "--invoke", "add", "/dev/stdin", "40", "2"];
    workspace.feed(ADD, &run).exits_with(0).says("42\n");
    workspace.feed(&artifact, &run).exits_with(0).says("42\n");
    // Whoever writes to a pipe is ended if its reader closes it, also if it is opened again.
    let pipe = workspace.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for contents in [ADD.as_bytes(), &artifact] {
        let run = ["run", "--invoke", "add", "pipe", "40", "2"];
        let child = workspace.command(&run).stdout(Stdio::piped()).spawn().unwrap();
        fs::write(&pipe, contents).unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"42\n");
    }
}

#[test]
fn standard_input_is_read_only_once() {
    let workspace = Workspace::new();
    let once = "standard input can be read only once";
    workspace.feed(ADD, &["run", "--preload", "lib=-", "-"]).exits_with(1).complains(once);
    if cfg!(feature = "wast") {
        workspace.feed("(module)", &["wast", "-", "-"]).exits_with(1).complains(once);
    }
}

/// These files have no end.
#[test]
fn what_is_neither_a_module_nor_an_artifact_is_not_read_to_its_end() {
    let workspace = Workspace::new();
    for command in ["run", "compile", "inspect"] {
        workspace.run(&[command, "/dev/zero"]).exits_with(1).complains("a file of zero bytes");
    }
    workspace
        .run(&["run", "/dev/urandom"])
        .exits_with(1)
        .complains("expected a WebAssembly module");
}

#[test]
fn components_are_named_as_such() {
    let workspace = Workspace::new()
        .with("text.wat", ";; a comment\n(component (core module))")
        .with("binary.wasm", b"\0asm\x0d\0\x01\0");
    let needs = "a module is needed here";
    for file in ["text.wat", "binary.wasm"] {
        if cfg!(feature = "component") {
            workspace.run(&["clif", file]).exits_with(1).complains(needs);
            workspace.run(&["inspect", file]).exits_with(0).says("WebAssembly component");
            continue;
        }
        for command in ["run", "compile", "inspect", "clif"] {
            workspace
                .run(&[command, file])
                .exits_with(1)
                .complains(&format!("`{file}` is a WebAssembly component"))
                .complains("WASI preview 1")
                .complains("wasm-tools component unbundle");
        }
    }
    if cfg!(feature = "component") {
        workspace.feed("(component)", &["run", "-"]).exits_with(0).complains("exports no");
        return;
    }
    workspace
        .feed("(component)", &["run", "-"])
        .exits_with(1)
        .complains("is a WebAssembly component");
}

#[test]
fn a_text_may_begin_with_a_long_comment() {
    let text = format!("(; {} ;)\n{ADD}", "all rights reserved ".repeat(1000));
    let workspace = Workspace::new().with("add.wat", text);
    workspace.run(&["run", "--invoke", "add", "add.wat", "40", "2"]).exits_with(0).says("42\n");
}

/// The reader closes the output before anything is written. No command panics or complains.
#[test]
fn a_reader_may_have_seen_enough() {
    let many: String = (0..2000).map(|n| format!("(func (export \"f{n}\"))")).collect();
    let workspace = Workspace::new()
        .with("add.wat", ADD)
        .with("many.wat", format!("(module {many})"))
        .with("script.wast", "(assert_return (invoke \"nothing\"))");
    workspace.run(&["compile", "add.wat"]).exits_with(0);
    workspace.run(&["keygen", "-o", "my"]).exits_with(0);
    workspace.run(&["sign", "add.cwasm", "--key", "my.key"]).exits_with(0);
    let mut commands = vec![
        vec!["run", "--invoke", "add", "add.wat", "40", "2"],
        vec!["inspect", "many.wat"],
        vec!["inspect", "--all", "add.cwasm"],
        vec!["clif", "many.wat"],
        vec!["keygen", "-o", "other"],
        vec!["sign", "add.cwasm", "--key", "my.key"],
        vec!["verify", "add.cwasm", "--trust", "my.pub"],
        vec!["compile", "many.wat", "-o", "-"],
        vec!["cache", "path"],
        vec!["cache", "list"],
        vec!["cache", "clear"],
        vec!["help", "run"],
    ];
    if cfg!(feature = "rewrite") {
        commands.push(vec!["expose", "many.wat"]);
    }
    for args in commands {
        let mut command = workspace.command(&args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command holds the last copy of the pipe's other end.
        drop(command);
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = child.wait().unwrap();
        assert!(stderr.is_empty(), "{args:?}: {stderr}");
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
}

/// Writing to this device fails as if it were full.
#[test]
fn output_that_can_not_be_written_is_an_error() {
    let workspace = Workspace::new().with("add.wat", ADD);
    for args in [
        &["run", "--invoke", "add", "add.wat", "40", "2"][..],
        &["inspect", "add.wat"],
        &["clif", "add.wat"],
        &["compile", "add.wat", "-o", "-"],
        &["cache", "path"],
    ] {
        let mut command = workspace.command(args);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("can't write to standard output"), "{args:?}: {stderr}");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
    }
}

/// The body is invalid, which a compiler would report.
#[test]
fn what_can_not_be_written_is_reported_before_anything_is_compiled() {
    let workspace = Workspace::new().with("bad.wat", "(module (func (result i32)))");
    workspace.run(&["compile", "bad.wat"]).exits_with(1).complains("offset");
    for output in ["nowhere/bad.cwasm", "."] {
        let message = format!("can't write `{output}`");
        workspace.run(&["compile", "bad.wat", "-o", output]).exits_with(1).complains(&message);
    }
}

/// Paths are bytes.
#[test]
fn paths_need_not_be_unicode() {
    let name = |ending: &[u8]| OsStr::from_bytes(&[b"\xff", ending].concat()).to_owned();
    let workspace = Workspace::new().with("program.wat", COMMAND);
    fs::write(workspace.path("").join(name(b".wat")), ADD).unwrap();
    fs::create_dir(workspace.path("").join(name(b""))).unwrap();
    let run = |args: &[&OsStr]| {
        let output = workspace.command(&["run"]).args(args).output().unwrap();
        (String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let (preload, mut directory) = (OsStr::from_bytes(b"--preload=lib=\xff.wat"), name(b"::/data"));
    let program = OsStr::new("program.wat");
    assert_eq!(
        run(&[&name(b".wat"), "--invoke=add".as_ref(), "1".as_ref(), "2".as_ref()]).1,
        Some(0)
    );
    assert_eq!(run(&[preload, "--dir".as_ref(), &directory, program]), (String::new(), Some(12)));
    directory = name(b"");
    let (stderr, code) = run(&["--dir".as_ref(), &directory, program]);
    assert!(stderr.contains("not Unicode: write HOST::GUEST"), "{stderr}");
    assert_eq!(code, Some(1));
}
