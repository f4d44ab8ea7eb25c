//! Calls through tables that nothing changes, whose elements stand beside the code, and what such
//! an element leads to if the function is imported.
//!
//! An element is the distance of the code from the start of the table and the number of the
//! function's type (see [`TextItemKind::Table`](wasm_types::TextItemKind)). All functions get the
//! caller's own context, so there is nothing to load but the element. A host function among them is
//! called by way of its import record, which says who calls, so that the caller need not keep its
//! context in its frame.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, ExternalName, GlobalValueData, InstBuilder as _, MemFlagsData, UserExternalName, Value,
    types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm_types::abi::NO_TYPE_ID;
use wasm_types::{FuncIndex, TableIndex, TrapCode, TypeIndex};

use super::RuntimeEnvironment;
use crate::environ::Functions as _;
use crate::immutable_table::ImmutableTables;
use crate::trap::clif_trap_code;

/// The namespace of names that stand for tables; those of functions are in namespace 0.
pub(crate) const TABLE_NAMES: u32 = 1;

/// The size of an element, and where the number of its type stands in it.
const ELEMENT_SHIFT: i64 = 3;
const TYPE_NUMBER: i32 = 4;

impl<'m> RuntimeEnvironment<'m> {
    /// Makes calls through tables that nothing changes use the data beside the code.
    pub(crate) fn with_immutable_tables(mut self, tables: Option<&'m ImmutableTables>) -> Self {
        self.immutable_tables = tables;
        self
    }

    /// Whether calls through a table by a type go by the data beside the code.
    pub(super) fn has_immutable_elements(&self, table: TableIndex, ty: TypeIndex) -> bool {
        let found = self.immutable_tables.and_then(|tables| tables.get(table));
        // Its numbers of types say nothing of subtypes.
        found.is_some() && self.module.types[ty.index()].is_final
    }

    /// The code of an element of a table that nothing changes, after all checks; `None` if the
    /// table is not one of those, or its functions may have subtypes of the type.
    pub(super) fn immutable_element_code(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
    ) -> Option<Value> {
        if !self.has_immutable_elements(table, ty) {
            return None;
        }
        let tables = self.immutable_tables?;
        let found = tables.get(table)?;
        let wanted = tables.type_number(ty);

        let base = self.immutable_table_base(builder, table);
        let index = self.wide_index(builder, index);
        let length = builder.ins().iconst(types::I64, found.elements.len() as i64);
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length);
        let code = clif_trap_code(TrapCode::TableOutOfBounds);
        if !self.tunables.spectre_mitigation {
            builder.ins().trapnz(outside, code);
        }
        let start = builder.ins().ishl_imm_u(index, ELEMENT_SHIFT);
        let mut element = builder.ins().iadd(base, start);
        // Not `can_move`: a load must stay behind the check of the bounds.
        let checked = MemFlagsData::trusted().with_readonly();
        let mut first = checked;
        if self.tunables.spectre_mitigation {
            // An element out of bounds is read at null, which traps.
            let null = builder.ins().iconst(types::I64, 0);
            element = builder.ins().select_spectre_guard(outside, null, element);
            first = checked.with_trap_code(Some(code));
        }
        if found.only_type != Some(wanted) {
            let number = builder.ins().load(types::I32, first, element, TYPE_NUMBER);
            trap_unless_type(builder, number, wanted);
            first = checked;
        }
        let distance = builder.ins().sload32(first, element, 0);
        Some(builder.ins().iadd(base, distance))
    }

    /// The address of the first element.
    fn immutable_table_base(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
    ) -> Value {
        let symbol = *self.function.immutable_tables.entry(table).or_insert_with(|| {
            let name = UserExternalName::new(TABLE_NAMES, table.as_u32());
            let name = ExternalName::user(builder.func.declare_imported_user_function(name));
            let offset = 0.into();
            let symbol = GlobalValueData::Symbol { name, offset, colocated: true, tls: false };
            builder.func.create_global_value(symbol)
        });
        builder.ins().symbol_value(types::I64, symbol)
    }

    /// Makes a function with the type of an imported one, that goes on to what is bound to the
    /// import.
    pub(crate) fn import_thunk(
        &mut self,
        func: FuncIndex,
        into: &mut ir::Function,
        builder: &mut FunctionBuilderContext,
    ) {
        self.begin_function(func);
        self.never_interrupt_at_entry();
        into.signature = Self::wasm_signature(self.module.type_of_func(func));
        let mut builder = FunctionBuilder::new(into, builder);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        self.function.context = Some(builder.block_params(entry)[0]);
        let args = self.wasm_params(&mut builder, entry);
        self.return_call_function(&mut builder, func, &args);
        builder.finalize(self.isa.frontend_config());
    }
}

/// Traps unless an element has a type, given the numbers of both.
fn trap_unless_type(builder: &mut FunctionBuilder<'_>, number: Value, wanted: u32) {
    let differs = builder.ins().icmp_imm_u(IntCC::NotEqual, number, i64::from(wanted));
    let mismatch = builder.create_block();
    let matches = builder.create_block();
    builder.set_cold_block(mismatch);
    builder.ins().brif(differs, mismatch, &[], matches, &[]);
    builder.seal_block(mismatch);
    builder.seal_block(matches);
    builder.switch_to_block(mismatch);
    let is_null = builder.ins().icmp_imm_u(IntCC::Equal, number, i64::from(NO_TYPE_ID));
    builder.ins().trapnz(is_null, clif_trap_code(TrapCode::IndirectCallToNull));
    builder.ins().trap(clif_trap_code(TrapCode::BadSignature));
    builder.switch_to_block(matches);
}
