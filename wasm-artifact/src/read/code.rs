//! Code: which function stands where, where it traps, where it comes from.

use wasm_types::profile::{CodeHash, CounterMap};
use wasm_types::{
    CompiledFunction, DefinedFuncIndex, FrameSlotEntry, FuelEntry, FuncIndex, KeptValue,
    TableIndex, TextItem, TextItemKind,
};

use super::Artifact;
use crate::address_map::AddressMap;
use crate::blocks::Blocks;
use crate::error::Error;
use crate::format::{NONE, flags, text_item_kind};
use crate::traps::Traps;

impl<'a> Artifact<'a> {
    /// The code of a defined function, which is certain to lie within the text.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    #[inline]
    pub fn function_code(&self, index: DefinedFuncIndex) -> Result<CompiledFunction, Error> {
        let damaged = || Error::damaged("the code of a function");
        let record = self.tables.code.get(index.index(), &self.checksums).ok_or_else(damaged)?;
        let (offset, len) = (record.offset.get(), record.len.get());
        let end = u64::from(offset) + u64::from(len);
        if end > self.tables.text.len() as u64 {
            return Err(damaged());
        }
        let frame_size = self.tables.frame_sizes.get(index.index(), &self.checksums);
        Ok(CompiledFunction { offset, len, frame_size: frame_size.map_or(0, |size| size.get()) })
    }

    /// The defined function that has its code at this offset in the text.
    ///
    /// Async-signal-safe: it neither allocates nor locks nor panics.
    pub fn function_at(&self, text_offset: u32) -> Option<DefinedFuncIndex> {
        let (code, checksums) = (self.tables.code, &self.checksums);
        let index = if self.header.flags.get() & flags::CODE_IN_ORDER != 0 {
            let after =
                code.partition_point(checksums, |record| record.offset.get() <= text_offset)?;
            after.checked_sub(1)?
        } else {
            let order = self.tables.code_order;
            let start = |index: usize| code.get(index, checksums).map(|record| record.offset.get());
            let after = order.partition_point(checksums, |index| {
                start(index.get() as usize) <= Some(text_offset)
            })?;
            order.get(after.checked_sub(1)?, checksums)?.get() as usize
        };
        let record = code.get(index, checksums)?;
        let within = text_offset.checked_sub(record.offset.get())? < record.len.get();
        within.then_some(DefinedFuncIndex::new(index as u32))
    }

    /// Where a function keeps its instance context, in bytes below its frame pointer; `None` if it
    /// does not.
    pub fn frame_slot(&self, func: FuncIndex) -> Option<u32> {
        let slots = self.tables.frame_slots;
        let func = func.as_u32();
        let place = slots.partition_point(&self.checksums, |slot| slot.func.get() < func)?;
        let slot = slots.get(place, &self.checksums).filter(|slot| slot.func.get() == func)?;
        Some(slot.below_frame_pointer.get())
    }

    /// Every function that keeps its instance context in its frame, sorted by function.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn frame_slots(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = FrameSlotEntry> + use<'a>, Error> {
        let slots = self.tables.frame_slots.all(&self.checksums);
        let slots = slots.ok_or_else(|| Error::damaged("the list of frame slots"))?;
        Ok(slots.iter().map(|slot| FrameSlotEntry {
            func: FuncIndex::new(slot.func.get()),
            below_frame_pointer: slot.below_frame_pointer.get(),
        }))
    }

    /// What functions keep in their frames for native debuggers, sorted by function.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn kept_values(&self) -> Result<impl ExactSizeIterator<Item = KeptValue> + use<'a>, Error> {
        let kept = self.tables.kept_values.all(&self.checksums);
        let kept = kept.ok_or(Error::damaged("the list of values for debuggers"))?;
        Ok(kept.iter().map(|kept| KeptValue {
            func: DefinedFuncIndex::new(kept.func.get()),
            local: Some(kept.local.get()).filter(|local| *local != NONE),
            below_frame_pointer: kept.below_frame_pointer.get(),
            size: kept.size.get() as u8,
        }))
    }

    /// What stands in the text beside the functions, sorted by offset.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there. An item that says something that it can't mean is an error
    /// of its own.
    pub fn text_items(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<TextItem, Error>> + use<'a>, Error> {
        let damaged = || Error::damaged("the list of what stands beside functions");
        let items = self.tables.text_items.all(&self.checksums).ok_or_else(damaged)?;
        Ok(items.iter().map(move |item| {
            let index = item.index.get();
            let kind = match item.kind.get() {
                text_item_kind::TABLE => TextItemKind::Table(TableIndex::new(index)),
                text_item_kind::IMPORT_THUNK => TextItemKind::ImportThunk(FuncIndex::new(index)),
                _ => return Err(damaged()),
            };
            Ok(TextItem { kind, offset: item.offset.get(), len: item.len.get() })
        }))
    }

    /// Where the counters of the code are, if it gathers a profile.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn counters(&self) -> Result<Option<CounterMap>, Error> {
        if !self.tunables().gathers_profile {
            return Ok(None);
        }
        let damaged = || Error::damaged("the map of counters");
        let bytes = self.tables.counters.all(&self.checksums).ok_or_else(damaged)?;
        let map = CounterMap::decode(bytes).map_err(|_| damaged())?;
        let counts = self.counts();
        let defined = counts.functions - counts.imported_functions;
        (map.functions.len() == defined as usize).then_some(Some(map)).ok_or_else(damaged)
    }

    /// How many words of counters an instance has; `None` if the code gathers no profile.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn counter_words(&self) -> Result<Option<u32>, Error> {
        if !self.tunables().gathers_profile {
            return Ok(None);
        }
        let bytes = self.tables.counters.all(&self.checksums).unwrap_or_default();
        let words = CounterMap::words_of(bytes);
        words.map(Some).ok_or_else(|| Error::damaged("the map of counters"))
    }

    /// What stands for the profile that the code was compiled with; `None` if there was none.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn profile(&self) -> Result<Option<CodeHash>, Error> {
        let damaged = || Error::damaged("what the profile is");
        let bytes = self.tables.profile.all(&self.checksums).ok_or_else(damaged)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        bytes.try_into().map(|bytes| Some(CodeHash(bytes))).map_err(|_| damaged())
    }

    /// Whether a function reports when it is entered and left. One of which that can't be read,
    /// since the artifact is damaged, does not.
    pub fn is_hooked_function(&self, func: FuncIndex) -> bool {
        let (hooked, func) = (self.tables.hooked_functions, func.as_u32());
        let place = hooked.partition_point(&self.checksums, |other| other.get() < func);
        let found = place.and_then(|place| hooked.get(place, &self.checksums));
        found.is_some_and(|other| other.get() == func)
    }

    /// Every function that reports when it is entered and left, sorted.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn hooked_functions(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = FuncIndex> + use<'a>, Error> {
        let functions = self.tables.hooked_functions.all(&self.checksums);
        let functions = functions.ok_or_else(|| Error::damaged("the list of hooked functions"))?;
        Ok(functions.iter().map(|func| FuncIndex::new(func.get())))
    }

    /// How much fuel was taken ahead, or is still to be taken if negative, where the instruction at
    /// this offset in the text traps.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn fuel_ahead(&self, text_offset: u32) -> Result<i32, Error> {
        let (fuel, checksums) = (self.tables.fuel, &self.checksums);
        let damaged = || Error::damaged("the table of fuel that was taken ahead");
        let place = fuel.partition_point(checksums, |entry| entry.offset.get() < text_offset);
        let place = place.ok_or_else(damaged)?;
        if place == fuel.len() {
            return Ok(0);
        }
        let entry = fuel.get(place, checksums).ok_or_else(damaged)?;
        let is_there = entry.offset.get() == text_offset;
        Ok(if is_there { entry.ahead.get().cast_signed() } else { 0 })
    }

    /// Every instruction that traps with another amount of fuel taken than was used, sorted by
    /// offset.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn fuel(&self) -> Result<impl ExactSizeIterator<Item = FuelEntry> + use<'a>, Error> {
        let fuel = self.tables.fuel.all(&self.checksums);
        let fuel = fuel.ok_or_else(|| Error::damaged("the table of fuel that was taken ahead"))?;
        Ok(fuel.iter().map(|entry| FuelEntry {
            offset: entry.offset.get(),
            ahead: entry.ahead.get().cast_signed(),
        }))
    }

    /// The instructions that may trap.
    #[inline]
    pub fn traps(&self) -> Traps<'_> {
        Traps {
            blocks: Blocks {
                checksums: &self.checksums,
                records: self.tables.trap_blocks,
                bytes: self.tables.trap_bytes,
                len: self.header.traps.get(),
            },
            shift: self.header.code_shift.get(),
        }
    }

    /// The places of the Wasm binary that code comes from.
    #[inline]
    pub fn address_map(&self) -> AddressMap<'_> {
        AddressMap {
            blocks: Blocks {
                checksums: &self.checksums,
                records: self.tables.address_blocks,
                bytes: self.tables.address_bytes,
                len: self.header.addresses.get(),
            },
            shift: self.header.code_shift.get(),
        }
    }
}
