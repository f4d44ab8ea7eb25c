//! Modules that an engine loads because its trust policy accepts them, in safe code only.

use std::fs;
use std::io::Write;

use tempfile::NamedTempFile;
use wasm_runtime::sign::{
    ContentHash, MacKey, SigningKey, TrustPolicy, VerifyError, VerifyErrorKind, authenticate, sign,
};
use wasm_runtime::{Config, Engine, Error, Instance, Module, Result, Store};

/// `check` looks at the memory whose image is in the artifact.
const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (data (i32.const 5000) "\2a")
    (func (export "run") (result i32) (i32.load8_u (i32.const 5000))))"#;

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// An engine that trusts the key, and does not compile.
fn trusting() -> Engine {
    engine_with(TrustPolicy::new().key(key().public_key()))
}

fn engine_with(policy: TrustPolicy) -> Engine {
    let mut config = Config::new();
    // SAFETY: only these tests sign, and only what the compiler made.
    unsafe { config.enable_compiler(false).trust(policy) };
    Engine::new(&config).unwrap()
}

fn artifact() -> Vec<u8> {
    Engine::default().precompile_module(MODULE.as_bytes()).unwrap()
}

fn signed() -> Vec<u8> {
    let mut bytes = artifact();
    sign(&mut bytes, &key()).unwrap();
    bytes
}

fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[track_caller]
fn runs(module: &Module) {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 42);
}

fn why(error: &Error) -> Option<VerifyErrorKind> {
    error.chain().find_map(|error| error.downcast_ref::<VerifyError>()).map(VerifyError::kind)
}

#[track_caller]
fn refused(result: Result<Module>, kind: VerifyErrorKind) {
    let error = result.unwrap_err();
    assert_eq!(why(&error), Some(kind), "{error:?}");
}

#[test]
fn each_safe_function_runs_what_is_trusted() {
    let (engine, bytes) = (trusting(), signed());
    assert!(engine.config().trust_policy().is_some());
    let file = file_of(&bytes);
    runs(&Module::deserialize_verified(&engine, &bytes).unwrap());
    runs(&Module::deserialize_file_verified(&engine, file.path()).unwrap());
    runs(&Module::from_file(&engine, file.path()).unwrap());
    // A loaded module is still signed when it is written out.
    let module = Module::from_file(&engine, file.path()).unwrap();
    assert_eq!(module.serialize().unwrap(), bytes);

    let by_hash = engine_with(TrustPolicy::new().hash(ContentHash::of(&artifact())));
    runs(&Module::deserialize_verified(&by_hash, artifact()).unwrap());
    let mac = MacKey::from_bytes([3; 32]);
    let mut bytes = artifact();
    authenticate(&mut bytes, &mac).unwrap();
    let by_mac = engine_with(TrustPolicy::new().mac_key(mac));
    runs(&Module::deserialize_verified(&by_mac, &bytes).unwrap());
}

#[test]
fn each_safe_function_refuses_what_is_not() {
    let engine = trusting();
    let mut changed = signed();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let mut other = artifact();
    sign(&mut other, &SigningKey::from_seed(&[2; 32])).unwrap();
    for (bytes, kind) in [
        (artifact(), VerifyErrorKind::NotSealed),
        (changed, VerifyErrorKind::WrongSeal),
        (other, VerifyErrorKind::UnknownKey),
    ] {
        let file = file_of(&bytes);
        refused(Module::deserialize_verified(&engine, &bytes), kind);
        refused(Module::deserialize_file_verified(&engine, file.path()), kind);
        refused(Module::from_file(&engine, file.path()), kind);
    }
}

/// The same for an engine that has a compiler.
#[test]
fn without_a_policy_the_ways_to_trust_are_named() {
    let (engine, bytes) = (Engine::default(), signed());
    assert!(engine.config().trust_policy().is_none());
    let file = file_of(&bytes);
    for result in [
        Module::deserialize_verified(&engine, &bytes),
        Module::deserialize_file_verified(&engine, file.path()),
        Module::from_file(&engine, file.path()),
    ] {
        let message = format!("{:?}", result.unwrap_err());
        for way in ["Config::trust", "Module::deserialize_file", "Module::from_trusted_file"] {
            assert!(message.contains(way), "{message}");
        }
    }
}

#[test]
fn a_file_is_opened_by_its_content() {
    let policy = TrustPolicy::new().key(key().public_key());
    let mut config = Config::new();
    // SAFETY: only these tests sign, and only what the compiler made.
    unsafe { config.trust(policy) };
    let engine = Engine::new(&config).unwrap();
    let binary = wat::parse_str(MODULE).unwrap();
    // The comment is longer than the part of a file that is read first.
    let text = format!("(; {} ;) {MODULE}", "x".repeat(10_000));
    for bytes in [binary.as_slice(), text.as_bytes(), MODULE.as_bytes(), &signed()] {
        runs(&Module::from_file(&engine, file_of(bytes).path()).unwrap());
    }
    // Without a compiler, the error says what is missing.
    let error = Module::from_file(&trusting(), file_of(&binary).path()).unwrap_err();
    assert!(format!("{error:#}").contains("not configured with a compiler"), "{error:#}");
    let error = Module::deserialize_file_verified(&engine, file_of(&binary).path()).unwrap_err();
    assert!(format!("{error:#}").contains("a WebAssembly module"), "{error:#}");
    let error = Module::from_file(&engine, "/nonexistent/file").unwrap_err();
    assert!(format!("{error:#}").contains("/nonexistent/file"), "{error:#}");
}

/// The file is overwritten after loading. Neither the code nor the contents of new memories change.
#[test]
fn the_file_may_change_afterwards() {
    let (engine, bytes) = (trusting(), signed());
    let file = file_of(&bytes);
    let module = Module::from_file(&engine, file.path()).unwrap();
    fs::write(file.path(), vec![0xcc; bytes.len()]).unwrap();
    runs(&module);
    fs::write(file.path(), b"").unwrap();
    runs(&module);
    runs(&module);
    assert!(Module::from_file(&engine, file.path()).is_err());
}

#[test]
fn secrets_are_not_in_the_settings_that_are_shown() {
    let engine = engine_with(TrustPolicy::new().mac_key(MacKey::from_bytes([0xab; 32])));
    let shown = format!("{:?} {engine:?}", engine.config());
    assert!(!shown.contains("171, 171") && !shown.contains("abab"), "{shown}");
}
