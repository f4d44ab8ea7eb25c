//! The state of the translation of one function: operand stack, control stack, and helpers that all
//! instruction families share.
//!
//! # Conventions
//!
//! * A value of type `i32`, `i64`, `f32`, `f64` has the CLIF type of the same name; a reference has
//!   the type that the environment gives it; a vector on the operand stack may have *any* 128-bit
//!   CLIF vector type, so that no bit casts stand between instructions that agree on the lanes.
//!   [`FuncTranslator::pop_vec`] casts to the type that is wanted. Locals, block parameters,
//!   arguments, results and globals are always `I8X16`: what goes there goes through
//!   [`FuncTranslator::canonical`].
//! * Operators are translated only where they can be reached.

use cranelift_codegen::entity::EntitySet;
use cranelift_codegen::ir::{
    self, Block, Endianness, InstBuilder as _, MemFlagsData, Type, Value, condcodes::IntCC, types,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use wasm_types::profile::PointKind;
use wasm_types::{FunctionHints, ValType};

use crate::control_stack::Frame;
use crate::counting::FunctionCounters;
use crate::debugging::DebuggedFrame;
use crate::environ::FuncEnvironment;
use crate::flow::Flow;
use crate::inline::Plan;
use crate::inline::places::Places;
use crate::legacy_tries::LegacyTries;
use crate::limits::Budget;
use crate::live_references::LiveLocals;
use crate::loop_globals::LoopGlobals;
use crate::operand_types::KnownOperand;
use crate::ops::{Inlined, KeptGlobals};

/// The vectors that a translation works on, kept from one function to the next.
#[derive(Default)]
pub(crate) struct Stacks {
    /// The operand stack.
    pub(crate) values: Vec<Value>,
    /// The control stack.
    pub(crate) frames: Vec<Frame>,
    /// The CLIF type of each local.
    pub(crate) locals: Vec<Type>,
    /// References that are alive at calls which do more than to make an object.
    pub(crate) during_calls: EntitySet<Value>,
}

impl Stacks {
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.frames.clear();
        self.locals.clear();
        self.during_calls.clear();
    }
}

/// The translation of one function.
pub(crate) struct FuncTranslator<'a, 'e, E: FuncEnvironment + ?Sized> {
    /// Makes the CLIF.
    pub(crate) builder: FunctionBuilder<'a>,
    /// What depends on the runtime.
    pub(crate) env: &'e mut E,
    /// Operands and control frames.
    pub(crate) stacks: &'a mut Stacks,
    /// Whether the code at the current place can be reached.
    pub(crate) reachable: bool,
    /// How many constructs enclose the current place that began where it can't be reached. They
    /// have no frames.
    pub(crate) skipped: u32,
    /// Where the operator is, from the start of the binary.
    pub(crate) offset: u64,
    /// How much more of everything the function may have.
    pub(crate) budget: Budget,
    /// Whether a few bytes are copied and filled in place.
    pub(crate) small_bulk: bool,
    /// Whether blocks that end in a trap are cold.
    pub(crate) cold_traps: bool,
    /// The places that code comes from.
    pub(crate) places: Places,
    /// What is put in place of calls.
    pub(crate) plan: Option<&'a Plan>,
    /// In a body that stands in place of a call, that.
    pub(crate) inlined: Option<Inlined>,
    /// The number of the variable of the first local.
    pub(crate) first_local: u32,
    /// The number of the variable that is declared next.
    pub(crate) next_local: u32,
    /// How many `br_table`s of the function became comparisons.
    pub(crate) compared_tables: u32,
    /// What is said about the branches of the function, if anything is.
    pub(crate) hints: Option<FunctionHints<'a>>,
    /// Whether anything was said about any branch up to here.
    pub(crate) has_hints: bool,
    /// How often the code ran, if a profile says so.
    pub(crate) flow: Option<&'a Flow>,
    /// Blocks that run often, by the profile, whatever leads to them.
    pub(crate) often: Vec<Block>,
    /// Where the code counts for a profile, if it does.
    pub(crate) counting: Option<&'a FunctionCounters>,
    /// How many handlers there are for an exception that is thrown at the current place.
    pub(crate) handlers: usize,
    /// What validation knows of the reference that the operator takes.
    pub(crate) operand: KnownOperand,
    /// Which of the topmost operands are references into the heap, if the operator makes an object:
    /// a bit each, the lowest for the topmost one.
    pub(crate) reference_operands: u64,
    /// Which locals are used after operators that make objects.
    pub(crate) live_locals: LiveLocals,
    /// Which loops of the body keep globals in registers.
    pub(crate) loop_globals: LoopGlobals,
    /// The globals that are in registers at the current place.
    pub(crate) kept_globals: Option<KeptGlobals>,
    /// The older constructs of the function that catch exceptions.
    pub(crate) legacy_tries: LegacyTries,
    /// The locals that native debuggers find variables by, in order, if there is anything to be
    /// found.
    pub(crate) named_locals: Option<&'a [u32]>,
    /// What the frame has for debuggers, if the code can be debugged.
    pub(crate) debugged: Option<Box<DebuggedFrame>>,
}

impl<'a, 'e, E: FuncEnvironment + ?Sized> FuncTranslator<'a, 'e, E> {
    /// The counter of the operator, if it has one of a kind.
    pub(crate) fn counter(&self, kind: PointKind) -> Option<u32> {
        self.counting?.at(self.offset).filter(|(found, _)| *found == kind).map(|(_, word)| word)
    }

    /// Pushes an operand.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) {
        self.stacks.values.push(value);
    }

    /// Pushes several operands, the last one on top.
    pub(crate) fn push_all(&mut self, values: &[Value]) {
        self.stacks.values.extend_from_slice(values);
    }

    /// Pops the top operand. A vector may have any 128-bit type.
    #[inline]
    pub(crate) fn pop(&mut self) -> Value {
        self.stacks.values.pop().expect("validation keeps the operand stack from underflowing")
    }

    /// Pops two operands, in the order in which they were pushed.
    #[inline]
    pub(crate) fn pop2(&mut self) -> (Value, Value) {
        let b = self.pop();
        let a = self.pop();
        (a, b)
    }

    /// Pops three operands, in the order in which they were pushed.
    #[inline]
    pub(crate) fn pop3(&mut self) -> (Value, Value, Value) {
        let c = self.pop();
        let (a, b) = self.pop2();
        (a, b, c)
    }

    /// Pops a vector as the given 128-bit type.
    pub(crate) fn pop_vec(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.bitcast_vec(value, ty)
    }

    /// Pops two vectors as the given 128-bit type, in the order in which they were pushed.
    pub(crate) fn pop2_vec(&mut self, ty: Type) -> (Value, Value) {
        let b = self.pop_vec(ty);
        let a = self.pop_vec(ty);
        (a, b)
    }

    /// Pops three vectors as the given 128-bit type, in the order in which they were pushed.
    pub(crate) fn pop3_vec(&mut self, ty: Type) -> (Value, Value, Value) {
        let c = self.pop_vec(ty);
        let (a, b) = self.pop2_vec(ty);
        (a, b, c)
    }

    /// The type of a CLIF value.
    #[inline]
    pub(crate) fn ty(&self, value: Value) -> Type {
        self.builder.func.dfg.value_type(value)
    }

    /// The same 128 bits as a vector of another type. Lanes are counted as Wasm counts them, from
    /// the least significant byte, on every target.
    pub(crate) fn bitcast_vec(&mut self, value: Value, ty: Type) -> Value {
        if self.ty(value) == ty {
            value
        } else {
            self.builder.ins().bitcast(ty, lane_order(), value)
        }
    }

    /// The value in the form that locals, block parameters, arguments, results and globals have:
    /// vectors as `I8X16`, all else as it is.
    #[inline]
    pub(crate) fn canonical(&mut self, value: Value) -> Value {
        let ty = self.ty(value);
        if ty.is_vector() && ty != types::I8X16 {
            self.builder.ins().bitcast(types::I8X16, lane_order(), value)
        } else {
            value
        }
    }

    /// Pops an operand in canonical form.
    #[inline]
    pub(crate) fn pop_canonical(&mut self) -> Value {
        let value = self.pop();
        self.canonical(value)
    }

    /// Brings the topmost operands to canonical form, in place.
    pub(crate) fn canonicalize_top(&mut self, count: usize) {
        let start = self.stacks.values.len() - count;
        for place in start..self.stacks.values.len() {
            self.stacks.values[place] = self.canonical(self.stacks.values[place]);
        }
    }

    /// The CLIF type of a Wasm type, in canonical form.
    pub(crate) fn clif_type(&self, ty: ValType) -> Type {
        self.env.value_type(ty)
    }

    /// Declares the variable of the next local, which starts with the given value.
    pub(crate) fn declare_local(&mut self, ty: ValType, value: Value) -> Variable {
        let variable = self.builder.declare_var(self.env.value_type(ty));
        if self.env.is_collected(ty) {
            self.builder.declare_var_needs_stack_map(variable);
        }
        self.builder.def_var(variable, value);
        self.next_local = variable.as_u32() + 1;
        self.keep_new_local(ty, value);
        variable
    }

    /// Notes where a value comes from that may be of a type that is collected. Each value of such a
    /// type is noted where it is made; what was noted is found during calls.
    #[inline]
    pub(crate) fn note_reference(&mut self, value: Value, ty: ValType) {
        if self.env.is_collected(ty) {
            self.builder.declare_value_needs_stack_map(value);
        }
    }

    /// The variable of a local.
    pub(crate) fn local(&self, index: u32) -> Variable {
        Variable::from_u32(self.first_local + index)
    }

    /// The 0 or 1 of type `i32` that Wasm has for the outcome of a comparison of integers.
    pub(crate) fn icmp(&mut self, cc: IntCC, a: Value, b: Value) -> Value {
        let flag = self.builder.ins().icmp(cc, a, b);
        self.builder.ins().uextend(types::I32, flag)
    }
}

/// Flags for a bit cast between vector types that keeps Wasm's order of lanes on every target.
pub(crate) fn lane_order() -> MemFlagsData {
    ir::MemFlagsData::new().with_endianness(Endianness::Little)
}

/// The zero that locals start with.
pub(crate) fn zero(builder: &mut FunctionBuilder<'_>, ty: Type) -> Value {
    match ty {
        types::F32 => builder.ins().f32const(0.0),
        types::F64 => builder.ins().f64const(0.0),
        ty if ty.is_vector() => {
            let bytes = builder.func.dfg.constants.insert([0; 16].as_slice().into());
            builder.ins().vconst(ty, bytes)
        }
        ty => builder.ins().iconst(ty, 0),
    }
}
