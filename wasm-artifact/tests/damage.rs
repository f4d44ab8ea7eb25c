//! Damaged artifacts give errors, and those that lie with the right checksums harmless values:
//! never a panic, never a hang.

mod support;

use proptest::prelude::*;
use support::{Input, input};
use wasm_artifact::{
    __write_checksums, Artifact, ErrorKind, WriteOptions, identify, inspect, write,
};
use wasm_types::{
    DataIndex, DefinedFuncIndex, DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex,
    ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};

fn artifact_of(input: &Input) -> Vec<u8> {
    let mut options = WriteOptions::new();
    options.page_size = Some(16);
    write(&input.module, &input.wasm, &input.compiled, &options).unwrap()
}

/// Checks that what was changed is noticed or does not matter; and that nothing goes wrong either
/// when the checksums have been made right.
fn check(original: &[u8], mut bytes: Vec<u8>) -> Result<(), TestCaseError> {
    read_everything(&bytes);
    if let Ok(artifact) = Artifact::parse(&bytes) {
        let original = Artifact::parse(original).unwrap();
        if let Ok(mut declarations) = artifact.declarations() {
            // Names are for people: those that are damaged are left out.
            let expected = original.declarations().unwrap();
            declarations.names.clone_from(&expected.names);
            prop_assert_eq!(declarations, expected);
        }
        if let Ok(mut compiled) = artifact.compiled_module() {
            // Code has no checksum, and settings are for people.
            let expected = original.compiled_module().unwrap();
            compiled.text.clone_from(&expected.text);
            compiled.isa_flags.clone_from(&expected.isa_flags);
            // They end early where they are damaged.
            prop_assert!(expected.traps.starts_with(&compiled.traps));
            prop_assert!(expected.address_map.starts_with(&compiled.address_map));
            compiled.traps.clone_from(&expected.traps);
            compiled.address_map.clone_from(&expected.address_map);
            prop_assert_eq!(compiled, expected);
        }
        for trap in original.traps().iter() {
            if let Ok(code) = artifact.traps().lookup(trap.offset) {
                prop_assert_eq!(code, Some(trap.code));
            }
        }
    }
    __write_checksums(&mut bytes);
    read_everything(&bytes);
    Ok(())
}

/// Reads everything there is, and a little more.
fn read_everything(bytes: &[u8]) {
    let _ = identify(bytes).to_string();
    let artifact = match Artifact::parse(bytes) {
        Ok(artifact) => artifact,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let _ = artifact.declarations();
    let _ = artifact.compiled_module();
    let _ = artifact.context_layout();
    let _ = inspect(&artifact).to_string();
    let counts = artifact.counts();
    // The counts are limited by the size of the file, but for those in the header.
    for i in 0..counts.functions.min(100) + 1 {
        let func = FuncIndex::new(i);
        let _ = (artifact.function_type(func), artifact.name(func), artifact.frame_slot(func));
        let _ = (artifact.funcref_slot(func), artifact.escaping_function(i));
        let _ = artifact.function_code(DefinedFuncIndex::new(i));
    }
    for i in 0..40 {
        let _ = artifact.sub_type(TypeIndex::new(i));
        let _ = artifact.table(TableIndex::new(i));
        let _ = artifact.memory(MemoryIndex::new(i)).map(|ty| ty.page_size());
        let _ = artifact.global(GlobalIndex::new(i));
        let _ = artifact.tag(TagIndex::new(i));
        let _ = artifact.table_init(DefinedTableIndex::new(i));
        let _ = artifact.global_init(DefinedGlobalIndex::new(i));
        let _ = (artifact.import_at(i), artifact.export_at(i));
        let _ = artifact.element(ElemIndex::new(i));
        let _ = artifact.data(DataIndex::new(i));
        if let Ok(Some(image)) = artifact.table_image(DefinedTableIndex::new(i)) {
            for index in [0, 1, 7, image.end(), u64::MAX] {
                let _ = image.func(index);
            }
        }
        if let Ok(Some(image)) = artifact.memory_image(DefinedMemoryIndex::new(i)) {
            let ty = artifact.memory(MemoryIndex::new(counts.imported_memories + i)).unwrap();
            let end = image.memory_offset + image.bytes.len() as u64;
            assert!(end <= ty.minimum << ty.page_size_log2);
        }
    }
    for name in ["", "env0", "$L.13", "日本5"] {
        let _ = artifact.export(name);
    }
    for offset in (0..3000).chain([u32::MAX - 1, u32::MAX]) {
        let _ = artifact.function_at(offset);
        let _ = artifact.traps().lookup(offset);
        let _ = artifact.address_map().lookup(offset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn flipped_bits(input in input(), flips in prop::collection::vec(any::<(u16, u8)>(), 1..12)) {
        let original = artifact_of(&input);
        let mut bytes = original.clone();
        for (place, bit) in flips {
            // Mostly in the headers and tables, which come first.
            let place = place as usize % bytes.len();
            bytes[place] ^= 1 << (bit % 8);
        }
        check(&original, bytes)?;
    }

    #[test]
    fn overwritten_numbers(
        input in input(),
        places in prop::collection::vec(
            (any::<u16>(), prop_oneof![Just(0), Just(u32::MAX), Just(1 << 31), any::<u32>()]), 1..6),
    ) {
        let original = artifact_of(&input);
        let mut bytes = original.clone();
        for (place, value) in places {
            let place = place as usize % (bytes.len() / 4 - 1) * 4;
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        check(&original, bytes)?;
    }

    #[test]
    fn cut_off(input in input(), len: u32) {
        let bytes = artifact_of(&input);
        let len = len as usize % bytes.len();
        let error = Artifact::parse(&bytes[..len]).unwrap_err();
        let expected = if len < 16 { ErrorKind::NotAnArtifact } else { ErrorKind::Truncated };
        prop_assert_eq!(error.kind(), expected, "{}", error);
    }

    #[test]
    fn spliced(input in input(), from: u16, to: u16, len in 1usize..300) {
        let original = artifact_of(&input);
        let mut bytes = original.clone();
        let last = bytes.len() - len;
        let from = from as usize % last;
        bytes.copy_within(from..from + len, to as usize % last);
        check(&original, bytes)?;
    }

    #[test]
    fn spliced_with_another(
        inputs in (input(), input()),
        place: u16,
        len in prop_oneof![1usize..300, 1000usize..9000],
    ) {
        let (original, other) = (artifact_of(&inputs.0), artifact_of(&inputs.1));
        let mut bytes = original.clone();
        let start = place as usize % bytes.len();
        let end = (start + len).min(bytes.len()).min(other.len()).max(start);
        if end <= other.len() {
            bytes[start..end].copy_from_slice(&other[start..end]);
        }
        // With all of its header, what follows is read as that of the other.
        if let Err(error) = check(&original, bytes.clone()) {
            check(&other, bytes).map_err(|_| error)?;
        }
    }

    #[test]
    fn anything_at_all(bytes: Vec<u8>) {
        read_everything(&bytes);
    }
}

/// The artifact of a module with nothing in it.
fn empty_artifact() -> Vec<u8> {
    let module = wasm_types::Module::default();
    let compiled = wasm_types::CompiledModule {
        target: support::TARGETS[0].into(),
        ..wasm_types::CompiledModule::default()
    };
    write(&module, &[], &compiled, &WriteOptions::new()).unwrap()
}

/// Also within the magic number, which once counted as damage.
#[test]
fn cut_off_at_every_byte() {
    let bytes = empty_artifact();
    for len in 16..bytes.len() {
        let error = Artifact::parse(&bytes[..len]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated, "{len} bytes: {error}");
    }
}

#[test]
fn other_versions_are_told() {
    let bytes = empty_artifact();
    let place = bytes.windows(8).position(|bytes| bytes == b"\0wasmelf").unwrap() + 8;
    for (version, word) in [(99u32, "newer"), (0, "older")] {
        let mut bytes = bytes.clone();
        bytes[place..place + 4].copy_from_slice(&version.to_le_bytes());
        let error = Artifact::parse(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
        assert!(error.to_string().contains(word), "{error}");
    }
}
