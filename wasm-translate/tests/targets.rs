//! Every operator family is translated and compiled for every target, with the CLIF verified.

mod common;

use common::{TARGETS, compile, parse, settings};
use wasm_translate::{ErrorKind, Settings, compile_module};
use wasm_types::{OperatorCost, OptLevel, Tunables};

const MODULES: &[(&str, &str)] = &[
    ("control", include_str!("modules/control.wat")),
    ("call", include_str!("modules/call.wat")),
    ("memory", include_str!("modules/memory.wat")),
    ("memory64", include_str!("modules/memory64.wat")),
    ("table", include_str!("modules/table.wat")),
    ("wide", include_str!("modules/wide.wat")),
    ("page_sizes", include_str!("modules/page_sizes.wat")),
    ("exceptions", include_str!("modules/exceptions.wat")),
    ("atomics", include_str!("modules/atomics.wat")),
    ("references", include_str!("modules/references.wat")),
    ("objects", include_str!("modules/objects.wat")),
];

/// Settings that change which code is made.
fn tunables() -> Vec<Tunables> {
    let base = Tunables::default();
    let mut checked = base;
    checked.memory_reservation = 1 << 20;
    let mut unguarded = checked;
    unguarded.memory_guard_size = 0;
    unguarded.spectre_mitigation = false;
    let mut simple = base;
    simple.opt_level = OptLevel::None;
    simple.spectre_mitigation = false;
    let mut canonical = base;
    canonical.nan_canonicalization = true;
    canonical.relaxed_simd_deterministic = true;
    canonical.opt_level = OptLevel::SpeedAndSize;
    let mut metered = base;
    metered.fuel_costs = Some(OperatorCost::new().identity());
    let mut metered_simple = checked;
    metered_simple.fuel_costs = metered.fuel_costs;
    metered_simple.opt_level = OptLevel::None;
    metered_simple.interruption = true;
    vec![base, checked, unguarded, simple, canonical, metered, metered_simple]
}

#[test]
fn all_modules_compile_for_all_targets() {
    for (name, text) in MODULES {
        let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for target in TARGETS {
            for tunables in tunables() {
                let mut settings = settings(target);
                settings.tunables(tunables);
                let module = compile(&wasm, &settings)
                    .unwrap_or_else(|error| panic!("{name} for {target}: {error}"));
                assert_eq!(module.functions.len(), parse(&wasm).module().bodies.len());
                assert!(module.traps.is_sorted_by_key(|entry| entry.offset), "{name}, {target}");
                assert!(module.address_map.is_sorted_by_key(|entry| entry.offset));
                assert!(module.fuel.is_sorted_by(|a, b| a.offset < b.offset), "{name}, {target}");
                assert!(tunables.fuel_costs.is_some() || module.fuel.is_empty());
                for entry in &module.fuel {
                    assert!(module.traps.iter().any(|trap| trap.offset == entry.offset));
                    assert_ne!(entry.ahead, 0);
                }
                assert!(module.text.len() as u32 >= module.functions.last().unwrap().offset);
            }
        }
    }
}

/// Operators on numbers: what they take, and their names.
const NUMERIC: &[(&str, &str, &str)] = &[
    (
        "i32 i32",
        "i32",
        "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and \
      i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr i32.eq i32.ne i32.lt_s i32.lt_u \
      i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u",
    ),
    (
        "i64 i64",
        "i64",
        "i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and \
      i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr",
    ),
    (
        "i64 i64",
        "i32",
        "i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u \
      i64.ge_s i64.ge_u",
    ),
    ("i32", "i32", "i32.eqz i32.clz i32.ctz i32.popcnt i32.extend8_s i32.extend16_s"),
    ("i64", "i64", "i64.clz i64.ctz i64.popcnt i64.extend8_s i64.extend16_s i64.extend32_s"),
    ("i64", "i32", "i64.eqz i32.wrap_i64"),
    ("i32", "i64", "i64.extend_i32_s i64.extend_i32_u"),
    ("f32 f32", "f32", "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign"),
    ("f64 f64", "f64", "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign"),
    ("f32 f32", "i32", "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge"),
    ("f64 f64", "i32", "f64.eq f64.ne f64.lt f64.gt f64.le f64.ge"),
    ("f32", "f32", "f32.abs f32.neg f32.sqrt f32.ceil f32.floor f32.trunc f32.nearest"),
    ("f64", "f64", "f64.abs f64.neg f64.sqrt f64.ceil f64.floor f64.trunc f64.nearest"),
    (
        "f32",
        "i32",
        "i32.trunc_f32_s i32.trunc_f32_u i32.trunc_sat_f32_s i32.trunc_sat_f32_u \
      i32.reinterpret_f32",
    ),
    ("f64", "i32", "i32.trunc_f64_s i32.trunc_f64_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u"),
    ("f32", "i64", "i64.trunc_f32_s i64.trunc_f32_u i64.trunc_sat_f32_s i64.trunc_sat_f32_u"),
    (
        "f64",
        "i64",
        "i64.trunc_f64_s i64.trunc_f64_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u \
      i64.reinterpret_f64",
    ),
    ("i32", "f32", "f32.convert_i32_s f32.convert_i32_u f32.reinterpret_i32"),
    ("i64", "f32", "f32.convert_i64_s f32.convert_i64_u"),
    ("i32", "f64", "f64.convert_i32_s f64.convert_i32_u"),
    ("i64", "f64", "f64.convert_i64_s f64.convert_i64_u f64.reinterpret_i64"),
    ("f32", "f64", "f64.promote_f32"),
    ("f64", "f32", "f32.demote_f64"),
];

fn numeric_module() -> Vec<u8> {
    let mut text = String::from("(module\n");
    for (params, result, operators) in NUMERIC {
        for operator in operators.split_whitespace() {
            let operands = (0..params.split_whitespace().count())
                .map(|index| format!("(local.get {index})"))
                .collect::<Vec<_>>()
                .join(" ");
            text += &format!(
                "(func (export \"{operator}\") (param {params}) (result {result}) \
                 ({operator} {operands}))\n"
            );
        }
    }
    text += ")";
    wat::parse_str(text).unwrap()
}

#[test]
fn all_operators_on_numbers_compile_for_all_targets() {
    let wasm = numeric_module();
    for target in TARGETS {
        for tunables in tunables() {
            let mut settings = settings(target);
            settings.tunables(tunables);
            compile(&wasm, &settings).unwrap_or_else(|error| panic!("{target}: {error}"));
        }
    }
}

#[test]
fn a_machine_without_rounding_and_popcnt_gets_calls() {
    let mut settings = settings("x86_64-unknown-linux-gnu");
    for flag in ["has_sse42", "has_sse41", "has_ssse3", "has_sse3", "has_popcnt"] {
        settings.flag(flag, "false").unwrap();
    }
    let compiled = compile(&numeric_module(), &settings).unwrap();
    assert!(compiled.isa_flags.iter().all(|flag| flag.name != "has_sse41"));
}

#[test]
fn vectors_that_the_target_lacks_are_refused_wherever_they_come_from() {
    for body in [
        "(func $f (param v128))",
        "(func $f (result v128) unreachable)",
        "(func $f (local v128))",
        "(func $f (drop (global.get $g)))",
        "(func $f (call $host_takes (unreachable)) (drop (call $host)))",
        "(func $f (drop (call $host)))",
        "(func $f (drop (call_indirect (result v128) (i32.const 0))))",
        "(func $f (drop (v128.const i32x4 0 0 0 0)))",
    ] {
        let text = format!(
            "(module (global $g (import \"h\" \"g\") v128)
               (func $host (import \"h\" \"f\") (result v128))
               (func $host_takes (import \"h\" \"t\") (param v128))
               (table 1 funcref)
               {body})"
        );
        let wasm = wat::parse_str(text).unwrap();
        let plain = Settings::for_target("riscv64gc-unknown-linux-gnu").unwrap();
        match compile(&wasm, &plain) {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{body}: {error}"),
            Ok(_) => assert!(body.contains("unreachable"), "{body}"),
        }
    }
}

/// Not every target's convention returns vectors in registers: they go through the buffer.
#[test]
fn vectors_are_results_on_every_target() {
    let text = "(module
        (func $two (result v128 v128) (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8))
        (func (param v128) (result v128) (i32x4.add (local.get 0) (i32x4.add (call $two)))))";
    let wasm = wat::parse_str(text).unwrap();
    for target in TARGETS {
        let compiled = compile(&wasm, &settings(target)).unwrap();
        assert_eq!(compiled.functions.len(), 2, "{target}");
    }
}

#[test]
fn an_invalid_body_is_told_with_function_and_offset() {
    let text = "(module (func) (func $second (result i32) i32.const 1) (func $bad (result i32)))";
    let wasm = wat::parse_str(text).unwrap();
    let error = compile_module(&parse(&wasm), &wasm, &settings(TARGETS[0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.function().unwrap().as_u32(), 2);
    assert!(error.offset().is_some());
    assert!(error.to_string().contains("`bad`"), "{error}");
}

#[test]
fn unknown_targets_and_settings_are_named() {
    for (triple, part) in [
        ("nonsense", "`nonsense`"),
        ("i686-unknown-linux-gnu", "64-bit pointers"),
        ("powerpc64-unknown-linux-gnu", "architectures are x86_64"),
    ] {
        let error = Settings::for_target(triple).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Target);
        assert!(error.to_string().contains(part), "{error}");
    }
    let mut settings = settings(TARGETS[0]);
    assert!(settings.flag("has_nothing", "true").unwrap_err().to_string().contains("has_nothing"));
    assert!(settings.flag("has_avx", "maybe").unwrap_err().to_string().contains("maybe"));
    assert!(settings.flag("skylake", "true").is_ok());
}

#[test]
fn costs_have_to_be_those_that_are_named() {
    let wasm = wat::parse_str("(module (func nop))").unwrap();
    let mut costs = OperatorCost::new();
    costs.Nop = 1;
    let mut tunables = Tunables::default();
    tunables.fuel_costs = Some(OperatorCost::new().identity());
    let mut settings = settings(TARGETS[0]);
    settings.tunables(tunables).operator_cost(costs.into());
    let error = compile(&wasm, &settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Target);
    assert!(error.to_string().contains("set both to the same"), "{error}");
}
