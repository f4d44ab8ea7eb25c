//! Copying values from one component to the other: where they lie, and what each kind of shape
//! takes one after the other. Scalars, variants, lists and strings have files of their own.

use wasm_component::{AdapterTrap, FlatType, Layout};
use wasm_encoder::BlockType;

use super::body::{Body, FuncRef, Local};
use super::module::{Builder, End, Helper, MemoryRef, Mode, Task};
use super::refusal::invalid;
use super::shape::{Entry, Shape, ShapeId};
use crate::error::Error;

/// Where a value is, or is to be put.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    /// In locals, one for each of its core values. They may be of wider types than those, where a
    /// variant shares them with other cases.
    Flat(&'p [Local]),
    /// In the memory of its side, at a distance from an address that was checked.
    Memory { address: Local, offset: u32 },
}

impl Place<'_> {
    /// The place that many bytes further. Only for values in memory.
    pub(super) fn further(self, bytes: u32) -> Self {
        match self {
            Place::Flat(_) => self,
            // What is larger than a memory was refused, so that no sum of sizes is too large.
            Place::Memory { address, offset } => {
                Place::Memory { address, offset: offset.wrapping_add(bytes) }
            }
        }
    }

    fn mode(self) -> Mode {
        match self {
            Place::Flat(_) => Mode::Flat,
            Place::Memory { .. } => Mode::Memory,
        }
    }
}

/// The places of values that follow each other.
struct Places<'p> {
    rest: Place<'p>,
    /// Those before, as a record.
    before: Layout,
}

impl<'p> Places<'p> {
    fn new(rest: Place<'p>) -> Self {
        Self { rest, before: Layout::EMPTY }
    }

    /// The place of the next value, which is of that shape.
    fn next(&mut self, entry: &Entry) -> Place<'p> {
        match self.rest {
            Place::Flat(locals) => {
                let count = entry.flat.as_deref().map_or(0, <[_]>::len).min(locals.len());
                let (place, rest) = locals.split_at(count);
                self.rest = Place::Flat(rest);
                Place::Flat(place)
            }
            Place::Memory { .. } => {
                let offset = self.before.push(entry.layout);
                self.rest.further(offset)
            }
        }
    }
}

/// What is larger than this and plain is copied by the instruction for it.
const BULK: u32 = 32;

/// What is longer than this is copied by a loop.
const UNROLLED: u32 = 4;

/// Writes a function that copies values from one side to the other.
pub(super) struct Copier<'b, 'a> {
    pub(super) builder: &'b mut Builder<'a>,
    pub(super) body: Body,
    pub(super) source: End,
    pub(super) target: End,
}

impl Copier<'_, '_> {
    /// Copies a value, by a helper function if that is a lot of code.
    pub(super) fn value(
        &mut self,
        shape: ShapeId,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        if self.builder.shapes.is_outlined(shape) {
            return self.outlined(shape, from, to);
        }
        self.inline(shape, from, to)
    }

    /// Copies a value here.
    pub(super) fn inline(
        &mut self,
        id: ShapeId,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let shapes = self.builder.shapes;
        let entry = &shapes[id];
        if let (Place::Memory { .. }, Place::Memory { .. }) = (from, to)
            && entry.plain
            && entry.layout.size > BULK
        {
            return self.bulk(entry.layout.size, from, to);
        }
        match &entry.shape {
            Shape::Scalar(scalar) => self.scalar(*scalar, from, to),
            Shape::Flags(count) => self.flags(*count, from, to),
            Shape::Record(fields) => {
                let (mut from, mut to) = (Places::new(from), Places::new(to));
                for field in fields {
                    let field_entry = &shapes[*field];
                    self.value(*field, from.next(field_entry), to.next(field_entry))?;
                }
                Ok(())
            }
            Shape::Variant(cases) => self.variant(cases, from, to),
            Shape::String => self.pair(Task::String, from, to),
            Shape::List(element) => self.pair(Task::List { element: *element }, from, to),
            Shape::FixedList(element, count) => self.fixed_list(*element, *count, from, to),
            Shape::Own(transfer) | Shape::Borrow(transfer) => {
                self.begin_store(to);
                self.load_i32(from)?;
                let transfer = self.builder.transfer(transfer);
                self.body.call(transfer);
                self.store_i32(to)
            }
        }
    }

    /// Copies a value by a helper function, whose parameters and results have the value's own
    /// types.
    fn outlined(&mut self, shape: ShapeId, from: Place<'_>, to: Place<'_>) -> Result<(), Error> {
        let task = Task::Value { shape, from: from.mode(), to: to.mode() };
        let (source, target) = (self.source, self.target);
        let helper = self.builder.helper(Helper { task, source, target });
        let flat = self.builder.shapes[shape].flat.as_deref().unwrap_or_default();
        match from {
            Place::Flat(locals) => {
                for (local, ty) in locals.iter().zip(flat) {
                    self.push_as(*local, *ty);
                }
            }
            Place::Memory { address, offset } => self.push_address(address, offset),
        }
        if let Place::Memory { address, offset } = to {
            self.push_address(address, offset);
        }
        self.body.call(helper);
        if let Place::Flat(locals) = to {
            for (local, ty) in locals.iter().zip(flat).rev() {
                self.pop_from(*local, *ty);
            }
        }
        Ok(())
    }

    /// Copies what is a pointer and a length: a string or a list.
    fn pair(&mut self, task: Task, from: Place<'_>, to: Place<'_>) -> Result<(), Error> {
        let (source, target) = (self.source, self.target);
        let helper = self.builder.helper(Helper { task, source, target });
        let (first, second) = halves(from);
        self.load_i32(first)?;
        self.load_i32(second)?;
        self.body.call(helper);
        let length = self.body.pop_new(FlatType::I32);
        let pointer = self.body.pop_new(FlatType::I32);
        let (first, second) = halves(to);
        for (place, value) in [(first, pointer), (second, length)] {
            self.begin_store(place);
            self.body.push(value);
            self.store_i32(place)?;
            self.body.release(value);
        }
        Ok(())
    }

    /// Copies a list of fixed length.
    fn fixed_list(
        &mut self,
        element: ShapeId,
        count: u32,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let entry = &self.builder.shapes[element];
        let size = entry.layout.size;
        if let (Place::Memory { .. }, Place::Memory { .. }) = (from, to)
            && count > UNROLLED
        {
            let source = self.address_local(from);
            let target = self.address_local(to);
            let left = self.body.local(FlatType::I32);
            self.body.code().i32_const(count.cast_signed()).local_set(left.index);
            self.elements(element, source, target, left)?;
            for local in [source, target, left] {
                self.body.release(local);
            }
            return Ok(());
        }
        let (mut from, mut to) = (Places::new(from), Places::new(to));
        for _ in 0..count {
            let (from, to) = (from.next(entry), to.next(entry));
            self.value(element, from, to)?;
            if size == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Copies as many elements as `left` says, which is not 0. All three locals are used up.
    pub(super) fn elements(
        &mut self,
        element: ShapeId,
        source: Local,
        target: Local,
        left: Local,
    ) -> Result<(), Error> {
        let size = self.builder.shapes[element].layout.size;
        self.body.code().loop_(BlockType::Empty);
        self.value(
            element,
            Place::Memory { address: source, offset: 0 },
            Place::Memory { address: target, offset: 0 },
        )?;
        self.body.advance(source, size);
        self.body.advance(target, size);
        self.body
            .code()
            .local_get(left.index)
            .i32_const(1)
            .i32_sub()
            .local_tee(left.index)
            .br_if(0)
            .end();
        Ok(())
    }

    /// Copies bytes.
    fn bulk(&mut self, size: u32, from: Place<'_>, to: Place<'_>) -> Result<(), Error> {
        for place in [to, from] {
            if let Place::Memory { address, offset } = place {
                self.push_address(address, offset);
            }
        }
        let (source, target) = (self.source_memory()?, self.target_memory()?);
        self.body.code().i32_const(size.cast_signed()).memory_copy(target.index, source.index);
        Ok(())
    }

    /// A new local with the address of a place in memory.
    fn address_local(&mut self, place: Place<'_>) -> Local {
        if let Place::Memory { address, offset } = place {
            self.push_address(address, offset);
        } else {
            self.body.code().i32_const(0);
        }
        self.body.pop_new(FlatType::I32)
    }

    pub(super) fn push_address(&mut self, address: Local, offset: u32) {
        self.body.push(address);
        if offset != 0 {
            self.body.code().i32_const(offset.cast_signed()).i32_add();
        }
    }

    /// Traps, if what is on the stack is not 0.
    pub(super) fn trap_if(&mut self, trap: AdapterTrap) {
        self.body.code().if_(BlockType::Empty);
        self.trap(trap);
        self.body.code().end();
    }

    /// Traps.
    pub(super) fn trap(&mut self, trap: AdapterTrap) {
        let function = self.builder.trap(trap);
        self.body.call(function);
        self.body.code().unreachable();
    }

    pub(super) fn source_memory(&self) -> Result<MemoryRef, Error> {
        self.source.memory.ok_or_else(|| missing("memory"))
    }

    pub(super) fn target_memory(&self) -> Result<MemoryRef, Error> {
        self.target.memory.ok_or_else(|| missing("memory"))
    }

    pub(super) fn target_realloc(&self) -> Result<FuncRef, Error> {
        self.target.realloc.ok_or_else(|| missing("realloc"))
    }
}

/// The places of a pointer and a length.
fn halves(place: Place<'_>) -> (Place<'_>, Place<'_>) {
    match place {
        Place::Flat(locals) => {
            let (first, second) = locals.split_at(locals.len().min(1));
            (Place::Flat(first), Place::Flat(second))
        }
        Place::Memory { .. } => (place, place.further(4)),
    }
}

/// Validation demands the options that the types need.
fn missing(option: &str) -> Error {
    invalid(format!("has no option `{option}`, which its type needs"))
}
