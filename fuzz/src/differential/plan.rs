//! What is done with a module, the same on both sides.

use wasm_types::wasmparser::{BinaryReader, BlockType, FunctionBody, Operator};
use wasm_types::{EntityIndex, EntityType, FuncType, Module, RefType, ValType, WasmFeatures};

use super::value::Value;

/// The declarations of the module to run. Both sides have all of its types.
pub(super) struct Plan {
    pub(super) module: Module,
    /// Whether Wasmi can't run it, so that only Wasmtime does.
    pub(super) only_wasmtime: bool,
}

impl Plan {
    /// Returns `None` if the module has something that one side lacks.
    pub(super) fn new(module: Module, wasm: &[u8]) -> Option<Self> {
        let peers = WasmFeatures::SUPPORTED
            .difference(WasmFeatures::GC)
            .difference(WasmFeatures::FUNCTION_REFERENCES)
            .difference(WasmFeatures::EXCEPTIONS);
        if Module::validate(wasm, peers).is_err() {
            return imports_are_small(&module).then_some(Self { module, only_wasmtime: true });
        }
        let vector_results = module
            .types
            .iter()
            .filter_map(|ty| ty.as_func())
            .any(|ty| ty.results().contains(&ValType::V128));
        let wrong = |body: &wasm_types::FunctionBody| {
            peer_is_wrong_about(&wasm[body.range.clone()], vector_results)
        };
        if module.bodies.iter().any(wrong) {
            return None;
        }
        imports_are_small(&module).then_some(Self { module, only_wasmtime: false })
    }

    /// The type of an imported function.
    pub(super) fn func_type(&self, ty: wasm_types::TypeIndex) -> &FuncType {
        self.module.func_type(ty).expect("functions have function types")
    }

    /// The names of the exported functions, with their types.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&str, &FuncType)> {
        self.exports(|index| matches!(index, EntityIndex::Func(_))).filter_map(
            |(name, ty)| match ty {
                EntityType::Func(ty) => Some((name, self.func_type(ty))),
                _ => None,
            },
        )
    }

    /// The names of the exports whose index `accept` accepts.
    pub(super) fn exports<'a>(
        &'a self,
        accept: impl Fn(EntityIndex) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, EntityType)> + 'a {
        self.module
            .exports
            .iter()
            .filter(move |export| accept(export.index))
            .map(|export| (export.name.as_str(), self.module.entity_type(export.index)))
    }
}

fn imports_are_small(module: &Module) -> bool {
    module.imports.iter().all(|import| match import.ty {
        EntityType::Memory(ty) => ty.bytes_of(ty.minimum).is_some_and(|bytes| bytes <= 16 << 16),
        EntityType::Table(ty) => ty.minimum <= 1000,
        EntityType::Func(_) | EntityType::Global(_) | EntityType::Tag(_) => true,
    })
}

/// Whether a function body has something that Wasmi 2.0.0 gets wrong:
///
/// - A `select` whose condition is `i32.eqz` or a comparison with the constant zero: Wasmi fuses
///   the two, but leaves the condition in a register that nothing has written.
/// - A `br_table` that passes a vector along, which arrives as zero.
fn peer_is_wrong_about(body: &[u8], vector_results: bool) -> bool {
    let body = FunctionBody::new(BinaryReader::new(body, 0));
    let operators = body.get_operators_reader().expect("the body is valid");
    let operators: Vec<Operator<'_>> =
        operators.into_iter().collect::<Result<_, _>>().expect("the body is valid");
    let select = operators.windows(2).any(|two| {
        matches!(two[0], Operator::I32Eqz | Operator::I32Eq | Operator::I32Ne)
            && matches!(two[1], Operator::Select | Operator::TypedSelect { .. })
    });
    let vector = BlockType::Type(wasm_types::wasmparser::ValType::V128);
    let vector_blocks = operators.iter().any(|op| match op {
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            *blockty == vector
        }
        _ => false,
    });
    let br_table = operators.iter().any(|op| matches!(op, Operator::BrTable { .. }));
    select || (br_table && (vector_results || vector_blocks))
}

pub(super) fn i32_of(salt: usize) -> i32 {
    [5, -1, 0x7fff_0000, 0][salt % 4]
}

pub(super) fn i64_of(salt: usize) -> i64 {
    [-3, 1 << 33, 17, i64::MIN][salt % 4]
}

pub(super) fn f32_of(salt: usize) -> f32 {
    1.5 + salt as f32
}

pub(super) fn f64_of(salt: usize) -> f64 {
    -2.25 * salt as f64
}

pub(super) fn v128_of(salt: usize) -> u128 {
    0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10 << (salt % 8)
}

pub(super) fn i31_of(salt: usize) -> u32 {
    [0x7fff_fff3, 7, 0x4000_0000, 0][salt % 4]
}

/// The value of this type for arguments, imported globals and results of host functions. This is
/// for modules that have no other references than to functions and values of the host.
pub(super) fn value_of(ty: ValType, salt: usize) -> Value {
    match ty {
        ValType::I32 => Value::I32(i32_of(salt)),
        ValType::I64 => Value::I64(i64_of(salt)),
        ValType::F32 => Value::F32(f32_of(salt).to_bits()),
        ValType::F64 => Value::F64(f64_of(salt).to_bits()),
        ValType::V128 => Value::V128(v128_of(salt)),
        ValType::Ref(_) => Value::Null,
    }
}

/// Whether a reference type refers to functions. The other hierarchy refers to values of the host.
pub(super) fn is_func(ty: RefType) -> bool {
    ty.heap.is_of_functions()
}
