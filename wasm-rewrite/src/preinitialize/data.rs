//! Data segments: the contents of memories, and what remains of the input's segments.

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{ConstExpr, DataSection};
use wasm_types::{MemoryState, ModuleState};
use wasmparser::DataKind;

use super::renumber::Renumber;
use super::runs::{Run, Runs};
use super::slots;
use super::uses::Uses;
use crate::error::{Error, ErrorKind};
use crate::sections::Source;

/// The most data segments that engines accept.
const LIMIT: usize = 100_000;

/// The most bytes of all data segments: engines accept no modules larger than this.
const LARGEST: u64 = 1 << 30;

/// If there are at most this many zeros between two runs of other bytes, a second segment saves no
/// space: its mode, offset and length take some eight bytes.
const GAP: u64 = 8;

struct Segment<'a> {
    /// The memory and the offset of an active segment.
    active: Option<(u32, ConstExpr)>,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    Slice(&'a [u8]),
    Run(&'a MemoryState, Run),
}

/// The data segments of the output, and the new index for each old one.
pub(super) fn data(
    source: &Source<'_>,
    state: &ModuleState,
    uses: &Uses,
    renumber: &mut Renumber,
) -> Result<(DataSection, Vec<Option<u32>>), Error> {
    let old = what_stays(source, state, uses, renumber)?;
    let mut runs = Runs::new(GAP);
    for (memory, state) in state.memories.iter().enumerate() {
        for chunk in state.iter().flat_map(|state| &state.chunks) {
            for (place, _) in (chunk.offset..).zip(&chunk.bytes).filter(|(_, byte)| **byte != 0) {
                runs.add(memory, place);
            }
        }
    }
    let room = slots::room(&old, LIMIT);
    let runs = runs.finish(room);
    check_size(source, &old, &runs)?;
    let mut new = Vec::with_capacity(runs.len());
    for run in runs {
        let Some(Some(memory_state)) = state.memories.get(run.of) else { continue };
        let offset = if source.memories[run.of].ty.memory64 {
            ConstExpr::i64_const(run.places.start as i64)
        } else {
            // The offset was found to fit in 32 bits, which the instruction reads as signed.
            ConstExpr::i32_const(run.places.start as u32 as i32)
        };
        new.push(Segment {
            active: Some((renumber.memories[run.of], offset)),
            bytes: Bytes::Run(memory_state, run),
        });
    }
    let named = !uses.data.is_empty();
    let (segments, places) =
        slots::arrange(old, named, new, || Segment { active: None, bytes: Bytes::Slice(&[]) });
    let mut section = DataSection::new();
    for segment in segments {
        let bytes = segment.bytes.bytes();
        match &segment.active {
            Some((memory, offset)) => section.active(*memory, offset, bytes),
            None => section.passive(bytes),
        };
    }
    Ok((section, places))
}

/// What remains of each segment of the input: passive segments that were not dropped, active
/// segments of memories that stay imported, and an empty segment where code refers to another one.
fn what_stays<'a>(
    source: &Source<'a>,
    state: &ModuleState,
    uses: &Uses,
    renumber: &mut Renumber,
) -> Result<Vec<Option<Segment<'a>>>, Error> {
    let mut old = Vec::with_capacity(source.data.len());
    for (index, (segment, dropped)) in source.data.iter().zip(&state.dropped_data).enumerate() {
        old.push(match &segment.kind {
            DataKind::Passive if !dropped => {
                Some(Segment { active: None, bytes: Bytes::Slice(segment.data) })
            }
            DataKind::Active { memory_index, offset_expr }
                if state.memories.get(*memory_index as usize).is_some_and(Option::is_none) =>
            {
                let memory = renumber.memory_index(*memory_index)?;
                let offset = renumber.const_expr(offset_expr.clone())?;
                Some(Segment { active: Some((memory, offset)), bytes: Bytes::Slice(segment.data) })
            }
            _ if uses.data.contains(&(index as u32)) => {
                Some(Segment { active: None, bytes: Bytes::Slice(&[]) })
            }
            _ => None,
        });
    }
    Ok(old)
}

fn check_size(source: &Source<'_>, old: &[Option<Segment<'_>>], runs: &[Run]) -> Result<(), Error> {
    let mut total: u64 = 0;
    for segment in old.iter().flatten() {
        total += segment.bytes.len();
    }
    for run in runs {
        total = total.saturating_add(run.places.end - run.places.start);
        if total > LARGEST {
            return Err(Error::of(
                ErrorKind::Limit,
                &source.memory(run.of),
                format_args!(
                    "with it, data segments would have more than {LARGEST} bytes, \
                     and engines accept no module as large as that"
                ),
            ));
        }
    }
    Ok(())
}

impl Bytes<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Slice(bytes) => bytes.len() as u64,
            Self::Run(_, run) => run.places.end - run.places.start,
        }
    }

    /// The bytes of a run are gathered from the chunks that it spans; bytes in between are zero.
    fn bytes(&self) -> Vec<u8> {
        let (state, run) = match self {
            Self::Slice(bytes) => return bytes.to_vec(),
            Self::Run(state, run) => (state, run),
        };
        let mut bytes = vec![0; (run.places.end - run.places.start) as usize];
        let end =
            |index: usize| state.chunks[index].offset + state.chunks[index].bytes.len() as u64;
        let mut index = state
            .chunks
            .partition_point(|chunk| chunk.offset + chunk.bytes.len() as u64 <= run.places.start);
        while index < state.chunks.len() && state.chunks[index].offset < run.places.end {
            let chunk = &state.chunks[index];
            let from = chunk.offset.max(run.places.start);
            let to = end(index).min(run.places.end);
            if from < to {
                let source =
                    &chunk.bytes[(from - chunk.offset) as usize..(to - chunk.offset) as usize];
                let start = (from - run.places.start) as usize;
                bytes[start..start + source.len()].copy_from_slice(source);
            }
            index += 1;
        }
        bytes
    }
}
