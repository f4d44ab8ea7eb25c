//! The proposal that each operator comes from.

use wasm_types::wasmparser::{self, BlockType, Operator};
use wasm_types::{TypeIndex, TypeKind, TypeKinds, WasmFeatures};

/// What wasmparser calls a proposal, as our flag. Operators of proposals that have no flag are
/// never valid here.
macro_rules! flag {
    (mvp) => {
        WasmFeatures::empty()
    };
    (sign_extension) => {
        WasmFeatures::SIGN_EXTENSION
    };
    (saturating_float_to_int) => {
        WasmFeatures::SATURATING_FLOAT_TO_INT
    };
    (bulk_memory) => {
        WasmFeatures::BULK_MEMORY
    };
    (reference_types) => {
        WasmFeatures::REFERENCE_TYPES
    };
    (simd) => {
        WasmFeatures::SIMD
    };
    (relaxed_simd) => {
        WasmFeatures::RELAXED_SIMD
    };
    (tail_call) => {
        WasmFeatures::TAIL_CALL
    };
    (threads) => {
        WasmFeatures::THREADS
    };
    (legacy_exceptions) => {
        WasmFeatures::EXCEPTIONS.union(WasmFeatures::LEGACY_EXCEPTIONS)
    };
    (exceptions) => {
        WasmFeatures::EXCEPTIONS
    };
    (function_references) => {
        WasmFeatures::FUNCTION_REFERENCES
    };
    (gc) => {
        WasmFeatures::GC
    };
    (wide_arithmetic) => {
        WasmFeatures::WIDE_ARITHMETIC
    };
    (stack_switching) => {
        WasmFeatures::STACK_SWITCHING
    };
    ($other:ident) => {
        WasmFeatures::empty()
    };
}

macro_rules! table {
    ($(@$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($arity:tt)*))*) => {
        /// The proposal that an operator belongs to by its name alone.
        fn by_name(op: &Operator<'_>) -> WasmFeatures {
            match op {
                $(Operator::$op { .. } => flag!($proposal),)*
                _ => WasmFeatures::empty(),
            }
        }
    };
}
wasmparser::for_each_operator!(table);

/// The proposals that an operator uses. What its immediates refer to (memories, tables, types) uses
/// what its declaration uses.
#[inline]
pub(crate) fn of_operator(op: &Operator<'_>) -> WasmFeatures {
    match op {
        // A block with a type of its own has parameters or several results.
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            of_block_type(*blockty)
        }
        Operator::Try { blockty } => by_name(op) | of_block_type(*blockty),
        Operator::TryTable { try_table } => by_name(op) | of_block_type(try_table.ty),
        // The types of a reference, named here and nowhere else.
        Operator::TypedSelect { ty } => WasmFeatures::REFERENCE_TYPES | of_parsed_type(*ty),
        Operator::TypedSelectMulti { .. } => {
            WasmFeatures::REFERENCE_TYPES | WasmFeatures::MULTI_VALUE
        }
        Operator::RefNull { hty } => WasmFeatures::REFERENCE_TYPES | of_heap_type(*hty),
        Operator::RefTestNonNull { hty }
        | Operator::RefTestNullable { hty }
        | Operator::RefCastNonNull { hty }
        | Operator::RefCastNullable { hty } => by_name(op) | of_heap_type(*hty),
        Operator::BrOnCast { from_ref_type, to_ref_type, .. }
        | Operator::BrOnCastFail { from_ref_type, to_ref_type, .. } => {
            let types = of_parsed_type((*from_ref_type).into());
            by_name(op) | types | of_parsed_type((*to_ref_type).into())
        }
        op => by_name(op),
    }
}

fn of_heap_type(ty: wasmparser::HeapType) -> WasmFeatures {
    let ty = wasmparser::RefType::new(true, ty);
    ty.map_or(WasmFeatures::empty(), |ty| of_parsed_type(ty.into()))
}

fn of_block_type(ty: BlockType) -> WasmFeatures {
    match ty {
        BlockType::Empty => WasmFeatures::empty(),
        BlockType::Type(ty) => of_parsed_type(ty),
        BlockType::FuncType(_) => WasmFeatures::MULTI_VALUE,
    }
}

/// What a type uses that stands in a body.
fn of_parsed_type(ty: wasmparser::ValType) -> WasmFeatures {
    /// All references to types of the module came with the same proposal, which its types add to.
    struct Whatever;

    impl TypeKinds for Whatever {
        fn type_kind(&self, _ty: TypeIndex) -> Option<TypeKind> {
            Some(TypeKind::Func)
        }
    }

    match wasm_types::ValType::from_parser(ty, &Whatever) {
        Ok(ty) => super::of_type(ty),
        // The translation refuses it.
        Err(_) => WasmFeatures::empty(),
    }
}
