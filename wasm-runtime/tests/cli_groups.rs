//! Options in groups under Wasmtime's names, and the commands that go with them.

mod command_line;

use command_line::Workspace;

const LOOP: &str = r#"(module (func (export "spin") (loop (br 0)))
    (func (export "nan") (result i32) (i32.reinterpret_f32
        (f32.add (f32.reinterpret_i32 (i32.const 0x7fa00000)) (f32.const 1)))))"#;

#[test]
fn keys_do_what_the_options_do() {
    let workspace = Workspace::new().with("loop.wat", LOOP);
    let spin = |options: &[&str]| {
        let args = [&["run"], options, &["--invoke", "spin", "loop.wat"]].concat();
        workspace.run(&args)
    };
    spin(&["-W", "fuel=1000"]).exits_with(134).complains("--fuel");
    spin(&["-Wtimeout=50ms,simd=n", "-O0", "-C", "cache=n"]).exits_with(134).complains("--timeout");
    spin(&["--wasm=fuel=10", "--codegen", "compiler=cranelift", "-Opooling-allocator"])
        .exits_with(134)
        .complains("--fuel");
    let nan = ["run", "-W", "nan-canonicalization", "--invoke", "nan", "loop.wat"];
    workspace.run(&nan).exits_with(0).says("2143289344");
    workspace.run(&["compile", "-W", "epoch-interruption", "loop.wat"]).exits_with(0);
    let stopped = ["run", "-W", "timeout=50ms", "--invoke", "spin", "loop.cwasm"];
    workspace.run(&stopped).exits_with(134);
    // A file without a command.
    let bare = ["./loop.wat", "-W", "fuel=1000", "--invoke", "spin"];
    workspace.run(&bare).exits_with(134);
}

#[test]
fn memories_and_pools_have_their_settings() {
    let grows = r#"(module (memory 1) (table 2 funcref)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let workspace = Workspace::new().with("grows.wat", grows);
    let grow = |options: &[&str], pages: &str| {
        workspace.run(&[&["run"], options, &["--invoke", "grow", "grows.wat", pages]].concat())
    };
    grow(&[], "100").exits_with(0).says("1");
    grow(&["-W", "trap-on-grow-failure"], "100000").exits_with(1).complains("--trap-on-grow");
    grow(&["-W", "max-memories=0"], "1").exits_with(1).complains("memory count too high");
    grow(&["-W", "max-tables=0"], "1").exits_with(1).complains("table count too high");
    grow(&["-W", "max-instances=0"], "1").exits_with(1).complains("instance count too high");
    // 128 KiB of reservation, beyond which nothing grows in place.
    let stays = "memory-reservation=128Ki,memory-may-move=n";
    grow(&["-O", stays], "1").exits_with(0).says("1");
    grow(&["-O", stays], "2").exits_with(0).says("-1");
    grow(&["-O", "memory-reservation=0,memory-guard-size=0"], "2").exits_with(0).says("1");
    let pool = "pooling-total-memories=1,pooling-total-stacks=1,pooling-max-memory-size=128Ki";
    grow(&["-O", pool], "1").exits_with(0).says("1");
    grow(&["-O", pool], "2").exits_with(0).says("-1");
    grow(&["-O", "pooling-table-elements=1"], "1").exits_with(1).complains("table_elements");
    grow(&["-O", "pooling-table-elements=1,pooling-allocator=n"], "1").exits_with(0);
    grow(&["-O", "pooling-nothing=1"], "1").exits_with(2).complains("no limit `nothing`");
    grow(&["-O", "pooling-total-gc-heaps=1"], "1").exits_with(2).complains("max-memory-size");
}

#[test]
fn what_can_not_be_says_what_can() {
    let workspace = Workspace::new().with("loop.wat", LOOP);
    let refused = |args: &[&str]| workspace.run(args).exits_with(2);
    refused(&["run", "-D", "guest-debug", "loop.wat"]).complains("GDB");
    refused(&["run", "-C", "compiler=winch", "loop.wat"]).complains("Cranelift");
    refused(&["run", "-O", "signals-based-traps=n", "loop.wat"]).complains("--memory-reservation");
    refused(&["run", "-D", "nonsense", "loop.wat"]).complains("`-D help` lists them");
    refused(&["run", "-W", "nonsense", "loop.wat"]).complains("no proposal `nonsense`");
    refused(&["run", "-W", "fuel", "loop.wat"]).complains("write `fuel=VALUE`");
    refused(&["run", "-C", "cache=maybe", "loop.wat"]).complains("neither yes nor no");
    refused(&["compile", "-W", "fuel=5", "loop.wat"])
        .complains("`--fuel`, which `wasm-runtime compile` does not have");
    refused(&["run", "-C"]).complains("`-C help`");
    refused(&["run", "-R", "path=x", "loop.wat"]).complains("snapshot");
    refused(&["run", "-D", "debugger=x", "loop.wat"]).complains("GDB");
    refused(&["run", "-W", "gc-support=n", "loop.wat"]).complains("-W gc=n");
    refused(&["run", "-O", "static-memory-forced", "loop.wat"]).complains("memory-may-move=n");
    refused(&["serve", "loop.wat"]).complains("`wasi:http`");
    refused(&["wizer", "loop.wat"]).complains("`snapshot`");
    let run = |option: &str| workspace.run(&["run", "-S", option, "--invoke", "nan", "loop.wat"]);
    run("cli,common,inherit-stdout=y").exits_with(0);
    run("cli=n").exits_with(1).complains("programs always have that");
}

#[test]
fn a_program_that_traps_leaves_a_core_dump() {
    let trap = r#"(module (func (export "trap") unreachable) (func (export "not")))"#;
    let workspace = Workspace::new().with("trap.wat", trap);
    let run = |name| {
        let args = ["run", "-D", "coredump=core.wasm", "--invoke", name, "trap.wat"];
        workspace.run(&args)
    };
    run("not").exits_with(0);
    assert!(!workspace.path("core.wasm").exists());
    run("trap").exits_with(134).complains("core.wasm");
    let dump = std::fs::read(workspace.path("core.wasm")).unwrap();
    assert!(dump.starts_with(b"\0asm"));
    let nowhere = ["run", "--coredump", "no/where", "--invoke", "trap", "trap.wat"];
    workspace.run(&nowhere).exits_with(134).complains("can't write `no/where`");
}

#[test]
fn groups_list_what_they_have() {
    let workspace = Workspace::new();
    let keys = [
        ("O", "opt-level"),
        ("C", "cache"),
        ("D", "coredump"),
        ("W", "fuel"),
        ("W", "PROPOSAL"),
        ("S", "inherit-network"),
        ("R", "NAME"),
    ];
    for (group, key) in keys {
        let option = format!("-{group}");
        let list = workspace.run(&["run", &option, "help"]).exits_with(0);
        list.says(&format!("-{group} {key}"));
    }
}

#[test]
fn a_program_keeps_its_options() {
    let program = r#"(module
        (import "wasi_snapshot_preview1" "args_sizes_get"
            (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 4)))
            (call $exit (i32.load (i32.const 0)))))"#;
    let workspace = Workspace::new().with("count.wat", program);
    workspace.run(&["run", "count.wat", "x", "-W", "fuel=1", "-D", "help"]).exits_with(6);
    workspace.run(&["count.wat", "--", "-O", "help"]).exits_with(3);
}

#[test]
fn settings_of_instruction_sets_are_listed() {
    let workspace = Workspace::new().with("loop.wat", LOOP);
    let list = workspace.run(&["settings", "--target", "x86_64-unknown-linux-gnu"]).exits_with(0);
    list.says("has_avx2").says("skylake");
    workspace.run(&["compile", "-C", "cranelift-has-avx2=false", "loop.wat"]).exits_with(0);
    workspace.run(&["settings", "--target", "nowhere"]).exits_with(1);
}

#[test]
fn a_file_of_settings_is_made_once() {
    let workspace = Workspace::new();
    let config = || {
        let mut command = workspace.command(&["config", "new"]);
        command.env("XDG_CONFIG_HOME", workspace.path("config"));
        command.output().unwrap()
    };
    let made = config();
    assert!(made.status.success());
    let path = workspace.path("config/wasm-runtime/cache.toml");
    assert_eq!(String::from_utf8(made.stdout).unwrap().trim(), path.display().to_string());
    assert!(!config().status.success());
    // It is a file that the program reads, also with each setting in use.
    let text = std::fs::read_to_string(&path).unwrap();
    for text in [text.clone(), text.replace("# d", "d").replace("# f", "f")] {
        std::fs::write(&path, text).unwrap();
        let mut list = workspace.command(&["cache", "path"]);
        list.env("XDG_CONFIG_HOME", workspace.path("config"));
        assert!(list.output().unwrap().status.success());
    }
}

#[test]
fn shells_get_completions() {
    let workspace = Workspace::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        workspace.run(&["completion", shell]).exits_with(0).says("compile");
    }
}

#[test]
fn scripts_go_through_artifacts() {
    let script = r#"(module (func (export "f") (result f32)
            (f32.add (f32.reinterpret_i32 (i32.const 0x7fa00000)) (f32.const 1))))
        (assert_return (invoke "f") (f32.const nan:canonical))"#;
    let workspace = Workspace::new().with("nan.wast", script);
    let all = ["wast", "--artifact", "--canonicalize-nans", "nan.wast"];
    workspace.run(&all).exits_with(0).says("2 passed, 0 failed");
}
