//! The program `wasm-runtime` and trust: keys, signing, verifying, and running only what is
//! trusted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"#;

/// A directory with a module, in which the program is run.
struct Workspace {
    directory: TempDir,
}

/// The outcome of a run.
struct Finished {
    line: String,
    output: Output,
}

impl Workspace {
    fn new() -> Self {
        let workspace = Self { directory: TempDir::new().expect("a temporary directory") };
        fs::write(workspace.path("add.wat"), ADD).expect("a file in a temporary directory");
        workspace
    }

    /// A directory with a pair of keys, and an artifact that is signed with it.
    fn with_key() -> Self {
        let workspace = Self::new();
        workspace.run("keygen -o my").exits_with(0);
        workspace.run("compile add.wat --sign my.key").exits_with(0);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file that was written")
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).expect("a file").permissions().mode() & 0o777
    }

    /// The names of the files, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).expect("a directory");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().into_string().expect("a name")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    fn run(&self, line: &str) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(line.split(' ')).current_dir(self.directory.path());
        // The cache of whoever runs the tests is not used.
        command.env("XDG_CACHE_HOME", self.directory.path().join(".cache"));
        let output = command.output().expect("the program under test can be started");
        Finished { line: line.to_owned(), output }
    }
}

impl Finished {
    #[track_caller]
    fn exits_with(self, code: i32) -> Self {
        let Self { line, output } = &self;
        assert_eq!(output.status.code(), Some(code), "`{line}`: {output:?}");
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        let stdout = String::from_utf8_lossy(&self.output.stdout);
        assert!(stdout.contains(text), "`{}` wrote {stdout}", self.line);
        self
    }

    #[track_caller]
    fn complains(self, text: &str) -> Self {
        let stderr = String::from_utf8_lossy(&self.output.stderr);
        assert!(stderr.contains(text), "`{}` wrote to standard error: {stderr}", self.line);
        self
    }

    /// The rest of the line on standard output after this text.
    fn after(&self, text: &str) -> String {
        let stdout = String::from_utf8_lossy(&self.output.stdout).into_owned();
        let (_, rest) = stdout.split_once(text).expect("the text is there");
        rest.lines().next().unwrap_or_default().to_owned()
    }
}

#[test]
fn from_keys_to_a_run() {
    let workspace = Workspace::with_key();
    workspace.run("verify add.cwasm --trust my.pub").exits_with(0).says("signed with the key");
    let run = "run --trust my.pub --invoke add add.cwasm 40 2";
    workspace.run(run).exits_with(0).says("42");

    // If one bit is different, the artifact is neither verified nor run.
    let mut bytes = workspace.read("add.cwasm");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(workspace.path("add.cwasm"), &bytes).unwrap();
    workspace.run("verify add.cwasm --trust my.pub").exits_with(1).complains("not trusted");
    workspace.run(run).exits_with(1).complains("add.cwasm");
}

#[test]
fn without_a_policy_artifacts_run_as_programs_do() {
    let workspace = Workspace::new();
    workspace.run("compile add.wat").exits_with(0);
    workspace.run("run --invoke add add.cwasm 40 2").exits_with(0).says("42");
    workspace.run("keygen").exits_with(0);
    workspace
        .run("run --trust artifacts.pub --invoke add add.cwasm 40 2")
        .exits_with(1)
        .complains("not sealed");
    // What is compiled just in time needs no trust.
    workspace.run("run --trust artifacts.pub --invoke add add.wat 40 2").exits_with(0).says("42");
}

#[test]
fn any_of_several_keys_or_hashes_is_enough() {
    let workspace = Workspace::with_key();
    let id = workspace.run("keygen -o other").exits_with(0).after("key id: ");
    assert_eq!(id.len(), 64);
    workspace.run("verify add.cwasm --trust other.pub").exits_with(1).complains(&id);
    workspace.run("verify add.cwasm --trust other.pub --trust my.pub").exits_with(0);
    let run = "run --trust other.pub --invoke add add.cwasm 40 2";
    workspace.run(run).exits_with(1).complains("unknown key").complains(&id);
    workspace.run(&run.replace("run", "run --trust my.pub")).exits_with(0).says("42");

    let hash = wasm_runtime::sign::ContentHash::of(&workspace.read("add.cwasm")).to_string();
    let wrong = hash.replace(|digit: char| digit != 'a', "a");
    for option in ["--trust", "--hash"] {
        workspace.run(&format!("verify add.cwasm {option} {hash}")).exits_with(0).says(&hash);
        workspace.run(&format!("verify add.cwasm {option} {wrong}")).exits_with(1).complains(&hash);
    }
    workspace
        .run(&format!("run --trust {hash} --invoke add add.cwasm 40 2"))
        .exits_with(0)
        .says("42");
    workspace.run(&format!("run --trust {wrong} --invoke add add.cwasm 40 2")).exits_with(1);
}

#[test]
fn artifacts_can_be_signed_later_and_anew() {
    let workspace = Workspace::with_key();
    let signed = workspace.read("add.cwasm");
    workspace.run("compile add.wat -o plain.cwasm").exits_with(0);
    let plain = workspace.read("plain.cwasm");
    assert_ne!(plain, signed);
    fs::set_permissions(workspace.path("plain.cwasm"), fs::Permissions::from_mode(0o640)).unwrap();
    workspace.run("sign plain.cwasm --key my.key -o later.cwasm").exits_with(0).says("later.cwasm");
    assert_eq!(workspace.read("plain.cwasm"), plain);
    assert_eq!(workspace.read("later.cwasm"), signed);
    assert_eq!(workspace.mode("later.cwasm"), 0o640);

    // In place, through a symbolic link, and over another signature.
    std::os::unix::fs::symlink("plain.cwasm", workspace.path("link.cwasm")).unwrap();
    workspace.run("keygen -o other").exits_with(0);
    workspace.run("sign link.cwasm --key other.key").exits_with(0);
    assert!(workspace.path("link.cwasm").is_symlink());
    assert_eq!(workspace.mode("plain.cwasm"), 0o640);
    workspace.run("verify plain.cwasm --trust other.pub").exits_with(0);
    workspace.run("sign plain.cwasm --key my.key").exits_with(0);
    assert_eq!(workspace.read("plain.cwasm"), signed);
    workspace.run("verify plain.cwasm --trust other.pub").exits_with(1);
    // No temporary file is left.
    let files = [
        "add.cwasm",
        "add.wat",
        "later.cwasm",
        "link.cwasm",
        "my.key",
        "my.pub",
        "other.key",
        "other.pub",
        "plain.cwasm",
    ];
    assert_eq!(workspace.names(), files);
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let workspace = Workspace::with_key();
    assert_eq!(workspace.mode("my.key"), 0o600);
    let keys = (workspace.read("my.key"), workspace.read("my.pub"));
    workspace.run("keygen -o my").exits_with(1).complains("`my.key` exists");
    fs::remove_file(workspace.path("my.key")).unwrap();
    workspace.run("keygen -o my").exits_with(1).complains("`my.pub` exists");
    assert!(!workspace.path("my.key").exists());
    assert_eq!(workspace.read("my.pub"), keys.1);
    // Each pair of keys is different, and an extension of the name stays.
    workspace.run("keygen -o v1.2").exits_with(0);
    assert_ne!(workspace.read("v1.2.key"), keys.0);
    workspace.run("keygen -o nowhere/my").exits_with(1).complains("nowhere/my.key");
}

#[test]
fn what_is_wrong_is_said() {
    let workspace = Workspace::with_key();
    fs::write(workspace.path("text"), "hello").unwrap();
    workspace.run("compile add.wat --sign my.pub").exits_with(1).complains("a public key");
    workspace.run("compile add.wat --sign nothing.key").exits_with(1).complains("nothing.key");
    workspace.run("sign add.cwasm --key text").exits_with(1).complains("no PEM file");
    workspace.run("sign add.wat --key my.key").exits_with(1).complains("WebAssembly text");
    workspace.run("sign add.cwasm").exits_with(2).complains("--key");
    workspace.run("sign nothing.cwasm --key my.key").exits_with(1).complains("nothing.cwasm");
    workspace.run("verify add.cwasm").exits_with(2).complains("--trust");
    workspace.run("verify add.cwasm --trust my.key").exits_with(1).complains("a secret key");
    workspace
        .run("verify add.cwasm --trust abc")
        .exits_with(1)
        .complains("neither a file nor a hash");
    workspace.run("verify add.cwasm --hash abc").exits_with(2).complains("64 hexadecimal digits");
    workspace.run("verify add.wat --trust my.pub").exits_with(1).complains("WebAssembly text");
    workspace.run("run --trust abc add.cwasm").exits_with(1).complains("neither a file nor a hash");
    for command in ["keygen", "sign", "verify"] {
        workspace.run(&format!("help {command}")).exits_with(0).says("Examples:");
    }
}

#[test]
fn keys_of_openssl_sign() {
    let workspace = Workspace::new();
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        command.args(line.split(' ')).current_dir(workspace.directory.path());
        match command.output() {
            Ok(output) => {
                assert!(output.status.success(), "openssl {line}: {output:?}");
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => panic!("openssl {line}: {error}"),
        }
    };
    if !openssl("genpkey -algorithm ed25519 -out my.key") {
        eprintln!("skipped: there is no openssl");
        return;
    }
    openssl("pkey -in my.key -pubout -out my.pub");
    workspace.run("compile add.wat --sign my.key").exits_with(0);
    workspace.run("run --trust my.pub --invoke add add.cwasm 40 2").exits_with(0).says("42");
    // The same in the other direction.
    workspace.run("keygen -o ours").exits_with(0);
    openssl("pkey -in ours.key -pubout -out check.pub");
    assert_eq!(workspace.read("check.pub"), workspace.read("ours.pub"));
}
