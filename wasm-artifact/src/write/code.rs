//! The tables about code: where functions stand, traps, the address map, frame slots.

use alloc::vec::Vec;

use wasm_types::{CatchSite, CompiledModule, TextItemKind};
use zerocopy::little_endian::U32;

use super::{WriteOptions, Writer};
use crate::address_map;
use crate::error::Error;
use crate::format::{
    CatchHandlerRecord, CatchSiteRecord, CodeRecord, FrameSlotRecord, FuelRecord, KeptValueRecord,
    NONE, Part, TextItemRecord, flags, text_item_kind,
};
use crate::traps;

use super::pools::small;

/// What the header says about the tables of code.
pub(super) struct CodeNumbers {
    pub(super) shift: u32,
    pub(super) traps: u32,
    pub(super) addresses: u32,
}

impl Writer {
    pub(super) fn add_code(
        &mut self,
        compiled: &CompiledModule,
        options: &WriteOptions,
    ) -> Result<CodeNumbers, Error> {
        let functions = &compiled.functions;
        let records = functions
            .iter()
            .map(|code| CodeRecord { offset: code.offset.into(), len: code.len.into() });
        self.add(Part::Code, records.collect::<Vec<_>>());
        if functions.iter().any(|code| code.frame_size != 0) {
            let sizes = functions.iter().map(|code| U32::new(code.frame_size));
            self.add(Part::FrameSizes, sizes.collect::<Vec<_>>());
        }
        let in_order = functions.is_sorted_by_key(|code| code.offset);
        self.set_flag_if(in_order, flags::CODE_IN_ORDER);
        if !in_order {
            let mut order: Vec<u32> = (0..functions.len() as u32).collect();
            order.sort_by_key(|index| functions[*index as usize].offset);
            self.add(Part::CodeOrder, order.into_iter().map(U32::new).collect::<Vec<_>>());
        }

        let map = if options.address_map { compiled.address_map.as_slice() } else { &[] };
        let traps = &compiled.traps;
        let shift = code_shift(
            traps.iter().map(|trap| trap.offset).chain(map.iter().map(|entry| entry.offset)),
        );
        let (blocks, bytes) = traps::encode(traps, shift);
        small(bytes.len(), "it has too many instructions that trap")?;
        self.add(Part::TrapBlocks, blocks);
        self.add(Part::TrapBytes, bytes);
        let (blocks, bytes) = address_map::encode(map, shift);
        small(bytes.len(), "its address map is too large")?;
        self.add(Part::AddressBlocks, blocks);
        self.add(Part::AddressBytes, bytes);

        let slots = compiled.frame_slots.iter().map(|slot| FrameSlotRecord {
            func: slot.func.as_u32().into(),
            below_frame_pointer: slot.below_frame_pointer.into(),
        });
        self.add(Part::FrameSlots, slots.collect::<Vec<_>>());
        let kept = compiled.kept_values.iter().map(|kept| KeptValueRecord {
            func: kept.func.as_u32().into(),
            local: kept.local.unwrap_or(NONE).into(),
            below_frame_pointer: kept.below_frame_pointer.into(),
            size: u32::from(kept.size).into(),
        });
        self.add(Part::KeptValues, kept.collect::<Vec<_>>());
        let hooked = compiled.hooked_functions.iter().map(|func| U32::new(func.as_u32()));
        self.add(Part::HookedFunctions, hooked.collect::<Vec<_>>());
        let fuel = compiled.fuel.iter().map(|entry| FuelRecord {
            offset: entry.offset.into(),
            ahead: entry.ahead.cast_unsigned().into(),
        });
        self.add(Part::Fuel, fuel.collect::<Vec<_>>());
        self.add_inlined(compiled);
        self.add_stack_maps(&compiled.stack_maps)?;
        self.add_catch_sites(&compiled.catch_sites)?;
        small(compiled.counters.len(), "it has too many counters")?;
        self.add(Part::Counters, compiled.counters.clone());
        self.add(
            Part::Profile,
            compiled.profile.iter().flat_map(|hash| hash.0).collect::<Vec<_>>(),
        );
        let items = compiled.items.iter().map(|item| {
            let (kind, index) = match item.kind {
                TextItemKind::Table(table) => (text_item_kind::TABLE, table.as_u32()),
                TextItemKind::ImportThunk(func) => (text_item_kind::IMPORT_THUNK, func.as_u32()),
            };
            TextItemRecord {
                kind: kind.into(),
                index: index.into(),
                offset: item.offset.into(),
                len: item.len.into(),
            }
        });
        self.add(Part::TextItems, items.collect::<Vec<_>>());
        Ok(CodeNumbers {
            shift,
            traps: small(traps.len(), "it has too many instructions that trap")?,
            addresses: small(map.len(), "its address map is too large")?,
        })
    }

    fn add_catch_sites(&mut self, sites: &[CatchSite]) -> Result<(), Error> {
        let mut records = Vec::with_capacity(sites.len());
        let mut handlers: Vec<CatchHandlerRecord> = Vec::new();
        for site in sites {
            records.push(CatchSiteRecord {
                return_offset: site.return_offset.into(),
                stack_below_frame: site.stack_below_frame.into(),
                context_below_frame: site.context_below_frame.into(),
                handlers: small(handlers.len(), "it has too many handlers of exceptions")?.into(),
            });
            handlers.extend(site.handlers.iter().map(|handler| CatchHandlerRecord {
                tag: handler.tag.map_or(NONE, |tag| tag.as_u32()).into(),
                target: handler.target.into(),
            }));
        }
        self.add(Part::CatchSites, records);
        self.add(Part::CatchHandlers, handlers);
        Ok(())
    }
}

/// How far all offsets can be shifted right without losing anything: on most machines instructions
/// are aligned.
fn code_shift(offsets: impl Iterator<Item = u32>) -> u32 {
    offsets.fold(8, |bits, offset| bits | offset).trailing_zeros()
}
