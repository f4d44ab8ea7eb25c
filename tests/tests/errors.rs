//! Errors of all crates: no cause is reported twice, and what a `main` that returns an error prints
//! is readable.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fs;
use std::path::Path;

use wasm_runtime::error::Context;
use wasm_runtime::wasi::I32Exit;
use wasm_runtime::wasi::abi::Errno;
use wasm_runtime::wasi::p2;
use wasm_runtime::{
    CacheConfig, Config, Engine, Error, ExternRef, Instance, Linker, Memory, MemoryType, Module,
    NamePattern, PoolingAllocationConfig, Store, StoreLimitsBuilder, ThrownException, rewrite,
    sign,
};

type Boxed = Box<dyn StdError + Send + Sync>;

/// An error of each type, or several where it can have different causes, by the file of the type.
fn samples() -> Vec<(&'static str, Boxed)> {
    let mut samples: Vec<(&'static str, Boxed)> = Vec::new();
    let mut add = |name, error: Boxed| samples.push((name, error));
    let features = wasm_types::WasmFeatures::default();
    let bad = wat::parse_str("(module (func $f (result i32) i64.const 0))").unwrap();
    let parse = wasm_types::Module::parse(&bad, features).unwrap_err();
    add("wasm-types/src/validate/error.rs", Box::new(parse.clone()));
    let shared = wasm_types::wasmparser::RefType::ANYREF.shared().expect("there is such a type");
    let unknown = wasm_types::RefType::from_parser(shared, [].as_slice()).unwrap_err();
    add("wasm-types/src/validate/convert.rs", Box::new(unknown));
    let profile = wasm_types::profile::Profile::decode(b"?").unwrap_err();
    add("wasm-types/src/profile/file.rs", Box::new(profile));
    add("wasm-translate/src/error.rs", Box::new(wasm_translate::Error::from(parse)));
    add("wasm-translate/src/error.rs", Box::new(wasm_translate::Error::unsupported("this")));
    add("wasm-artifact/src/error.rs", Box::new(wasm_artifact::Artifact::parse(b"?").unwrap_err()));
    add("wasm-hooks/src/name_pattern.rs", Box::new("a\\".parse::<NamePattern>().unwrap_err()));
    add("wasm-rewrite/src/error.rs", {
        Box::new(rewrite::expose(&bad, &rewrite::ExposeOptions::default()).unwrap_err())
    });

    add("wasm-component/src/error.rs", {
        Box::new(wasm_component::Plan::parse(b"?").unwrap_err())
    });
    add("wasm-component-translate/src/error.rs", {
        Box::new(wasm_component_translate::translate(b"?", features).unwrap_err())
    });

    // Signatures.
    let key = sign::SigningKey::from_pem("no key");
    add("wasm-artifact/src/sign/key_error.rs", Box::new(key.map(drop).unwrap_err()));
    let hash = "xy".parse::<sign::ContentHash>().map(drop).unwrap_err();
    add("wasm-artifact/src/sign/hex.rs", Box::new(hash));
    let engine = Engine::default();
    let artifact = engine.precompile_module(b"(module)").unwrap();
    let policy = sign::TrustPolicy::new();
    add(
        "wasm-artifact/src/sign/error.rs",
        Box::new(policy.verify(&artifact).map(drop).unwrap_err()),
    );

    // Errors of the loader, and those that the store makes of them.
    let mut config = Config::new();
    // SAFETY: nothing is trusted.
    unsafe { config.trust(policy) };
    let untrusting = Engine::new(&config).unwrap();
    let untrusted = Module::deserialize_verified(&untrusting, &artifact).map(drop).unwrap_err();
    add("wasm-loader/src/error.rs", untrusted.into());
    let mut config = Config::new();
    config.consume_fuel(true);
    let metering = Engine::new(&config).unwrap();
    // SAFETY: nothing is run of what is loaded.
    unsafe {
        for error in [
            Module::deserialize(&metering, &artifact).map(drop).unwrap_err(),
            Module::deserialize(&engine, &artifact[..artifact.len() / 2]).map(drop).unwrap_err(),
            Module::deserialize_file(&engine, "/no/such/file").map(drop).unwrap_err(),
            Module::deserialize_file(&engine, "/").map(drop).unwrap_err(),
        ] {
            add("wasm-loader/src/error.rs", error.into());
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut cache = CacheConfig::new();
    cache.with_directory(file.path());
    let not_a_directory = wasm_runtime::Cache::new(cache).map(drop).unwrap_err();
    add("wasm-cache/src/error.rs", not_a_directory.into());

    // The store.
    let mut store = Store::new(&engine, ());
    let module = |wat: &str| Module::new(&engine, wat);
    let linker: Linker<()> = Linker::new(&engine);
    let import = module(r#"(module (import "a" "b" (func)))"#).unwrap();
    add("wasm-store/src/linker/unknown.rs", {
        linker.instantiate(&mut store, &import).unwrap_err().into()
    });
    add("wasm-store/src/error/object.rs", {
        Instance::new(&mut store, &import, &[]).map(drop).unwrap_err().into()
    });
    let trap = module("(module (func $f unreachable) (start $f))").unwrap();
    let trap = Instance::new(&mut store, &trap, &[]).unwrap_err();
    add("wasm-store/src/error/trap.rs", trap.context("outer").into());
    add("wasm-store/src/error/thrown.rs", ThrownException.into());
    let mut small = Store::new(&engine, StoreLimitsBuilder::new().memory_size(0).build());
    small.limiter(|limits| limits);
    let full = ExternRef::new(&mut small, 1).map(drop).unwrap_err();
    add("wasm-store/src/error/gc_heap.rs", full.into());
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(0).total_memories(0).total_stacks(0);
    let none = Engine::new(Config::new().allocation_strategy(pool)).unwrap();
    let empty = Module::new(&none, "(module)").unwrap();
    let none = Instance::new(&mut Store::new(&none, ()), &empty, &[]).unwrap_err();
    add("wasm-store/src/error/pool.rs", none.into());
    add("wasm-store/src/error/object.rs", Error::msg("words").into());
    add("wasm-store/src/error/object.rs", Error::msg("words").context("more").into());
    let io = std::fs::read("/no/such/file").context("can't read").unwrap_err();
    add("wasm-store/src/error/object.rs", io.into());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    add("wasm-store/src/items/memory.rs", {
        Box::new(memory.read(&store, 1 << 20, &mut [0; 4]).unwrap_err())
    });
    add(
        "wasm-runtime/src/jit/text.rs",
        module("(module (func nosuch))").map(drop).unwrap_err().into(),
    );
    add("wasm-translate/src/error.rs", Module::new(&engine, &bad).map(drop).unwrap_err().into());
    let script = "(module (func (export \"f\")))\n(assert_trap (invoke \"f\") \"no\")";
    let mut runner = wasm_runtime::wast::Runner::new(&engine).unwrap();
    add("wasm-runtime/src/wast/error.rs", Box::new(runner.run("s.wast", script).unwrap_err()));
    let coverage = wasm_runtime::observe::FunctionCoverage::new();
    let module = module("(module)").unwrap();
    coverage.add_module("m", &module).unwrap();
    add("wasm-hooks/src/observe/source.rs", {
        coverage.add_source_lines(&module, b"?").map(drop).unwrap_err().into()
    });
    let mut table = wasm_runtime::component::ResourceTable::new();
    table.set_max_capacity(0);
    add("wasm-component-run/src/resource/table.rs", Box::new(table.push(1).unwrap_err()));
    let because = || Error::msg("words").context("more");
    add("wasm-wasi/src/p2/error.rs", Box::new(p2::FsError::trap(because())));
    add("wasm-wasi/src/p2/error.rs", Box::new(p2::FsError::from(Errno::NoEnt)));
    add("wasm-wasi/src/p2/error.rs", Box::new(p2::SocketError::trap(because())));
    add("wasm-wasi/src/p2/error.rs", Box::new(p2::SocketError::from(Errno::Acces)));
    add("wasm-wasi/src/p2/io/stream.rs", Box::new(p2::StreamError::Closed));
    add("wasm-wasi/src/p2/io/stream.rs", {
        Box::new(p2::StreamError::LastOperationFailed(because()))
    });
    add("wasm-wasi/src/calls/process.rs", Box::new(I32Exit(3)));
    add("wasm-wasi/src/abi/errno.rs", Box::new(Errno::NoEnt));
    samples
}

/// Checks an error's messages.
fn check(name: &str, error: &(dyn StdError + 'static)) {
    let mut said = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        said.push(error.to_string());
        next = error.source();
    }
    for (place, one) in said.iter().enumerate() {
        assert!(!one.is_empty(), "{name} says nothing: {said:?}");
        for (other, text) in said.iter().enumerate() {
            let repeated = other != place && text.contains(&**one);
            assert!(!repeated, "{name} says `{one}` twice: {said:?}");
        }
    }
    // What `fn main() -> Result<(), Box<dyn Error>>` prints.
    let debug = format!("{error:?}");
    assert!(debug.starts_with(&said[0]), "{name}: {debug}");
    assert_eq!(debug.contains("\n\nCaused by:\n"), said.len() > 1, "{name}: {debug}");
    for one in &said {
        let first = one.lines().next().unwrap_or_default();
        assert_eq!(debug.matches(first).count(), 1, "{name}: `{first}` in {debug}");
    }
    // The one-line form has each message once, too.
    let line = format!("{error:#}");
    assert!(line.starts_with(&said[0]), "{name}: {line}");
}

#[test]
fn no_cause_is_said_twice() {
    for (name, error) in samples() {
        check(name, &*error);
        let mut next = Some(&*error as &(dyn StdError + 'static));
        let mut all = Vec::new();
        while let Some(error) = next {
            all.push(error.to_string());
            next = error.source();
        }
        // As an error of the store, with context.
        let text = Error::from_boxed(error).context("CONTEXT");
        let (debug, line) = (format!("{text:?}"), format!("{text:#}"));
        assert_eq!(line, format!("CONTEXT: {}", all.join(": ")), "{name}");
        for one in all {
            let first = one.lines().next().unwrap_or_default();
            assert_eq!(debug.matches(first).count(), 1, "{name}: `{first}` in {debug}");
        }
    }
}

/// Every error type of the project is among the samples.
#[test]
fn no_error_type_is_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    let mut folders: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|path| path.parent().is_some_and(|parent| parent.join("CHANGELOG.md").exists()))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let is_error = |line: &&str| {
                line.starts_with("impl") && (line.contains("Error for ")) && {
                    let (of, _) = line.split_once(" for ").unwrap_or_default();
                    of.ends_with("::Error") || of.ends_with("StdError")
                }
            };
            if text.lines().any(|line| is_error(&line)) {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                found.insert(name);
            }
        }
    }
    // An error type that only a test has.
    found.remove("wasm-store/src/error/tests.rs");
    let known: BTreeSet<_> = samples().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert!(found.len() > 10, "{found:?}");
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "no samples of the error types in {missing:?}");
}
