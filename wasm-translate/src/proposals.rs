//! Which proposals a module uses, as opposed to those it was allowed to use.
//!
//! An artifact records them, so that an engine can refuse a module for what is in it. What a module
//! uses is what its declarations use (`declarations.rs`) and what the bodies of its functions use:
//! their operators (`operators.rs`) and their locals. With exactly these proposals allowed, the
//! module is valid, but for a few things that only show in the encoding and not in what runs: the
//! count of data segments before the code, indices that are written longer than they need be,
//! imports that share the name of their module, and pages of the usual size where that is named.

mod declarations;
mod operators;

pub(crate) use declarations::{of_declarations, of_type, of_types};
pub(crate) use operators::of_operator;

/// What translated modules use is tested from outside; here stands what only later versions will
/// come by.
#[cfg(test)]
mod tests {
    use wasm_types::wasmparser::{Parser, Payload};
    use wasm_types::{
        ArrayType, CompositeType, FieldType, FuncType, HeapType, MemoryType, Module, RecGroup,
        RefType, StorageType, SubType, TagType, TypeIndex, TypeKind, ValType, WasmFeatures,
    };

    use super::*;

    #[test]
    fn declarations_that_are_not_translated_are_told() {
        let check = |expected: WasmFeatures, change: &dyn Fn(&mut Module)| {
            let used = |module: &Module| of_types(&module.types) | of_declarations(module);
            let mut module = Module::default();
            assert_eq!(used(&module), WasmFeatures::empty());
            change(&mut module);
            assert_eq!(used(&module), expected);
        };
        let memory = MemoryType {
            minimum: 1,
            maximum: Some(2),
            memory64: false,
            shared: false,
            page_size_log2: MemoryType::DEFAULT_PAGE_SIZE_LOG2,
        };
        check(WasmFeatures::empty(), &|module| module.memories.push(memory));
        check(WasmFeatures::THREADS, &|module| {
            module.memories.push(MemoryType { shared: true, ..memory });
        });
        check(WasmFeatures::EXCEPTIONS, &|module| {
            module.tags.push(TagType { ty: TypeIndex::new(0) });
        });
        let takes = |heap, nullable| {
            let ty = ValType::Ref(RefType { nullable, heap });
            SubType::func(FuncType::new([ty], []))
        };
        let references = WasmFeatures::REFERENCE_TYPES;
        for (heap, nullable, expected) in [
            (HeapType::Func, true, references),
            (HeapType::Func, false, references | WasmFeatures::FUNCTION_REFERENCES),
            (
                HeapType::Concrete(TypeIndex::new(0), TypeKind::Func),
                true,
                references | WasmFeatures::FUNCTION_REFERENCES,
            ),
            (HeapType::I31, true, references | WasmFeatures::GC),
            (HeapType::Exn, true, references | WasmFeatures::EXCEPTIONS),
            (HeapType::Cont, true, references | WasmFeatures::STACK_SWITCHING),
        ] {
            check(expected, &|module| module.types.push(takes(heap, nullable)));
        }
        let storage = StorageType::Val(ValType::V128);
        check(WasmFeatures::GC | WasmFeatures::SIMD, &|module| {
            let array = ArrayType(FieldType { storage, mutable: true });
            let composite = CompositeType::Array(array);
            module.types.push(SubType { is_final: true, supertype: None, composite });
        });
        check(WasmFeatures::GC, &|module| {
            let ty = SubType::func(FuncType::new([], []));
            module.types.push(SubType { is_final: false, ..ty });
        });
        check(WasmFeatures::GC, &|module| {
            module.rec_groups.push(RecGroup { start: TypeIndex::new(0), len: 2 });
        });
    }

    #[test]
    fn operators_that_are_not_translated_are_told() {
        for (expected, body) in [
            (WasmFeatures::empty(), "(drop (i32.add (i32.const 1) (i32.const 2)))"),
            (WasmFeatures::THREADS, "(drop (i32.atomic.load (i32.const 0)))"),
            (WasmFeatures::EXCEPTIONS, "(throw 0)"),
            (WasmFeatures::STACK_SWITCHING, "(suspend 0)"),
            (WasmFeatures::GC, "(drop (ref.i31 (i32.const 1)))"),
            (WasmFeatures::FUNCTION_REFERENCES, "(call_ref 0)"),
            (
                WasmFeatures::REFERENCE_TYPES | WasmFeatures::FUNCTION_REFERENCES,
                "(drop (ref.null 0))",
            ),
            (WasmFeatures::REFERENCE_TYPES | WasmFeatures::GC, "(drop (ref.null any))"),
        ] {
            let text = format!("(module (type (func)) (memory 1) (tag) (func {body}))");
            let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{body}: {error}"));
            let mut used = WasmFeatures::empty();
            for payload in Parser::new(0).parse_all(&wasm) {
                let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
                for op in body.get_operators_reader().unwrap() {
                    used |= of_operator(&op.unwrap());
                }
            }
            assert_eq!(used, expected, "{body}");
        }
    }
}
