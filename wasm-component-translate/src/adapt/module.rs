//! The adapter module while it is made: what it imports, each once, and the functions it defines.
//!
//! Helper functions are asked for by what they do ([`Helper`]). One that is not there yet gets its
//! index at once and its code later, from a list, so that deep types take no deep recursion here
//! and each piece of code exists once however often it is needed.

use std::collections::{HashMap, VecDeque};

use wasm_component::{AdapterTrap, FlatType, StringEncoding};
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, FunctionSection, GlobalType, ImportSection,
    MemoryType, Module, TypeSection, ValType,
};

use super::body::{Body, FuncRef, val_type};
use super::call::{Memory, Side};
use super::item::Item;
use super::refusal::{invalid, limit};
use super::room::CodeRoom;
use super::shape::{ShapeId, Shapes};
use crate::error::Error;

/// The code of a function is not more than this: engines take no more than 7,654,321 bytes.
const MAX_FUNCTION: usize = 7 << 20;

/// The signature of a function.
pub(super) type Signature = (Vec<FlatType>, Vec<FlatType>);

/// A memory as the module knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct MemoryRef {
    pub(super) index: u32,
    /// The size of its pages is 2 to the power of this.
    pub(super) page_size_log2: u32,
}

/// One end of a copy: a component's memory and how values are in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct End {
    pub(super) memory: Option<MemoryRef>,
    pub(super) realloc: Option<FuncRef>,
    pub(super) encoding: StringEncoding,
    /// The flags of the component instance, if they have to say when `realloc` runs.
    pub(super) realloc_flags: Option<u32>,
}

/// How a value is handed to a helper function or back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Mode {
    /// As core values.
    Flat,
    /// By its address.
    Memory,
}

/// What a helper function does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Task {
    /// Copies a value of that shape.
    Value { shape: ShapeId, from: Mode, to: Mode },
    /// Copies a list with such elements: pointer and length to pointer and length.
    List { element: ShapeId },
    /// Copies a string: pointer and length to pointer and length.
    String,
}

/// A helper function: what it does, and between which ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Helper {
    pub(super) task: Task,
    pub(super) source: End,
    pub(super) target: End,
}

/// A module of adapters while it is made.
pub(super) struct Builder<'a> {
    pub(super) shapes: &'a Shapes,
    traps: &'a mut dyn FnMut(AdapterTrap) -> Item,
    types: HashMap<Signature, u32>,
    type_section: TypeSection,
    imports: ImportSection,
    imported: Vec<Item>,
    /// What was imported before, by index in its own index space.
    functions: HashMap<Item, u32>,
    memories: HashMap<Item, u32>,
    globals: HashMap<Item, u32>,
    /// The type of each defined function, and its code once it is written.
    defined: Vec<(u32, Option<Body>)>,
    helpers: HashMap<Helper, u32>,
    queue: VecDeque<(Helper, u32)>,
    room: &'a mut CodeRoom,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        shapes: &'a Shapes,
        room: &'a mut CodeRoom,
        traps: &'a mut dyn FnMut(AdapterTrap) -> Item,
    ) -> Self {
        Self {
            shapes,
            traps,
            room,
            types: HashMap::new(),
            type_section: TypeSection::new(),
            imports: ImportSection::new(),
            imported: Vec::new(),
            functions: HashMap::new(),
            memories: HashMap::new(),
            globals: HashMap::new(),
            defined: Vec::new(),
            helpers: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// The index of a signature.
    fn signature(&mut self, signature: Signature) -> u32 {
        let next = self.types.len() as u32;
        let section = &mut self.type_section;
        *self.types.entry(signature).or_insert_with_key(|(params, results)| {
            let types =
                |types: &[FlatType]| types.iter().copied().map(val_type).collect::<Vec<_>>();
            section.ty().function(types(params), types(results));
            next
        })
    }

    /// Imports something. Its names are nothing but its place in the order.
    fn import(&mut self, item: &Item, ty: impl Into<EntityType>) {
        self.imports.import("", &self.imported.len().to_string(), ty);
        self.imported.push(*item);
    }

    /// The function that an item is.
    pub(super) fn function(
        &mut self,
        item: &Item,
        params: &[FlatType],
        results: &[FlatType],
    ) -> FuncRef {
        if let Some(index) = self.functions.get(item) {
            return FuncRef::Imported(*index);
        }
        let ty = self.signature((params.to_vec(), results.to_vec()));
        self.import(item, EntityType::Function(ty));
        let index = self.functions.len() as u32;
        self.functions.insert(*item, index);
        FuncRef::Imported(index)
    }

    /// The function that raises a trap.
    pub(super) fn trap(&mut self, trap: AdapterTrap) -> FuncRef {
        let item = (self.traps)(trap);
        self.function(&item, &[], &[])
    }

    /// The function that takes and gives a handle.
    pub(super) fn transfer(&mut self, item: &Item) -> FuncRef {
        self.function(item, &[FlatType::I32], &[FlatType::I32])
    }

    fn memory(&mut self, memory: &Memory) -> MemoryRef {
        let page_size_log2 = memory.page_size_log2;
        if let Some(index) = self.memories.get(&memory.item) {
            return MemoryRef { index: *index, page_size_log2 };
        }
        let ty = MemoryType {
            minimum: 0,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: (page_size_log2 != 16).then_some(page_size_log2),
        };
        self.import(&memory.item, ty);
        let index = self.memories.len() as u32;
        self.memories.insert(memory.item, index);
        MemoryRef { index, page_size_log2 }
    }

    /// The flags of a component instance: the index of a global.
    pub(super) fn flags(&mut self, item: &Item) -> u32 {
        if let Some(index) = self.globals.get(item) {
            return *index;
        }
        self.import(item, GlobalType { val_type: ValType::I32, mutable: true, shared: false });
        let index = self.globals.len() as u32;
        self.globals.insert(*item, index);
        index
    }

    /// The end that a side is.
    pub(super) fn end(&mut self, side: &Side) -> End {
        End {
            memory: side.memory.as_ref().map(|memory| self.memory(memory)),
            realloc: side
                .realloc
                .as_ref()
                .map(|realloc| self.function(realloc, &[FlatType::I32; 4], &[FlatType::I32])),
            encoding: side.encoding,
            realloc_flags: side.contexts.then(|| self.flags(&side.flags)),
        }
    }

    /// Adds a function whose code comes later.
    pub(super) fn declare(&mut self, params: &[FlatType], results: &[FlatType]) -> u32 {
        let ty = self.signature((params.to_vec(), results.to_vec()));
        self.defined.push((ty, None));
        self.defined.len() as u32 - 1
    }

    /// Gives a function its code.
    pub(super) fn define(&mut self, index: u32, body: Body) -> Result<(), Error> {
        if body.len() > MAX_FUNCTION {
            return Err(limit(format!(
                "has types that take more than {MAX_FUNCTION} bytes of code to copy; split the \
                 function, or its types"
            )));
        }
        self.room.take(body.len())?;
        self.defined[index as usize].1 = Some(body);
        Ok(())
    }

    /// The function that does what a helper does.
    pub(super) fn helper(&mut self, helper: Helper) -> FuncRef {
        if let Some(index) = self.helpers.get(&helper) {
            return FuncRef::Defined(*index);
        }
        let (params, results) = self.helper_signature(&helper);
        let index = self.declare(&params, &results);
        self.helpers.insert(helper, index);
        self.queue.push_back((helper, index));
        FuncRef::Defined(index)
    }

    /// The signature of a helper function: the source first, then where to put it if that is in
    /// memory.
    pub(super) fn helper_signature(&self, helper: &Helper) -> Signature {
        let pair = vec![FlatType::I32; 2];
        match helper.task {
            Task::List { .. } | Task::String => (pair.clone(), pair),
            Task::Value { shape, from, to } => {
                let flat = self.shapes[shape].flat.as_deref().unwrap_or_default();
                let mut params = match from {
                    Mode::Flat => flat.to_vec(),
                    Mode::Memory => vec![FlatType::I32],
                };
                let results = match to {
                    Mode::Flat => flat.to_vec(),
                    Mode::Memory => {
                        params.push(FlatType::I32);
                        Vec::new()
                    }
                };
                (params, results)
            }
        }
    }

    /// The next helper function that has no code yet.
    pub(super) fn next_helper(&mut self) -> Option<(Helper, u32)> {
        self.queue.pop_front()
    }

    /// The module, which exports the functions of these indices by their place in the list, and
    /// what to instantiate it with.
    pub(super) fn finish(self, exports: &[u32]) -> Result<(Vec<u8>, Vec<Item>), Error> {
        let imported = self.functions.len() as u32;
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (ty, body) in self.defined {
            let body = body.ok_or_else(|| invalid("an adapter has no code"))?;
            functions.function(ty);
            code.function(&body.finish(imported));
        }
        let mut export_section = ExportSection::new();
        for (name, index) in exports.iter().enumerate() {
            export_section.export(&name.to_string(), ExportKind::Func, imported + index);
        }
        let mut module = Module::new();
        module.section(&self.type_section).section(&self.imports).section(&functions);
        module.section(&export_section).section(&code);
        Ok((module.finish(), self.imported))
    }
}
