//! What is refused, how it is said, and where it points to.

use wasm_types::{FuncIndex, ParseErrorKind};

use crate::support::{binary, refuse, refuse_binary};

#[test]
fn an_invalid_body_names_the_function() {
    let error =
        refuse(r#"(module (import "m" "f" (func)) (func) (func $sum (result i32) i64.const 1))"#);
    assert_eq!(error.kind(), ParseErrorKind::Invalid);
    assert_eq!(error.function(), Some(FuncIndex::new(2)));
    assert_eq!(error.function_name(), Some("sum"));
    assert_eq!(error.message(), "type mismatch: expected i32, found i64");
    assert_eq!(
        error.to_string(),
        format!(
            "in function 2 `sum`: type mismatch: expected i32, found i64 (at offset {:#x})",
            error.offset()
        )
    );
    assert_eq!(error.proposal(), None);
}

#[test]
fn a_function_without_a_name_goes_by_its_number() {
    let text = refuse("(module (func drop))").to_string();
    assert!(text.starts_with("in function 0: type mismatch: "), "{text}");
}

#[test]
fn invalid_declarations() {
    for (text, message) in [
        ("(module (func (type 1)))", "unknown type"),
        ("(module (memory 2 1))", "size minimum must not be greater than maximum"),
        ("(module (memory 65537))", "memory size must be at most"),
        (r#"(module (func (export "a")) (func (export "a")))"#, "duplicate export name"),
        ("(module (global i32 (i64.const 0)))", "type mismatch"),
        ("(module (func (param i32)) (start 0))", "invalid start function type"),
        ("(module (elem (i32.const 0) func 0) (table 1 funcref))", "unknown function 0"),
        (r#"(module (data (i32.const 0) ""))"#, "unknown memory 0"),
        ("(module (global (mut i32) (i32.const 0)) (global i32 (global.get 0)))", ""),
    ] {
        let error = refuse(text);
        assert!(error.message().starts_with(message), "{text}: {error}");
        assert_eq!(error.kind(), ParseErrorKind::Invalid, "{text}: {error}");
        assert_eq!(error.function(), None, "{text}");
        assert!(error.to_string().contains("(at offset 0x"), "{error}");
    }
}

#[test]
fn malformed_binaries() {
    let header = b"\0asm\x01\0\0\0";
    for (rest, message) in [
        (&b"\x01"[..], "unexpected end"),
        (b"\x01\x05\x01\x60", "unexpected end"),
        (b"\x0a\x01\x00\x01\x01\x00", "section out of order"),
        (b"\x01\x04\x01\x60\0\0\x03\x02\x01\0", "code section is absent"),
        (b"\x01\x01\x01", "unexpected end"),
        (b"\x01\x02\x00\x00", "section size mismatch"),
        (b"\x7f\x00", "malformed section id"),
        (b"\x01\x06\x80\x80\x80\x80\x80\x00", "invalid var_u32"),
        (b"\x05\x03\x01\x10\x00", "invalid memory limits flags"),
        // A body with an opcode that there is not.
        (b"\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\xff\x0b", "illegal opcode: 0xff"),
    ] {
        let error = refuse_binary(&[header, rest].concat());
        assert_eq!(error.kind(), ParseErrorKind::Malformed, "{error}");
        assert!(error.message().contains(message), "{message}: {error}");
    }
    assert_eq!(refuse_binary(b"\0asm\x02\0\0\0").kind(), ParseErrorKind::Malformed);
    assert!(refuse_binary(b"\0asm\x02\0\0\0").message().starts_with("unknown binary version"));
}

#[test]
fn a_missing_data_count_is_malformed() {
    let mut wasm = binary(r#"(module (memory 1) (func data.drop 0) (data ""))"#);
    let section = wasm.windows(3).position(|bytes| bytes == [12, 1, 1]).unwrap();
    wasm.drain(section..section + 3);
    let error = refuse_binary(&wasm);
    assert_eq!(error.message(), "data count section required");
    assert_eq!(error.kind(), ParseErrorKind::Malformed);
}

#[test]
fn what_is_no_module_says_what_it_looks_like() {
    for (bytes, what) in [
        (&b""[..], "empty"),
        (b"\0as", "only the beginning"),
        (b"\x7fELF\x02\x01", "an ELF file"),
        (b"(module)", "WebAssembly text"),
        (b"\n  ;; comment\n(module)", "WebAssembly text"),
        (b"int main() {}", "a text file"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"\xff\xfe\xfd", "some other binary file"),
    ] {
        let error = refuse_binary(bytes);
        assert_eq!(error.kind(), ParseErrorKind::NotWasm);
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
}

#[test]
fn components_are_told_from_modules() {
    let error = refuse_binary(b"\0asm\x0d\0\x01\0");
    assert_eq!(error.kind(), ParseErrorKind::Component);
    assert!(error.to_string().contains("component"), "{error}");
}

#[test]
fn no_truncation_panics() {
    let wasm = binary(
        r#"(module $m
            (import "m" "f" (func $f (param i32)))
            (table 2 funcref) (memory 1) (global i32 (i32.const 5))
            (elem (i32.const 0) $f) (data (i32.const 8) "hello")
            (func (export "g") (local i64) i32.const 1 call $f))"#,
    );
    for end in 0..wasm.len() {
        let _ = wasm_types::Module::parse(&wasm[..end], Default::default());
    }
    for place in 0..wasm.len() {
        for byte in [0, 1, 0x40, 0x7f, 0x80, 0xff] {
            let mut wasm = wasm.clone();
            wasm[place] = byte;
            let _ = wasm_types::Module::parse(&wasm, Default::default());
        }
    }
}
