//! What validation knows of the reference that an operator takes, where code depends on it: looked
//! up before the operator itself is validated, which takes the operand from the stack.

use wasm_types::FrameValueKind;
use wasm_types::wasmparser::{
    AbstractHeapType, FuncValidator, HeapType, Operator, RefType, ValType, ValidatorResources,
    WasmModuleResources as _,
};

/// What is known of a reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownOperand {
    /// Whether it may be null.
    pub(crate) nullable: bool,
    /// Whether it may be an unboxed integer.
    pub(crate) may_be_i31: bool,
    /// Whether it is of the type that a cast asks for, or null.
    pub(crate) is_certain: bool,
}

impl Default for KnownOperand {
    /// Nothing.
    fn default() -> Self {
        Self { nullable: true, may_be_i31: true, is_certain: false }
    }
}

impl KnownOperand {
    /// What is known of the reference that an operator reads, writes or looks at.
    pub(crate) fn of(
        validator: &FuncValidator<ValidatorResources>,
        op: &Operator<'_>,
        offset: u64,
    ) -> Self {
        let Some((depth, target)) = place(op) else { return Self::default() };
        let Some(Some(ValType::Ref(found))) = validator.get_operand_type(depth) else {
            return Self::default();
        };
        let may_be_i31 = match found.heap_type() {
            HeapType::Abstract { ty, .. } => {
                use AbstractHeapType as A;
                matches!(ty, A::Any | A::Eq | A::I31)
            }
            _ => false,
        };
        let is_certain = target.is_some_and(|mut target| {
            let resources = validator.resources();
            // What is wrong with the type is reported when the operator is validated.
            resources.check_heap_type(&mut target, offset).is_ok()
                && RefType::new(true, target).is_some_and(|target| {
                    let nullable = ValType::Ref(found.nullable());
                    resources.is_subtype(nullable, ValType::Ref(target))
                })
        });
        Self { nullable: found.is_nullable(), may_be_i31, is_certain }
    }
}

/// Which of the topmost operands are references into the heap: a bit each, the lowest for the
/// topmost one.
pub(crate) fn references(validator: &FuncValidator<ValidatorResources>) -> u64 {
    let resources = validator.resources();
    let mut found = 0;
    for depth in 0..validator.operand_stack_height().min(u64::BITS) {
        let Some(Some(ValType::Ref(ty))) = validator.get_operand_type(depth as usize) else {
            continue;
        };
        let top = resources.top_type(&ty.heap_type());
        let is_function = matches!(top, HeapType::Abstract { ty: AbstractHeapType::Func, .. });
        found |= u64::from(!is_function) << depth;
    }
    found
}

/// What kind of value one of the operands is, by how many are above it. One of any type, which is
/// never there, is any.
pub(crate) fn kind(validator: &FuncValidator<ValidatorResources>, depth: usize) -> FrameValueKind {
    use FrameValueKind as Kind;
    match validator.get_operand_type(depth).flatten() {
        None | Some(ValType::I32) => Kind::I32,
        Some(ValType::I64) => Kind::I64,
        Some(ValType::F32) => Kind::F32,
        Some(ValType::F64) => Kind::F64,
        Some(ValType::V128) => Kind::V128,
        Some(ValType::Ref(ty)) => match validator.resources().top_type(&ty.heap_type()) {
            HeapType::Abstract { ty: AbstractHeapType::Func, .. } => Kind::Func,
            HeapType::Abstract { ty: AbstractHeapType::Extern, .. } => Kind::Extern,
            HeapType::Abstract { ty: AbstractHeapType::Exn, .. } => Kind::Exn,
            HeapType::Abstract { ty: AbstractHeapType::Cont, .. } => Kind::Cont,
            _ => Kind::Any,
        },
    }
}

/// How many operands are above the reference, and the type that a cast asks for.
fn place(op: &Operator<'_>) -> Option<(usize, Option<HeapType>)> {
    use Operator as O;
    Some(match *op {
        O::StructGet { .. }
        | O::StructGetS { .. }
        | O::StructGetU { .. }
        | O::ArrayLen
        | O::I31GetS
        | O::I31GetU => (0, None),
        O::StructSet { .. } | O::ArrayGet { .. } | O::ArrayGetS { .. } | O::ArrayGetU { .. } => {
            (1, None)
        }
        O::ArraySet { .. } => (2, None),
        O::RefTestNonNull { hty }
        | O::RefTestNullable { hty }
        | O::RefCastNonNull { hty }
        | O::RefCastNullable { hty } => (0, Some(hty)),
        O::BrOnCast { to_ref_type, .. } | O::BrOnCastFail { to_ref_type, .. } => {
            (0, Some(to_ref_type.heap_type()))
        }
        _ => return None,
    })
}
