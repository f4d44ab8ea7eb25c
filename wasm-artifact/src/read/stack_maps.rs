//! The calls during which references stay in frames.

use wasm_types::StackMapEntry;

use super::Artifact;
use crate::error::Error;

impl<'a> Artifact<'a> {
    /// Whether references into the garbage-collected heap stay in any frame of the code during a
    /// call.
    #[inline]
    pub fn has_stack_maps(&self) -> bool {
        self.tables.stack_maps.len() > 0
    }

    /// Where references are in the frame of a function, while a call is made that returns to this
    /// offset in the text: in bytes from the frame pointer down to each. Most calls have none.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn references_in_frame(
        &self,
        return_offset: u32,
    ) -> Result<impl ExactSizeIterator<Item = u32> + use<'a>, Error> {
        let (maps, checksums) = (self.tables.stack_maps, &self.checksums);
        let place = maps.partition_point(checksums, |map| map.offset.get() < return_offset);
        let place = place.ok_or_else(damaged)?;
        let none = (0, 0);
        let (start, len) = if place == maps.len() {
            none
        } else {
            let map = maps.get(place, checksums).ok_or_else(damaged)?;
            let is_there = map.offset.get() == return_offset;
            if is_there { (map.start.get(), map.len.get()) } else { none }
        };
        self.places(start, len)
    }

    /// Every call during which references stay in the frame of the caller, sorted by offset.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there. A call with places that are not there is an error of its
    /// own.
    pub fn stack_maps(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<StackMapEntry, Error>> + '_, Error> {
        let maps = self.tables.stack_maps.all(&self.checksums).ok_or_else(damaged)?;
        Ok(maps.iter().map(|map| {
            let places = self.places(map.start.get(), map.len.get())?;
            let below_frame_pointer = places.collect();
            Ok(StackMapEntry { offset: map.offset.get(), below_frame_pointer })
        }))
    }

    fn places(
        &self,
        start: u32,
        len: u32,
    ) -> Result<impl ExactSizeIterator<Item = u32> + use<'a>, Error> {
        let places = self.tables.frame_references;
        let places = places.range(start.into(), len.into(), &self.checksums).ok_or_else(damaged)?;
        Ok(places.iter().map(|place| place.get()))
    }
}

fn damaged() -> Error {
    Error::damaged("the table of references in frames")
}
