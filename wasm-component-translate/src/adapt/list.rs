//! Lists: one allocation, then a copy of all bytes where they stand for themselves, or of one
//! element after the other.

use wasm_encoder::BlockType;

use super::body::Local;
use super::copy::Copier;
use super::memory::Bytes;
use super::shape::ShapeId;
use crate::error::Error;
use wasm_component::AdapterTrap;

impl Copier<'_, '_> {
    /// Copies the list of `length` elements at `pointer`, and pushes where it is then, and its
    /// length.
    pub(super) fn list(
        &mut self,
        element: ShapeId,
        pointer: Local,
        length: Local,
    ) -> Result<(), Error> {
        let trap = AdapterTrap::ListOutOfBounds;
        let entry = &self.builder.shapes[element];
        let (size, align) = (entry.layout.size, entry.layout.align);
        let (source, target) = (self.source_memory()?, self.target_memory()?);

        let bytes = self.word();
        self.multiply(length, size, bytes, trap);
        self.check_aligned(pointer, align);
        self.check_bounds(source, pointer, Bytes::Local(bytes), trap);
        let copy = self.word();
        self.allocate(copy, align, Bytes::Local(bytes), trap)?;

        if entry.plain {
            self.body
                .code()
                .local_get(copy.index)
                .local_get(pointer.index)
                .local_get(bytes.index)
                .memory_copy(target.index, source.index);
        } else {
            let (to, left) = (self.word(), self.word());
            self.body
                .code()
                .local_get(copy.index)
                .local_set(to.index)
                .local_get(length.index)
                .local_tee(left.index)
                .if_(BlockType::Empty);
            self.elements(element, pointer, to, left)?;
            self.body.code().end();
        }
        self.body.push(copy);
        self.body.push(length);
        Ok(())
    }
}
