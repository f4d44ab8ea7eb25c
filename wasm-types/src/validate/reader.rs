//! The walk over the sections of a binary: each is validated, then read into the [`Module`].

use alloc::vec::Vec;
use core::ops::Range;

use wasmparser::{BinaryReader, Parser, Payload, ValidPayload, Validator, ValidatorResources};

use super::failure::{Failure, Read};
use super::{
    code, data, elements, escaping, exports, functions, globals, imports, memories, names, tables,
    tags, types,
};
use crate::branch_hints;
use crate::index::{FuncIndex, TypeIndex};
use crate::module::Module;

/// Reads the types and imports of a module, with exactly the given features allowed.
pub(super) fn read_imports(
    wasm: &[u8],
    features: wasmparser::WasmFeatures,
) -> Result<Module, Failure> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = validator(features);
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
        if let Payload::ImportSection(section) = &payload {
            imports::check_names(section, features)?;
        }
        validator.payload(&payload)?;
        let read = match payload {
            Payload::TypeSection(section) => {
                types::read(&mut module, section, validator.types(0), &mut Vec::new())
            }
            payload => read_payload(&mut module, payload),
        };
        read.map_err(|failure| failure.at(place))?;
    }
    Ok(module)
}

/// A module whose declarations are validated.
pub(super) struct Declarations {
    pub(super) module: Module,
    /// For each type of the module the first one that is equal to it.
    pub(super) equal_types: Vec<TypeIndex>,
    /// What it takes to validate the bodies of its functions; `None` if it defines none.
    pub(super) resources: Option<ValidatorResources>,
    /// Where the section of branch hints stands, if there is one.
    pub(super) branch_hints: Option<Range<usize>>,
}

/// A feature of components alone, which modules can't use. With any feature that is not from before
/// types could refer to each other, the validator finds out which types are equal and keeps each of
/// them once. A module may have a million.
const KEEPS_EQUAL_TYPES_ONCE: wasmparser::WasmFeatures = wasmparser::WasmFeatures::CM_VALUES;

/// Reads a module, with exactly the given features allowed.
pub(super) fn read(
    wasm: &[u8],
    features: wasmparser::WasmFeatures,
) -> Result<Declarations, Failure> {
    // Where the validator looks for equal types, it reports a type that does not exist before a
    // feature that is not allowed. What is wrong with a module is what it says without. A module
    // whose equal types are not known is never let through: code is made by which types are equal.
    let keeping_once = validator(features | KEEPS_EQUAL_TYPES_ONCE);
    read_by(wasm, features, keeping_once)
        .map_err(|failure| read_by(wasm, features, validator(features)).err().unwrap_or(failure))
}

/// What concerns components only. A validator of modules that has any of them looks at types in
/// another order, and so takes longer, and gives other errors.
const OF_COMPONENTS: wasmparser::WasmFeatures = wasmparser::WasmFeatures::CM_ASYNC
    .union(wasmparser::WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(wasmparser::WasmFeatures::CM_ASYNC_STACKFUL)
    .union(wasmparser::WasmFeatures::CM_THREADING)
    .union(wasmparser::WasmFeatures::CM_ERROR_CONTEXT)
    .union(wasmparser::WasmFeatures::CM_IMPLEMENTS)
    .union(wasmparser::WasmFeatures::CM_MAP)
    .union(wasmparser::WasmFeatures::CM_FIXED_LENGTH_LISTS);

/// A validator that allows these features. Whether imports may share the name of their module is
/// for the parser to check; told of it, the validator would look for equal types.
fn validator(features: wasmparser::WasmFeatures) -> Validator {
    let others = wasmparser::WasmFeatures::COMPACT_IMPORTS.union(OF_COMPONENTS);
    Validator::new_with_features(features.difference(others))
}

fn read_by(
    wasm: &[u8],
    features: wasmparser::WasmFeatures,
    mut validator: Validator,
) -> Result<Declarations, Failure> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut module = Module::default();
    let mut equal_types = Vec::new();
    let mut resources = None;
    let mut name_sections: Vec<BinaryReader<'_>> = Vec::new();
    let mut hints = None;
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        let place = payload.as_section().map_or(0, |(_, range)| range.start);
        if let Payload::ImportSection(section) = &payload {
            imports::check_names(section, features)?;
        }
        if let ValidPayload::Func(func, _) = validator.payload(&payload)? {
            // The resources of all functions are the same.
            resources.get_or_insert(func.resources);
        }
        let read = match payload {
            Payload::TypeSection(section) => {
                types::read(&mut module, section, validator.types(0), &mut equal_types)
            }
            // Names may stand before what they name: they are read at the end.
            Payload::CustomSection(section) if section.name() == "name" => {
                name_sections.push(section.data_reader());
                Ok(())
            }
            // Hints stand before the code.
            Payload::CustomSection(section)
                if section.name() == branch_hints::SECTION
                    && module.bodies.is_empty()
                    && hints.is_none() =>
            {
                // The binary is in memory: its offsets fit a `usize`.
                let Range { start, end } = section.data_range();
                hints = Some(start as usize..end as usize);
                Ok(())
            }
            Payload::CustomSection(section) => {
                let Range { start, end } = section.data_range();
                module.debug_sections.see(section.name(), start as usize..end as usize);
                Ok(())
            }
            Payload::CodeSectionStart { unchecked_range, .. } => {
                module.debug_sections.code_start = unchecked_range.start as usize;
                Ok(())
            }
            payload => read_payload(&mut module, payload),
        };
        read.map_err(|failure| failure.at(place))?;
    }
    for section in name_sections {
        names::read(&mut module, section);
    }
    module.escaping_functions = escaping::collect(&module);
    Ok(Declarations { module, equal_types, resources, branch_hints: hints })
}

fn read_payload(module: &mut Module, payload: Payload<'_>) -> Read {
    match payload {
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
        _ => Ok(()),
    }
}
