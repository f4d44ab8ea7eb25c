//! Loading artifacts: from files and bytes, with code that runs, and refusals.

mod guest;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use guest::{DATA, FORTY_TWO};
use wasm_artifact::{Artifact, ErrorKind, WriteOptions, write};
use wasm_loader::{Error, Loaded, Mismatch, registry};
use wasm_types::{
    AddressMapEntry, CompiledModule, DefinedFuncIndex, DefinedMemoryIndex, IsaFlag, Module,
    TrapCode, TrapEntry, WasmFeatures,
};

/// A module with one function whose code is the given bytes, with one trap at the last byte, and a
/// memory that starts with "hello" at 0x2010.
fn module(code: &[u8]) -> (Module, CompiledModule) {
    let (module, mut compiled) = guest::module(code, 0x2010);
    let last = code.len() as u32 - 1;
    compiled.traps = vec![TrapEntry { offset: last, code: TrapCode::UnreachableCodeReached }];
    compiled.address_map = vec![AddressMapEntry { offset: 0, wasm_offset: 77 }];
    (module, compiled)
}

fn artifact_of(code: &[u8]) -> Vec<u8> {
    let (module, compiled) = module(code);
    write(&module, DATA, &compiled, &WriteOptions::new()).unwrap()
}

fn check(loaded: &Arc<Loaded>) {
    let entry = loaded.function_ptr(DefinedFuncIndex::new(0)).unwrap();
    // SAFETY: the code at the entry is that of a function without parameters that returns 42.
    let function = unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> i32>(entry) };
    assert_eq!(function(), 42);

    let pc = entry.addr();
    let last = pc + FORTY_TWO.len() - 1;
    assert_eq!(loaded.text(), pc..last + 1);
    assert!(loaded.contains(last) && !loaded.contains(last + 1));
    assert_eq!(loaded.text_offset(last), Some(FORTY_TWO.len() as u32 - 1));
    assert_eq!(loaded.artifact().address_map().lookup(0), Some(77));
    assert_eq!(registry::trap_at(last), Ok(Some(TrapCode::UnreachableCodeReached)));
    assert_eq!(registry::trap_at(last - 1), Ok(None));
    assert_eq!(registry::code_range(pc), Some(pc..last + 1));
    assert!(!registry::is_code(last + 1) && !registry::is_code(pc - 1));
    assert!(Arc::ptr_eq(&registry::find(pc).unwrap(), loaded));

    // The pages of the image, in whatever file they are.
    let image = loaded.artifact().memory_image(DefinedMemoryIndex::new(0)).unwrap().unwrap();
    assert_eq!(image.memory_offset % u64::from(loaded.artifact().page_size()), 0);
    let source = loaded.image_source().unwrap();
    let file = File::from(source.fd().try_clone_to_owned().unwrap());
    let mut bytes = vec![0; image.bytes.len()];
    file.read_exact_at(&mut bytes, source.offset(&image)).unwrap();
    assert_eq!(bytes, image.bytes);
    let place = 0x2010 - image.memory_offset as usize;
    assert_eq!(&bytes[place..place + 5], DATA);
}

#[test]
fn code_from_a_file_runs() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&artifact_of(FORTY_TWO)).unwrap();
    // SAFETY: the code is well known, and nobody else knows the file.
    let loaded = unsafe { Loaded::from_file(file.path()) }.unwrap();
    // The file may go; what is mapped stays.
    drop(file);
    check(&loaded);
    // SAFETY: as above.
    assert!(unsafe { Loaded::from_file("/") }.unwrap_err().io_error().is_some());
}

#[test]
fn of_a_small_file_only_the_code_is_mapped() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let artifact = artifact_of(FORTY_TWO);
    file.write_all(&artifact).unwrap();
    let path = file.path().to_owned();
    // SAFETY: the code is well known, and nobody else knows the file.
    let load = || unsafe { Loaded::from_file(&path) }.unwrap();
    let read = load();
    let elsewhere = |loaded: &Loaded| {
        let bytes = loaded.artifact().bytes().as_ptr_range();
        !bytes.contains(&loaded.artifact().text().as_ptr())
    };
    // Where pages are large, there are no files as small as that.
    assert_eq!(elsewhere(&read), artifact.len() <= 16 << 10);
    assert_eq!(read.artifact().bytes(), artifact);
    check(&read);
    // With more behind it than is read.
    file.write_all(&[0; 64 << 10]).unwrap();
    let mapped = load();
    assert!(!elsewhere(&mapped));
    assert_eq!(mapped.artifact().text(), read.artifact().text());
    check(&mapped);
}

#[test]
fn code_from_bytes_runs() {
    let mut bytes = artifact_of(FORTY_TWO);
    bytes.extend_from_slice(b"something after the artifact");
    // SAFETY: the code is well known.
    let loaded = unsafe { Loaded::from_bytes(&bytes) }.unwrap();
    check(&loaded);
    let pc = loaded.text().start;
    drop(loaded);
    assert!(registry::find(pc).is_none());
}

#[test]
fn no_page_is_writable_and_executable() {
    // SAFETY: the code is well known.
    let loaded = unsafe { Loaded::from_bytes(&artifact_of(FORTY_TWO)) }.unwrap();
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
        eprintln!("skipped: this system does not list mappings");
        return;
    };
    let mut checked = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
        let holds = |address: usize| (start..end).contains(&address);
        if holds(loaded.text().start) {
            assert!(rest.starts_with("r-xp"), "{line}");
            checked += 1;
        } else if holds(loaded.artifact().bytes().as_ptr().addr()) {
            assert!(rest.starts_with("r--p"), "{line}");
            checked += 1;
        }
    }
    assert_eq!(checked, 2);
}

#[test]
fn a_refusal_lists_everything() {
    let (module, mut compiled) = module(FORTY_TWO);
    compiled.target = "aarch64-apple-darwin".into();
    if cfg!(target_arch = "aarch64") {
        compiled.target = "x86_64-apple-darwin".into();
    }
    compiled.tunables.stack_guard_size = 3;
    compiled.tunables.memory_reservation = 1 << 60;
    let bytes = write(&module, DATA, &compiled, &WriteOptions::new()).unwrap();
    // SAFETY: it is not going to be loaded.
    let error = unsafe { Loaded::from_bytes(&bytes) }.unwrap_err();
    let about: Vec<_> = error.mismatches().iter().map(|mismatch| &*mismatch.what).collect();
    let mut expected =
        vec!["architecture", "operating system", "stack guard", "address space for a memory"];
    if cfg!(target_os = "macos") {
        expected.remove(1);
    }
    assert_eq!(about, expected);
    let message = error.to_string();
    assert!(message.contains("compile the module for"), "{message}");
}

/// Code that takes something unknown for granted is refused, with an error that says so.
#[test]
fn unknown_settings_are_refused() {
    let (module, compiled) = module(FORTY_TWO);
    let bytes = write(&module, DATA, &compiled, &WriteOptions::new()).unwrap();
    assert_eq!(Artifact::parse(&bytes).unwrap().unknown_settings(), 0);
    let mut found = 0;
    for place in 0..512 {
        let mut changed = bytes.clone();
        changed[place] ^= 0x80;
        wasm_artifact::__write_checksums(&mut changed);
        let Ok(artifact) = Artifact::parse(&changed) else { continue };
        if artifact.unknown_settings() == 0 {
            continue;
        }
        // SAFETY: it is not going to be loaded.
        let error = unsafe { Loaded::from_bytes(&changed) }.unwrap_err();
        let about: Vec<_> = error.mismatches().iter().map(|mismatch| &*mismatch.what).collect();
        assert_eq!(about, ["settings of the code"]);
        found += 1;
    }
    // The second byte is the optimisation level.
    assert_eq!(found, 2);
}

/// What counts is what the code uses, not what it was allowed to use.
#[test]
fn extensions_that_are_missing_are_named() {
    let (module, mut compiled) = module(FORTY_TWO);
    let flag = |name: &str| IsaFlag { name: name.into(), value: "true".into() };
    compiled.isa_flags = vec![flag("has_teleportation"), flag("has_levitation")];
    if cfg!(target_arch = "x86_64") {
        compiled.extensions.push("has_sse3".into());
    }
    let load = |compiled: &CompiledModule| {
        let bytes = write(&module, DATA, compiled, &WriteOptions::new()).unwrap();
        // SAFETY: the code is well known, whatever it is said to use.
        unsafe { Loaded::from_bytes(&bytes) }
    };
    check(&load(&compiled).unwrap());

    compiled.extensions.extend(["has_teleportation".into(), "has_time_travel".into()]);
    let error = load(&compiled).unwrap_err();
    let about: Vec<_> = error.mismatches().iter().map(|mismatch| &*mismatch.what).collect();
    assert_eq!(
        about,
        ["instruction set extension teleportation", "instruction set extension time_travel"]
    );
    let message = error.to_string();
    for part in [
        "the artifact has code that uses it, this host has",
        "`--target-feature -time_travel`",
        "`Config::target_feature(\"time_travel\", false)`",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

/// An extension that this machine lacks, as opposed to one that nobody knows.
#[test]
#[cfg(target_arch = "x86_64")]
fn an_extension_that_this_machine_lacks_is_reported_as_such() {
    use std::arch::is_x86_feature_detected as has;
    let known = [
        ("avx_vnni", has!("avxvnni")),
        ("avx512vbmi", has!("avx512vbmi")),
        ("avx512f", has!("avx512f")),
        ("avx2", has!("avx2")),
        ("sse42", has!("sse4.2")),
    ];
    let (module, mut compiled) = module(FORTY_TWO);
    compiled.extensions = known.iter().map(|(name, _)| format!("has_{name}")).collect();
    let bytes = write(&module, DATA, &compiled, &WriteOptions::new()).unwrap();
    // SAFETY: the code is well known, whatever it is said to use.
    let result = unsafe { Loaded::from_bytes(&bytes) };
    let missing: Vec<_> = known.iter().filter(|(_, has)| !has).map(|(name, _)| *name).collect();
    match result {
        Ok(_) => assert!(missing.is_empty(), "{missing:?}"),
        Err(error) => {
            let named: Vec<_> = error
                .mismatches()
                .iter()
                .map(|mismatch| {
                    assert_eq!(mismatch.host, "none");
                    mismatch.what.strip_prefix("instruction set extension ").unwrap().to_owned()
                })
                .collect();
            assert_eq!(named, missing);
        }
    }
}

#[test]
fn whoever_knows_the_engine_adds_to_a_refusal() {
    let (module, mut compiled) = module(FORTY_TWO);
    compiled.extensions = vec!["has_teleportation".into()];
    compiled.tunables.memory_guard_size = 77 << 16;
    compiled.proposals = WasmFeatures::SIMD;
    let bytes = write(&module, DATA, &compiled, &WriteOptions::new()).unwrap();
    // SAFETY: it is not going to be loaded.
    let error = unsafe { Loaded::from_bytes(&bytes) }.unwrap_err();
    let requirements = *error.requirements().unwrap();
    assert_eq!(requirements.tunables, compiled.tunables);
    assert_eq!(requirements.proposals, WasmFeatures::SIMD);
    assert!(error.to_string().contains("was not compiled for this host:\n"), "{error}");
    let more = || [Mismatch::with_engine("colour", "red", "blue", "paint it")];
    let error = error.and(more());
    let message = error.to_string();
    assert_eq!(error.mismatches().len(), 2);
    assert!(message.contains("was not compiled for this host and this engine:\n"), "{message}");
    assert!(message.contains("colour: the artifact has red, this engine has blue; paint it"));
    let alone = Error::refusal(more().into(), requirements).to_string();
    assert!(alone.contains("was not compiled for this engine:\n"), "{alone}");

    // SAFETY: there is nothing to be loaded.
    let other = unsafe { Loaded::from_bytes(b"nothing") }.unwrap_err();
    assert_eq!(other.requirements(), None);
    assert!(other.and(more()).mismatches().is_empty());
}

#[test]
fn artifacts_of_other_versions_are_refused_as_such() {
    let artifact = artifact_of(FORTY_TWO);
    let magic = b"\0wasmelf";
    let place = artifact.windows(magic.len()).position(|window| window == magic).unwrap();
    for (version, age) in [(0, "older"), (wasm_artifact::FORMAT_VERSION + 1, "newer")] {
        let mut bytes = artifact.clone();
        bytes[place + magic.len()..][..4].copy_from_slice(&version.to_le_bytes());
        // SAFETY: it is not going to be loaded.
        let error = unsafe { Loaded::from_bytes(&bytes) }.unwrap_err();
        assert_eq!(error.artifact_error().unwrap().kind(), ErrorKind::UnsupportedVersion);
        let message = error.to_string();
        assert!(message.contains(age) && message.contains("compile the module again"), "{message}");
    }
}

#[test]
fn other_files_are_named() {
    let kind_of = |bytes: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        // SAFETY: it is not going to be loaded.
        let error = unsafe { Loaded::from_file(file.path()) }.unwrap_err();
        assert_eq!(error.path(), Some(file.path()));
        (error.artifact_error().unwrap().kind(), error.to_string())
    };
    let (kind, message) = kind_of(b"\0asm\x01\0\0\0");
    assert_eq!(kind, ErrorKind::NotAnArtifact);
    assert!(message.contains("a WebAssembly module"), "{message}");
    let (kind, message) = kind_of(b"");
    assert_eq!(kind, ErrorKind::NotAnArtifact);
    assert!(message.contains("an empty file"), "{message}");
    for (bytes, words) in [
        (&b"\x1f\x8b\x08\0\0\0\0\0"[..], ["a gzip file", "unpack it"]),
        (b"(module)", ["WebAssembly text", "compiled first"]),
        (b"\0asm\x0d\0\x01\0", ["a WebAssembly component", "core modules"]),
        (b"#!/bin/sh\n", ["a script", ""]),
        (&std::fs::read(std::env::current_exe().unwrap()).unwrap(), ["an ELF executable", ""]),
    ] {
        if words[0].contains("ELF") && !cfg!(target_os = "linux") {
            continue;
        }
        let (kind, message) = kind_of(bytes);
        assert_eq!(kind, ErrorKind::NotAnArtifact);
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    let artifact = artifact_of(FORTY_TWO);
    assert_eq!(kind_of(&artifact[..artifact.len() - 1]).0, ErrorKind::Truncated);
    assert_eq!(kind_of(&artifact[..100]).0, ErrorKind::Truncated);
    let error = {
        // SAFETY: there is nothing to be loaded.
        unsafe { Loaded::from_file("/nonexistent/artifact") }.unwrap_err()
    };
    assert_eq!(error.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
}

/// Threads look up addresses while others load and unload.
#[test]
fn lookups_and_unloading_go_together() {
    let bytes = artifact_of(FORTY_TWO);
    // SAFETY: the code is well known.
    let stays = unsafe { Loaded::from_bytes(&bytes) }.unwrap();
    let last = stays.text().end - 1;
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    assert_eq!(registry::trap_at(last), Ok(Some(TrapCode::UnreachableCodeReached)));
                    // Something may be at an address that was in use once. Nothing may go wrong.
                    if let Some(other) = registry::find(last.wrapping_sub(0x8000)) {
                        assert!(!other.text().is_empty());
                    }
                }
            });
        }
        for _ in 0..60 {
            // SAFETY: the code is well known.
            let comes_and_goes: Vec<_> =
                (0..5).map(|_| unsafe { Loaded::from_bytes(&bytes) }.unwrap()).collect();
            for loaded in &comes_and_goes {
                assert!(Arc::ptr_eq(&registry::find(loaded.text().start).unwrap(), loaded));
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn loaded_code_can_be_shared() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Loaded>();
    shareable::<wasm_loader::Error>();
}
