//! The name section: names for reports and exports, and the section itself with other indices.

use std::collections::BTreeMap;

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, NameMap};

use crate::item::ItemKind;

/// Subsections of the name section that are maps from indices that can change here.
const TABLE: u8 = 5;
const MEMORY: u8 = 6;
const GLOBAL: u8 = 7;
const ELEMENT: u8 = 8;
const DATA: u8 = 9;

/// The names of globals, tables and memories.
#[derive(Default)]
pub(crate) struct Names {
    names: BTreeMap<(ItemKind, u32), String>,
}

impl Names {
    /// Reads what can be read. A module can be valid though its name section is not well-formed.
    /// Names in damaged parts are missing.
    pub(crate) fn read(payload: &[u8]) -> Self {
        let mut names = BTreeMap::new();
        for (id, contents) in Subsections::new(payload).flatten() {
            let kind = match id {
                TABLE => ItemKind::Table,
                MEMORY => ItemKind::Memory,
                GLOBAL => ItemKind::Global,
                _ => continue,
            };
            let Ok(map) = NameMap::new(BinaryReader::new(contents, 0)) else { continue };
            for naming in map.into_iter().map_while(Result::ok) {
                names.insert((kind, naming.index), naming.name.to_owned());
            }
        }
        Self { names }
    }

    /// The name of an item.
    pub(crate) fn of(&self, kind: ItemKind, index: u32) -> Option<&str> {
        self.names.get(&(kind, index)).map(String::as_str).filter(|name| !name.is_empty())
    }
}

/// The new index for each old one, if the item is still there.
pub(crate) struct Moved {
    pub(crate) tables: Vec<Option<u32>>,
    pub(crate) memories: Vec<Option<u32>>,
    pub(crate) globals: Vec<Option<u32>>,
    pub(crate) elements: Vec<Option<u32>>,
    pub(crate) data: Vec<Option<u32>>,
}

/// The payload of the name section with other indices, or `None` if it is damaged.
pub(crate) fn rename(payload: &[u8], moved: &Moved) -> Option<Vec<u8>> {
    let mut output = Vec::new();
    for subsection in Subsections::new(payload) {
        let (id, contents) = subsection.ok()?;
        let places = match id {
            TABLE => &moved.tables,
            MEMORY => &moved.memories,
            GLOBAL => &moved.globals,
            ELEMENT => &moved.elements,
            DATA => &moved.data,
            _ => {
                output.push(id);
                contents.encode(&mut output);
                continue;
            }
        };
        let mut names = BTreeMap::new();
        for naming in NameMap::new(BinaryReader::new(contents, 0)).ok()? {
            let naming = naming.ok()?;
            if let Some(&Some(index)) = places.get(naming.index as usize) {
                names.insert(index, naming.name);
            }
        }
        if !names.is_empty() {
            let mut map = Vec::new();
            names.len().encode(&mut map);
            for (index, name) in names {
                index.encode(&mut map);
                name.encode(&mut map);
            }
            output.push(id);
            map.encode(&mut output);
        }
    }
    Some(output)
}

/// Iterates over the subsections: ids and contents.
struct Subsections<'a> {
    reader: BinaryReader<'a>,
}

impl<'a> Subsections<'a> {
    fn new(payload: &'a [u8]) -> Self {
        Self { reader: BinaryReader::new(payload, 0) }
    }

    fn read(&mut self) -> Result<(u8, &'a [u8]), wasmparser::Error> {
        let id = self.reader.read_u8()?;
        let size = self.reader.read_var_u32()?;
        let contents = self.reader.read_bytes(size as usize)?;
        Ok((id, contents))
    }
}

impl<'a> Iterator for Subsections<'a> {
    type Item = Result<(u8, &'a [u8]), wasmparser::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.eof() {
            return None;
        }
        let subsection = self.read();
        if subsection.is_err() {
            // After a damaged part, no further subsection can be recognised.
            self.reader = BinaryReader::new(&[], 0);
        }
        Some(subsection)
    }
}
