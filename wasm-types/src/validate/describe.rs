//! What stands at an offset of a binary, in words; and what a file is that is no binary.

use alloc::format;
use alloc::string::{String, ToString};

use wasmparser::{CompositeInnerType, Operator, Parser, Payload, SectionLimited};

/// What stands at the offset: "struct type", "instruction `struct.new`", "memory 0".
pub(super) fn place(wasm: &[u8], offset: u64) -> String {
    let mut bodies = 0;
    // All features are on, so that as much as possible can be read. What cannot be is passed over.
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        if let Payload::CodeSectionEntry(body) = &payload {
            if body.range().contains(&offset) {
                return in_body(body, offset);
            }
            bodies += 1;
            continue;
        }
        let Some((_, range)) = payload.as_section() else { continue };
        if !range.contains(&offset) {
            continue;
        }
        match payload {
            Payload::TypeSection(section) => return type_at(section, offset),
            Payload::ImportSection(section) => return import_at(section, offset),
            Payload::FunctionSection(section) => return item("function", section, offset),
            Payload::TableSection(section) => return item("table", section, offset),
            Payload::MemorySection(section) => return item("memory", section, offset),
            Payload::TagSection(section) => return item("tag", section, offset),
            Payload::GlobalSection(section) => return item("global", section, offset),
            Payload::ExportSection(section) => return item("export", section, offset),
            Payload::ElementSection(section) => return item("element segment", section, offset),
            Payload::DataSection(section) => return item("data segment", section, offset),
            Payload::CodeSectionStart { .. } => continue,
            _ => return "section".to_string(),
        }
    }
    if bodies > 0 { "end of the code".to_string() } else { "byte".to_string() }
}

fn type_at(section: wasmparser::TypeSectionReader<'_>, offset: u64) -> String {
    let mut found = "type";
    for group in section.into_iter().map_while(Result::ok) {
        if group.is_explicit_rec_group() {
            found = "recursive group";
        }
        for (start, ty) in group.into_types_and_offsets() {
            if start > offset {
                return found.to_string();
            }
            found = match ty.composite_type.inner {
                CompositeInnerType::Func(_) => "function type",
                CompositeInnerType::Array(_) => "array type",
                CompositeInnerType::Struct(_) => "struct type",
                CompositeInnerType::Cont(_) => "continuation type",
            };
        }
    }
    found.to_string()
}

fn import_at(section: wasmparser::ImportSectionReader<'_>, offset: u64) -> String {
    let imports = section.into_imports_with_offsets().map_while(Result::ok);
    match imports.take_while(|(start, _)| *start <= offset).last() {
        Some((_, import)) => format!("import {:?} {:?}", import.module, import.name),
        None => "import".to_string(),
    }
}

/// The item of a section in which the offset lies, counted among those of the section.
fn item<'a, T: wasmparser::FromReader<'a>>(
    what: &str,
    section: SectionLimited<'a, T>,
    offset: u64,
) -> String {
    let items = section.into_iter_with_offsets().map_while(Result::ok);
    match items.take_while(|(start, _)| *start <= offset).enumerate().last() {
        Some((index, _)) => format!("defined {what} {index}"),
        None => what.to_string(),
    }
}

fn in_body(body: &wasmparser::FunctionBody<'_>, offset: u64) -> String {
    let Ok(operators) = body.get_operators_reader() else { return "local".to_string() };
    if offset < operators.original_position() {
        return "local".to_string();
    }
    let operators = operators.into_iter_with_offsets().map_while(Result::ok);
    match operators.take_while(|(_, start)| *start <= offset).last() {
        Some((op, _)) => format!("instruction `{}`", instruction_name(&op)),
        None => "instruction".to_string(),
    }
}

/// The name of an instruction in the text format, from the name that wasmparser has for it:
/// `StructNew` is `struct.new`, `I32AtomicRmw8AddU` is `i32.atomic.rmw8.add_u`.
fn instruction_name(op: &Operator<'_>) -> String {
    let debug = format!("{op:?}");
    let camel = debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut words: alloc::vec::Vec<String> = alloc::vec::Vec::new();
    for c in camel.chars() {
        match words.last_mut() {
            Some(word) if !c.is_ascii_uppercase() => word.push(c),
            _ => words.push(c.to_ascii_lowercase().to_string()),
        }
    }
    const SPACES: &[&str] = &[
        "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
        "memory", "table", "local", "global", "ref", "struct", "array", "data", "elem", "any",
        "extern", "i31", "atomic",
    ];
    let mut name = String::new();
    let mut qualified = true;
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            name.push(if qualified { '.' } else { '_' });
        }
        qualified = (place == 0 && SPACES.contains(&word.as_str()))
            || (place == 1 && word == "atomic")
            || word.starts_with("rmw");
        name.push_str(word);
    }
    name
}

/// What a file is that does not start like a WebAssembly binary.
pub(super) fn looks_like(bytes: &[u8]) -> &'static str {
    const BEGINNINGS: &[(&[u8], &str)] = &[
        (b"\x7fELF", "an ELF file (a native program or library, or an artifact: load it as such)"),
        (b"\xfe\xed\xfa", "a Mach-O file (a native program or library)"),
        (b"\xcf\xfa\xed\xfe", "a Mach-O file (a native program or library)"),
        (b"MZ", "a Windows program or library"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "a gzip file: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "a zstd file: unpack it first"),
        (b"!<arch>", "an archive of object files"),
        (b"BC\xc0\xde", "LLVM bitcode"),
        (b"#!", "a script"),
        (b"<", "HTML or XML"),
    ];
    if bytes.is_empty() {
        return "empty";
    }
    if b"\0asm".starts_with(bytes) {
        return "only the beginning of one";
    }
    if let Some((_, what)) = BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return what;
    }
    match bytes.trim_ascii_start() {
        [b'(', b'm' | b'c' | b';', ..] | [b';', b';', ..] => {
            "WebAssembly text: translate it to the binary format first"
        }
        _ if core::str::from_utf8(bytes).is_ok() => "a text file",
        _ => "some other binary file",
    }
}
