//! Artifacts of components: each module in them reads as it does by itself, what they are is told
//! apart, and damage gives errors.

mod support;

use proptest::prelude::*;
use support::{Input, TARGETS, input};
use wasm_artifact::{
    __write_checksums, Artifact, ComponentArtifact, ErrorKind, FileKind, WriteOptions, identify,
    inspect, inspect_component, text_range, write, write_component,
};
use wasm_types::{DefinedMemoryIndex, Module, Tunables};

const PAGE: u32 = 64;

fn options() -> WriteOptions {
    let mut options = WriteOptions::new();
    options.page_size = Some(PAGE);
    options
}

/// Modules for one target and with the same settings.
fn inputs() -> impl Strategy<Value = Vec<Input>> {
    (prop::collection::vec(input(), 0..4), prop::sample::select(TARGETS.to_vec())).prop_map(
        |(mut inputs, target)| {
            let mut tunables =
                inputs.first().map(|input| input.compiled.tunables).unwrap_or_default();
            // Each has counters, or none has.
            tunables.gathers_profile =
                inputs.iter().all(|input| input.compiled.tunables.gathers_profile);
            for input in &mut inputs {
                input.compiled.target = target.into();
                input.compiled.tunables = tunables;
                if !tunables.gathers_profile {
                    input.compiled.counters.clear();
                }
            }
            inputs
        },
    )
}

fn alone(input: &Input) -> Vec<u8> {
    let mut options = options();
    options.symbols = false;
    write(&input.module, &input.wasm, &input.compiled, &options).unwrap()
}

fn component(inputs: &[Input], plan: &[u8]) -> Vec<u8> {
    let modules: Vec<_> = inputs.iter().map(alone).collect();
    let (target, tunables) = match inputs.first() {
        Some(input) => (&*input.compiled.target, input.compiled.tunables),
        None => (TARGETS[0], Tunables::new()),
    };
    write_component(plan, &modules, target, &tunables, &options()).unwrap()
}

/// What a module declares, and the bytes of its data segments, whose places say nothing.
fn declarations(artifact: &Artifact<'_>) -> Result<(Module, Vec<Vec<u8>>), wasm_artifact::Error> {
    let mut module = artifact.declarations()?;
    module.data.iter_mut().for_each(|data| data.range = 0..0);
    let data: Result<_, _> =
        artifact.data_segments().map(|data| data.map(|data| data.bytes.to_vec())).collect();
    Ok((module, data?))
}

/// Compares a module of a component with the same module by itself.
fn compare(part: &Artifact<'_>, alone: &Artifact<'_>, file: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(part.is_part_of_component() && !alone.is_part_of_component());
    prop_assert_eq!(declarations(part).unwrap(), declarations(alone).unwrap());
    prop_assert_eq!(part.compiled_module().unwrap(), alone.compiled_module().unwrap());
    prop_assert_eq!(part.counts(), alone.counts());
    let symbols = |artifact: &Artifact<'_>| -> Vec<_> {
        artifact.symbols().map(|symbol| symbol.unwrap().name.into_owned()).collect()
    };
    prop_assert_eq!(symbols(part), symbols(alone));
    let text = part.text_file_offset() as usize;
    prop_assert!(part.text().is_empty() || text.is_multiple_of(64));
    prop_assert_eq!(&file[text..text + part.text().len()], alone.text());
    for number in 0..alone.counts().memories - alone.counts().imported_memories {
        let memory = DefinedMemoryIndex::new(number);
        let of = |artifact: &Artifact<'_>| {
            let image = artifact.memory_image(memory).unwrap();
            image.map(|image| (image.memory_offset, image.bytes.to_vec()))
        };
        prop_assert_eq!(of(part), of(alone));
        if let Some(image) = part.memory_image(memory).unwrap() {
            // It can be mapped from the file.
            let start = image.file_offset as usize;
            prop_assert!(start.is_multiple_of(PAGE as usize));
            prop_assert_eq!(&file[start..start + image.bytes.len()], image.bytes);
        }
    }
    Ok(())
}

fn read_everything(bytes: &[u8]) {
    let _ = identify(bytes).to_string();
    let _ = text_range(bytes);
    let Ok(component) = ComponentArtifact::parse(bytes) else { return };
    let _ = inspect_component(&component).all().to_string();
    for module in component.modules() {
        let _ = (module.declarations(), module.compiled_module(), module.symbols().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn modules_read_as_by_themselves(
        inputs in inputs(),
        plan in prop::collection::vec(any::<u8>(), 0..9000),
    ) {
        let bytes = component(&inputs, &plan);
        prop_assert_eq!(&component(&inputs, &plan), &bytes);
        let read = ComponentArtifact::parse(&bytes).unwrap();
        prop_assert_eq!(read.plan(), plan);
        prop_assert_eq!(read.modules().len(), inputs.len());
        let whole = read.whole();
        for (part, input) in read.modules().iter().zip(&inputs) {
            let alone = alone(input);
            compare(part, &Artifact::parse(&alone).unwrap(), &bytes)?;
            prop_assert!(whole.features().contains(part.features()));
            for name in &input.compiled.extensions {
                prop_assert!(whole.extensions().any(|known| known == Ok(name)));
            }
        }
        if let Some(input) = inputs.first() {
            prop_assert_eq!(whole.tunables(), input.compiled.tunables);
            prop_assert_eq!(whole.target(), &input.compiled.target);
        }
        // What becomes executable is known from the head, and is the end of the file.
        match text_range(&bytes[..bytes.len().min(2048)]) {
            Some(range) => {
                prop_assert_eq!(range.end, bytes.len() as u64);
                prop_assert_eq!(range.start, whole.text_file_offset());
            }
            None => prop_assert!(whole.text().is_empty()),
        }
    }

    /// Everything but code, the contents of memories and names is compared with checksums.
    #[test]
    fn damage_is_noticed(
        inputs in inputs(),
        flips in prop::collection::vec(any::<(u16, u8)>(), 1..12),
        cut in any::<u16>(),
    ) {
        let original = component(&inputs, &[7; 5000]);
        let mut bytes = original.clone();
        for (place, bit) in flips {
            let place = place as usize % bytes.len();
            bytes[place] ^= 1 << (bit % 8);
        }
        let cut = bytes.len() - cut as usize % bytes.len();
        read_everything(&bytes[..cut]);
        read_everything(&bytes);
        if let Ok(read) = ComponentArtifact::parse(&bytes) {
            prop_assert_eq!(read.plan(), &[7; 5000]);
            for (module, input) in read.modules().iter().zip(&inputs) {
                let alone = alone(input);
                let alone = Artifact::parse(&alone).unwrap();
                if let Ok(mut found) = module.declarations() {
                    let mut expected = alone.declarations().unwrap();
                    found.names.clone_from(&expected.names);
                    // Where they are is not what matters, and what they are is not summed.
                    for module in [&mut found, &mut expected] {
                        module.data.iter_mut().for_each(|data| data.range = 0..0);
                    }
                    prop_assert_eq!(found, expected);
                }
            }
        }
        __write_checksums(&mut bytes);
        read_everything(&bytes);
    }

    #[test]
    fn what_the_modules_say_of_themselves_may_be_lies(
        inputs in inputs(),
        places in prop::collection::vec(
            (any::<u16>(), prop_oneof![Just(0), Just(u32::MAX), Just(1 << 31), any::<u32>()]), 1..6),
    ) {
        let mut bytes = component(&inputs, b"plan");
        let starts: Vec<_> = ComponentArtifact::parse(&bytes)
            .unwrap()
            .modules()
            .iter()
            .map(|module| module.bytes().as_ptr().addr() - bytes.as_ptr().addr())
            .collect();
        for (place, value) in places {
            let place = place as usize % (bytes.len() / 4 - 1) * 4;
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        }
        for start in starts {
            __write_checksums(&mut bytes[start..]);
        }
        __write_checksums(&mut bytes);
        read_everything(&bytes);
    }
}

#[test]
fn kinds_are_told_apart() {
    let bytes = component(&[], b"plan");
    assert_eq!(identify(&bytes).kind, FileKind::ComponentArtifact);
    assert_eq!(identify(&bytes[..512]).kind, FileKind::ComponentArtifact);
    assert_eq!(identify(&bytes).to_string(), "a compiled WebAssembly component");
    let error = Artifact::parse(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherKind);
    assert!(error.to_string().contains("component::Component::deserialize"), "{error}");

    let compiled = wasm_types::CompiledModule {
        target: TARGETS[0].into(),
        ..wasm_types::CompiledModule::default()
    };
    let module = write(&wasm_types::Module::default(), b"", &compiled, &options()).unwrap();
    assert_eq!(identify(&module).kind, FileKind::Artifact);
    let error = ComponentArtifact::parse(&module).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OtherKind);
    assert!(error.to_string().contains("Module::deserialize"), "{error}");
    let error = ComponentArtifact::parse(b"\0asm\x0d\0\x01\0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAnArtifact);
    assert!(!inspect(&Artifact::parse(&module).unwrap()).to_string().is_empty());
}

#[test]
fn modules_for_something_else_are_refused() {
    let mut compiled = wasm_types::CompiledModule {
        target: TARGETS[0].into(),
        ..wasm_types::CompiledModule::default()
    };
    let of = |compiled: &wasm_types::CompiledModule| {
        write(&wasm_types::Module::default(), b"", compiled, &options()).unwrap()
    };
    let right = of(&compiled);
    compiled.tunables.nan_canonicalization ^= true;
    let other_settings = of(&compiled);
    compiled.tunables.nan_canonicalization ^= true;
    compiled.target = TARGETS[1].into();
    let other_target = of(&compiled);
    let write = |modules: &[&Vec<u8>]| {
        write_component(b"", modules, TARGETS[0], &compiled.tunables, &options())
    };
    assert!(write(&[&right, &right]).is_ok());
    for wrong in [other_settings, other_target, write(&[]).unwrap(), b"no".to_vec()] {
        assert!(write(&[&right, &wrong]).is_err());
    }
    assert!(write_component(b"", &[b""; 0], "wasm32", &compiled.tunables, &options()).is_err());
}

/// What is sealed is the whole file.
#[cfg(feature = "sign")]
#[test]
fn a_component_is_sealed_as_a_module_is() {
    use wasm_artifact::sign::{SigningKey, TrustPolicy, sign};

    let mut bytes = component(&[], &[9; 300]);
    let key = SigningKey::from_seed(&[1; 32]);
    sign(&mut bytes, &key).unwrap();
    let policy = TrustPolicy::new().key(key.public_key());
    policy.verify(&bytes).unwrap();
    assert_eq!(ComponentArtifact::parse(&bytes).unwrap().plan(), [9; 300]);
    for place in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        assert!(policy.verify(&changed).is_err(), "{place}");
    }
}
