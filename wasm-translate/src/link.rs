//! Functions side by side in one text, with the references between them resolved; behind them what
//! else they refer to.

mod data;
mod items;

use std::collections::HashMap;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use wasm_types::{
    AddressMapEntry, CatchHandler, CatchSite, CompiledFunction, CompiledModule, DefinedFuncIndex,
    FrameSlotEntry, FuelEntry, FuncIndex, InlinedFunction, InlinedRange, IsaFlag, KeptValue,
    StackMapEntry, TableIndex, TextItemKind, TrapEntry, WasmFeatures,
};

use crate::codegen::{FunctionCode, Job, Reference, Target};
use crate::error::{Error, ErrorKind};
use crate::{extensions, proposals};
use data::DataReference;
pub(crate) use items::Items;

/// Functions begin at multiples of this, or of what the target wants if that is more.
const ALIGNMENT: u32 = 16;

/// The largest text: relative calls of all targets, and signed 32-bit offsets, reach through it.
const MAX_TEXT: u64 = i32::MAX as u64;

/// Lays out the functions of a module, in the order that a profile gives or else of their indices,
/// and then the items.
pub(crate) fn link(
    job: &Job<'_>,
    functions: &[FunctionCode],
    items: &Items<'_>,
) -> Result<CompiledModule, Error> {
    let (module, isa, tunables) = (job.parsed.module(), job.isa, job.settings.tunables);
    let mut control = ControlPlane::default();
    let mut text = isa.text_section_builder(functions.len());
    let all = functions.iter().chain(items.thunks());
    let mut compiled = CompiledModule {
        target: isa.triple().to_string(),
        isa_flags: isa_flags(isa),
        extensions: extensions::names(isa, all.map(|code| code.extensions)),
        proposals: functions
            .iter()
            .map(|code| code.proposals)
            .fold(proposals::of_types(job.parsed.distinct_types()), WasmFeatures::union)
            .union(proposals::of_declarations(module)),
        tunables,
        ..CompiledModule::default()
    };
    let alignment = isa.function_alignment().preferred.max(ALIGNMENT);
    let mut to_tables = Vec::new();
    let order = match &job.profiled {
        Some(profiled) => profiled.order(),
        None => (0..functions.len()).collect(),
    };
    // The text builder counts functions in the order in which it gets them.
    let mut places = vec![0; functions.len()];
    order.iter().enumerate().for_each(|(place, number)| places[*number] = place);
    let unplaced = CompiledFunction { offset: 0, len: 0, frame_size: 0 };
    compiled.functions = vec![unplaced; functions.len()];
    for number in order {
        let code = &functions[number];
        let func = module.func_index(DefinedFuncIndex::new(number as u32));
        let start = text.append(true, &code.bytes, code.alignment.max(alignment), &mut control);
        let len = code.bytes.len() as u32;
        if start + u64::from(len) > MAX_TEXT {
            return Err(Error::new(ErrorKind::Limit, "the machine code is larger than 2 GiB"));
        }
        for reference in &code.references {
            match reference.target {
                Target::Function(target) => {
                    let offset = start + u64::from(reference.offset);
                    let Reference { kind, addend, .. } = *reference;
                    if !text.resolve_reloc(offset, kind, addend, places[target.index()]) {
                        return Err(unresolved(job, func, reference));
                    }
                }
                Target::Table(table) => to_tables.push((func, start, reference, table)),
            }
        }
        let offset = start as u32;
        compiled.functions[number] = CompiledFunction { offset, len, frame_size: code.frame_size };
        let traps = code.traps.iter();
        compiled
            .traps
            .extend(traps.map(|(at, code)| TrapEntry { offset: offset + at, code: *code }));
        compiled.fuel.extend(
            code.fuel.iter().map(|(at, ahead)| FuelEntry { offset: offset + at, ahead: *ahead }),
        );
        compiled.stack_maps.extend(code.stack_maps.iter().map(|(at, below)| StackMapEntry {
            offset: offset + at,
            below_frame_pointer: below.clone(),
        }));
        map_addresses(&mut compiled.address_map, offset, code);
        map_inlined(&mut compiled, offset, code);
        compiled.catch_sites.extend(code.catch_sites.iter().map(|site| {
            CatchSite {
                return_offset: offset + site.return_offset,
                handlers: site
                    .handlers
                    .iter()
                    .map(|handler| CatchHandler { target: offset + handler.target, ..*handler })
                    .collect(),
                ..*site
            }
        }));
        compiled.kept_values.extend(code.kept.iter().map(|kept| KeptValue {
            func: DefinedFuncIndex::new(number as u32),
            local: kept.local,
            below_frame_pointer: kept.below,
            size: kept.size,
        }));
        compiled.frame_slots.extend(
            code.frame_slot.map(|below_frame_pointer| FrameSlotEntry { func, below_frame_pointer }),
        );
    }
    compiled.frame_slots.sort_unstable_by_key(|slot| slot.func);
    compiled.kept_values.sort_unstable_by_key(|kept| (kept.func, kept.local));
    items.append(job, alignment, &mut *text, &mut compiled)?;
    compiled.text = text.finish(&mut control);
    let tables = table_offsets(&compiled);
    for (func, start, reference, table) in to_tables {
        let to = tables.get(&table).map(|to| i64::from(*to) + reference.addend);
        let place = |offset: u32| start as usize + offset as usize;
        let (at, from) = (place(reference.offset), place(reference.from));
        to.map(|to| DataReference { kind: reference.kind, at, from, to })
            .and_then(|reference| reference.resolve(&mut compiled.text))
            .ok_or_else(|| unresolved(job, func, reference))?;
    }
    Ok(compiled)
}

/// Where tables stand in the text.
fn table_offsets(compiled: &CompiledModule) -> HashMap<TableIndex, u32> {
    let tables = compiled.items.iter().filter_map(|item| match item.kind {
        TextItemKind::Table(table) => Some((table, item.offset)),
        TextItemKind::ImportThunk(_) => None,
    });
    tables.collect()
}

fn unresolved(job: &Job<'_>, func: FuncIndex, reference: &Reference) -> Error {
    let message = format!("a reference of kind {} cannot be resolved", reference.kind);
    let name = job.parsed.module().names.function(func);
    Error::new(ErrorKind::Codegen, message).in_function(func, name)
}

/// Adds the places that the code of a function comes from. The prologue belongs to the start of the
/// body; what comes from nowhere, such as moves of the register allocator, belongs to what stands
/// before it: entries of its own would make the map a sixth larger.
fn map_addresses(map: &mut Vec<AddressMapEntry>, start: u32, code: &FunctionCode) {
    map.push(AddressMapEntry { offset: start, wasm_offset: code.body });
    for range in code.locations.iter().filter(|range| range.wasm_offset != u32::MAX) {
        let offset = start + range.start;
        match map.last_mut() {
            Some(last) if last.wasm_offset == range.wasm_offset => {}
            Some(last) if last.offset == offset => last.wasm_offset = range.wasm_offset,
            _ => map.push(AddressMapEntry { offset, wasm_offset: range.wasm_offset }),
        }
    }
}

/// Adds the functions that stand in place of calls, and where their code is. The prologue is of the
/// function itself; what comes from nowhere belongs to what stands before it.
fn map_inlined(compiled: &mut CompiledModule, start: u32, code: &FunctionCode) {
    let base = compiled.inlined_functions.len() as u32;
    compiled.inlined_functions.extend(code.inlined.iter().map(|inlined| InlinedFunction {
        caller: inlined.caller.map(|caller| base + caller),
        ..*inlined
    }));
    let own = InlinedRange { offset: start, function: None };
    let ranges = code.locations.iter().filter(|range| range.wasm_offset != u32::MAX);
    let ranges = ranges.map(|range| InlinedRange {
        offset: start + range.start,
        function: range.inlined.map(|inlined| base + inlined),
    });
    let map = &mut compiled.inlined_ranges;
    for range in std::iter::once(own).chain(ranges) {
        match map.last_mut() {
            Some(last) if last.function == range.function => {}
            None if range.function.is_none() => {}
            Some(last) if last.offset == range.offset => last.function = range.function,
            _ => map.push(range),
        }
    }
}

/// The settings of the instruction set that are on, and those that are not just on or off.
fn isa_flags(isa: &dyn TargetIsa) -> Vec<IsaFlag> {
    let flag = |value: cranelift_codegen::settings::Value| match value.as_bool() {
        Some(false) => None,
        _ => Some(IsaFlag { name: value.name.into(), value: value.value_string() }),
    };
    isa.isa_flags().into_iter().filter_map(flag).collect()
}
