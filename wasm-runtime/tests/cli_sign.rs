//! The program `wasm-runtime` and trust: keys, signing, verifying, and running only what is trusted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"#;

/// A directory with a module, in which the program is run.
struct Place {
    directory: TempDir,
}

/// A run that is over.
struct Finished {
    line: String,
    output: Output,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: TempDir::new().expect("a temporary directory") };
        fs::write(place.path("add.wat"), ADD).expect("a file in a temporary directory");
        place
    }

    /// With a pair of keys, and an artifact that is signed with it.
    fn with_key() -> Self {
        let place = Self::new();
        place.run("keygen -o my").exits_with(0);
        place.run("compile add.wat --sign my.key").exits_with(0);
        place
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
        // Not the cache of whoever runs the tests.
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

    /// What follows a text on the standard output, to the end of the line.
    fn after(&self, text: &str) -> String {
        let stdout = String::from_utf8_lossy(&self.output.stdout).into_owned();
        let (_, rest) = stdout.split_once(text).expect("the text is there");
        rest.lines().next().unwrap_or_default().to_owned()
    }
}

#[test]
fn from_keys_to_a_run() {
    let place = Place::with_key();
    place.run("verify add.cwasm --trust my.pub").exits_with(0).says("signed with the key");
    let run = "run --trust my.pub --invoke add add.cwasm 40 2";
    place.run(run).exits_with(0).says("42");

    // One bit more or less, and it is neither verified nor run.
    let mut bytes = place.read("add.cwasm");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(place.path("add.cwasm"), &bytes).unwrap();
    place.run("verify add.cwasm --trust my.pub").exits_with(1).complains("not trusted");
    place.run(run).exits_with(1).complains("add.cwasm");
}

#[test]
fn without_a_policy_artifacts_run_as_programs_do() {
    let place = Place::new();
    place.run("compile add.wat").exits_with(0);
    place.run("run --invoke add add.cwasm 40 2").exits_with(0).says("42");
    place.run("keygen").exits_with(0);
    place
        .run("run --trust artifacts.pub --invoke add add.cwasm 40 2")
        .exits_with(1)
        .complains("not sealed");
    // What is compiled on the spot needs no trust.
    place.run("run --trust artifacts.pub --invoke add add.wat 40 2").exits_with(0).says("42");
}

#[test]
fn any_of_several_keys_or_hashes_is_enough() {
    let place = Place::with_key();
    let id = place.run("keygen -o other").exits_with(0).after("key id: ");
    assert_eq!(id.len(), 64);
    place.run("verify add.cwasm --trust other.pub").exits_with(1).complains(&id);
    place.run("verify add.cwasm --trust other.pub --trust my.pub").exits_with(0);
    let run = "run --trust other.pub --invoke add add.cwasm 40 2";
    place.run(run).exits_with(1).complains("unknown key").complains(&id);
    place.run(&run.replace("run", "run --trust my.pub")).exits_with(0).says("42");

    let hash = wasm_runtime::sign::ContentHash::of(&place.read("add.cwasm")).to_string();
    let wrong = hash.replace(|digit: char| digit != 'a', "a");
    for option in ["--trust", "--hash"] {
        place.run(&format!("verify add.cwasm {option} {hash}")).exits_with(0).says(&hash);
        place.run(&format!("verify add.cwasm {option} {wrong}")).exits_with(1).complains(&hash);
    }
    place.run(&format!("run --trust {hash} --invoke add add.cwasm 40 2")).exits_with(0).says("42");
    place.run(&format!("run --trust {wrong} --invoke add add.cwasm 40 2")).exits_with(1);
}

#[test]
fn artifacts_can_be_signed_later_and_anew() {
    let place = Place::with_key();
    let signed = place.read("add.cwasm");
    place.run("compile add.wat -o plain.cwasm").exits_with(0);
    let plain = place.read("plain.cwasm");
    assert_ne!(plain, signed);
    fs::set_permissions(place.path("plain.cwasm"), fs::Permissions::from_mode(0o640)).unwrap();
    place.run("sign plain.cwasm --key my.key -o later.cwasm").exits_with(0).says("later.cwasm");
    assert_eq!(place.read("plain.cwasm"), plain);
    assert_eq!(place.read("later.cwasm"), signed);
    assert_eq!(place.mode("later.cwasm"), 0o640);

    // In place, through a link, and over another signature.
    std::os::unix::fs::symlink("plain.cwasm", place.path("link.cwasm")).unwrap();
    place.run("keygen -o other").exits_with(0);
    place.run("sign link.cwasm --key other.key").exits_with(0);
    assert!(place.path("link.cwasm").is_symlink());
    assert_eq!(place.mode("plain.cwasm"), 0o640);
    place.run("verify plain.cwasm --trust other.pub").exits_with(0);
    place.run("sign plain.cwasm --key my.key").exits_with(0);
    assert_eq!(place.read("plain.cwasm"), signed);
    place.run("verify plain.cwasm --trust other.pub").exits_with(1);
    // Nothing is left over.
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
    assert_eq!(place.names(), files);
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let place = Place::with_key();
    assert_eq!(place.mode("my.key"), 0o600);
    let keys = (place.read("my.key"), place.read("my.pub"));
    place.run("keygen -o my").exits_with(1).complains("`my.key` exists");
    fs::remove_file(place.path("my.key")).unwrap();
    place.run("keygen -o my").exits_with(1).complains("`my.pub` exists");
    assert!(!place.path("my.key").exists());
    assert_eq!(place.read("my.pub"), keys.1);
    // Two keys are two keys, and an ending of the name stays.
    place.run("keygen -o v1.2").exits_with(0);
    assert_ne!(place.read("v1.2.key"), keys.0);
    place.run("keygen -o nowhere/my").exits_with(1).complains("nowhere/my.key");
}

#[test]
fn what_is_wrong_is_said() {
    let place = Place::with_key();
    fs::write(place.path("text"), "hello").unwrap();
    place.run("compile add.wat --sign my.pub").exits_with(1).complains("a public key");
    place.run("compile add.wat --sign nothing.key").exits_with(1).complains("nothing.key");
    place.run("sign add.cwasm --key text").exits_with(1).complains("no PEM file");
    place.run("sign add.wat --key my.key").exits_with(1).complains("WebAssembly text");
    place.run("sign add.cwasm").exits_with(2).complains("--key");
    place.run("sign nothing.cwasm --key my.key").exits_with(1).complains("nothing.cwasm");
    place.run("verify add.cwasm").exits_with(2).complains("--trust");
    place.run("verify add.cwasm --trust my.key").exits_with(1).complains("a secret key");
    place.run("verify add.cwasm --trust abc").exits_with(1).complains("neither a file nor a hash");
    place.run("verify add.cwasm --hash abc").exits_with(2).complains("64 hexadecimal digits");
    place.run("verify add.wat --trust my.pub").exits_with(1).complains("WebAssembly text");
    place.run("run --trust abc add.cwasm").exits_with(1).complains("neither a file nor a hash");
    for command in ["keygen", "sign", "verify"] {
        place.run(&format!("help {command}")).exits_with(0).says("Examples:");
    }
}

#[test]
fn keys_of_openssl_sign() {
    let place = Place::new();
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        command.args(line.split(' ')).current_dir(place.directory.path());
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
    place.run("compile add.wat --sign my.key").exits_with(0);
    place.run("run --trust my.pub --invoke add add.cwasm 40 2").exits_with(0).says("42");
    // And the other way round.
    place.run("keygen -o ours").exits_with(0);
    openssl("pkey -in ours.key -pubout -out check.pub");
    assert_eq!(place.read("check.pub"), place.read("ours.pub"));
}
