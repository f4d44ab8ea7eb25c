//! Artifacts: what was written can be read, and damaged ones do no harm.

use arbitrary::{Result, Unstructured};
use wasm_artifact::{Artifact, WriteOptions};
use wasm_types::{
    AddressMapEntry, CompiledFunction, CompiledModule, DefinedMemoryIndex, DefinedTableIndex,
    FrameSlotEntry, FuncIndex, Module, TableIndex, TextItem, TextItemKind, TrapCode, TrapEntry,
    WasmFeatures,
};

use crate::{generate, smoke};

/// Reads the bytes as they are, or an artifact that is made from them and perhaps damaged.
///
/// # Panics
///
/// If something is wrong.
pub fn check(data: &[u8]) {
    if data.starts_with(b"\x7fELF") {
        return read_everything(data);
    }
    let _ = generated(data);
}

fn generated(data: &[u8]) -> Result<()> {
    let (mut how, mut what) = generate::split(data);
    let u = &mut how;
    let damaged = u.arbitrary()?;
    let wasm = generate::supported(&mut what)?;
    let module = Module::parse(&wasm, WasmFeatures::SUPPORTED)
        .unwrap_or_else(|error| panic!("generated modules are valid: {error}"));
    // The code itself matters little: it is made from one number.
    let code = smoke::input(u.arbitrary()?);
    let compiled = compiled(&module, &wasm, &mut Unstructured::new(&code))?;
    let mut artifact = wasm_artifact::write(&module, &wasm, &compiled, &WriteOptions::new())
        .unwrap_or_else(|error| panic!("what was compiled can be written: {error}"));
    if damaged {
        generate::damage(&mut artifact, 0, u)?;
        // Damage that the checksums would reveal must be read as well.
        if u.arbitrary()? {
            wasm_artifact::__write_checksums(&mut artifact);
        }
        if u.ratio(1, 8)? {
            artifact.truncate(u.int_in_range(0..=artifact.len())?);
        }
        read_everything(&artifact);
    } else {
        check_same(&artifact, &module, &compiled);
    }
    Ok(())
}

/// Something in the shape of compiled code. It need not run.
fn compiled(module: &Module, wasm: &[u8], u: &mut Unstructured<'_>) -> Result<CompiledModule> {
    let mut compiled = CompiledModule {
        target: "x86_64-unknown-linux-gnu".to_string(),
        ..CompiledModule::default()
    };
    for index in 0..module.num_defined_functions() {
        let offset = compiled.text.len() as u32;
        let len = u.int_in_range(1..=200_u32)?;
        let frame_size = u.int_in_range(0..=4096)?;
        for place in offset..offset + len {
            if u.ratio(1, 20)? {
                let code = *u.choose(TrapCode::ALL)?;
                compiled.traps.push(TrapEntry { offset: place, code });
            }
            if u.ratio(1, 10)? {
                let wasm_offset = u.int_in_range(0..=wasm.len() as u32)?;
                compiled.address_map.push(AddressMapEntry { offset: place, wasm_offset });
            }
        }
        if u.ratio(1, 4)? {
            compiled.frame_slots.push(FrameSlotEntry {
                func: FuncIndex::new(module.num_imported_functions + index),
                below_frame_pointer: u.int_in_range(1..=1000)?,
            });
        }
        compiled.functions.push(CompiledFunction { offset, len, frame_size });
        compiled.text.resize((offset + len).next_multiple_of(16) as usize, 0xcc);
    }
    for index in 0..u.int_in_range(0..=3_u32)? {
        let (offset, len) = (compiled.text.len() as u32, u.int_in_range(0..=50_u32)?);
        let kind = match u.arbitrary()? {
            true => TextItemKind::Table(TableIndex::new(index)),
            false => TextItemKind::ImportThunk(FuncIndex::new(index)),
        };
        compiled.items.push(TextItem { kind, offset, len });
        compiled.text.resize((offset + len) as usize, 0);
    }
    Ok(compiled)
}

fn check_same(bytes: &[u8], module: &Module, compiled: &CompiledModule) {
    let artifact = Artifact::parse(bytes)
        .unwrap_or_else(|error| panic!("what was written can be read: {error}"));
    let read = artifact.compiled_module().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(&read, compiled);
    let declarations = artifact.declarations().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(declarations.types, module.types);
    assert_eq!(declarations.imports, module.imports);
    assert_eq!(declarations.exports, module.exports);
    assert_eq!(declarations.functions, module.functions);
    assert_eq!(declarations.escaping_functions, module.escaping_functions);
    for trap in &compiled.traps {
        assert_eq!(artifact.traps().lookup(trap.offset), Ok(Some(trap.code)));
    }
    for export in &module.exports {
        let found = artifact.export(&export.name).expect("exports are found by name");
        assert_eq!(found.index, export.index);
    }
    read_everything(bytes);
}

/// Reads everything there is. Nothing of it may panic.
fn read_everything(bytes: &[u8]) {
    wasm_artifact::identify(bytes);
    let Ok(artifact) = Artifact::parse(bytes) else { return };
    let _ = wasm_artifact::inspect(&artifact).all().to_string();
    let _ = artifact.declarations();
    let _ = artifact.compiled_module();
    let _ = artifact.context_layout();
    artifact.isa_flags().for_each(drop);
    artifact.imports().for_each(drop);
    artifact.exports().for_each(drop);
    artifact.types().for_each(drop);
    artifact.rec_groups().for_each(drop);
    artifact.sections().for_each(drop);
    artifact.frame_slots().into_iter().flatten().for_each(drop);
    artifact.extensions().for_each(drop);
    artifact.address_map().iter().for_each(drop);
    artifact.traps().iter().for_each(drop);
    artifact.elements().for_each(drop);
    artifact.data_segments().for_each(drop);
    let (start, images) = artifact.memory_images();
    for index in 0..=artifact.counts().memories.min(20) {
        if let Ok(Some(image)) = artifact.memory_image(DefinedMemoryIndex::new(index)) {
            let end = image.file_offset + image.bytes.len() as u64;
            assert!(start <= image.file_offset && end <= start + images.len() as u64);
        }
    }
    for index in 0..=artifact.counts().tables.min(20) {
        let Ok(Some(image)) = artifact.table_image(DefinedTableIndex::new(index)) else { continue };
        for place in [0, image.end() / 2, image.end().saturating_sub(1), image.end()] {
            let _ = image.func(place);
        }
    }
    artifact.escaping_functions().into_iter().flatten().for_each(drop);
    artifact.names();
    artifact.export("");
    for place in (0..artifact.text().len() as u32).step_by(7) {
        artifact.function_at(place);
        let _ = artifact.traps().lookup(place);
        artifact.address_map().lookup(place);
        artifact.inlined_at(place).for_each(drop);
    }
}
