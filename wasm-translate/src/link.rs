//! Functions side by side in one text, with the calls between them resolved.

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use wasm_types::{
    AddressMapEntry, CompiledFunction, CompiledModule, DefinedFuncIndex, FrameSlotEntry, IsaFlag,
    Module, TrapEntry, Tunables, WasmFeatures,
};

use crate::codegen::FunctionCode;
use crate::error::{Error, ErrorKind};
use crate::{extensions, proposals};

/// Functions begin at multiples of this, or of what the target wants if that is more.
const ALIGNMENT: u32 = 16;

/// The largest text: relative calls of all targets, and signed 32-bit offsets, reach through it.
const MAX_TEXT: u64 = i32::MAX as u64;

/// Lays out the functions of a module in the order of their indices.
pub(crate) fn link(
    module: &Module,
    isa: &dyn TargetIsa,
    tunables: Tunables,
    functions: &[FunctionCode],
) -> Result<CompiledModule, Error> {
    let mut control = ControlPlane::default();
    let mut text = isa.text_section_builder(functions.len());
    let mut compiled = CompiledModule {
        target: isa.triple().to_string(),
        isa_flags: isa_flags(isa),
        extensions: extensions::names(isa, functions.iter().map(|code| code.extensions)),
        proposals: functions
            .iter()
            .map(|code| code.proposals)
            .fold(proposals::of_declarations(module), WasmFeatures::union),
        tunables,
        ..CompiledModule::default()
    };
    let alignment = isa.function_alignment().preferred.max(ALIGNMENT);
    for (number, code) in functions.iter().enumerate() {
        let func = module.func_index(DefinedFuncIndex::new(number as u32));
        let start = text.append(true, &code.bytes, code.alignment.max(alignment), &mut control);
        let len = code.bytes.len() as u32;
        if start + u64::from(len) > MAX_TEXT {
            return Err(Error::new(ErrorKind::Limit, "the machine code is larger than 2 GiB"));
        }
        for call in &code.calls {
            let offset = start + u64::from(call.offset);
            let target = call.target.index();
            if !text.resolve_reloc(offset, call.kind, call.addend, target) {
                let message = format!("a reference of kind {} cannot be resolved", call.kind);
                return Err(Error::new(ErrorKind::Codegen, message)
                    .in_function(func, module.names.function(func)));
            }
        }
        let offset = start as u32;
        compiled.functions.push(CompiledFunction { offset, len, frame_size: code.frame_size });
        let traps = code.traps.iter();
        compiled
            .traps
            .extend(traps.map(|(at, code)| TrapEntry { offset: offset + at, code: *code }));
        map_addresses(&mut compiled.address_map, offset, code);
        compiled.frame_slots.extend(
            code.frame_slot.map(|below_frame_pointer| FrameSlotEntry { func, below_frame_pointer }),
        );
    }
    compiled.text = text.finish(&mut control);
    Ok(compiled)
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

/// The settings of the instruction set that are on, and those that are not just on or off.
fn isa_flags(isa: &dyn TargetIsa) -> Vec<IsaFlag> {
    let flag = |value: cranelift_codegen::settings::Value| match value.as_bool() {
        Some(false) => None,
        _ => Some(IsaFlag { name: value.name.into(), value: value.value_string() }),
    };
    isa.isa_flags().into_iter().filter_map(flag).collect()
}
