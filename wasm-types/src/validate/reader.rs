//! The walk over the sections of a binary: each is validated, then read into the [`Module`].

use alloc::vec::Vec;

use wasmparser::{BinaryReader, Parser, Payload, ValidPayload, Validator, ValidatorResources};

use super::failure::{Failure, Read};
use super::{
    code, data, elements, escaping, exports, functions, globals, imports, memories, names, tables,
    tags, types,
};
use crate::index::FuncIndex;
use crate::module::Module;

/// Reads the types and imports of a module, with exactly the given features allowed.
pub(super) fn read_imports(
    wasm: &[u8],
    features: wasmparser::WasmFeatures,
) -> Result<Module, Failure> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut module = Module::default();
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        let place = payload.as_section().map_or(0, |(_, range)| range.start);
        match payload {
            Payload::Version { .. } | Payload::TypeSection(_) | Payload::ImportSection(_) => {}
            Payload::CustomSection(_) => continue,
            // What comes before the imports is over.
            _ => break,
        }
        validator.payload(&payload)?;
        read_payload(&mut module, payload, &validator, &mut Vec::new())
            .map_err(|failure| failure.at(place))?;
    }
    Ok(module)
}

/// Reads a module, with exactly the given features allowed.
pub(super) fn read(
    wasm: &[u8],
    features: wasmparser::WasmFeatures,
) -> Result<(Module, Option<ValidatorResources>), Failure> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut module = Module::default();
    let mut resources = None;
    let mut name_sections: Vec<BinaryReader<'_>> = Vec::new();
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        let place = payload.as_section().map_or(0, |(_, range)| range.start);
        if let ValidPayload::Func(func, _) = validator.payload(&payload)? {
            // The resources of all functions are the same.
            resources.get_or_insert(func.resources);
        }
        read_payload(&mut module, payload, &validator, &mut name_sections)
            .map_err(|failure| failure.at(place))?;
    }
    for section in name_sections {
        names::read(&mut module, section);
    }
    module.escaping_functions = escaping::collect(&module);
    Ok((module, resources))
}

fn read_payload<'a>(
    module: &mut Module,
    payload: Payload<'a>,
    validator: &Validator,
    name_sections: &mut Vec<BinaryReader<'a>>,
) -> Read {
    match payload {
        Payload::TypeSection(section) => types::read(module, section, validator.types(0)),
        Payload::ImportSection(section) => imports::read(module, section),
        Payload::FunctionSection(section) => functions::read(module, section),
        Payload::TableSection(section) => tables::read(module, section),
        Payload::MemorySection(section) => memories::read(module, section),
        Payload::TagSection(section) => tags::read(module, section),
        Payload::GlobalSection(section) => globals::read(module, section),
        Payload::ExportSection(section) => exports::read(module, section),
        Payload::StartSection { func, .. } => {
            module.start = Some(FuncIndex::new(func));
            Ok(())
        }
        Payload::ElementSection(section) => elements::read(module, section),
        Payload::CodeSectionEntry(body) => {
            code::read(module, &body);
            Ok(())
        }
        Payload::DataSection(section) => data::read(module, section),
        // Names may stand before what they name: they are read at the end.
        Payload::CustomSection(section) if section.name() == "name" => {
            name_sections.push(section.data_reader());
            Ok(())
        }
        _ => Ok(()),
    }
}
