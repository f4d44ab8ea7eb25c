//! The environment for the run-time ABI of [`wasm_types::abi`].
//!
//! This file has the state and the trait; calls, globals, memories, tables and builtins are in files
//! of their own.

mod builtin;
mod bulk;
mod call;
mod fuel;
mod function_hooks;
mod global;
mod immutable_table;
mod interruption;
mod math;
mod memory;
mod table;
mod wide_multiply;

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::ir::{
    self, AbiParam, AliasRegion, AliasRegionData, ArgumentPurpose, Block, InstBuilder as _,
    MemFlagsData, StackSlot, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, ContextLayout, ResultPlace, register_results};
use wasm_types::wasmparser::Operator;
use wasm_types::{
    DataIndex, ElemIndex, FuncIndex, FuncType, GlobalIndex, MemoryIndex, Module, TableIndex,
    Tunables, TypeIndex, ValType,
};

use crate::environ::{BulkOperands, FuncEnvironment, Heap, Result, Rounding, Values};
use crate::function_hooks::HookedFunctions;
use crate::idiom::Idioms;
use crate::immutable_table::ImmutableTables;
use fuel::Fuel;
pub(crate) use immutable_table::TABLE_NAMES;
use interruption::Interruption;

/// The alias regions that memory is divided into: accesses to different ones are independent.
#[derive(Clone, Copy)]
enum Region {
    /// The bytes of linear memories.
    Memory,
    /// The elements of tables.
    Table,
    /// The values of globals.
    Global,
    /// Bases and lengths of memories and tables.
    Record,
}

/// The environment for the run-time ABI of [`wasm_types::abi`].
pub struct RuntimeEnvironment<'m> {
    module: &'m Module,
    layout: &'m ContextLayout,
    isa: &'m dyn TargetIsa,
    tunables: Tunables,
    /// Functions that are known by what they do, if calls of them are to be made here.
    idioms: Option<&'m Idioms>,
    /// Whether bytes are copied and filled without a way through the store, where that can be done.
    direct_bulk: bool,
    /// Tables whose elements stand beside the code, if calls are to go through those.
    immutable_tables: Option<&'m ImmutableTables>,
    /// Functions that tell when they are entered and left.
    hooked: Option<&'m HookedFunctions>,
    /// If the code counts fuel.
    fuel: Option<Box<Fuel>>,
    function: FunctionState,
}

/// What belongs to the function that is being translated.
#[derive(Default)]
struct FunctionState {
    /// Which function it is.
    index: Option<FuncIndex>,
    /// The instance context: the first parameter.
    context: Option<Value>,
    /// Where results go that no register is for: the last parameter.
    result_buffer: Option<Value>,
    /// Where results of calls go that no register is for.
    call_buffer: Option<StackSlot>,
    /// Whether it tells when it is entered and left.
    hooked: bool,
    /// Where arguments and results are when it tells.
    hook_values: Option<StackSlot>,
    /// The place in the frame that keeps the context, if the function needs one.
    frame_slot: Option<StackSlot>,
    /// Where it finds out whether it is to be interrupted.
    interruption: Interruption,
    /// The bases of memories that never move, loaded in the entry block.
    bases: HashMap<MemoryIndex, Value>,
    /// Functions that are called directly.
    functions: HashMap<FuncIndex, ir::FuncRef>,
    /// Where the elements of tables start that nothing changes.
    immutable_tables: HashMap<TableIndex, ir::GlobalValue>,
    /// Signatures of indirect calls.
    signatures: HashMap<TypeIndex, ir::SigRef>,
    /// Signatures of builtins.
    builtins: HashMap<Builtin, ir::SigRef>,
    /// By [`Region`].
    regions: [Option<AliasRegion>; 4],
}

impl FunctionState {
    fn clear(&mut self) {
        self.index = None;
        self.context = None;
        self.result_buffer = None;
        self.call_buffer = None;
        self.hooked = false;
        self.hook_values = None;
        self.frame_slot = None;
        self.interruption = Interruption::default();
        self.bases.clear();
        self.functions.clear();
        self.immutable_tables.clear();
        self.signatures.clear();
        self.builtins.clear();
        self.regions = [None; 4];
    }
}

impl std::fmt::Debug for RuntimeEnvironment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeEnvironment")
            .field("tunables", &self.tunables)
            .finish_non_exhaustive()
    }
}

/// A load of something that never changes while the function runs, and that is always there.
const CONSTANT: MemFlagsData = MemFlagsData::trusted().with_readonly().with_can_move();

impl<'m> RuntimeEnvironment<'m> {
    /// An environment for the functions of a module. The layout is that of the module.
    pub fn new(
        module: &'m Module,
        layout: &'m ContextLayout,
        isa: &'m dyn TargetIsa,
        tunables: Tunables,
    ) -> Self {
        Self {
            module,
            layout,
            isa,
            tunables,
            idioms: None,
            direct_bulk: true,
            immutable_tables: None,
            hooked: None,
            fuel: tunables.fuel_costs.map(|_| Box::new(Fuel::new(Arc::default()))),
            function: FunctionState::default(),
        }
    }

    /// Sets whether bytes are copied and filled without a way through the store, where that can be done. On at
    /// first.
    pub(crate) fn with_direct_bulk(mut self, on: bool) -> Self {
        self.direct_bulk = on;
        self
    }

    /// Has functions that are known by what they do computed where they are called.
    pub(crate) fn with_idioms(mut self, idioms: Option<&'m Idioms>) -> Self {
        self.idioms = idioms;
        self
    }

    /// Has functions tell when they are entered and left.
    pub(crate) fn with_function_hooks(mut self, hooked: &'m HookedFunctions) -> Self {
        self.hooked = Some(hooked);
        self
    }

    /// The place in the frame that keeps the instance context, if the function that was translated
    /// last needs one: it calls through references.
    pub fn frame_slot(&self) -> Option<StackSlot> {
        self.function.frame_slot
    }

    /// The signature of a Wasm function type: `tail` convention, context first, the buffer for
    /// results that no register is for last.
    pub fn wasm_signature(ty: &FuncType) -> ir::Signature {
        let mut signature = ir::Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::special(types::I64, ArgumentPurpose::VMContext));
        signature.params.extend(ty.params().iter().map(|ty| AbiParam::new(clif_type(*ty))));
        let places = register_results(ty.results());
        for (ty, place) in ty.results().iter().zip(&places) {
            if *place == ResultPlace::Register {
                signature.returns.push(AbiParam::new(clif_type(*ty)));
            }
        }
        if signature.returns.len() < places.len() {
            signature.params.push(AbiParam::new(types::I64));
        }
        signature
    }

    /// The instance context.
    fn context(&self) -> Value {
        self.function.context.expect("the context is set when the function is entered")
    }

    /// Flags for an access to a region that is always there.
    fn trusted(&mut self, builder: &mut FunctionBuilder<'_>, region: Region) -> MemFlagsData {
        MemFlagsData::trusted().with_alias_region(Some(self.region(builder, region)))
    }

    fn region(&mut self, builder: &mut FunctionBuilder<'_>, region: Region) -> AliasRegion {
        *self.function.regions[region as usize].get_or_insert_with(|| {
            let description = match region {
                Region::Memory => "memory",
                Region::Table => "table",
                Region::Global => "global",
                Region::Record => "record",
            };
            builder
                .func
                .dfg
                .alias_regions
                .insert(AliasRegionData { user_id: region as u32, description: description.into() })
        })
    }

    /// Loads a pointer that never changes from the instance context.
    fn load_constant(&self, builder: &mut FunctionBuilder<'_>, offset: u32) -> Value {
        builder.ins().load(types::I64, CONSTANT, self.context(), offset as i32)
    }

    /// A place at the start of the entry block, for what is computed once.
    fn entry_cursor<'f>(builder: &'f mut FunctionBuilder<'_>) -> FuncCursor<'f> {
        let entry = builder.func.layout.entry_block().expect("the entry block is inserted first");
        FuncCursor::new(builder.func).at_first_insertion_point(entry)
    }

    /// Keeps the context in the frame from here on, so that a host function that is called through
    /// a reference finds out who called it.
    fn need_frame_slot(&mut self, builder: &mut FunctionBuilder<'_>) {
        if self.function.frame_slot.is_some() {
            return;
        }
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3);
        let slot = builder.create_sized_stack_slot(data);
        self.function.frame_slot = Some(slot);
        let context = self.context();
        let mut cursor = Self::entry_cursor(builder);
        cursor.ins().stack_store(types::I64, context, slot, 0);
    }
}

/// The CLIF type of a Wasm type. References are 64-bit integers.
pub(crate) fn clif_type(ty: ValType) -> Type {
    match ty {
        ValType::I32 => types::I32,
        ValType::I64 | ValType::Ref(_) => types::I64,
        ValType::F32 => types::F32,
        ValType::F64 => types::F64,
        ValType::V128 => types::I8X16,
    }
}

impl FuncEnvironment for RuntimeEnvironment<'_> {
    fn module(&self) -> &Module {
        self.module
    }

    fn isa(&self) -> &dyn TargetIsa {
        self.isa
    }

    fn value_type(&self, ty: ValType) -> Type {
        clif_type(ty)
    }

    fn relaxed_simd_deterministic(&self) -> bool {
        self.tunables.relaxed_simd_deterministic
    }

    fn signature(&self, ty: &FuncType) -> ir::Signature {
        Self::wasm_signature(ty)
    }

    fn begin_function(&mut self, func: FuncIndex) {
        self.function.clear();
        self.function.index = Some(func);
        self.function.hooked = self.hooked.is_some_and(|hooked| hooked.contains(func));
        if let Some(fuel) = &mut self.fuel {
            fuel.begin();
        }
    }

    fn function_entry(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<()> {
        let entry = builder.current_block().expect("the entry block is the current one");
        let params = builder.block_params(entry);
        self.function.context = Some(params[0]);
        self.begin_interruption(builder);
        self.fuel_at_entry(builder);
        self.tell_entered(builder);
        Ok(())
    }

    fn loop_head(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<()> {
        self.interrupt_at_loop_head(builder);
        self.fuel_at_loop_head(builder);
        Ok(())
    }

    fn before_operator(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        operator: &Operator<'_>,
    ) -> Result<()> {
        self.fuel_for_operator(builder, operator);
        Ok(())
    }

    fn before_units(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        operator: &Operator<'_>,
        units: Value,
    ) -> Result<()> {
        self.fuel_for_units(builder, operator, units);
        Ok(())
    }

    fn enter_inlined(&mut self, builder: &mut FunctionBuilder<'_>, _func: FuncIndex) -> Result<()> {
        self.fuel_enter_inlined(builder);
        Ok(())
    }

    fn undo_inlined(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<bool> {
        Ok(self.fuel_undo_inlined(builder))
    }

    fn finish_function(&mut self, func: &mut ir::Function) -> Result<()> {
        self.meter(func);
        Ok(())
    }

    fn wasm_params(&mut self, builder: &mut FunctionBuilder<'_>, entry: Block) -> Values {
        let func = self.function.index.expect("a function is being translated");
        let end = 1 + self.module.type_of_func(func).params().len();
        let params = builder.block_params(entry);
        self.function.result_buffer = params.get(end).copied();
        Values::from_slice(&params[1..end])
    }

    fn translate_return(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        results: &[Value],
    ) -> Result<()> {
        self.tell_returned(builder, results);
        self.return_results(builder, results);
        Ok(())
    }

    fn call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<Values> {
        if let Some(results) = self.call_idiom(builder, func, args) {
            return Ok(results);
        }
        Ok(self.call_function(builder, func, args))
    }

    fn call_indirect(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
        args: &[Value],
    ) -> Result<Values> {
        self.call_element(builder, table, ty, index, args)
    }

    fn return_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<()> {
        self.tell_tail_called(builder);
        self.return_call_function(builder, func, args);
        Ok(())
    }

    fn return_call_indirect(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        ty: TypeIndex,
        index: Value,
        args: &[Value],
    ) -> Result<()> {
        self.return_call_element(builder, table, ty, index, args)
    }

    fn ref_func(&mut self, builder: &mut FunctionBuilder<'_>, func: FuncIndex) -> Result<Value> {
        let func = builder.ins().iconst(types::I32, i64::from(func.as_u32()));
        Ok(self.call_builtin_for(builder, Builtin::RefFunc, &[func]))
    }

    fn global_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> Result<Value> {
        Ok(self.load_global(builder, global))
    }

    fn global_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
        value: Value,
    ) -> Result<()> {
        self.store_global(builder, global, value);
        Ok(())
    }

    fn heap(&mut self, builder: &mut FunctionBuilder<'_>, memory: MemoryIndex) -> Result<Heap> {
        Ok(self.memory_heap(builder, memory))
    }

    fn reserved_memory_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Option<Value>> {
        let is_reserved = self.tunables.memory_is_static(&self.module.memories[memory.index()]);
        Ok(is_reserved.then(|| self.memory_length(builder, memory)))
    }

    fn memory_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Value> {
        Ok(self.memory_pages(builder, memory))
    }

    fn memory_grow(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        delta: Value,
    ) -> Result<Value> {
        Ok(self.grow_memory(builder, memory, delta))
    }

    fn memory_fill(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        let BulkOperands { to, from, len } = operands;
        if !self.fill_bytes(builder, memory, operands) {
            self.bulk(builder, Builtin::MemoryFill, &[memory.as_u32()], &[to, from, len]);
        }
        Ok(())
    }

    fn memory_copy(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: MemoryIndex,
        from: MemoryIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        if self.copy_bytes(builder, to, from, operands) {
            return Ok(());
        }
        let indices = [to.as_u32(), from.as_u32()];
        let BulkOperands { to, from, len } = operands;
        self.bulk(builder, Builtin::MemoryCopy, &indices, &[to, from, len]);
        Ok(())
    }

    fn memory_init(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
        data: DataIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        let indices = [memory.as_u32(), data.as_u32()];
        let BulkOperands { to, from, len } = operands;
        self.bulk(builder, Builtin::MemoryInit, &indices, &[to, from, len]);
        Ok(())
    }

    fn data_drop(&mut self, builder: &mut FunctionBuilder<'_>, data: DataIndex) -> Result<()> {
        self.bulk(builder, Builtin::DataDrop, &[data.as_u32()], &[]);
        Ok(())
    }

    fn table_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
    ) -> Result<Value> {
        Ok(self.table_elements(builder, table))
    }

    fn table_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
    ) -> Result<Value> {
        Ok(self.get_element(builder, table, index))
    }

    fn table_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
        value: Value,
    ) -> Result<()> {
        self.set_element(builder, table, index, value);
        Ok(())
    }

    fn table_grow(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        delta: Value,
        value: Value,
    ) -> Result<Value> {
        Ok(self.grow_table(builder, table, delta, value))
    }

    fn table_fill(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        let BulkOperands { to, from, len } = operands;
        self.bulk(builder, Builtin::TableFill, &[table.as_u32()], &[to, from, len]);
        Ok(())
    }

    fn table_copy(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: TableIndex,
        from: TableIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        let indices = [to.as_u32(), from.as_u32()];
        let BulkOperands { to, from, len } = operands;
        self.bulk(builder, Builtin::TableCopy, &indices, &[to, from, len]);
        Ok(())
    }

    fn table_init(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        elem: ElemIndex,
        operands: BulkOperands,
    ) -> Result<()> {
        let indices = [table.as_u32(), elem.as_u32()];
        let BulkOperands { to, from, len } = operands;
        self.bulk(builder, Builtin::TableInit, &indices, &[to, from, len]);
        Ok(())
    }

    fn elem_drop(&mut self, builder: &mut FunctionBuilder<'_>, elem: ElemIndex) -> Result<()> {
        self.bulk(builder, Builtin::ElemDrop, &[elem.as_u32()], &[]);
        Ok(())
    }

    fn round(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        rounding: Rounding,
        x: Value,
    ) -> Result<Value> {
        Ok(self.round_float(builder, rounding, x))
    }

    fn fma(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        x: Value,
        y: Value,
        z: Value,
    ) -> Result<Value> {
        Ok(self.fused_multiply_add(builder, x, y, z))
    }
}
