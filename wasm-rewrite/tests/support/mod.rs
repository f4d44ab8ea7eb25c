//! Inspects modules: what they import, export and define.

use wasmparser::{Parser, Payload};

/// What tests compare of a module, in a fixed order and form.
#[derive(Default, PartialEq, Debug)]
pub(crate) struct Shape {
    pub(crate) imports: Vec<String>,
    /// Name, kind, index.
    pub(crate) exports: Vec<(String, String, u32)>,
    pub(crate) types: Vec<u8>,
    pub(crate) code: Vec<u8>,
    pub(crate) start: Option<u32>,
    /// The contents of custom sections, by name.
    pub(crate) custom: Vec<(String, Vec<u8>)>,
}

/// Takes a module apart.
pub(crate) fn shape(wasm: &[u8]) -> Shape {
    let mut shape = Shape::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.unwrap();
        if let Some((1, range)) = payload.as_section() {
            shape.types = wasm[range.start as usize..range.end as usize].to_vec();
        }
        if let Some((10, range)) = payload.as_section() {
            shape.code = wasm[range.start as usize..range.end as usize].to_vec();
        }
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    shape.imports.push(format!("{:?}", import.unwrap()));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let kind = format!("{:?}", export.kind);
                    shape.exports.push((export.name.to_owned(), kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => shape.start = Some(func),
            Payload::CustomSection(section) => {
                shape.custom.push((section.name().to_owned(), section.data().to_vec()));
            }
            _ => {}
        }
    }
    shape
}
