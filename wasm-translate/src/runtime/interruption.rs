//! Interruption: reads of a page that the host makes inaccessible when it wants the code to stop.
//!
//! Code that runs for long passes the head of a loop again and again, or calls ever more functions.
//! So there is a read at the head of each loop, and one at the entry of each function that calls
//! another; a function that calls nothing can't be part of a recursion. What is read is not used.
//!
//! The page is the one below the first memory, where that is reserved whole: its base is in a
//! register wherever a program's hot loops are, so that a read is one instruction that nothing
//! waits for. For other modules the address is in the instance context.
//!
//! The optimiser takes two loads of one place for one if it sees no store between them. So each
//! read of a function is of a place of its own, which is no concern of the host's. A function with
//! more reads than there are places has a point between them that the optimiser moves no access
//! across, and which is no code.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, SourceLoc, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{INTERRUPT_PAGE_SIZE, context};
use wasm_types::{MemoryIndex, TrapCode};

use super::{CONSTANT, RuntimeEnvironment};
use crate::trap::clif_trap_code;

/// How many bytes are read.
const READ_SIZE: u32 = 4;

/// How many places there are to read.
const PLACES: u32 = INTERRUPT_PAGE_SIZE / READ_SIZE;

/// What belongs to the function that is being translated.
#[derive(Default)]
pub(super) struct Interruption {
    /// Where the function starts in the binary: what its read at the entry belongs to.
    entry: SourceLoc,
    /// Whether there is one.
    read_at_entry: bool,
    /// The address above the page, for modules whose first memory has none.
    above: Option<Value>,
    /// How many reads there are.
    reads: u32,
}

impl RuntimeEnvironment<'_> {
    /// To be called in the entry block, before any other code is made.
    pub(super) fn begin_interruption(&mut self, builder: &FunctionBuilder<'_>) {
        self.function.interruption.entry = builder.srcloc();
    }

    /// To be called wherever the function calls another: has it read the page at its entry.
    pub(super) fn interrupt_at_entry(&mut self, builder: &mut FunctionBuilder<'_>) {
        if !self.tunables.interruption || self.function.interruption.read_at_entry {
            return;
        }
        self.function.interruption.read_at_entry = true;
        let above = self.above_page(builder);
        let inst = builder.func.dfg.value_def(above).inst();
        let inst = inst.expect("the address is loaded in the entry block");
        let cursor = FuncCursor::new(builder.func).after_inst(inst);
        self.read_page(cursor.with_srcloc(self.function.interruption.entry), above);
    }

    /// To be called for code that only goes on to another function, which has a read of its own if
    /// it needs one.
    pub(super) fn never_interrupt_at_entry(&mut self) {
        self.function.interruption.read_at_entry = true;
    }

    /// To be called at the head of a loop.
    pub(super) fn interrupt_at_loop_head(&mut self, builder: &mut FunctionBuilder<'_>) {
        if self.tunables.interruption {
            if self.tunables.interruption_callbacks {
                // What the code has read before may be something else when it goes on.
                builder.ins().sequence_point();
            }
            let above = self.above_page(builder);
            self.read_page(builder.cursor(), above);
        }
    }

    /// The address above the page, loaded in the entry block.
    fn above_page(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        let memory = self.module.memories.first();
        if memory.is_some_and(|memory| self.tunables.interrupts_below(memory)) {
            return self.static_base(builder, MemoryIndex::new(0));
        }
        let context = self.context();
        *self.function.interruption.above.get_or_insert_with(|| {
            let offset = context::INTERRUPT_PAGE as i32;
            Self::entry_cursor(builder).ins().load(types::I64, CONSTANT, context, offset)
        })
    }

    fn read_page(&mut self, mut cursor: FuncCursor<'_>, above: Value) {
        let reads = &mut self.function.interruption.reads;
        let place = *reads % PLACES;
        if *reads >= PLACES {
            cursor.ins().sequence_point();
        }
        *reads += 1;
        let code = clif_trap_code(TrapCode::Interrupt);
        let flags = MemFlagsData::new().with_aligned().with_trap_code(Some(code));
        let below = (place + 1) * READ_SIZE;
        cursor.ins().load(types::I32, flags, above, -(below as i32));
    }
}
