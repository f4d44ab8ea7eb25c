//! Bytes that are not an artifact, or one of another version, or damaged, are refused with a
//! specific error, by each way to load. The same holds for what is passed to the wrong function.

use std::path::Path;

use wasm_runtime::{Engine, Error, Module};

const WASM: &[u8] = b"\0asm\x01\0\0\0";

/// The errors of both ways to load an artifact.
fn refused(bytes: &[u8]) -> [Error; 2] {
    let engine = Engine::default();
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("room for it");
    // SAFETY: what is loaded, if anything, is not run.
    let from_bytes = unsafe { Module::deserialize(&engine, bytes) }.map(drop);
    // SAFETY: as above; nobody else knows the file.
    let from_file = unsafe { Module::deserialize_file(&engine, file.path()) }.map(drop);
    let from_file = from_file.expect_err("this is to be refused as a file");
    let text = format!("{from_file:#}");
    assert!(text.contains(&file.path().display().to_string()), "the file is not in: {text}");
    [from_bytes.expect_err("this is to be refused as bytes"), from_file]
}

#[track_caller]
fn assert_refused(bytes: &[u8], words: &[&str]) {
    for error in refused(bytes) {
        let text = format!("{error:#}");
        for word in words {
            assert!(text.contains(word), "`{word}` is not in: {text}");
        }
    }
}

fn artifact() -> Vec<u8> {
    let text = r#"(module (memory 1) (data (i32.const 8) "hello")
        (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))"#;
    Engine::default().precompile_module(text.as_bytes()).expect("a module")
}

/// The offset of the header. The version of the format follows its first eight bytes.
fn header(artifact: &[u8]) -> usize {
    let magic = b"\0wasmelf";
    artifact.windows(magic.len()).position(|bytes| bytes == magic).expect("a header")
}

#[test]
fn an_artifact_that_is_cut_off_is_reported_as_such() {
    let artifact = artifact();
    let header = header(&artifact);
    for len in [64, 100, header, header + 5, header + 11] {
        assert_refused(&artifact[..len], &["the artifact is cut off", &len.to_string()]);
    }
    let all = artifact.len();
    for len in [header + 600, all / 2, all - 1] {
        let words = ["the artifact is cut off", &len.to_string(), &all.to_string(), "again"];
        assert_refused(&artifact[..len], &words);
    }
}

#[test]
fn a_damaged_artifact_is_reported_as_such() {
    let artifact = artifact();
    let header = header(&artifact);
    // In the note's name, in the header's first bytes, in its sizes, in the directory.
    for place in [header - 4, header + 2, header + 16, header + 20, header + 32, header + 400] {
        let mut damaged = artifact.clone();
        damaged[place] ^= 0x10;
        for error in refused(&damaged) {
            let text = format!("{error:#}");
            let expected = ["the artifact is damaged", "the artifact is cut off"];
            assert!(expected.iter().any(|words| text.contains(words)), "at {place}: {text}");
            assert!(text.contains("compile"), "at {place}: {text}");
        }
    }
}

#[test]
fn an_artifact_of_another_version_is_reported_as_such() {
    let artifact = artifact();
    let place = header(&artifact) + 8;
    let version = u32::from_le_bytes(artifact[place..place + 4].try_into().expect("four bytes"));
    for (other, age) in [(version + 1, "newer"), (version - 1, "older"), (u32::MAX, "newer")] {
        let mut changed = artifact.clone();
        changed[place..place + 4].copy_from_slice(&other.to_le_bytes());
        let (read, found) = (format!("version {version}"), format!("version {other}"));
        assert_refused(&changed, &[age, &read, &found, "compile the module again"]);
    }
}

#[test]
fn other_files_are_reported_with_what_to_do() {
    assert_refused(b"", &["an empty file", "written completely"]);
    assert_refused(b"\x1f\x8b\x08\0\0\0\0\0", &["a gzip file", "unpack it first"]);
    assert_refused(b"\x28\xb5\x2f\xfd\0\0\0\0", &["a Zstandard file", "unpack it first"]);
    assert_refused(b"PK\x03\x04\0\0\0\0", &["a zip archive", "unpack it first"]);
    assert_refused(b"#!/bin/sh\necho\n", &["a script"]);
    assert_refused(b"<!DOCTYPE html>", &["an HTML page"]);
    assert_refused(b"\0asm\x0d\0\x01\0", &["a WebAssembly component", "component::Component::new"]);
    assert_refused(&[0; 5000], &["a file of zero bytes"]);
    assert_refused(b"MZ\x90\0", &["a Windows executable"]);
    let program = std::env::current_exe().expect("a test is a program");
    if cfg!(target_os = "linux") {
        let program = std::fs::read(program).expect("a program can be read");
        assert_refused(&program, &["an ELF executable or shared library"]);
        assert_refused(&program[..40], &["an ELF file that is cut off"]);
    }
}

#[test]
fn wasm_that_is_loaded_as_an_artifact_is_refused_with_a_hint() {
    for bytes in [WASM, b"(module)"] {
        let [from_bytes, from_file] = refused(bytes).map(|error| format!("{error:#}"));
        assert!(from_bytes.contains("`Module::new`"), "{from_bytes}");
        assert!(from_file.contains("`Module::from_file`"), "{from_file}");
        for text in [from_bytes, from_file] {
            assert!(text.contains("`Engine::precompile_module`"), "{text}");
        }
    }
}

#[test]
fn an_artifact_that_is_compiled_is_refused_with_a_hint() {
    let engine = Engine::default();
    let artifact = artifact();
    // The same holds for one that could not be loaded.
    for bytes in [&artifact[..], &artifact[..artifact.len() / 2]] {
        for error in [
            Module::new(&engine, bytes).map(drop),
            Module::from_binary(&engine, bytes).map(drop),
            Module::validate(&engine, bytes),
            engine.precompile_module(bytes).map(drop),
        ] {
            let text = format!("{:#}", error.expect_err("it is compiled already"));
            for word in ["compiled already", "`Module::deserialize`", "`Module::deserialize_file`"]
            {
                assert!(text.contains(word), "`{word}` is not in: {text}");
            }
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let engine = Engine::default();
    let path = Path::new("/nonexistent/module.cwasm");
    // SAFETY: there is nothing to load.
    let error = unsafe { Module::deserialize_file(&engine, path) }.map(drop);
    let text = format!("{:#}", error.expect_err("there is no such file"));
    assert!(text.contains("/nonexistent/module.cwasm"), "{text}");
    let text =
        format!("{:#}", Module::from_file(&engine, path).expect_err("there is no such file"));
    assert!(text.contains("/nonexistent/module.cwasm"), "{text}");
}
