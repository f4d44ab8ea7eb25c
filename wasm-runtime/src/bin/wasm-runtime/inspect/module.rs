//! The report on a module.

use std::fmt::Write;

use wasm_runtime::{Result, WasmFeatures};
use wasm_types::{
    DataKind, ElementKind, EntityType, Escaped, GlobalType, MemoryIndex, MemoryType, Module,
    TableIndex, TableType, TagIndex, TagType, TypeIndex, ValType, demangle,
};

use super::sections;

/// Describes the contents of a module.
pub(super) fn report(wasm: &[u8]) -> Result<String> {
    let module = Module::parse(wasm, WasmFeatures::SUPPORTED)?;
    let mut out = String::new();
    write_report(&mut out, wasm, &module).map(|()| out).map_err(Into::into)
}

fn write_report(out: &mut String, wasm: &[u8], module: &Module) -> std::fmt::Result {
    write!(out, "WebAssembly module, {} bytes", wasm.len())?;
    match &module.names.module {
        Some(name) => writeln!(out, ", `{}`", Escaped::new(name))?,
        None => writeln!(out)?,
    }

    writeln!(out, "\nsections")?;
    for section in sections::sections(wasm) {
        let custom = if section.id == 0 { "custom " } else { "" };
        let name = format!("{custom}{}", Escaped::new(&section.name));
        writeln!(out, "  {name:<24} {:>10} bytes at {:#x}", section.len, section.offset)?;
    }

    writeln!(out, "\ncontents")?;
    let code: usize = module.bodies.iter().map(|body| body.range.len()).sum();
    let data: usize = module.data.iter().map(|segment| segment.range.len()).sum();
    let imported =
        |count: u32| if count == 0 { String::new() } else { format!(", {count} imported") };
    writeln!(out, "  {:<10} {}", "types", module.types.len())?;
    for (number, ty) in module.types.iter().enumerate() {
        // Those of functions are shown where they are used.
        if ty.as_func().is_none() {
            let name = module.names.type_name(TypeIndex::new(number as u32));
            writeln!(out, "  type {number:<5} {ty}{}", named(name))?;
        }
    }
    writeln!(
        out,
        "  {:<10} {}{}; {code} bytes of code",
        "functions",
        module.functions.len(),
        imported(module.num_imported_functions)
    )?;
    writeln!(
        out,
        "  {:<10} {}{}",
        "globals",
        module.globals.len(),
        imported(module.num_imported_globals)
    )?;
    for (number, ty) in module.memories.iter().enumerate() {
        let name = module.names.memory(MemoryIndex::new(number as u32));
        writeln!(out, "  memory {number:<3} {}{}", memory(ty), named(name))?;
    }
    for (number, ty) in module.tables.iter().enumerate() {
        let name = module.names.table(TableIndex::new(number as u32));
        writeln!(out, "  table {number:<4} {}{}", table(ty), named(name))?;
    }
    for (number, ty) in module.tags.iter().enumerate() {
        let name = module.names.tag(TagIndex::new(number as u32));
        writeln!(out, "  tag {number:<6} {}{}", tag(module, ty), named(name))?;
    }
    let active = module.data.iter().filter(|s| matches!(s.kind, DataKind::Active { .. })).count();
    writeln!(
        out,
        "  {:<10} {} segments, {active} of them active; {data} bytes",
        "data",
        module.data.len()
    )?;
    let elements: usize = module.elements.iter().map(|segment| segment.items.len()).sum();
    let active =
        module.elements.iter().filter(|s| matches!(s.kind, ElementKind::Active { .. })).count();
    writeln!(
        out,
        "  {:<10} {} segments, {active} of them active; {elements} elements",
        "elements",
        module.elements.len()
    )?;
    if let Some(start) = module.start {
        let name = module.names.function(start).map_or("no name".into(), demangle);
        let name = Escaped::new(&name);
        writeln!(out, "  {:<10} function {start} ({name})", "start")?;
    }

    writeln!(out, "\nimports ({})", module.imports.len())?;
    for import in &module.imports {
        let name = format!("{:?} {:?}", import.module, import.name);
        writeln!(out, "  {name:<40} {}", entity(module, &import.ty))?;
    }
    writeln!(out, "\nexports ({})", module.exports.len())?;
    for export in &module.exports {
        let ty = module.entity_type(export.index);
        let name = format!("{:?}", export.name);
        writeln!(out, "  {name:<40} {}", entity(module, &ty))?;
    }
    Ok(())
}

fn entity(module: &Module, ty: &EntityType) -> String {
    match ty {
        EntityType::Func(ty) => match module.func_type(*ty) {
            Some(ty) => ty.to_string(),
            None => format!("(func (type {ty}))"),
        },
        EntityType::Table(ty) => format!("(table {})", table(ty)),
        EntityType::Memory(ty) => format!("(memory {})", memory(ty)),
        EntityType::Global(ty) => format!("(global {})", global(ty)),
        EntityType::Tag(ty) => format!("(tag {})", tag(module, ty)),
    }
}

/// The values that exceptions with a tag have, as the parameters of its type.
fn tag(module: &Module, ty: &TagType) -> String {
    match module.func_type(ty.ty) {
        Some(ty) => ty.to_string(),
        None => format!("(type {})", ty.ty),
    }
}

/// The name of something that was just shown, if it has one.
fn named(name: Option<&str>) -> String {
    name.map_or(String::new(), |name| format!(", `{}`", Escaped::new(name)))
}

fn memory(ty: &MemoryType) -> String {
    let mut text = limits(ty.memory64, ty.minimum, ty.maximum);
    if ty.shared {
        text.push_str(" shared");
    }
    if !ty.has_default_pages() {
        text.push_str(&format!(" (pagesize {})", ty.page_size()));
    }
    text
}

fn table(ty: &TableType) -> String {
    format!("{} {}", limits(ty.table64, ty.minimum, ty.maximum), ty.element)
}

fn global(ty: &GlobalType) -> String {
    let content: ValType = ty.content;
    if ty.mutable { format!("(mut {content})") } else { content.to_string() }
}

/// Limits in the form of the text format.
fn limits(is_64: bool, minimum: u64, maximum: Option<u64>) -> String {
    let index = if is_64 { "i64 " } else { "" };
    match maximum {
        Some(maximum) => format!("{index}{minimum} {maximum}"),
        None => format!("{index}{minimum}"),
    }
}
