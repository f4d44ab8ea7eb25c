//! Other people's tools understand artifacts. A tool that is not installed is left out, with a
//! message.

mod support;

use std::io::Write;
use std::process::Command;

use support::TARGETS;
use wasm_artifact::{WriteOptions, write};
use wasm_types::{
    CompiledFunction, CompiledModule, ConstExpr, ConstOp, DataKind, DataSegment, EntityIndex,
    Export, FuncIndex, FuncType, MemoryIndex, MemoryType, Module, RecGroup, SubType, TrapCode,
    TrapEntry, TypeIndex,
};

/// Three functions: one with a name of its own, one with that of its export, one with none.
fn artifact(target: &str, images: bool) -> Vec<u8> {
    let mut module = Module {
        types: vec![SubType::func(FuncType::new([], []))],
        rec_groups: vec![RecGroup { start: TypeIndex::new(0), len: 1 }],
        functions: vec![TypeIndex::new(0); 3],
        memories: vec![MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: 16,
        }],
        exports: vec![Export {
            name: "exported".into(),
            index: EntityIndex::Func(FuncIndex::new(1)),
        }],
        data: vec![DataSegment {
            kind: DataKind::Active {
                memory: MemoryIndex::new(0),
                offset: ConstExpr::new([ConstOp::I32Const(8)]),
            },
            range: 0..5,
        }],
        ..Module::default()
    };
    module.names.functions.push((FuncIndex::new(0), "core::named".into()));
    let (text, len): (&[u8], u32) = match target.split('-').next() {
        Some("x86_64") => (&[0xc3], 1),
        Some("aarch64") => (&[0xc0, 0x03, 0x5f, 0xd6], 4),
        Some("riscv64gc") => (&[0x82, 0x80], 2),
        _ => (&[0x07, 0xfe], 2),
    };
    let functions = (0..3).map(|i| CompiledFunction { offset: i * len, len, frame_size: 0 });
    let compiled = CompiledModule {
        target: target.into(),
        text: text.repeat(3),
        functions: functions.collect(),
        traps: vec![TrapEntry { offset: 0, code: TrapCode::UnreachableCodeReached }],
        ..CompiledModule::default()
    };
    let mut options = WriteOptions::new();
    options.images = images;
    write(&module, b"hello", &compiled, &options).unwrap()
}

/// What a tool prints about an artifact; `None` if there is no such tool.
fn output(tool: &str, arguments: &[&str], artifact: &[u8]) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(artifact).unwrap();
    let result = Command::new(tool).args(arguments).arg(file.path()).output();
    let Ok(result) = result else {
        eprintln!("left out: {tool} is not installed");
        return None;
    };
    let output = String::from_utf8_lossy(&result.stdout).into_owned();
    let errors = String::from_utf8_lossy(&result.stderr);
    let complains = |text: &str| text.contains("arning:") || text.contains("rror:");
    assert!(
        result.status.success() && !complains(&errors) && !complains(&output),
        "{tool} does not like the artifact:\n{errors}\n{output}"
    );
    Some(output)
}

#[test]
fn readelf_understands_all_targets() {
    for target in TARGETS {
        for images in [true, false] {
            let artifact = artifact(target, images);
            let Some(output) = output("readelf", &["-aW"], &artifact) else { return };
            for expected in ["core::named", "exported", "wasm-function[2]", "DYN", "wasm-rt"] {
                assert!(output.contains(expected), "{expected} is not in\n{output}");
            }
            assert_eq!(output.contains(".wasm.images"), images);
            let order = if target.starts_with("s390x") { "big endian" } else { "little endian" };
            assert!(output.contains(order), "{output}");
        }
    }
}

#[test]
fn objdump_disassembles_functions_by_name() {
    let Some(output) = output("objdump", &["-d"], &artifact(TARGETS[0], true)) else { return };
    for expected in ["<core::named>:", "<exported>:", "<wasm-function[2]>:", "ret"] {
        assert!(output.contains(expected), "{expected} is not in\n{output}");
    }
}

#[test]
fn gdb_knows_the_functions() {
    let arguments = ["-batch", "-nx", "-ex", "info functions", "-ex", "disassemble exported"];
    let Some(output) = output("gdb", &arguments, &artifact(TARGETS[0], true)) else { return };
    for expected in ["core::named", "exported", "wasm-function[2]", "ret"] {
        assert!(output.contains(expected), "{expected} is not in\n{output}");
    }
}
