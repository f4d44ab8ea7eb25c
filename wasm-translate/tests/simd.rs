//! Every vector operator, relaxed or not, is translated, verified and compiled for every target.
//!
//! What the code computes is for the specification's own suite to judge; here no operator may be
//! forgotten, and none may make CLIF that a target has no instructions for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable as _};
use cranelift_codegen::{Context, verify_function};
use wasm_translate::{Error, RuntimeEnvironment, Translator};
use wasm_types::abi::ContextLayout;
use wasm_types::wasmparser::{Operator, Parser, Payload};
use wasm_types::{DefinedFuncIndex, Module, Tunables, WasmFeatures};

/// Operators of one vector.
const UNARY: &str = "v128.not i8x16.abs i16x8.abs i32x4.abs i64x2.abs i8x16.neg i16x8.neg i32x4.neg
    i64x2.neg i8x16.popcnt i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u
    i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u i16x8.extend_low_i8x16_s
    i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u
    i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u
    i32x4.extend_high_i16x8_u i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s
    i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u f32x4.ceil f32x4.floor f32x4.trunc
    f32x4.nearest f32x4.abs f32x4.neg f32x4.sqrt f64x2.ceil f64x2.floor f64x2.trunc f64x2.nearest
    f64x2.abs f64x2.neg f64x2.sqrt i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u
    f32x4.convert_i32x4_s f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero
    i32x4.trunc_sat_f64x2_u_zero f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u
    f32x4.demote_f64x2_zero f64x2.promote_low_f32x4 i32x4.relaxed_trunc_f32x4_s
    i32x4.relaxed_trunc_f32x4_u i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero";

/// Operators of two vectors, but for what [`binary`] adds.
const BINARY: &str = "i8x16.swizzle i8x16.relaxed_swizzle v128.and v128.andnot v128.or v128.xor
    i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
    i8x16.add_sat_s i8x16.add_sat_u i8x16.sub_sat_s i8x16.sub_sat_u i8x16.avgr_u
    i16x8.add_sat_s i16x8.add_sat_u i16x8.sub_sat_s i16x8.sub_sat_u i16x8.avgr_u
    i16x8.q15mulr_sat_s i16x8.mul i32x4.mul i64x2.mul i32x4.dot_i16x8_s
    i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u
    i16x8.extmul_high_i8x16_u i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s
    i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u i64x2.extmul_low_i32x4_s
    i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
    i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s
    i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s";

/// Operators of three vectors.
const TERNARY: &str = "v128.bitselect f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd
    f64x2.relaxed_nmadd i8x16.relaxed_laneselect i16x8.relaxed_laneselect
    i32x4.relaxed_laneselect i64x2.relaxed_laneselect i32x4.relaxed_dot_i8x16_i7x16_add_s";

/// Shapes of lanes, with the type of a scalar.
const SHAPES: [(&str, &str, u32); 6] = [
    ("i8x16", "i32", 16),
    ("i16x8", "i32", 8),
    ("i32x4", "i32", 4),
    ("i64x2", "i64", 2),
    ("f32x4", "f32", 4),
    ("f64x2", "f64", 2),
];

fn binary() -> Vec<String> {
    let mut names: Vec<String> = BINARY.split_whitespace().map(String::from).collect();
    let mut add = |shapes: &[&str], operators: &str| {
        for shape in shapes {
            names.extend(operators.split(' ').map(|op| format!("{shape}.{op}")));
        }
    };
    add(&["i8x16", "i16x8", "i32x4", "i64x2"], "add sub");
    add(&["i8x16", "i16x8", "i32x4"], "min_s min_u max_s max_u");
    add(&["i8x16", "i16x8", "i32x4"], "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u");
    add(&["f32x4", "f64x2"], "eq ne lt gt le ge");
    add(&["f32x4", "f64x2"], "add sub mul div min max pmin pmax relaxed_min relaxed_max");
    names
}

/// A module with a function for each vector operator (and, where it has a lane, for its first and
/// its last one), named like the operator. Vectors that come out are returned, or stored: riscv64
/// has no register to return a vector in.
fn every_operator(return_vectors: bool) -> Vec<u8> {
    let mut wat = String::from("(module (memory 1)\n");
    let mut number = 0;
    // The parameters are given as their types; the operands are all of them in order.
    let mut function = |operator: &str, immediates: &str, params: &str, result: &str| {
        let operands: String =
            (0..params.split_whitespace().count()).map(|i| format!(" (local.get {i})")).collect();
        let mut body = format!("({operator} {immediates}{operands})");
        let mut result = format!("(result {result})");
        if result == "(result v128)" && !return_vectors {
            body = format!("(v128.store (i32.const 64) {body})");
            result.clear();
        } else if result == "(result )" {
            result.clear();
        }
        writeln!(
            wat,
            "(func ${operator}-{number} (export \"{operator}-{number}\") (param {params}) {result} \
             {body})"
        )
        .unwrap();
        number += 1;
    };
    for name in UNARY.split_whitespace() {
        function(name, "", "v128", "v128");
    }
    for name in binary() {
        function(&name, "", "v128 v128", "v128");
    }
    for name in TERNARY.split_whitespace() {
        function(name, "", "v128 v128 v128", "v128");
    }
    function("v128.any_true", "", "v128", "i32");
    for (shape, scalar, lanes) in SHAPES {
        function(&format!("{shape}.splat"), "", scalar, "v128");
        for lane in [0, lanes - 1].map(|lane| lane.to_string()) {
            let extracts: &[&str] = if lanes >= 8 { &["_s", "_u"] } else { &[""] };
            for sign in extracts {
                function(&format!("{shape}.extract_lane{sign}"), &lane, "v128", scalar);
            }
            function(&format!("{shape}.replace_lane"), &lane, &format!("v128 {scalar}"), "v128");
        }
        if shape.starts_with('i') {
            for shift in ["shl", "shr_s", "shr_u"] {
                function(&format!("{shape}.{shift}"), "", "v128 i32", "v128");
            }
            for test in ["all_true", "bitmask"] {
                function(&format!("{shape}.{test}"), "", "v128", "i32");
            }
            let bits = 128 / lanes;
            for lane in [0, lanes - 1] {
                let immediates = format!("offset=3 {lane}");
                function(&format!("v128.load{bits}_lane"), &immediates, "i32 v128", "v128");
                function(&format!("v128.store{bits}_lane"), &immediates, "i32 v128", "");
            }
            function(&format!("v128.load{bits}_splat"), "offset=3", "i32", "v128");
        }
    }
    for load in ["8x8_s", "8x8_u", "16x4_s", "16x4_u", "32x2_s", "32x2_u", "32_zero", "64_zero"] {
        function(&format!("v128.load{load}"), "offset=3", "i32", "v128");
    }
    for offset in ["", "offset=17", "offset=0xffffffff"] {
        function("v128.load", offset, "i32", "v128");
        function("v128.store", offset, "i32 v128", "");
    }
    for constant in ["0 0", "-1 -1", "0x0123456789abcdef 42"] {
        function("v128.const", &format!("i64x2 {constant}"), "", "v128");
    }
    for lanes in [
        "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        "0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23",
        "31 0 30 1 29 2 28 3 27 4 26 5 25 6 24 7",
        "8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
    ] {
        function("i8x16.shuffle", lanes, "v128 v128", "v128");
    }
    wat.push(')');
    wat::parse_str(&wat).expect("the text of the module is valid")
}

/// The names of all vector operators that the parser knows.
fn operator_names() -> BTreeSet<String> {
    macro_rules! names {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            [$(stringify!($op)),*].map(String::from).into()
        };
    }
    wasm_types::wasmparser::for_each_visit_simd_operator!(names)
}

#[test]
fn the_module_has_every_operator() {
    let wasm = every_operator(true);
    let mut seen = BTreeSet::new();
    for payload in Parser::new(0).parse_all(&wasm) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        for operator in body.get_operators_reader().unwrap() {
            let operator: Operator<'_> = operator.unwrap();
            let name = format!("{operator:?}");
            let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
            seen.insert(name[..end].to_string());
        }
    }
    let missing: Vec<_> = operator_names().difference(&seen).cloned().collect();
    assert!(missing.is_empty(), "no function has {missing:?}");
}

/// An instruction set: a triple, the settings that are on, and whether not-a-number results are
/// brought to one bit pattern.
fn target(triple: &str, enabled: &str, canonical_nan: bool) -> OwnedTargetIsa {
    let mut flags = settings::builder();
    flags.set("opt_level", "speed").unwrap();
    flags.set("preserve_frame_pointers", "true").unwrap();
    flags.set("enable_verifier", "true").unwrap();
    flags.set("enable_nan_canonicalization", &canonical_nan.to_string()).unwrap();
    let mut builder = isa::lookup_by_name(triple).unwrap();
    for setting in enabled.split_whitespace() {
        builder.enable(setting).unwrap();
    }
    builder.finish(settings::Flags::new(flags)).unwrap()
}

/// Translates and compiles every function of the module; panics if the code is not valid or calls
/// a library function.
fn compile(wasm: &[u8], isa: &OwnedTargetIsa, tunables: Tunables) -> Result<(), Error> {
    let features = WasmFeatures::SIMD
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::MULTI_VALUE;
    let parsed = Module::parse_with_bodies(wasm, features)?;
    let module = parsed.module();
    let layout = ContextLayout::new(module);
    let mut translator = Translator::new();
    let mut env = RuntimeEnvironment::new(module, &layout, &**isa, tunables);
    for func in (0..module.num_defined_functions()).map(DefinedFuncIndex::new) {
        let name = module.names.function(module.func_index(func)).unwrap_or("?");
        let mut context = Context::new();
        translator.translate(&parsed, wasm, func, &mut env, &mut context.func)?;
        verify_function(&context.func, &**isa)
            .unwrap_or_else(|errors| panic!("{name} is not valid for {}: {errors}", isa.triple()));
        let code = context.compile(&**isa, &mut Default::default()).unwrap_or_else(|error| {
            panic!("{name} cannot be compiled for {}: {:?}", isa.triple(), error.inner)
        });
        let relocations = code.buffer.relocs();
        assert!(
            relocations.is_empty(),
            "{name} calls something on {}: {relocations:?}",
            isa.triple()
        );
    }
    Ok(())
}

/// Compiles every operator for the target, with both profiles of the relaxed ones.
fn compiles_for(triple: &str, enabled: &str) {
    let wasm = every_operator(!triple.starts_with("riscv64"));
    for canonical_nan in [false, true] {
        let isa = target(triple, enabled, canonical_nan);
        for deterministic in [false, true] {
            let mut tunables = Tunables::new();
            tunables.relaxed_simd_deterministic = deterministic;
            compile(&wasm, &isa, tunables).unwrap();
        }
    }
}

#[test]
fn x86_64_with_sse42() {
    compiles_for("x86_64-unknown-linux-gnu", "has_sse3 has_ssse3 has_sse41 has_sse42 has_popcnt");
}

#[test]
fn x86_64_with_avx2() {
    let sse = "has_sse3 has_ssse3 has_sse41 has_sse42 has_popcnt";
    compiles_for("x86_64-unknown-linux-gnu", &format!("{sse} has_avx has_avx2 has_fma"));
}

#[test]
fn x86_64_with_dot_products() {
    let avx2 = "has_sse3 has_ssse3 has_sse41 has_sse42 has_popcnt has_avx has_avx2 has_fma";
    let avx512 = "has_avx512f has_avx512vl has_avx512dq has_avx512bitalg has_avx512vbmi";
    compiles_for("x86_64-unknown-linux-gnu", &format!("{avx2} has_avx_vnni"));
    compiles_for("x86_64-unknown-linux-gnu", &format!("{avx2} {avx512} has_avx512vnni"));
}

#[test]
fn aarch64() {
    compiles_for("aarch64-unknown-linux-gnu", "");
    compiles_for("aarch64-unknown-linux-gnu", "has_dotprod");
}

#[test]
fn riscv64_with_vectors() {
    compiles_for(
        "riscv64gc-unknown-linux-gnu",
        "has_m has_a has_f has_d has_zicsr has_zifencei has_v",
    );
}

#[test]
fn s390x() {
    compiles_for("s390x-unknown-linux-gnu", "");
    compiles_for("s390x-unknown-linux-gnu", "has_vxrs_ext2 has_vxrs_ext3");
}

#[test]
fn the_machine_that_runs_the_test() {
    let mut flags = settings::builder();
    flags.set("preserve_frame_pointers", "true").unwrap();
    let isa = cranelift_native::builder().unwrap().finish(settings::Flags::new(flags)).unwrap();
    compile(&every_operator(true), &isa, Tunables::new()).unwrap();
}

#[test]
fn x86_64_without_sse41_is_refused() {
    let isa = target("x86_64-unknown-linux-gnu", "has_sse3 has_ssse3", false);
    let error = compile(&every_operator(true), &isa, Tunables::new()).unwrap_err();
    assert!(error.message().contains("SSE4.1"), "{error}");
}
