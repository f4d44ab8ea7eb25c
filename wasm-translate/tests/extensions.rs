//! The extensions that compiled code is said to use are those it uses: none is forgotten, none is
//! made up.

mod common;

use std::collections::BTreeSet;

use common::{TARGETS, compile};
use wasm_translate::Settings;
use wasm_types::CompiledModule;

const X86: &str = "x86_64-unknown-linux-gnu";

/// Every setting of x86-64 that allows for an extension.
fn all_flags() -> Vec<&'static str> {
    let isa = Settings::for_target(X86).unwrap().isa().unwrap();
    let flags = isa.isa_flags().into_iter().map(|flag| flag.name);
    flags.filter(|name| name.starts_with("has_")).collect()
}

/// Code for x86-64 with the given settings on and all others off.
fn compile_with(wasm: &[u8], flags: &[&str]) -> CompiledModule {
    let mut settings = Settings::for_target(X86).unwrap();
    for flag in all_flags() {
        let value = if flags.contains(&flag) { "true" } else { "false" };
        settings.flag(flag, value).unwrap();
    }
    compile(wasm, &settings).unwrap()
}

/// What the translation requires before it makes vectors, or what the code generator requires
/// besides the extension that it uses: old enough to be allowed always.
const LEVEL_2: [&str; 4] = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42"];

/// What a module uses if everything is allowed.
///
/// Compiled again with only that allowed, the code must be the same: the code generator itself
/// answers for that nothing was forgotten.
#[track_caller]
fn used(text: &str) -> Vec<String> {
    let wasm = wat::parse_str(text).unwrap();
    let compiled = compile_with(&wasm, &all_flags());
    assert!(compiled.extensions.is_sorted());
    let names = compiled.extensions.iter().map(String::as_str);
    let names: Vec<&str> = names.chain(LEVEL_2).collect();
    let again = compile_with(&wasm, &names);
    assert!(compiled.text == again.text, "with only {names:?} the code differs");
    assert_eq!(again.extensions, compiled.extensions);
    compiled.extensions
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let expected: BTreeSet<_> = expected.iter().map(|name| format!("has_{name}")).collect();
    let used: BTreeSet<_> = used(text).into_iter().collect();
    assert_eq!(used, expected, "{text}");
}

#[test]
fn code_for_every_machine_uses_nothing() {
    check("(module)", &[]);
    check(
        r#"(module
            (memory 1)
            (table 2 2 funcref)
            (elem (i32.const 0) $loop $call)
            (func $call (param i32) (result i32)
                (call_indirect (type 0) (local.get 0) (local.get 0)))
            (type (func (param i32) (result i32)))
            (func $loop (param $n i32) (result i32)
                (local $sum i32)
                (loop $next
                    (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $n))))
                    (i32.store8 (local.get $n) (local.get $sum))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $next (local.get $n)))
                (i32.div_u (local.get $sum) (call $call (local.get $n)))))"#,
        &[],
    );
    // Conversions with jumps of their own in the middle of their code.
    let text = "(module (func (param f64) (result i64) (i64.trunc_sat_f64_u (local.get 0))))";
    let wasm = wat::parse_str(text).unwrap();
    assert_eq!(compile_with(&wasm, &[]).extensions, [""; 0]);
}

#[test]
fn each_extension_is_found() {
    let unary = |ty: &str, op: &str| {
        format!("(module (func (param {ty}) (result {ty}) ({op} (local.get 0))))")
    };
    check(&unary("i32", "i32.popcnt"), &["popcnt"]);
    check(&unary("i64", "i64.ctz"), &["bmi1"]);
    check(&unary("i64", "i64.clz"), &["lzcnt"]);
    check(&unary("f64", "f64.sqrt"), &["avx"]);
    check(&unary("f32", "f32.ceil"), &["avx"]);
    check(
        "(module (func (param i64) (result i64) (i64.rotl (local.get 0) (i64.const 7))))",
        &["bmi2"],
    );
    check(
        "(module (func (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1))))",
        &["bmi2"],
    );
    let vectors = |params: usize, op: &str| {
        let operands: String = (0..params).map(|index| format!("(local.get {index})")).collect();
        let params = "v128 ".repeat(params);
        format!("(module (func (param {params}) (result v128) ({op} {operands})))")
    };
    check(&vectors(2, "i32x4.add"), &["avx"]);
    check(&vectors(1, "i64x2.abs"), &["avx", "avx512f", "avx512vl"]);
    check(&vectors(2, "i64x2.mul"), &["avx", "avx512dq", "avx512vl"]);
    check(&vectors(1, "i8x16.popcnt"), &["avx", "avx512bitalg", "avx512vl"]);
    check(&vectors(3, "f32x4.relaxed_madd"), &["avx", "fma"]);
    check(
        "(module (func (param i32) (result v128) (i8x16.splat (local.get 0))))",
        &["avx", "avx2"],
    );
}

#[test]
fn older_instructions_are_found_where_newer_ones_are_not_allowed() {
    let text = "(module
        (func (param f64) (result f64) (f64.ceil (local.get 0)))
        (func (param v128) (result v128) (i8x16.abs (local.get 0))))";
    let wasm = wat::parse_str(text).unwrap();
    let flags = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];
    assert_eq!(compile_with(&wasm, &flags).extensions, ["has_sse41", "has_ssse3"]);
}

/// Numbers in the code that look like instructions, and instructions that only a jump table leads
/// to.
#[test]
fn data_in_the_code_is_not_taken_for_instructions() {
    // popcnt, rorx and vpabsq, again and again.
    let popcnt = "f3 0f b8 c0 f3 0f b8 c0 f3 0f b8 c0 f3 0f b8 c0";
    let bytes: Vec<String> = popcnt.split(' ').map(|byte| format!("0x{byte}")).collect();
    check(
        &format!("(module (func (result v128) (v128.const i8x16 {})))", bytes.join(" ")),
        &["avx"],
    );
    check(
        "(module (memory 1) (func (param i32)
            (f64.store (local.get 0) (f64.const nan:0x8c0b80ff3c0b8))))",
        &["avx"],
    );
    // Each arm is reached through a table only; the last ones use something.
    let arms = 40;
    let labels: String = (0..arms).map(|arm| format!(" $arm{arm}")).collect();
    let mut text = String::from("(module (func (param i32 i64) (result i64)\n");
    for arm in (0..arms).rev() {
        text += &format!("(block $arm{arm} ");
    }
    text += &format!("(br_table {labels} (local.get 0))");
    for arm in 0..arms {
        let result = match arm {
            37 => "(i64.popcnt (local.get 1))".into(),
            39 => "(i64.clz (local.get 1))".into(),
            _ => format!("(i64.mul (local.get 1) (i64.const {}))", arm * 1_000_003 + 7),
        };
        text += &format!(") (return {result})\n");
    }
    text += "))";
    check(&text, &["lzcnt", "popcnt"]);
}

#[test]
fn what_other_functions_use_counts() {
    let text = "(module
        (func (param i32) (result i32) (i32.popcnt (local.get 0)))
        (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (param i32) (result i32) (return_call 3 (local.get 0)))
        (func (param i32) (result i32) (i32.ctz (local.get 0))))";
    check(text, &["bmi1", "popcnt"]);
}

/// Of other instruction sets the code is not read: what is allowed counts.
#[test]
fn on_other_targets_what_is_allowed_counts() {
    for target in TARGETS.iter().filter(|target| **target != X86) {
        let mut settings = Settings::for_target(target).unwrap();
        let isa = settings.isa().unwrap();
        let on = |flag: &wasm_translate::cranelift_codegen::settings::Value| {
            flag.name.starts_with("has_") && flag.as_bool() == Some(true)
        };
        let mut allowed: BTreeSet<String> =
            isa.isa_flags().into_iter().filter(on).map(|flag| flag.name.into()).collect();
        let wasm = wat::parse_str("(module (func))").unwrap();
        let compiled = compile(&wasm, &settings).unwrap();
        assert_eq!(compiled.extensions.into_iter().collect::<BTreeSet<_>>(), allowed, "{target}");

        let more = match &target[..1] {
            "a" => "has_lse",
            "r" => "has_zbb",
            _ => "has_mie3",
        };
        settings.flag(more, "true").unwrap();
        allowed.insert(more.into());
        let compiled = compile(&wasm, &settings).unwrap();
        assert_eq!(compiled.extensions.into_iter().collect::<BTreeSet<_>>(), allowed, "{target}");
    }
}
