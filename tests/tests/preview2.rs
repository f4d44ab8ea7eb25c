//! The components in `preview2`: what they do with WASI 0.2, and what they are refused.

#[path = "preview2/asynchronous.rs"]
mod asynchronous;
#[path = "preview2/host.rs"]
mod host;
#[path = "preview2/sockets.rs"]
mod sockets;
#[path = "preview2/waiting.rs"]
mod waiting;

use host::{End, State, run, run_in, run_with};
use wasm_runtime::wasi::{DirPerms, FilePerms, MemoryInputPipe, WasiCtx};

#[test]
fn hello() {
    assert_eq!(run(&["hello"]), (End::Returned(Ok(())), "hello from 0.2\n".to_owned()));
}

#[test]
fn arguments_and_environment() {
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "world", "ü", ""]).env("B", "2").env("A", "1 ü");
    let expected = "[\"world\", \"ü\", \"\"]\n[(\"A\", \"1 ü\"), (\"B\", \"2\")]\n";
    assert_eq!(run_with("preview2", &mut builder).1, expected);
}

#[test]
fn input_comes_out() {
    for length in [0, 1, 4096, 100_000] {
        let input: String = ('a'..='z').cycle().take(length).collect();
        let mut builder = WasiCtx::builder();
        builder.args(&["program", "cat"]).stdin(MemoryInputPipe::new(input.clone()));
        assert_eq!(run_with("preview2", &mut builder), (End::Returned(Ok(())), input));
    }
}

#[test]
fn programs_end_as_they_say() {
    assert_eq!(run(&["exit", "0"]).0, End::Exited(0));
    // The standard library can only say that it failed.
    assert_eq!(run(&["exit", "7"]).0, End::Exited(1));
    assert_eq!(run(&["fail"]).0, End::Returned(Err(())));
    assert_eq!(run(&["panic"]).0, End::Trapped);
}

#[test]
fn clocks_run() {
    assert_eq!(run(&["clocks"]).1, "true\ntrue\n");
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let (end, output) = run_in(directory.path(), DirPerms::all(), FilePerms::all(), &["files"]);
    // The standard library has no kind of errors for directories that are not empty.
    let expected = "4567890 abc4567890\n5\n[\"three\", \"two\"]\nErr(NotFound)\n\
                    Err(Uncategorized)\nErr(NotFound)\n";
    assert_eq!((end, output.as_str()), (End::Returned(Ok(())), expected));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn what_is_written_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let all = (DirPerms::all(), FilePerms::all());
    let run = |arguments: &[&str]| run_in(directory.path(), all.0, all.1, arguments);
    let long = "0123456789".repeat(20_000);
    assert_eq!(run(&["write", "file", &long]).0, End::Returned(Ok(())));
    assert_eq!(run(&["read", "file"]).1, format!("{long}\n"));
    assert_eq!(run(&["append", "file"]).0, End::Returned(Ok(())));
    let expected = format!("{long}more\n");
    assert_eq!(std::fs::read_to_string(directory.path().join("file")).unwrap(), expected);
}

#[test]
fn what_may_only_be_read_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("own"), "own").unwrap();
    let read = (DirPerms::READ, FilePerms::READ);
    let run = |arguments: &[&str]| run_in(directory.path(), read.0, read.1, arguments);
    assert_eq!(run(&["read", "own"]).1, "own\n");
    let expected = "read: done\nwrite: refused\ncreate: refused\nmetadata: done\nmkdir: refused\n\
                    rename: refused\nlink: refused\nunlink: refused\nrmdir: refused\n\
                    list: refused\n";
    assert_eq!(run(&["try", "own"]).1, expected);
    assert_eq!(std::fs::read(directory.path().join("own")).unwrap(), b"own");
}

/// The same attacks as on preview 1, by a program.
#[test]
fn nothing_outside_is_reached() {
    let parent = tempfile::tempdir().unwrap();
    let inside = parent.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::fs::create_dir(inside.join("sub")).unwrap();
    std::fs::write(inside.join("own"), "own").unwrap();
    std::fs::write(parent.path().join("secret"), "secret").unwrap();
    let link = |target: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(target, inside.join(name)).unwrap();
    };
    link(std::path::Path::new(".."), "up");
    link(parent.path(), "absolute");
    link(std::path::Path::new("up"), "twice");
    let absolute = parent.path().join("secret").to_str().unwrap().to_owned();
    for path in [
        "../secret",
        "sub/../../secret",
        "up/secret",
        "absolute/secret",
        "twice/secret",
        "sub/../up/secret",
        &absolute,
    ] {
        let all = (DirPerms::all(), FilePerms::all());
        let (end, output) = run_in(&inside, all.0, all.1, &["try", path]);
        assert_eq!(end, End::Returned(Ok(())), "{path}");
        assert_eq!(output.matches("refused").count(), 10, "{path}: {output}");
        assert_eq!(std::fs::read(parent.path().join("secret")).unwrap(), b"secret");
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 2);
    }
}

/// Programs of preview 1, made components by the adapter: they print what they print without it.
#[test]
fn programs_of_preview_1() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let expected =
        |name: &str| std::fs::read_to_string(folder.join(format!("{name}.stdout"))).unwrap();
    for (name, arguments) in [("files", &[][..]), ("directories", &[]), ("clocks", &[])] {
        let work = tempfile::tempdir().unwrap();
        let mut builder = WasiCtx::builder();
        builder.arg(format!("{name}.wasm")).args(arguments as &[&str]);
        builder
            .preopened_dir_with(work.path(), "/work", DirPerms::all(), FilePerms::all())
            .unwrap();
        let (end, output) = run_with(name, &mut builder);
        assert_eq!(output, expected(name), "{name}");
        assert_eq!(end, End::Returned(Ok(())), "{name}");
    }
}

/// Nothing is open to a program with an empty context.
#[test]
fn a_program_without_anything_has_nothing() {
    let (end, output) = run(&["try", "own"]);
    assert_eq!(end, End::Returned(Ok(())));
    assert_eq!(output.matches("refused").count(), 10, "{output}");
    let _: fn() -> State = || State::new(&mut WasiCtx::builder());
}
