//! The code of one function while it is written: instructions, locals, and calls whose targets get
//! their index when the module is finished.

use wasm_component::FlatType;
use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, MemArgTarget, ValType};

/// A local variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Local {
    pub(super) index: u32,
    pub(super) ty: FlatType,
}

/// A function of the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum FuncRef {
    /// The import of that number.
    Imported(u32),
    /// The function of that number of those that the module defines.
    Defined(u32),
}

/// A function's code.
pub(super) struct Body {
    code: Vec<u8>,
    params: u32,
    locals: Vec<FlatType>,
    /// Locals that are not in use any more.
    free: Vec<Local>,
    /// Where in `code` the padded index of a called function stands.
    calls: Vec<(usize, FuncRef)>,
}

/// The bytes of a padded index.
const PADDED: usize = 5;

impl Body {
    /// An empty body of a function with these parameters, which are returned as locals.
    pub(super) fn new(params: &[FlatType]) -> (Self, Vec<Local>) {
        let locals: Vec<_> =
            (0..).zip(params).map(|(index, ty)| Local { index, ty: *ty }).collect();
        let body = Self {
            code: Vec::new(),
            params: locals.len() as u32,
            locals: Vec::new(),
            free: Vec::new(),
            calls: Vec::new(),
        };
        (body, locals)
    }

    /// Where instructions are written to.
    pub(super) fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    /// The bytes of code so far.
    pub(super) fn len(&self) -> usize {
        self.code.len()
    }

    /// A local for values of a type. What is in it is unknown.
    pub(super) fn local(&mut self, ty: FlatType) -> Local {
        if let Some(place) = self.free.iter().rposition(|local| local.ty == ty) {
            return self.free.swap_remove(place);
        }
        let index = self.params + self.locals.len() as u32;
        self.locals.push(ty);
        Local { index, ty }
    }

    /// Says that a local is not needed any more.
    pub(super) fn release(&mut self, local: Local) {
        self.free.push(local);
    }

    /// Calls a function.
    pub(super) fn call(&mut self, target: FuncRef) {
        self.code.push(0x10);
        self.calls.push((self.code.len(), target));
        self.code.extend([0; PADDED]);
    }

    /// Pushes a local's value.
    pub(super) fn push(&mut self, local: Local) {
        self.code().local_get(local.index);
    }

    /// Pops a value into a local.
    pub(super) fn pop(&mut self, local: Local) {
        self.code().local_set(local.index);
    }

    /// Pops a value into a new local.
    pub(super) fn pop_new(&mut self, ty: FlatType) -> Local {
        let local = self.local(ty);
        self.pop(local);
        local
    }

    /// Adds a constant to a local of 32 bits.
    pub(super) fn advance(&mut self, local: Local, by: u32) {
        self.code()
            .local_get(local.index)
            .i32_const(by.cast_signed())
            .i32_add()
            .local_set(local.index);
    }

    /// Begins a loop with its exit: a block that a branch of depth 1 leaves, and in it a loop that
    /// a branch of depth 0 repeats.
    pub(super) fn begin_loop(&mut self) {
        self.code().block(BlockType::Empty).loop_(BlockType::Empty);
    }

    /// Repeats the loop, and ends it.
    pub(super) fn end_loop(&mut self) {
        self.code().br(0).end().end();
    }

    /// The function, for a module with that many imported functions.
    pub(super) fn finish(self, imported: u32) -> Function {
        let mut code = self.code;
        for (place, target) in self.calls {
            let index = match target {
                FuncRef::Imported(index) => index,
                FuncRef::Defined(index) => imported + index,
            };
            for (byte, code) in code[place..place + PADDED].iter_mut().enumerate() {
                let more = if byte + 1 < PADDED { 0x80 } else { 0 };
                *code = (index >> (7 * byte)) as u8 & 0x7f | more;
            }
        }
        let mut function = Function::new_with_locals_types(self.locals.into_iter().map(val_type));
        function.raw(code);
        function.instructions().end();
        function
    }
}

/// The core type as the encoder has it.
pub(super) fn val_type(ty: FlatType) -> ValType {
    match ty {
        FlatType::I32 => ValType::I32,
        FlatType::I64 => ValType::I64,
        FlatType::F32 => ValType::F32,
        FlatType::F64 => ValType::F64,
    }
}

/// An operand of a load or store.
pub(super) fn mem_arg(memory: u32, offset: u32, size: u32) -> MemArg {
    MemArg {
        offset: offset.into(),
        // Pointers are checked to be aligned, but it is a hint that nobody uses.
        align: size.trailing_zeros(),
        target: MemArgTarget::Memory(memory),
        ordering: None,
    }
}
