//! Tables: bounds, elements that are filled in when they are first used, size and growth.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, context, table as record, table_import};
use wasm_types::{TableIndex, TrapCode, ValType};

use super::objects::leads_to_objects;
use super::{Region, RuntimeEnvironment, clif_type};
use crate::constant::constant;
use crate::environ::{Result, Tables};
use crate::trap::clif_trap_code;

impl Tables for RuntimeEnvironment<'_> {
    fn table_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
    ) -> Result<Value> {
        let length = self.table_length(builder, table);
        Ok(self.table_result(builder, table, length))
    }

    fn table_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
    ) -> Result<Value> {
        if !self.holds_functions(table) {
            let (flags, address) = self.element_address(builder, table, index);
            let ty = clif_type(ValType::Ref(self.module.tables[table.index()].element));
            return Ok(builder.ins().load(ty, flags, address, 0));
        }
        let element = self.function_element(builder, table, index);
        if !self.module.tables[table.index()].element.nullable {
            return Ok(element);
        }
        let null_record = self.load_constant(builder, context::NULL_FUNC_REF);
        let is_null = builder.ins().icmp(IntCC::Equal, element, null_record);
        let null = builder.ins().iconst(types::I64, 0);
        Ok(builder.ins().select(is_null, null, element))
    }

    fn table_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
        value: Value,
    ) -> Result<()> {
        let (flags, address) = self.element_address(builder, table, index);
        let nullable = self.module.tables[table.index()].element.nullable;
        let element = if self.holds_functions(table) && nullable {
            let null_record = self.load_constant(builder, context::NULL_FUNC_REF);
            builder.ins().select(value, value, null_record)
        } else {
            value
        };
        builder.ins().store(flags, element, address, 0);
        let ty = self.module.tables[table.index()].element;
        if leads_to_objects(ty) && constant(builder.func, value).is_none() {
            self.mark_card(builder, table, address);
        }
        Ok(())
    }

    fn table_grow(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        delta: Value,
        value: Value,
    ) -> Result<Value> {
        let size = self
            .call_indexed_builtin(builder, Builtin::TableGrow, &[table.as_u32()], &[delta, value])
            .expect("`table.grow` has a result");
        Ok(self.table_result(builder, table, size))
    }
}

impl RuntimeEnvironment<'_> {
    /// Whether the elements are functions: if so, what stands in the table is not the reference
    /// itself.
    fn holds_functions(&self, table: TableIndex) -> bool {
        self.module.tables[table.index()].element.heap.is_of_functions()
    }

    /// How many elements a table has now. One that nobody can make grow has what its type says. It
    /// does not move either; but where its elements start is loaded each time, since a constant
    /// would be kept across calls: that made virtual calls an eighth slower.
    fn table_length(&mut self, builder: &mut FunctionBuilder<'_>, table: TableIndex) -> Value {
        let ty = self.module.tables[table.index()];
        match ty.constant_length() {
            Some(length) => builder.ins().iconst(types::I64, length as i64),
            None => self.table_field(builder, table, record::LENGTH),
        }
    }

    /// Loads a field of the record of a table.
    fn table_field(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        field: u32,
    ) -> Value {
        let flags = self.trusted(builder, Region::Record);
        let (address, offset) = match self.layout.table(table) {
            Ok(defined) => (self.context(), defined),
            Err(imported) => (self.load_constant(builder, imported + table_import::TABLE), 0),
        };
        builder.ins().load(types::I64, flags, address, (offset + field) as i32)
    }

    /// The address of an element, and flags for an access to it: the index is within bounds, or
    /// traps when the access is made, or has trapped.
    fn element_address(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
    ) -> (MemFlagsData, Value) {
        let index = self.wide_index(builder, index);
        let length = self.table_length(builder, table);
        let base = self.table_field(builder, table, record::BASE);
        let region = self.region(builder, Region::Table);
        let flags = MemFlagsData::trusted().with_alias_region(Some(region));
        let code = clif_trap_code(TrapCode::TableOutOfBounds);
        let out_of_bounds = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length);
        if !self.tunables.spectre_mitigation {
            builder.ins().trapnz(out_of_bounds, code);
        }
        let start = builder.ins().ishl_imm_u(index, 3);
        let address = builder.ins().iadd(base, start);
        if !self.tunables.spectre_mitigation {
            return (flags, address);
        }
        let null = builder.ins().iconst(types::I64, 0);
        let address = builder.ins().select_spectre_guard(out_of_bounds, null, address);
        (flags.with_trap_code(Some(code)), address)
    }

    /// Notes that a reference was written to an element. Where that is comes of the element's
    /// address, as a processor that runs ahead of the check of the index has it.
    fn mark_card(&mut self, builder: &mut FunctionBuilder<'_>, table: TableIndex, element: Value) {
        const ELEMENT_LOG2: i64 = 3;
        let base = self.table_field(builder, table, record::BASE);
        let distance = builder.ins().isub(element, base);
        let log2 = i64::from(record::CARD.trailing_zeros()) + ELEMENT_LOG2;
        let card = builder.ins().ushr_imm_u(distance, log2);
        let address = builder.ins().isub(base, card);
        let region = self.region(builder, Region::Log);
        let flags = MemFlagsData::trusted().with_alias_region(Some(region));
        let written = builder.ins().iconst(types::I32, 1);
        builder.ins().istore8(flags, written, address, -1);
    }

    pub(super) fn wide_index(&self, builder: &mut FunctionBuilder<'_>, index: Value) -> Value {
        match builder.func.dfg.value_type(index) {
            types::I64 => index,
            _ => builder.ins().uextend(types::I64, index),
        }
    }

    /// An element of a table of functions: the address of a function reference's record, never 0.
    pub(super) fn function_element(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
    ) -> Value {
        let (flags, address) = self.element_address(builder, table, index);
        let element = builder.ins().load(types::I64, flags, address, 0);
        let missing = builder.create_block();
        let present = builder.create_block();
        builder.append_block_param(present, types::I64);
        builder.set_cold_block(missing);
        builder.ins().brif(element, present, &[element.into()], missing, &[]);
        builder.seal_block(missing);
        builder.switch_to_block(missing);
        let element = self
            .call_indexed_builtin(builder, Builtin::TableGetLazy, &[table.as_u32()], &[index])
            .expect("filling in an element has a result");
        builder.ins().jump(present, &[element.into()]);
        builder.seal_block(present);
        builder.switch_to_block(present);
        builder.block_params(present)[0]
    }

    /// A number of elements as the table's index type.
    fn table_result(
        &self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        value: Value,
    ) -> Value {
        let narrow = !self.module.tables[table.index()].table64;
        if narrow { builder.ins().ireduce(types::I32, value) } else { value }
    }
}
