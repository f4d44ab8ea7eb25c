//! A report for people of what is in an artifact.

use core::fmt;

use wasm_types::{
    DefinedMemoryIndex, DefinedTableIndex, EntityIndex, EntityType, FuncIndex, MemoryIndex,
    MemoryType, TableIndex, TableType, Tunables, TypeIndex, WasmFeatures,
};

use crate::read::{Artifact, DataRefKind, ElementRefKind};

/// Makes a report of what is in an artifact: identity, target, settings, imports and exports with
/// their types, memories, tables, segments, and where the bytes go.
pub fn inspect<'a>(artifact: &Artifact<'a>) -> Report<'a> {
    Report { artifact: artifact.clone() }
}

/// What [`inspect`] found: text through its `Display`.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    artifact: Artifact<'a>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity(f)?;
        self.imports(f)?;
        self.exports(f)?;
        self.memories(f)?;
        self.tables(f)?;
        self.sections(f)
    }
}

impl Report<'_> {
    fn identity(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let artifact = &self.artifact;
        let counts = artifact.counts();
        writeln!(f, "WebAssembly artifact, {} bytes", artifact.bytes().len())?;
        if let Some(name) = artifact.module_name() {
            writeln!(f, "  module name    {name}")?;
        }
        writeln!(f, "  producer       {}", artifact.producer())?;
        let (format, abi) = (artifact.format_version(), artifact.abi_version());
        writeln!(f, "  versions       format {format}, run-time ABI {abi}")?;
        writeln!(f, "  target         {}", artifact.target())?;
        f.write_str("  ISA            ")?;
        write_list(f, artifact.isa_flags().filter(|(_, value)| *value != "false").map(Flag))?;
        f.write_str("  proposals      ")?;
        let features = artifact.features();
        write_list(f, features.iter_names().map(|(name, _): (_, WasmFeatures)| Proposal(name)))?;
        settings(f, &artifact.tunables())?;
        writeln!(
            f,
            "  functions      {} imported, {} defined, {} with references",
            counts.imported_functions,
            counts.functions - counts.imported_functions,
            counts.escaping_functions
        )?;
        writeln!(
            f,
            "  types          {}, globals {}, tags {}",
            counts.types, counts.globals, counts.tags
        )?;
        writeln!(
            f,
            "  code           {} bytes, {} traps, {} places in the address map",
            artifact.text().len(),
            artifact.traps().len(),
            artifact.address_map().len()
        )?;
        if let Some(start) = artifact.start() {
            f.write_str("  start          ")?;
            self.function(f, start)?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn imports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nImports: {}", self.artifact.counts().imports)?;
        for import in self.artifact.imports() {
            match import {
                Ok(import) => {
                    write!(f, "  {:?} {:?} ", import.module, import.field)?;
                    self.entity(f, import.ty)?;
                    writeln!(f)?;
                }
                Err(error) => writeln!(f, "  ({error})")?,
            }
        }
        Ok(())
    }

    fn exports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nExports: {}", self.artifact.counts().exports)?;
        for export in self.artifact.exports() {
            let export = export.and_then(|export| {
                Ok((export.name, export.index, self.artifact.entity_type(export.index)?))
            });
            match export {
                Ok((name, index, ty)) => {
                    write!(f, "  {name:?} ")?;
                    self.entity(f, ty)?;
                    if let EntityIndex::Func(func) = index {
                        f.write_str(" = ")?;
                        self.function(f, func)?;
                    }
                    writeln!(f)?;
                }
                Err(error) => writeln!(f, "  ({error})")?,
            }
        }
        Ok(())
    }

    fn memories(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let artifact = &self.artifact;
        let counts = artifact.counts();
        writeln!(f, "\nMemories: {}", counts.memories)?;
        for index in 0..counts.memories {
            write!(f, "  {index} ")?;
            match artifact.memory(MemoryIndex::new(index)) {
                Ok(ty) => memory(f, &ty)?,
                Err(error) => write!(f, "({error})")?,
            }
            match index.checked_sub(counts.imported_memories) {
                None => f.write_str(", imported")?,
                Some(defined) => {
                    if let Some(image) = artifact.memory_image(DefinedMemoryIndex::new(defined)) {
                        let (len, start) = (image.bytes.len(), image.memory_offset);
                        write!(f, ", image of {len} bytes at {start:#x}")?;
                    }
                }
            }
            writeln!(f)?;
        }
        let mut total = [(0u32, 0u64); 3];
        for data in artifact.data_segments().flatten() {
            let kind = match data.kind {
                _ if data.in_image => 0,
                DataRefKind::Active { .. } => 1,
                DataRefKind::Passive => 2,
            };
            total[kind].0 += 1;
            total[kind].1 += data.bytes.len() as u64;
        }
        for ((count, bytes), what) in
            total.iter().zip(["in images", "written at instantiation", "passive"])
        {
            if *count > 0 {
                writeln!(f, "  data segments {what}: {count}, {bytes} bytes")?;
            }
        }
        Ok(())
    }

    fn tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let artifact = &self.artifact;
        let counts = artifact.counts();
        writeln!(f, "\nTables: {}", counts.tables)?;
        for index in 0..counts.tables {
            write!(f, "  {index} ")?;
            match artifact.table(TableIndex::new(index)) {
                Ok(ty) => table(f, &ty)?,
                Err(error) => write!(f, "({error})")?,
            }
            match index.checked_sub(counts.imported_tables) {
                None => f.write_str(", imported")?,
                Some(defined) => {
                    if let Some(image) = artifact.table_image(DefinedTableIndex::new(defined)) {
                        write!(f, ", image up to element {}", image.end())?;
                    }
                }
            }
            writeln!(f)?;
        }
        let mut total = [(0u32, 0u64); 4];
        for element in artifact.elements().flatten() {
            let kind = match element.kind {
                _ if element.in_image => 0,
                ElementRefKind::Active { .. } => 1,
                ElementRefKind::Passive => 2,
                ElementRefKind::Declared => 3,
            };
            total[kind].0 += 1;
            total[kind].1 += u64::from(element.items.len());
        }
        for ((count, items), what) in
            total.iter().zip(["in images", "written at instantiation", "passive", "declared"])
        {
            if *count > 0 {
                writeln!(f, "  element segments {what}: {count}, {items} elements")?;
            }
        }
        Ok(())
    }

    fn sections(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.artifact.bytes().len() as u64;
        writeln!(f, "\nSections: where the bytes go")?;
        writeln!(f, "  {:<22} {:>10} {:>10}      %", "section", "offset", "bytes")?;
        let mut rest = size;
        let percent = |len: u64| len as f64 * 100.0 / size.max(1) as f64;
        for section in self.artifact.sections() {
            let (name, offset, len) = (section.name, section.offset, section.len);
            writeln!(f, "  {name:<22} {offset:>#10x} {len:>10} {:>6.1}", percent(len))?;
            rest = rest.saturating_sub(len);
        }
        writeln!(f, "  {:<22} {:>10} {rest:>10} {:>6.1}", "headers and padding", "", percent(rest))
    }

    /// A function by its number, and its name where it has one.
    fn function(&self, f: &mut fmt::Formatter<'_>, func: FuncIndex) -> fmt::Result {
        write!(f, "function {func}")?;
        match self.artifact.name(func) {
            Some(name) => write!(f, " {name:?}"),
            None => Ok(()),
        }
    }

    fn entity(&self, f: &mut fmt::Formatter<'_>, ty: EntityType) -> fmt::Result {
        match ty {
            EntityType::Func(ty) => self.func_type(f, ty),
            EntityType::Table(ty) => table(f, &ty),
            EntityType::Memory(ty) => memory(f, &ty),
            EntityType::Global(ty) if ty.mutable => write!(f, "(global (mut {}))", ty.content),
            EntityType::Global(ty) => write!(f, "(global {})", ty.content),
            EntityType::Tag(ty) => {
                f.write_str("(tag) ")?;
                self.func_type(f, ty.ty)
            }
        }
    }

    fn func_type(&self, f: &mut fmt::Formatter<'_>, ty: TypeIndex) -> fmt::Result {
        match self.artifact.func_type(ty) {
            Ok(ty) => write!(f, "{ty}"),
            Err(error) => write!(f, "({error})"),
        }
    }
}

/// A setting of the instruction set: its name, with its value unless it is just on.
struct Flag<'a>((&'a str, &'a str));

impl fmt::Display for Flag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (name, "true") => f.write_str(name.strip_prefix("has_").unwrap_or(name)),
            (name, value) => write!(f, "{name}={value}"),
        }
    }
}

/// The name of a proposal, as tools write it.
struct Proposal<'a>(&'a str);

impl fmt::Display for Proposal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.0.split('_').enumerate() {
            if number > 0 {
                f.write_str("-")?;
            }
            word.chars().try_for_each(|c| write!(f, "{}", c.to_ascii_lowercase()))?;
        }
        Ok(())
    }
}

fn write_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    let mut empty = true;
    for item in items {
        if !empty {
            f.write_str(" ")?;
        }
        write!(f, "{item}")?;
        empty = false;
    }
    writeln!(f, "{}", if empty { "(base)" } else { "" })
}

fn settings(f: &mut fmt::Formatter<'_>, tunables: &Tunables) -> fmt::Result {
    writeln!(
        f,
        "  memories       reservation {:#x}, guard {:#x}, growth {:#x}",
        tunables.memory_reservation,
        tunables.memory_guard_size,
        tunables.memory_reservation_for_growth
    )?;
    writeln!(
        f,
        "  code settings  stack guard {:#x}, optimisation {:?}, spectre mitigation {}, \
         deterministic relaxed SIMD {}, NaN canonicalisation {}",
        tunables.stack_guard_size,
        tunables.opt_level,
        on(tunables.spectre_mitigation),
        on(tunables.relaxed_simd_deterministic),
        on(tunables.nan_canonicalization)
    )
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

fn memory(f: &mut fmt::Formatter<'_>, ty: &MemoryType) -> fmt::Result {
    f.write_str("(memory")?;
    limits(f, ty.memory64, ty.minimum, ty.maximum, ty.shared)?;
    if ty.page_size_log2 != 16 {
        write!(f, " (pagesize {})", ty.page_size())?;
    }
    f.write_str(")")
}

fn table(f: &mut fmt::Formatter<'_>, ty: &TableType) -> fmt::Result {
    f.write_str("(table")?;
    limits(f, ty.table64, ty.minimum, ty.maximum, ty.shared)?;
    write!(f, " {})", ty.element)
}

fn limits(
    f: &mut fmt::Formatter<'_>,
    index64: bool,
    minimum: u64,
    maximum: Option<u64>,
    shared: bool,
) -> fmt::Result {
    write!(f, "{} {minimum}", if index64 { " i64" } else { "" })?;
    if let Some(maximum) = maximum {
        write!(f, " {maximum}")?;
    }
    f.write_str(if shared { " shared" } else { "" })
}
