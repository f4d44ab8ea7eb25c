//! The environment for the run-time ABI of [`wasm_types::abi`].
//!
//! This file has the state. Each family of [`environ`](crate::environ) is implemented in the file
//! of its name; what several of them use is in files beside these.

mod arithmetic;
mod atomic;
mod builtin;
mod bulk;
mod call;
mod casts;
mod continuations;
mod counting;
mod debugging;
mod exceptions;
mod function;
mod function_hooks;
mod global;
mod guarded;
mod immutable_table;
mod interruption;
mod memory;
mod metering;
mod named_locals;
mod objects;
mod reference;
mod table;
mod wide_multiply;

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::ir::{
    self, AliasRegion, AliasRegionData, InstBuilder as _, MemFlagsData, StackSlot, StackSlotData,
    StackSlotKind, Value, types,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, ContextLayout};
use wasm_types::{FuncIndex, MemoryIndex, Module, TableIndex, Tunables, TypeIndex};

use crate::environ::Handler;
use crate::flow::LikelyCallee;
use crate::function_hooks::HookedFunctions;
use crate::idiom::Idioms;
use crate::immutable_table::ImmutableTables;
pub(crate) use debugging::DebugSlots;
pub(crate) use function::clif_type;
pub(crate) use immutable_table::TABLE_NAMES;
use interruption::Interruption;
use metering::Fuel;
pub(crate) use named_locals::{NamedPlaces, PLACE_SIZE};
use objects::Layouts;

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
    /// Fields of objects that can change.
    Field,
    /// Fields of objects that never change.
    ConstantField,
    /// Elements of arrays.
    Element,
    /// Lengths of arrays.
    Length,
    /// Headers of objects.
    Header,
    /// Where the next object goes, and how far objects may go.
    Room,
    /// The log of objects that were written to, and where it ends.
    Log,
    /// What is counted for a profile.
    Counter,
    /// What a debugger tells the code, and the other way round.
    Stops,
}

/// How many regions there are.
const REGIONS: usize = Region::Stops as usize + 1;

/// The environment for the run-time ABI of [`wasm_types::abi`].
pub struct RuntimeEnvironment<'m> {
    module: &'m Module,
    layout: &'m ContextLayout,
    isa: &'m dyn TargetIsa,
    tunables: Tunables,
    /// Functions that are recognised as idioms, if calls of them are computed here.
    idioms: Option<&'m Idioms>,
    /// Whether bytes are copied and filled without a way through the store, where that can be done.
    direct_bulk: bool,
    /// Tables whose elements stand beside the code, if calls are to go through those.
    immutable_tables: Option<&'m ImmutableTables>,
    /// Functions that report when they are entered and left.
    hooked: Option<&'m HookedFunctions>,
    /// If the code counts fuel.
    fuel: Option<Box<Fuel>>,
    /// Where everything is in the module's objects.
    layouts: Layouts,
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
    /// Where references are during a call that makes an object, one each.
    saved: Vec<StackSlot>,
    /// Where results of calls go that no register is for.
    call_buffer: Option<StackSlot>,
    /// Whether it reports when it is entered and left.
    hooked: bool,
    /// Where arguments and results are when it reports.
    hook_values: Option<StackSlot>,
    /// The place in the frame that keeps the context, if the function needs one.
    frame_slot: Option<StackSlot>,
    /// Where locals and operands are, if the code can be debugged.
    debug_slots: DebugSlots,
    /// What it keeps for native debuggers.
    named_places: NamedPlaces,
    /// What catches exceptions at the current place.
    handlers: Vec<Handler>,
    /// Where it finds out whether it is to be interrupted.
    interruption: Interruption,
    /// What a profile says that the next call leads to.
    expected_callee: Option<LikelyCallee>,
    /// The counter of what is called next.
    counted_callee: Option<u32>,
    /// The bases of memories that never move, loaded in the entry block.
    bases: Vec<(MemoryIndex, Value)>,
    /// Functions that are called directly.
    functions: HashMap<FuncIndex, ir::FuncRef>,
    /// Where the elements of tables start that nothing changes.
    immutable_tables: HashMap<TableIndex, ir::GlobalValue>,
    /// Signatures of indirect calls.
    signatures: HashMap<TypeIndex, ir::SigRef>,
    /// Signatures of builtins.
    builtins: HashMap<Builtin, ir::SigRef>,
    /// By [`Region`].
    regions: [Option<AliasRegion>; REGIONS],
}

impl FunctionState {
    fn clear(&mut self) {
        self.index = None;
        self.context = None;
        self.result_buffer = None;
        self.saved.clear();
        self.call_buffer = None;
        self.hooked = false;
        self.hook_values = None;
        self.frame_slot = None;
        self.debug_slots = DebugSlots::default();
        self.named_places.clear();
        self.handlers.clear();
        self.interruption = Interruption::default();
        self.counted_callee = None;
        self.expected_callee = None;
        self.bases.clear();
        self.functions.clear();
        self.immutable_tables.clear();
        self.signatures.clear();
        self.builtins.clear();
        self.regions = [None; REGIONS];
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
            layouts: Layouts::default(),
            function: FunctionState::default(),
        }
    }

    /// Sets whether bytes are copied and filled without a way through the store, where that can be
    /// done. On by default.
    pub(crate) fn with_direct_bulk(mut self, on: bool) -> Self {
        self.direct_bulk = on;
        self
    }

    /// Computes functions that are recognised as idioms where they are called.
    pub(crate) fn with_idioms(mut self, idioms: Option<&'m Idioms>) -> Self {
        self.idioms = idioms;
        self
    }

    /// Makes functions report when they are entered and left.
    pub(crate) fn with_function_hooks(mut self, hooked: &'m HookedFunctions) -> Self {
        self.hooked = Some(hooked);
        self
    }

    /// The place in the frame that keeps the instance context, if the function that was translated
    /// last needs one: it calls through references, or catches exceptions.
    pub fn frame_slot(&self) -> Option<StackSlot> {
        self.function.frame_slot
    }

    /// Where the function that was translated last keeps locals and operands.
    pub(crate) fn debug_slots(&self) -> DebugSlots {
        self.function.debug_slots
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
                Region::Field => "field",
                Region::ConstantField => "constant field",
                Region::Element => "element",
                Region::Length => "length",
                Region::Header => "header",
                Region::Room => "room",
                Region::Log => "log",
                Region::Counter => "counter",
                Region::Stops => "stops",
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
