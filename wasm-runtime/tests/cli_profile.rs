//! `run --profile-out`, `compile --profile-use` and the command `profile`, from the outside.

mod command_line;

use std::fs;

use command_line::Workspace;
use wasm_runtime::profile::Profile;

/// Calls a function for each argument, and ends as the number of arguments says: by itself, by an
/// exit, or by a trap.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $sizes (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $main (export "_start") (local $n i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (local.set $n (i32.load (i32.const 0)))
        (loop $next
            (call $work)
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (if (i32.eq (i32.load (i32.const 0)) (i32.const 2)) (then (call $exit (i32.const 3))))
        (if (i32.eq (i32.load (i32.const 0)) (i32.const 3)) (then unreachable)))
    (func $work))"#;

const OTHER: &str = "(module (func (export \"_start\")))";

/// How often the function was called that is called for each argument.
fn work(workspace: &Workspace, file: &str) -> u64 {
    let profile = Profile::decode(&fs::read(workspace.path(file)).unwrap()).unwrap();
    let [module] = profile.modules.values().collect::<Vec<_>>()[..] else { panic!("{profile:?}") };
    module.functions.values().map(|function| function.entries).max().unwrap()
}

#[test]
fn profiles_are_gathered_merged_shown_and_used() {
    let workspace = Workspace::new().with("p.wat", PROGRAM);
    let run = |args: &[&str], code| workspace.run(args).exits_with(code);
    run(&["run", "--profile-out", "one.profile", "p.wat", "a", "b", "c", "d"], 0);
    assert_eq!(work(&workspace, "one.profile"), 5);
    // A trap and an exit lose nothing.
    run(&["run", "--profile-out", "exit.profile", "p.wat", "a"], 3);
    assert_eq!(work(&workspace, "exit.profile"), 2);
    run(&["run", "--profile-out", "trap.profile", "p.wat", "a", "b"], 134);
    assert_eq!(work(&workspace, "trap.profile"), 3);
    run(
        &["profile", "merge", "-o", "all.profile", "one.profile", "exit.profile", "trap.profile"],
        0,
    );
    assert_eq!(work(&workspace, "all.profile"), 10);
    run(&["profile", "show", "--counters", "all.profile"], 0)
        .says("module with code ")
        .says("10          2          0  defined function 1\n")
        .says("rounds of the loop");
    run(&["compile", "--profile-use", "all.profile", "p.wat", "-o", "p.cwasm"], 0);
    run(&["inspect", "p.cwasm"], 0).says("compiled with profile ");
    run(&["run", "p.cwasm", "a"], 3);
}

#[test]
fn artifacts_count_if_they_were_compiled_to() {
    let workspace = Workspace::new().with("p.wat", PROGRAM);
    let run = |args: &[&str], code| workspace.run(args).exits_with(code);
    run(&["compile", "p.wat", "-o", "plain.cwasm"], 0);
    run(&["run", "--profile-out", "p.profile", "plain.cwasm"], 1).complains("`--gather-profile`");
    run(&["compile", "--gather-profile", "p.wat", "-o", "counts.cwasm"], 0);
    run(&["inspect", "counts.cwasm"], 0).says("counts for a profile");
    run(&["run", "--profile-out", "p.profile", "counts.cwasm"], 0);
    assert_eq!(work(&workspace, "p.profile"), 1);
}

#[test]
fn foreign_and_damaged_profiles_are_refused() {
    let workspace = Workspace::new().with("p.wat", PROGRAM).with("other.wat", OTHER);
    let run = |args: &[&str], code| workspace.run(args).exits_with(code);
    run(&["run", "--profile-out", "p.profile", "p.wat"], 0);
    run(&["compile", "--profile-use", "p.profile", "other.wat"], 1)
        .complains("the profile is of other code");
    assert!(!workspace.path("other.cwasm").exists());
    let mut bytes = fs::read(workspace.path("p.profile")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(workspace.path("damaged.profile"), bytes).unwrap();
    run(&["compile", "--profile-use", "damaged.profile", "p.wat"], 1)
        .complains("can't read the profile `damaged.profile`")
        .complains("its checksum is another");
    run(&["profile", "show", "p.wat"], 1).complains("these bytes are no profile");
    run(&["compile", "--profile-use", "missing.profile", "p.wat"], 1)
        .complains("can't read the profile `missing.profile`");
}
