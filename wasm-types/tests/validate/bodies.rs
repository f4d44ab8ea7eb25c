//! Bodies are validated one by one, by whoever translates them.

use wasm_types::wasmparser::{FuncValidatorAllocations, Operator};
use wasm_types::{DefinedFuncIndex, FuncIndex, Module, WasmFeatures};

use crate::support::binary;

#[test]
fn declarations_can_be_had_without_bodies() {
    let wasm = binary("(module (func (result i32)) (func))");
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
    let bad = DefinedFuncIndex::new(0);
    let good = DefinedFuncIndex::new(1);
    let error = parsed.validate_body(&wasm, bad, Default::default()).err().unwrap();
    assert_eq!(error.function(), Some(FuncIndex::new(0)));
    parsed.validate_body(&wasm, good, Default::default()).unwrap();
    assert_eq!(parsed.validate_bodies(&wasm), Err(error.clone()));
    assert_eq!(Module::validate(&wasm, WasmFeatures::SUPPORTED), Err(error));
    assert_eq!(parsed.into_module().num_defined_functions(), 2);
}

#[test]
fn operators_are_validated_while_they_are_read() {
    let wasm = binary(
        r#"(module
            (import "m" "f" (func (param i64)))
            (func (param i32) (result i32) (local f32 f32) local.get 0 i32.const 1 i32.add))"#,
    );
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
    let func = DefinedFuncIndex::new(0);
    let body = parsed.body(&wasm, func);
    assert_eq!(body.as_bytes(), &wasm[parsed.module().bodies[0].range.clone()]);
    let mut validator = parsed.func_to_validate(func).into_validator(Default::default());
    assert_eq!(validator.index(), 1);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader).unwrap();
    assert_eq!(validator.len_locals(), 3);
    let mut operators = wasm_types::wasmparser::OperatorsReader::new(reader);
    let mut read = Vec::new();
    while !operators.eof() {
        let (op, offset) = operators.read_with_offset().unwrap();
        validator.op(offset, &op).unwrap();
        read.push(op);
    }
    assert_eq!(
        read,
        [
            Operator::LocalGet { local_index: 0 },
            Operator::I32Const { value: 1 },
            Operator::I32Add,
            Operator::End
        ]
    );
}

#[test]
fn bodies_can_be_validated_on_several_threads() {
    let bodies = "(func (param i32) (result i32) local.get 0 call 0)".repeat(100);
    let wasm = binary(&format!("(module {bodies})"));
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
    std::thread::scope(|scope| {
        for first in 0..4 {
            let (parsed, wasm) = (&parsed, &wasm);
            scope.spawn(move || {
                let mut allocations = FuncValidatorAllocations::default();
                for func in (first..100).step_by(4).map(DefinedFuncIndex::new) {
                    allocations = parsed.validate_body(wasm, func, allocations).unwrap();
                }
            });
        }
    });
}
