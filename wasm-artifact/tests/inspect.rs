//! Reports: they show every table, and survive what is damaged.

mod support;

use proptest::prelude::*;
use support::{Input, TARGETS, input};
use wasm_artifact::{__write_checksums, Artifact, Report, WriteOptions, inspect, write};
use wasm_types::profile::{CodeHash, CounterMap, CounterPoint, PointKind};
use wasm_types::{
    AddressMapEntry, CatchHandler, CatchSite, CompiledFunction, CompiledModule, ConstExpr, ConstOp,
    DataKind, DataSegment, DefinedFuncIndex, ElementItems, ElementKind, ElementSegment,
    EntityIndex, EntityType, Export, FrameOperand, FramePoint, FrameSlotEntry, FrameValueKind,
    FuelEntry, FuncIndex, FuncType, FunctionFrame, GlobalType, Import, InlinedFunction,
    InlinedRange, IsaFlag, KeptValue, MemoryIndex, MemoryType, Module, RecGroup, RefType,
    StackMapEntry, SubType, TableIndex, TableType, TagIndex, TextItem, TextItemKind, TrapCode,
    TrapEntry, Tunables, TypeIndex, ValType, WasmFeatures,
};

/// A module with one or two of most things.
fn artifact(images: bool) -> Vec<u8> {
    artifact_naming(images, "core::named")
}

/// The same, with a name for the first function that it defines.
fn artifact_naming(images: bool, name: &str) -> Vec<u8> {
    let ty = TypeIndex::new(0);
    let constant = |value| ConstExpr::new([ConstOp::I32Const(value)]);
    let mut module = Module {
        types: vec![SubType::func(FuncType::new([ValType::I32], [ValType::F64]))],
        rec_groups: vec![RecGroup { start: ty, len: 1 }],
        imports: vec![Import {
            module: "env".into(),
            name: "log\n".into(),
            index: EntityIndex::Func(FuncIndex::new(0)),
            ty: EntityType::Func(ty),
        }],
        num_imported_functions: 1,
        functions: vec![ty; 3],
        tables: vec![TableType {
            element: RefType::FUNCREF,
            minimum: 4,
            maximum: None,
            table64: false,
            shared: false,
        }],
        table_inits: vec![None],
        memories: vec![MemoryType {
            minimum: 1,
            maximum: Some(3),
            memory64: false,
            shared: false,
            page_size_log2: 16,
        }],
        globals: vec![GlobalType { content: ValType::I32, mutable: true }],
        global_inits: vec![constant(-7)],
        exports: vec![Export {
            name: "exported".into(),
            index: EntityIndex::Func(FuncIndex::new(2)),
        }],
        start: Some(FuncIndex::new(1)),
        elements: vec![ElementSegment {
            kind: ElementKind::Active { table: TableIndex::new(0), offset: constant(2) },
            ty: RefType::FUNCREF,
            items: ElementItems::Functions(vec![FuncIndex::new(1), FuncIndex::new(2)]),
        }],
        data: vec![DataSegment {
            kind: DataKind::Active { memory: MemoryIndex::new(0), offset: constant(8) },
            range: 0..5,
        }],
        escaping_functions: vec![FuncIndex::new(1), FuncIndex::new(2)],
        ..Module::default()
    };
    module.names.module = Some("shown".into());
    module.names.functions.push((FuncIndex::new(1), name.into()));
    module.names.memories.push((MemoryIndex::new(0), "heap".into()));
    module.names.types.push((TypeIndex::new(0), "pair".into()));
    module.names.fields.push(((TypeIndex::new(0), 3), "x".into()));
    let compiled = CompiledModule {
        target: TARGETS[0].into(),
        isa_flags: vec![
            IsaFlag { name: "has_avx2".into(), value: "true".into() },
            IsaFlag { name: "has_sse3".into(), value: "true".into() },
        ],
        extensions: vec!["has_sse3".into()],
        proposals: WasmFeatures::MULTI_VALUE | WasmFeatures::SIMD,
        text: b"0123456789abcdef\xc3thunktab".to_vec(),
        functions: vec![
            CompiledFunction { offset: 8, len: 9, frame_size: 48 },
            CompiledFunction { offset: 0, len: 8, frame_size: 16 },
        ],
        traps: vec![
            TrapEntry { offset: 4, code: TrapCode::IntegerDivisionByZero },
            TrapEntry { offset: 9, code: TrapCode::UnreachableCodeReached },
        ],
        address_map: vec![
            AddressMapEntry { offset: 0, wasm_offset: 0x44 },
            AddressMapEntry { offset: 8, wasm_offset: u32::MAX },
        ],
        frame_slots: vec![FrameSlotEntry { func: FuncIndex::new(1), below_frame_pointer: 24 }],
        kept_values: vec![
            KeptValue {
                func: DefinedFuncIndex::new(0),
                local: None,
                below_frame_pointer: 24,
                size: 8,
            },
            KeptValue {
                func: DefinedFuncIndex::new(0),
                local: Some(3),
                below_frame_pointer: 16,
                size: 4,
            },
        ],
        items: vec![
            TextItem { kind: TextItemKind::ImportThunk(FuncIndex::new(0)), offset: 17, len: 5 },
            TextItem { kind: TextItemKind::Table(TableIndex::new(0)), offset: 22, len: 3 },
        ],
        inlined_functions: vec![
            InlinedFunction { func: FuncIndex::new(1), call: 0x45, caller: None },
            InlinedFunction { func: FuncIndex::new(2), call: 0x50, caller: Some(0) },
        ],
        inlined_ranges: vec![
            InlinedRange { offset: 2, function: Some(1) },
            InlinedRange { offset: 9, function: None },
        ],
        hooked_functions: vec![FuncIndex::new(2)],
        stack_maps: vec![
            StackMapEntry { offset: 6, below_frame_pointer: vec![8, 24] },
            StackMapEntry { offset: 12, below_frame_pointer: vec![8, 24] },
        ],
        fuel: vec![FuelEntry { offset: 4, ahead: 7 }, FuelEntry { offset: 9, ahead: -2 }],
        tunables: settings(),
        counters: CounterMap {
            code: CodeHash([0xab; 16]),
            functions: vec![vec![CounterPoint { offset: 9, kind: PointKind::Loop }], vec![]],
        }
        .encode(),
        frames: vec![
            FunctionFrame {
                body: 0x40,
                numbers_below: 0x30,
                references_below: 0x20,
                references: 1,
                locals: vec![FrameValueKind::I64],
                operands: vec![FrameOperand { below: 0, kind: FrameValueKind::Any }],
                points: vec![FramePoint { pc: 0x44, top: 1 }],
            },
            FunctionFrame::default(),
        ],
        profile: Some(CodeHash([0xcd; 16])),
        catch_sites: vec![CatchSite {
            return_offset: 9,
            stack_below_frame: 32,
            context_below_frame: 16,
            handlers: vec![
                CatchHandler { tag: Some(TagIndex::new(0)), target: 10 },
                CatchHandler { tag: None, target: 12 },
            ],
        }],
    };
    module.debug_sections.code_start = 44;
    module.debug_sections.sections = vec![(".debug_str".into(), 1..4)];
    let mut options = WriteOptions::new();
    options.images = images;
    options.debug_sections = true;
    write(&module, b"hello", &compiled, &options).unwrap()
}

fn settings() -> Tunables {
    let mut tunables = Tunables::new();
    tunables.gathers_profile = true;
    tunables.guest_debug = true;
    tunables
}

fn report<'a>(bytes: &'a [u8]) -> Report<'a> {
    inspect(&Artifact::parse(bytes).unwrap())
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn the_summary_says_what_matters() {
    let bytes = artifact(true);
    let text = report(&bytes).to_string();
    says(
        &text,
        &[
            "  module name    shown\n",
            "  target         x86_64-unknown-linux-gnu\n",
            "  compiled for   avx2 sse3\n",
            "  extensions     sse3\n",
            "  proposals      multi-value simd\n",
            "  seal           none\n",
            "  profile        compiled with profile cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n",
            "  gathers        counts for a profile\n",
            "  debugging      the host can stop the code and read values in its frames\n",
            "  start          function 1 \"core::named\"\n",
            "Imports: 1\n  \"env\" \"log\\n\" (func (param i32) (result f64))\n",
            "Exports: 1\n  \"exported\" (func (param i32) (result f64)) = function 2\n",
            "  0 (memory 1 3), image of ",
            "  0 (table 4 funcref), image up to element 4\n",
            "data segments in images: 1, 5 bytes",
        ],
    );
    // All bytes are accounted for.
    let (_, sections) = text.split_once("Sections: where the bytes go\n").unwrap();
    let bytes_of = |line: &str| {
        let mut words = line.split_whitespace().rev();
        let (_, bytes) = (words.next(), words.next());
        bytes.unwrap().parse::<usize>().unwrap()
    };
    let lines: Vec<_> = sections.lines().skip(1).map(bytes_of).collect();
    let (all, parts) = lines.split_last().unwrap();
    assert_eq!((*all, parts.iter().sum::<usize>()), (bytes.len(), bytes.len()));
}

#[test]
fn every_table_is_shown() {
    let table = |bytes: &[u8], name| report(bytes).table(name).unwrap().to_string();
    let bytes = artifact(true);
    let cases: &[(&str, &[&str])] = &[
        (
            "header",
            &["page size      4096 bytes", "seal           none", "imported       functions 1"],
        ),
        ("sums", &["  0      "]),
        ("strings", &["has_avx2", "68 61 73 5f"]),
        ("types", &["  0 (func (param i32) (result f64)), \"pair\"\n"]),
        ("type_codes", &["  0      i32 f64\n"]),
        ("imports", &["  \"env\" \"log\\n\" (func"]),
        ("exports", &["= function 2"]),
        ("export_order", &["  0 \"exported\"\n"]),
        (
            "function_types",
            &["function 1 \"core::named\": type 0 (func (param i32) (result f64))\n"],
        ),
        ("tables", &["  0 (table 4 funcref)\n"]),
        ("memories", &["  0 (memory 1 3), \"heap\"\n"]),
        ("globals", &["  0 (global (mut i32))\n"]),
        ("table_inits", &["  table 0: null\n"]),
        ("global_inits", &["  global 0: (i32.const -7)\n"]),
        ("const_ops", &["  (i32.const -7)\n", "  (i32.const 2)\n", "  (i32.const 8)\n"]),
        ("elements", &["  0 for table 0 at (i32.const 2), 2 of funcref, in the image\n"]),
        ("func_lists", &["  0      1 2\n"]),
        ("data", &["  0 for memory 0 at (i32.const 8), 5 bytes, in the image\n"]),
        (
            "table_images",
            &["2 from element 2 on\n    2 function 1 \"core::named\"\n    3 function 2\n"],
        ),
        ("memory_images", &["  memory 0: 4096 bytes at 0x0, in the file at 0x"]),
        ("escaping", &["  0 function 1 \"core::named\"\n  1 function 2\n"]),
        ("isa_flags", &["  has_avx2 = true\n"]),
        ("extensions", &["  has_sse3\n"]),
        (
            "code",
            &[
                "  0x00000008        9 bytes  function 1 \"core::named\"\n  0x00000000        8 bytes",
            ],
        ),
        ("frame_sizes", &["      48 bytes  function 1 \"core::named\"\n"]),
        ("code_order", &["  function 2\n  function 1 \"core::named\"\n"]),
        ("trap_blocks", &["  from 0x00000004 on: at byte 0\n"]),
        ("traps", &[" function 2\n  0x00000004 ", " function 1 \"core::named\"\n  0x00000009 "]),
        ("address_blocks", &["  from 0x00000000 on: at byte 0\n"]),
        ("addresses", &["  0x00000000 0x44\n", "  0x00000008 no place\n"]),
        (
            "kept_values",
            &[
                "  8 bytes 24 below the frame pointer  where the memory is  function 1 \"core::named\"\n",
                "  4 bytes 16 below the frame pointer  local 3  function 1",
            ],
        ),
        ("frame_slots", &["  24 bytes below the frame pointer  function 1"]),
        (
            "text_items",
            &[
                "  0x00000011        5 bytes  wasm-import-thunk[0]\n",
                "  0x00000016        3 bytes  wasm-table[0]\n",
            ],
        ),
        (
            "inlined_functions",
            &["      0: called at 0x45  function 1", "      1: called at 0x50 of 0  function 2\n"],
        ),
        ("inlined_ranges", &["  0x00000002 1\n", "  0x00000009 none\n"]),
        ("hooked_functions", &["  function 2\n"]),
        ("debug_sections", &["  code at 0x2c in the module\n  \".debug_str\" 3 bytes\n"]),
        ("debug_bytes", &["65 6c 6c"]),
        ("fuel", &["  0x00000004 +7\n", "  0x00000009 -2\n"]),
        ("stack_maps", &["  0x00000006 -0x8 -0x18\n", "  0x0000000c -0x8 -0x18\n"]),
        ("frame_references", &["      0 -0x8\n      1 -0x18\n"]),
        (
            "catch_sites",
            &[
                "  0x00000009 stack 32 and context 16 bytes below the frame pointer, handlers from 0\n",
            ],
        ),
        ("counters", &["  function 1 \"core::named\" from word 1\n    0x9 loop\n"]),
        (
            "frames",
            &[
                "      0 body 0x40, numbers -0x30, 1 references -0x20, from local 0, operand 0, operator 0\n",
                "      2 body 0x0, numbers -0x0, 0 references -0x0, from local 1, operand 1, operator 1\n",
            ],
        ),
        ("frame_locals", &["      0 i64\n"]),
        ("frame_operands", &["      1 any on 0\n"]),
        ("frame_points", &["  0x44 1\n"]),
        ("bytecode", &["68 65 6c 6c 6f", "hello\n"]),
        ("profile", &["  cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"]),
        ("catch_handlers", &["  0: tag 0 at 0x0000000a\n  1: any at 0x0000000c\n"]),
        ("function_names", &["  function 1 \"core::named\"\n"]),
        (
            "other_names",
            &[
                "  module \"shown\"\n  memory 0 \"heap\"\n  type 0 \"pair\"\n",
                "  field 3 of type 0 \"x\"\n",
            ],
        ),
        (
            "symtab",
            &[
                "9 bytes  \"core::named\"\n",
                "8 bytes  \"exported\"\n",
                "3 bytes  \"wasm-table[0]\"\n",
            ],
        ),
        ("strtab", &[" \"core::named\"\n", " \"exported\"\n"]),
        ("text", &["30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"]),
        ("images", &["68 65 6c 6c 6f 00 00 00  ........hello...\n"]),
    ];
    for (name, parts) in cases {
        let text = table(&bytes, name);
        assert!(text.starts_with(&format!("{name}: ")), "{text}");
        says(&text, parts);
    }
    // What the images replace.
    let bytes = artifact(false);
    says(&table(&bytes, "data_bytes"), &["68 65 6c 6c 6f", "hello\n"]);
    says(&table(&bytes, "images"), &["none"]);
    says(&table(&bytes, ".wasm.data_bytes"), &["hello\n"]);
    says(&table(&bytes, ".symtab"), &["core::named"]);
    assert!(report(&bytes).table("furniture").is_none());

    let known: Vec<_> = Report::table_names().collect();
    assert_eq!(known.len(), 63);
    for artifact in [artifact(true), artifact(false)] {
        let all = report(&artifact).all().to_string();
        assert!(all.starts_with(&report(&artifact).to_string()));
        for section in Artifact::parse(&artifact).unwrap().sections() {
            let name = section.name.strip_prefix(".wasm").unwrap_or(section.name);
            let name = name.strip_prefix('.').unwrap();
            assert!(known.contains(&name), "{name}");
            says(&all, &[&format!("\n{name}: "), &format!(", {} bytes at ", section.len)]);
        }
        // Plain bytes are left out.
        assert!(!all.contains("30 31 32 33"));
    }
}

#[test]
fn damage_is_shown() {
    // Long enough for its end to have a checksum of its own, which is not looked at before.
    let mut bytes = artifact_naming(true, &"long".repeat(2000));
    let place = {
        let artifact = Artifact::parse(&bytes).unwrap();
        let strings = artifact.sections().find(|section| section.name == ".strtab").unwrap();
        (strings.offset + strings.len - 2) as usize
    };
    assert!(!report(&bytes).all().to_string().contains("damaged"));
    bytes[place] ^= 1;
    let summary = report(&bytes).to_string();
    let damaged: Vec<_> = summary.lines().filter(|line| line.ends_with("damaged")).collect();
    // The tables behind it are in the same block, and share its checksum.
    let first = damaged.first().expect("one is damaged");
    assert!(first.trim().starts_with(".strtab "), "{summary}");
    assert!(damaged[1..].iter().all(|line| line.trim().starts_with(".wasm.")), "{summary}");
    says(&report(&bytes).table("strtab").unwrap().to_string(), &[", damaged\n"]);
}

/// What the ELF symbols say, as other tools read them.
fn elf_names(bytes: &[u8]) -> Vec<String> {
    let artifact = Artifact::parse(bytes).unwrap();
    let place = |name: &str| {
        let section = artifact.sections().find(|section| section.name == name)?;
        Some(&bytes[section.offset as usize..][..section.len as usize])
    };
    let strings = place(".strtab").unwrap_or_default();
    let big_endian = bytes[5] == 2;
    let symbols = place(".symtab").unwrap_or_default().chunks(24).skip(1);
    let name = |symbol: &[u8]| {
        let number = symbol[..4].try_into().unwrap();
        let start =
            if big_endian { u32::from_be_bytes(number) } else { u32::from_le_bytes(number) };
        let name = strings[start as usize..].split(|byte| *byte == 0).next().unwrap();
        String::from_utf8(name.to_vec()).unwrap()
    };
    symbols.map(name).collect()
}

fn everything(bytes: &[u8]) {
    let Ok(artifact) = Artifact::parse(bytes) else { return };
    assert!(!inspect(&artifact).all().to_string().is_empty());
    for name in Report::table_names() {
        assert!(!inspect(&artifact).table(name).unwrap().to_string().is_empty());
    }
    artifact.symbols().for_each(drop);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn symbols_are_those_of_the_elf_file(input in input()) {
        let Input { module, wasm, compiled } = &input;
        let bytes = write(module, wasm, compiled, &WriteOptions::new()).unwrap();
        let artifact = Artifact::parse(&bytes).unwrap();
        let symbols: Vec<_> = artifact.symbols().collect::<Result<_, _>>().unwrap();
        // The strings of an ELF file end at a zero byte, which a name may have in it.
        let mut names: Vec<_> =
            symbols.iter().map(|symbol| symbol.name.split('\0').next().unwrap().to_owned()).collect();
        names.extend(compiled.items.iter().map(|item| match item.kind {
            TextItemKind::Table(table) => format!("wasm-table[{table}]"),
            TextItemKind::ImportThunk(func) => format!("wasm-import-thunk[{func}]"),
        }));
        prop_assert_eq!(names, elf_names(&bytes));
        let code: Vec<_> = symbols.iter().map(|symbol| symbol.code).collect();
        prop_assert_eq!(&code, &compiled.functions);

        let mut options = WriteOptions::new();
        options.symbols = false;
        let bytes = write(module, wasm, compiled, &options).unwrap();
        let artifact = Artifact::parse(&bytes).unwrap();
        let without: Vec<_> = artifact.symbols().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(without, symbols);
    }

    #[test]
    fn anything_can_be_reported(
        input in input(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        sums_right: bool,
    ) {
        let Input { module, wasm, compiled } = &input;
        let mut bytes = write(module, wasm, compiled, &WriteOptions::new()).unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if sums_right {
            __write_checksums(&mut bytes);
        }
        everything(&bytes);
    }
}
