//! What is done with a module, the same on both sides.

use wasm_types::wasmparser::{BinaryReader, BlockType, FunctionBody, Operator};
use wasm_types::{EntityIndex, EntityType, FuncType, HeapType, Module, RefType, ValType};

use super::value::Value;

/// The declarations of the module to run. Both sides have all of its types.
pub(super) struct Plan {
    pub(super) module: Module,
}

impl Plan {
    /// Returns `None` if the module has something that one side lacks.
    pub(super) fn new(module: Module, wasm: &[u8]) -> Option<Self> {
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
        let imports_are_small = module.imports.iter().all(|import| match import.ty {
            EntityType::Memory(ty) => {
                ty.bytes_of(ty.minimum).is_some_and(|bytes| bytes <= 16 << 16)
            }
            EntityType::Table(ty) => ty.minimum <= 1000,
            EntityType::Tag(_) => false,
            EntityType::Func(_) | EntityType::Global(_) => true,
        });
        imports_are_small.then_some(Self { module })
    }

    /// The type of an imported function.
    pub(super) fn func_type(&self, ty: wasm_types::TypeIndex) -> &FuncType {
        self.module.func_type(ty).expect("functions have function types")
    }

    /// The names of the exported functions, with their types.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&str, EntityType)> {
        self.exports(|index| matches!(index, EntityIndex::Func(_)))
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

/// The value of this type for arguments, imported globals and results of host functions.
pub(super) fn value_of(ty: ValType, salt: usize) -> Value {
    let salt = salt as u64;
    match ty {
        ValType::I32 => Value::I32([5, -1, 0x7fff_0000, 0][salt as usize % 4]),
        ValType::I64 => Value::I64([-3, 1 << 33, 17, i64::MIN][salt as usize % 4]),
        ValType::F32 => Value::F32((1.5 + salt as f32).to_bits()),
        ValType::F64 => Value::F64((-2.25 * salt as f64).to_bits()),
        ValType::V128 => Value::V128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10 << (salt % 8)),
        ValType::Ref(_) => Value::Null,
    }
}

/// Whether a reference type refers to functions. The other hierarchy refers to values of the host.
pub(super) fn is_func(ty: RefType) -> bool {
    ty.heap.is_of_functions()
}
