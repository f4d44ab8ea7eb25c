//! Whether a reference is of a type.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::heap::{self, ObjectKind};
use wasm_types::abi::{Builtin, func_ref, type_record};
use wasm_types::{HeapType, TrapCode, TypeIndex, TypeKind};

use super::super::{CONSTANT, RuntimeEnvironment};
use crate::environ::TypeTest;
use crate::trap::clif_trap_code;

/// Where the code goes as soon as the outcome is known: blocks that are made when they are needed.
pub(super) struct Exits {
    pub(super) is_of_type: Option<Block>,
    pub(super) is_not: Option<Block>,
    /// Whether the code traps if the reference is not of the type, so that null need not be looked
    /// for where reading its header traps.
    pub(super) traps: bool,
}

impl Exits {
    pub(super) fn new() -> Self {
        Self { is_of_type: None, is_not: None, traps: false }
    }

    pub(super) fn are_none(&self) -> bool {
        self.is_of_type.is_none() && self.is_not.is_none()
    }

    /// Leaves with an outcome if a condition holds.
    fn leave_if(&mut self, builder: &mut FunctionBuilder<'_>, condition: Value, is_of_type: bool) {
        let (exit, next) = (self.exit(builder, is_of_type), builder.create_block());
        builder.ins().brif(condition, exit, &[], next, &[]);
        builder.seal_block(next);
        builder.switch_to_block(next);
    }

    /// Leaves with an outcome unless a condition holds.
    pub(super) fn leave_unless(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        condition: Value,
        is_of_type: bool,
    ) {
        let (exit, next) = (self.exit(builder, is_of_type), builder.create_block());
        builder.ins().brif(condition, next, &[], exit, &[]);
        builder.seal_block(next);
        builder.switch_to_block(next);
    }

    fn exit(&mut self, builder: &mut FunctionBuilder<'_>, is_of_type: bool) -> Block {
        let exit = if is_of_type { &mut self.is_of_type } else { &mut self.is_not };
        *exit.get_or_insert_with(|| builder.create_block())
    }
}

/// What is known at the end.
pub(super) enum Outcome {
    /// It is of the type.
    Always,
    /// It is not.
    Never,
    /// It is if this is not zero.
    If(Value),
}

impl RuntimeEnvironment<'_> {
    /// Finds out whether a reference is of a type: at the end of the current block, or before, at
    /// the exits.
    pub(super) fn test_type(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        test: TypeTest,
        exits: &mut Exits,
    ) -> Outcome {
        let TypeTest { reference, target, .. } = test;
        let value = reference.value;
        let is_bottom = matches!(
            target.heap,
            HeapType::None | HeapType::NoFunc | HeapType::NoExtern | HeapType::NoExn
        );
        let is_top = matches!(
            target.heap,
            HeapType::Any | HeapType::Func | HeapType::Extern | HeapType::Exn
        );
        // What is left is a matter of null alone.
        if is_bottom || is_top || test.is_certain {
            let nullable = reference.nullable;
            return match (is_bottom, target.nullable) {
                (true, true) if nullable => Outcome::If(is_null(builder, value)),
                (true, _) => Outcome::Never,
                (false, false) if nullable => Outcome::If(is_not_null(builder, value)),
                (false, _) => Outcome::Always,
            };
        }
        // The lowest bit of null is not that of an integer.
        let is_i31 = target.heap == HeapType::I31;
        let traps = exits.traps && !target.nullable;
        if reference.nullable && (target.nullable || !traps && !is_i31) {
            exits.leave_unless(builder, value, target.nullable);
        }
        let trap = (traps && reference.nullable).then_some(TrapCode::CastFailure);
        if let HeapType::Concrete(ty, TypeKind::Func) = target.heap {
            return self.test_function(builder, value, ty, trap, exits);
        }
        if test.may_be_i31 {
            let low = builder.ins().band_imm_u(value, 1);
            if is_i31 {
                return Outcome::If(low);
            }
            exits.leave_if(builder, low, target.heap == HeapType::Eq);
        }
        let kind = match target.heap {
            HeapType::Struct => (IntCC::Equal, ObjectKind::Struct),
            HeapType::Array => (IntCC::Equal, ObjectKind::Array),
            HeapType::Eq => (IntCC::UnsignedGreaterThanOrEqual, ObjectKind::Struct),
            HeapType::Concrete(ty, _) => {
                return self.test_object(builder, value, ty, trap, exits);
            }
            // No object is an integer.
            _ => return Outcome::Never,
        };
        let (_, number) = self.number_in_header(builder, value, trap);
        let found = self.known_of_type(builder, number, heap::TYPE_KIND);
        let kind_of = builder.ins().iconst(types::I32, i64::from(kind.1 as u32));
        Outcome::If(builder.ins().icmp(kind.0, found, kind_of))
    }

    /// Whether an object is of a type of the module.
    fn test_object(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Value,
        ty: TypeIndex,
        trap: Option<TrapCode>,
        exits: &mut Exits,
    ) -> Outcome {
        let (header, number) = self.number_in_header(builder, object, trap);
        let wanted = self.type_number(builder, ty);
        if self.module.types[ty.index()].is_final {
            return Outcome::If(builder.ins().icmp(IntCC::Equal, number, wanted));
        }
        let depth = self.module.supertype_depth(ty);
        if depth < heap::NEAR {
            let found = self.known_of_type(builder, number, depth * 4);
            return Outcome::If(builder.ins().icmp(IntCC::Equal, found, wanted));
        }
        let is_same = builder.ins().icmp(IntCC::Equal, number, wanted);
        exits.leave_if(builder, is_same, true);
        let ty = builder.ins().iconst(types::I32, i64::from(ty.as_u32()));
        Outcome::If(self.call_builtin_for(builder, Builtin::IsSubtype, &[header, ty]))
    }

    /// Whether a function is of a type of the module.
    fn test_function(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        function: Value,
        ty: TypeIndex,
        trap: Option<TrapCode>,
        exits: &mut Exits,
    ) -> Outcome {
        // The record of null is where nothing can be read.
        let readonly = MemFlagsData::trusted().with_readonly();
        let first = match trap {
            Some(code) => MemFlagsData::new()
                .with_aligned()
                .with_readonly()
                .with_trap_code(Some(clif_trap_code(code))),
            None => readonly,
        };
        let wanted = self.layout.type_id(ty) as i32;
        let wanted = builder.ins().load(types::I32, CONSTANT, self.context(), wanted);
        let depth = self.module.supertype_depth(ty);
        let is_final = self.module.types[ty.index()].is_final;
        if !is_final && depth < type_record::NEAR {
            let record = builder.ins().load(types::I64, first, function, func_ref::TYPE as i32);
            let place = (type_record::DISPLAY + depth * 4) as i32;
            let found = builder.ins().load(types::I32, readonly, record, place);
            return Outcome::If(builder.ins().icmp(IntCC::Equal, found, wanted));
        }
        let found = builder.ins().load(types::I32, first, function, func_ref::TYPE_ID as i32);
        let is_same = builder.ins().icmp(IntCC::Equal, found, wanted);
        if is_final {
            return Outcome::If(is_same);
        }
        exits.leave_if(builder, is_same, true);
        let record = builder.ins().load(types::I64, readonly, function, func_ref::TYPE as i32);
        let found = builder.ins().load(types::I32, readonly, record, type_record::DEPTH as i32);
        let least = builder.ins().iconst(types::I32, i64::from(depth));
        let is_deep = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, found, least);
        exits.leave_unless(builder, is_deep, false);
        let far = builder.ins().load(types::I64, readonly, record, type_record::FAR as i32);
        let place = (depth - type_record::NEAR) * 4;
        let found = builder.ins().load(types::I32, readonly, far, place as i32);
        Outcome::If(builder.ins().icmp(IntCC::Equal, found, wanted))
    }

    /// The header of an object, and the number of its type as it stands in it.
    fn number_in_header(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Value,
        trap: Option<TrapCode>,
    ) -> (Value, Value) {
        let address = self.object_address(builder, object);
        let header = self.load_header(builder, address, trap);
        (header, builder.ins().band_imm_s(header, i64::from(heap::TYPE_MASK as i32)))
    }

    /// Reads what is known of the type with a number, so many bytes into its entry.
    fn known_of_type(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        number: Value,
        place: u32,
    ) -> Value {
        let start = self.heap_start(builder);
        let number = builder.ins().uextend(types::I64, number);
        // The number is times 8, and an entry has 32 bytes.
        let distance = builder.ins().ishl_imm_u(number, i64::from(ENTRY_LOG2));
        let entry = builder.ins().iadd(start, distance);
        let flags = MemFlagsData::trusted().with_readonly();
        builder.ins().load(types::I32, flags, entry, (heap::TYPES + place) as i32)
    }
}

/// By how much the number of a type in a header is to be shifted for the place of its entry.
const ENTRY_LOG2: u32 = heap::TYPE_SIZE.trailing_zeros() - 3;

fn is_null(builder: &mut FunctionBuilder<'_>, value: Value) -> Value {
    compare_with_null(builder, IntCC::Equal, value)
}

fn is_not_null(builder: &mut FunctionBuilder<'_>, value: Value) -> Value {
    compare_with_null(builder, IntCC::NotEqual, value)
}

fn compare_with_null(builder: &mut FunctionBuilder<'_>, cc: IntCC, value: Value) -> Value {
    let ty = builder.func.dfg.value_type(value);
    let null = builder.ins().iconst(ty, 0);
    builder.ins().icmp(cc, value, null)
}
