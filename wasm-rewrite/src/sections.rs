//! A module, split into sections and declarations, and assembled again.
//!
//! Sections that are not replaced are copied. So code keeps its offsets within its section, which
//! DWARF counts from the section's start.

use std::collections::BTreeMap;

use wasm_encoder::Encode;
use wasmparser::{
    ConstExpr, Data, Element, Export, FunctionBody, GlobalType, Import, MemoryType, Parser,
    Payload, SubType, TableInit, TableType, TypeRef,
};

use crate::error::{Error, ErrorKind};
use crate::item::{Item, ItemKind};
use crate::names::Names;

/// The custom section with the URL of a source map, whose offsets count from the start of the file.
const SOURCE_MAP: &str = "sourceMappingURL";

/// A section of the binary.
pub(crate) struct Section<'a> {
    pub(crate) id: u8,
    /// The name of a custom section.
    pub(crate) name: Option<&'a str>,
    /// Its contents; for a custom section, including the name.
    pub(crate) contents: &'a [u8],
    /// For a custom section, what follows the name; otherwise the contents.
    pub(crate) payload: &'a [u8],
    /// Where the contents start in the file, in bytes.
    offset: usize,
}

/// A valid module, with the parts of its declarations that are needed here.
#[derive(Default)]
pub(crate) struct Source<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) types: Vec<SubType>,
    pub(crate) imports: Vec<Import<'a>>,
    /// The number of functions, imported and defined.
    pub(crate) functions: u32,
    /// All memories, imported ones first. The same for tables and globals.
    pub(crate) memories: Vec<Declared<'a, MemoryType, ()>>,
    pub(crate) tables: Vec<Declared<'a, TableType, TableInit<'a>>>,
    pub(crate) globals: Vec<Declared<'a, GlobalType, ConstExpr<'a>>>,
    pub(crate) exports: Vec<Export<'a>>,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) data: Vec<Data<'a>>,
    pub(crate) code: Vec<FunctionBody<'a>>,
    names: Names,
}

/// A memory, table or global: its type, and where it comes from.
pub(crate) struct Declared<'a, T, D> {
    pub(crate) ty: T,
    pub(crate) origin: Origin<'a, D>,
}

pub(crate) enum Origin<'a, D> {
    Imported {
        module: &'a str,
        field: &'a str,
    },
    /// Defined, with its initialiser.
    Defined(D),
}

impl<T, D> Declared<'_, T, D> {
    pub(crate) fn is_imported(&self) -> bool {
        matches!(self.origin, Origin::Imported { .. })
    }
}

impl<'a> Source<'a> {
    /// Splits a module that was validated before.
    pub(crate) fn parse(wasm: &'a [u8]) -> Result<Self, Error> {
        let mut source = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            source.section(wasm, &payload)?;
            source.declarations(payload)?;
        }
        if let Some(names) = source.sections.iter().find(|section| section.name == Some("name")) {
            source.names = Names::read(names.payload);
        }
        Ok(source)
    }

    fn section(&mut self, wasm: &'a [u8], payload: &Payload<'a>) -> Result<(), Error> {
        let Some((id, range)) = payload.as_section() else { return Ok(()) };
        let offset = usize::try_from(range.start).unwrap_or(usize::MAX);
        let end = usize::try_from(range.end).unwrap_or(usize::MAX);
        let contents = wasm.get(offset..end).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("section {id} ends outside of the module"))
        })?;
        let (name, payload) = match payload {
            Payload::CustomSection(custom) => (Some(custom.name()), custom.data()),
            _ => (None, contents),
        };
        self.sections.push(Section { id, name, contents, payload, offset });
        Ok(())
    }

    fn declarations(&mut self, payload: Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    self.types.extend(group?.into_types());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?);
                }
            }
            Payload::FunctionSection(section) => self.functions += section.count(),
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?;
                    let origin = Origin::Defined(table.init);
                    self.tables.push(Declared { ty: table.ty, origin });
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    self.memories.push(Declared { ty: ty?, origin: Origin::Defined(()) });
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let origin = Origin::Defined(global.init_expr);
                    self.globals.push(Declared { ty: global.ty, origin });
                }
            }
            Payload::ExportSection(section) => {
                self.exports = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::ElementSection(section) => {
                self.elements = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::DataSection(section) => {
                self.data = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => self.code.push(body),
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: Import<'a>) {
        let Import { module, name: field, ty } = import;
        self.imports.push(import);
        match ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => self.functions += 1,
            TypeRef::Memory(ty) => {
                self.memories.push(Declared { ty, origin: Origin::Imported { module, field } });
            }
            TypeRef::Table(ty) => {
                self.tables.push(Declared { ty, origin: Origin::Imported { module, field } });
            }
            TypeRef::Global(ty) => {
                self.globals.push(Declared { ty, origin: Origin::Imported { module, field } });
            }
            TypeRef::Tag(_) => {}
        }
    }

    /// Whether the module has a section with the given id.
    pub(crate) fn has_section(&self, id: u8) -> bool {
        self.sections.iter().any(|section| section.id == id)
    }

    /// How reports describe a global.
    pub(crate) fn global(&self, index: usize) -> Item {
        let global = self.globals.get(index);
        let mutable = global.is_some_and(|global| global.ty.mutable);
        self.item(ItemKind::Global, index, mutable, global.map(|global| &global.origin))
    }

    /// How reports describe a table.
    pub(crate) fn table(&self, index: usize) -> Item {
        let origin = self.tables.get(index).map(|table| &table.origin);
        self.item(ItemKind::Table, index, true, origin)
    }

    /// How reports describe a memory.
    pub(crate) fn memory(&self, index: usize) -> Item {
        let origin = self.memories.get(index).map(|memory| &memory.origin);
        self.item(ItemKind::Memory, index, true, origin)
    }

    fn item<D>(
        &self,
        kind: ItemKind,
        index: usize,
        mutable: bool,
        origin: Option<&Origin<'_, D>>,
    ) -> Item {
        let import = match origin {
            Some(Origin::Imported { module, field }) => {
                Some(((*module).to_owned(), (*field).to_owned()))
            }
            _ => None,
        };
        // Index spaces have fewer than 2^32 items.
        let index = index as u32;
        Item { kind, index, name: self.names.of(kind, index).map(str::to_owned), import, mutable }
    }
}

/// What happens to a custom section.
pub(crate) enum Custom {
    Keep,
    Drop,
    /// Other contents with the same name.
    Replace(Vec<u8>),
}

/// The sections of the output that differ from those of the input, by id. Each is encoded
/// completely, or `None` if it is left out.
#[derive(Default)]
pub(crate) struct Replaced {
    sections: BTreeMap<u8, Option<Vec<u8>>>,
}

impl Replaced {
    /// Puts a section in, in place of the one with the same id, or at its position.
    pub(crate) fn put(&mut self, section: &impl wasm_encoder::Section) {
        let mut bytes = Vec::new();
        section.append_to(&mut bytes);
        self.sections.insert(section.id(), Some(bytes));
    }

    /// Leaves a section out.
    pub(crate) fn remove(&mut self, id: wasm_encoder::SectionId) {
        self.sections.insert(id.into(), None);
    }
}

/// Assembles a module. Also returns the names of the custom sections that were left out.
///
/// A source map counts offsets from the start of the file. So its URL is left out if code moves.
pub(crate) fn assemble(
    source: &Source<'_>,
    replaced: &Replaced,
    custom: impl Fn(&Section<'_>) -> Custom,
) -> (Vec<u8>, Vec<String>) {
    let (wasm, dropped, moved) = assemble_once(source, replaced, &custom);
    let mapped = |section: &Section<'_>| section.name == Some(SOURCE_MAP);
    if !moved || !source.sections.iter().any(mapped) {
        return (wasm, dropped);
    }
    let (wasm, dropped, _) = assemble_once(source, replaced, &|section| {
        if mapped(section) { Custom::Drop } else { custom(section) }
    });
    (wasm, dropped)
}

fn assemble_once(
    source: &Source<'_>,
    replaced: &Replaced,
    custom: &impl Fn(&Section<'_>) -> Custom,
) -> (Vec<u8>, Vec<String>, bool) {
    let mut wasm = wasm_encoder::Module::HEADER.to_vec();
    let mut dropped = Vec::new();
    let mut moved = false;
    // A new section goes right after the last one that must precede it, so that custom sections at
    // the end, such as the names, stay there.
    let mut new: Vec<(u8, &[u8])> = replaced
        .sections
        .iter()
        .filter(|&(&id, _)| !source.has_section(id))
        .filter_map(|(&id, bytes)| Some((id, bytes.as_deref()?)))
        .collect();
    new.sort_by_key(|&(id, _)| order(id));
    let mut new = new.into_iter().peekable();
    let known: Vec<usize> =
        (0..source.sections.len()).filter(|&index| source.sections[index].name.is_none()).collect();
    for (index, section) in source.sections.iter().enumerate() {
        if section.name.is_some() {
            match custom(section) {
                Custom::Keep => put(&mut wasm, 0, section.contents),
                Custom::Drop => dropped.extend(section.name.map(str::to_owned)),
                Custom::Replace(payload) => {
                    let mut contents = Vec::new();
                    section.name.unwrap_or_default().encode(&mut contents);
                    contents.extend_from_slice(&payload);
                    put(&mut wasm, 0, &contents);
                }
            }
            continue;
        }
        // Only the first section can have new ones before it: others follow their predecessor.
        while let Some((_, bytes)) = new.next_if(|&(id, _)| order(id) < order(section.id)) {
            wasm.extend_from_slice(bytes);
        }
        match replaced.sections.get(&section.id) {
            Some(Some(bytes)) => {
                wasm.extend_from_slice(bytes);
                moved |= section.id == CODE;
            }
            Some(None) => {}
            None => {
                put(&mut wasm, section.id, section.contents);
                moved |=
                    section.id == CODE && wasm.len() - section.contents.len() != section.offset;
            }
        }
        let next = known.iter().find(|&&other| other > index).map(|&next| source.sections[next].id);
        let behind = |id: u8| next.is_none_or(|next| order(id) < order(next));
        while let Some((_, bytes)) = new.next_if(|&(id, _)| behind(id)) {
            wasm.extend_from_slice(bytes);
        }
    }
    for (_, bytes) in new {
        wasm.extend_from_slice(bytes);
    }
    (wasm, dropped, moved)
}

const CODE: u8 = 10;

/// The order of sections (binary format, "Modules").
fn order(id: u8) -> usize {
    const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, CODE, 11];
    ORDER.iter().position(|&other| other == id).unwrap_or(ORDER.len())
}

fn put(wasm: &mut Vec<u8>, id: u8, contents: &[u8]) {
    wasm.push(id);
    contents.encode(wasm);
}
