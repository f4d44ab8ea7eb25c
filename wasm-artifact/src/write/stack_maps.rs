//! The table of calls during which references stay in frames.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use wasm_types::StackMapEntry;
use zerocopy::little_endian::U32;

use super::Writer;
use super::pools::small;
use crate::error::Error;
use crate::format::{Part, StackMapRecord};

impl Writer {
    /// Calls of one function mostly have the same references in the same places, so each list of
    /// places is there once.
    pub(super) fn add_stack_maps(&mut self, maps: &[StackMapEntry]) -> Result<(), Error> {
        let what = "it has too many references in frames";
        let mut places: Vec<U32> = Vec::new();
        let mut known: BTreeMap<&[u32], u32> = BTreeMap::new();
        let mut records = Vec::with_capacity(maps.len());
        for map in maps {
            let list = map.below_frame_pointer.as_slice();
            let start = match known.get(list) {
                Some(start) => *start,
                None => {
                    let start = small(places.len(), what)?;
                    places.extend(list.iter().copied().map(U32::new));
                    known.insert(list, start);
                    start
                }
            };
            records.push(StackMapRecord {
                offset: map.offset.into(),
                start: start.into(),
                len: small(list.len(), what)?.into(),
            });
        }
        self.add(Part::StackMaps, records);
        self.add(Part::FrameReferences, places);
        Ok(())
    }
}
