//! Metering. Interruption is instructions at once (`interruption.rs`). Fuel is recorded for each
//! operator and call, and becomes instructions when the function is complete.

use std::sync::Arc;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, context};
use wasm_types::wasmparser::Operator;
use wasm_types::{FuncIndex, OperatorCost, TrapCode};

use super::RuntimeEnvironment;
use crate::constant::constant;
use crate::environ::{Metering, Result};
use crate::flow::LikelyCallee;
use crate::fuel::{self, Access, ENTRY_COST, Event, EventKind, Plan, TrapLeads, cost_of};
use crate::trap::clif_trap_code;

/// The most units of work that are paid for at once. No operator can do more, whatever its operand
/// says.
const MAX_UNITS: i64 = 1 << 50;

/// Up to this many units, if known when the code is made, are used without a check of what is left.
const SMALL: i64 = 128;

/// Counting fuel: what it costs, and what was recorded of the function at hand.
#[derive(Debug)]
pub(super) struct Fuel {
    costs: Arc<OperatorCost>,
    /// Whether fuel is taken for each operator by itself.
    each_operator: bool,
    events: Vec<Event>,
    /// Whether the function has an operator that calls.
    calls: bool,
    /// Of the function that was finished last.
    leads: TrapLeads,
}

impl Fuel {
    pub(super) fn new(costs: Arc<OperatorCost>) -> Self {
        Self {
            costs,
            each_operator: false,
            events: Vec::new(),
            calls: false,
            leads: TrapLeads::new(),
        }
    }

    /// Forgets what was recorded of the function before.
    pub(super) fn begin(&mut self) {
        self.events.clear();
        self.leads.clear();
        self.calls = false;
    }

    fn record(&mut self, builder: &FunctionBuilder<'_>, kind: EventKind) {
        let block = builder.current_block().expect("code is made in a block");
        let after = builder.func.layout.last_inst(block).into();
        self.events.push(Event { block, after, place: builder.srcloc(), kind });
    }
}

impl Metering for RuntimeEnvironment<'_> {
    fn loop_head(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<()> {
        self.interrupt_at_loop_head(builder);
        self.record_fuel(builder, EventKind::LoopHead);
        Ok(())
    }

    fn expect_callee(&mut self, callee: LikelyCallee) {
        self.function.expected_callee = Some(callee);
    }

    fn count(&mut self, builder: &mut FunctionBuilder<'_>, counter: u32) {
        self.count_word(builder, counter);
    }

    fn count_entry(&mut self, builder: &mut FunctionBuilder<'_>, counter: u32) {
        self.count_entry_word(builder, counter);
    }

    fn count_next_callee(&mut self, counter: u32) {
        self.function.counted_callee = Some(counter);
    }

    #[inline]
    fn before_operator(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        operator: &Operator<'_>,
    ) -> Result<()> {
        let Some(fuel) = &mut self.fuel else { return Ok(()) };
        fuel.calls |= matches!(
            operator,
            Operator::Call { .. }
                | Operator::CallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. }
                | Operator::Resume { .. }
                | Operator::ResumeThrow { .. }
                | Operator::ResumeThrowRef { .. }
                | Operator::Switch { .. }
        );
        let cost = i64::from(cost_of(&fuel.costs, operator));
        fuel.record(builder, EventKind::Used(cost));
        Ok(())
    }

    fn before_units(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        operator: &Operator<'_>,
        units: Value,
    ) -> Result<()> {
        let Some(fuel) = &mut self.fuel else { return Ok(()) };
        let variable = &fuel.costs.variable;
        let cost = match operator {
            Operator::MemoryCopy { .. } => variable.memory_copy_per_byte,
            Operator::MemoryFill { .. } => variable.memory_fill_per_byte,
            Operator::MemoryInit { .. } => variable.memory_init_per_byte,
            Operator::MemoryGrow { .. } => variable.memory_grow_per_page,
            Operator::TableCopy { .. } => variable.table_copy_per_element,
            Operator::TableFill { .. } => variable.table_fill_per_element,
            Operator::TableInit { .. } => variable.table_init_per_element,
            Operator::TableGrow { .. } => variable.table_grow_per_element,
            Operator::ArrayNew { .. } => variable.array_new_per_element,
            Operator::ArrayNewDefault { .. } => variable.array_new_default_per_element,
            Operator::ArrayNewData { .. } => variable.array_new_data_per_element,
            Operator::ArrayNewElem { .. } => variable.array_new_elem_per_element,
            Operator::ArrayFill { .. } => variable.array_fill_per_element,
            Operator::ArrayCopy { .. } => variable.array_copy_per_element,
            Operator::ArrayInitData { .. } => variable.array_init_data_per_element,
            Operator::ArrayInitElem { .. } => variable.array_init_elem_per_element,
            _ => 0,
        };
        if cost == 0 {
            return Ok(());
        }
        let cost = i64::from(cost);
        let narrow = builder.func.dfg.value_type(units) == types::I32;
        if let Some(units) = constant(builder.func, units) {
            let units = if narrow { i64::from(units as u32) } else { units };
            if (0..=SMALL).contains(&units) {
                fuel.record(builder, EventKind::Used(units * cost));
                return Ok(());
            }
        }
        // From here on the code takes fuel by itself.
        fuel.record(builder, EventKind::Exact { checked: false });
        let units = if narrow {
            builder.ins().uextend(types::I64, units)
        } else {
            let most = builder.ins().iconst(types::I64, MAX_UNITS);
            builder.ins().umin(units, most)
        };
        let taken = builder.ins().imul_imm_s(units, cost);
        let access = Access::new(builder.func);
        let offset = context::FUEL as i32;
        let pointer = builder.ins().load(types::I64, access.pointer, self.context(), offset);
        let left = builder.ins().load(types::I64, access.fuel, pointer, 0);
        let left = builder.ins().isub(left, taken);
        builder.ins().store(access.fuel, left, pointer, 0);
        let too_little = builder.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        builder.ins().trapnz(too_little, clif_trap_code(TrapCode::OutOfFuel));
        Ok(())
    }

    fn enter_inlined(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        has_calls: bool,
    ) -> Result<()> {
        // It checks what is left where the function would, so that the code stops at the same
        // place.
        let is_checked = has_calls || self.fuel_checks_entry_of(func);
        let kind = match is_checked {
            true => EventKind::InlinedEntry,
            false => EventKind::Used(ENTRY_COST),
        };
        self.record_fuel(builder, kind);
        Ok(())
    }
}

impl RuntimeEnvironment<'_> {
    /// Sets what operators cost, if the code counts fuel, and whether it is taken for each by
    /// itself.
    pub(crate) fn with_operator_cost(
        mut self,
        costs: Arc<OperatorCost>,
        each_operator: bool,
    ) -> Self {
        if let Some(fuel) = &mut self.fuel {
            fuel.costs = costs;
            fuel.each_operator = each_operator;
        }
        self
    }

    /// How much fuel was taken ahead of its use where operators of the last function trap.
    pub(crate) fn fuel_leads(&self) -> Option<&TrapLeads> {
        self.fuel.as_ref().map(|fuel| &fuel.leads)
    }

    fn record_fuel(&mut self, builder: &FunctionBuilder<'_>, kind: EventKind) {
        if let Some(fuel) = &mut self.fuel {
            fuel.record(builder, kind);
        }
    }

    pub(super) fn fuel_at_entry(&mut self, builder: &FunctionBuilder<'_>) {
        self.record_fuel(builder, EventKind::Entry);
    }

    /// To be called right before code that leaves the function for another, with the function that
    /// it calls if that is known. What the host does has to be paid for, so the code checks what is
    /// left before it calls an import.
    pub(super) fn fuel_before_call(
        &mut self,
        builder: &FunctionBuilder<'_>,
        callee: Option<FuncIndex>,
    ) {
        let is_import = |func| self.module.defined_func(func).is_none();
        let checked = callee.is_some_and(is_import);
        self.record_fuel(builder, EventKind::Exact { checked });
    }

    pub(super) fn fuel_before_builtin(&mut self, builder: &FunctionBuilder<'_>, builtin: Builtin) {
        // Arithmetic neither traps nor looks at anything, nor does what knows of no instance.
        let is_arithmetic = builtin.is_leaf()
            || matches!(
                builtin,
                Builtin::CeilF32
                    | Builtin::CeilF64
                    | Builtin::FloorF32
                    | Builtin::FloorF64
                    | Builtin::TruncF32
                    | Builtin::TruncF64
                    | Builtin::NearestF32
                    | Builtin::NearestF64
                    | Builtin::FmaF32
                    | Builtin::FmaF64
                    | Builtin::IsSubtype
            );
        if !is_arithmetic {
            self.record_fuel(builder, EventKind::Exact { checked: false });
        }
    }

    /// A function was computed in place of a call of it.
    pub(super) fn fuel_for_idiom(&mut self, builder: &FunctionBuilder<'_>, cost: i64) {
        self.record_fuel(builder, EventKind::Used(ENTRY_COST + cost));
    }

    /// Whether a function checks at its entry that any fuel is left even if it calls nothing,
    /// because the host can call it.
    pub(super) fn fuel_checks_entry_of(&self, func: FuncIndex) -> bool {
        self.fuel.is_some() && self.module.funcref_slot(func).is_some()
    }

    /// Makes the function take what it uses.
    pub(super) fn meter(&mut self, func: &mut Function) {
        let index = self.function.index.expect("a function is being translated");
        let is_escaping = self.fuel_checks_entry_of(index);
        let context = self.context();
        let interrupted = self.tunables.interruption && self.tunables.interruption_callbacks;
        let yields = self.tunables.fuel_yields;
        let more = self.builtin_signature(Builtin::OutOfFuel);
        let Some(fuel) = &mut self.fuel else { return };
        let Fuel { events, leads, calls, each_operator, .. } = &mut **fuel;
        let plan = Plan {
            context,
            checks_entry: *calls || is_escaping,
            interrupted,
            yields,
            each_operator: *each_operator,
        };
        *leads = fuel::meter(func, events, plan, more);
    }
}
