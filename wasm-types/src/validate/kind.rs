//! What an error of wasmparser's means: malformed, invalid, or a proposal that is not allowed.
//!
//! All of this runs only after something went wrong, and is allowed to read the binary again.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use wasmparser::{Parser, Payload};

use super::describe;
use super::error::{Inner, ParseError, ParseErrorKind};
use super::failure::Failure;
use super::parsed::ParsedModule;
use super::proposals::{self, ModulePart};
use crate::features::WasmFeatures;
use crate::index::DefinedFuncIndex;

/// Refuses what isn't a module at all, and says what it looks like.
pub(super) fn check_header(wasm: &[u8]) -> Result<(), ParseError> {
    const MAGIC: &[u8] = b"\0asm";
    if !wasm.starts_with(MAGIC) {
        let looks_like = describe::looks_like(wasm);
        let message =
            format!("magic header not detected: not a WebAssembly module, but {looks_like}");
        return Err(plain(ParseErrorKind::NotWasm, message, 0));
    }
    // The second half of the version distinguishes modules (0) from components (1).
    if wasm.get(6..8) == Some(&[1, 0]) {
        let message = "this is a component (of the component model), not a module: \
                       this version runs core modules only"
            .to_owned();
        return Err(plain(ParseErrorKind::Component, message, 4));
    }
    Ok(())
}

/// What went wrong with the declarations.
pub(super) fn explain_declarations(
    wasm: &[u8],
    allowed: WasmFeatures,
    failure: &Failure,
) -> ParseError {
    let error = match failure {
        Failure::Parser(error) => error,
        Failure::Unknown { what, offset } => {
            let message = format!("{what} at offset {offset:#x}, which this version does not know");
            return plain(ParseErrorKind::Unsupported, message, *offset);
        }
        Failure::LongNames { most, offset } => {
            let message = format!(
                "the names of the imports at offset {offset:#x} have more than {most} bytes, each \
                 name that stands for several imports counted for each: use shorter names"
            );
            return plain(ParseErrorKind::Unsupported, message, *offset);
        }
    };
    if let Some(inner) = proposals::explain(wasm, allowed.into(), error, ModulePart::Declarations) {
        return ParseError::new(inner);
    }
    let malformed = decode(wasm, allowed.into()).is_err_and(|e| e.offset <= error.offset());
    plain(invalid_or(malformed), error.message().to_owned(), error.offset())
}

/// What went wrong with the body of a function.
pub(super) fn explain_body(
    parsed: &ParsedModule,
    wasm: &[u8],
    func: DefinedFuncIndex,
    error: &wasmparser::Error,
) -> ParseError {
    let module = parsed.module();
    let allowed = parsed.features_of_bodies();
    let mut inner = proposals::explain(wasm, allowed, error, ModulePart::Body(func))
        .unwrap_or_else(|| {
            let malformed = decode_body(&parsed.body(wasm, func))
            .is_err_and(|e| e.offset <= error.offset())
            // The only rule of the binary format that validation of a body checks.
            || error.message() == "data count section required";
            new_inner(invalid_or(malformed), error.message().to_owned(), error.offset())
        });
    let index = module.func_index(func);
    inner.function = Some((index, module.names.function(index).map(ToOwned::to_owned)));
    ParseError::new(inner)
}

fn invalid_or(malformed: bool) -> ParseErrorKind {
    if malformed { ParseErrorKind::Malformed } else { ParseErrorKind::Invalid }
}

fn plain(kind: ParseErrorKind, message: String, offset: u64) -> ParseError {
    ParseError::new(new_inner(kind, message, offset))
}

fn new_inner(kind: ParseErrorKind, message: String, offset: u64) -> Inner {
    Inner { kind, message, offset: offset as usize, function: None, proposal: None }
}

/// The first place that can't be decoded.
struct Undecodable {
    offset: u64,
}

impl From<wasmparser::Error> for Undecodable {
    fn from(error: wasmparser::Error) -> Self {
        Self { offset: error.offset() }
    }
}

/// Decodes everything but function bodies, and validates nothing.
fn decode(wasm: &[u8], features: wasmparser::WasmFeatures) -> Result<(), Undecodable> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    for payload in parser.parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => items(section)?,
            Payload::ImportSection(section) => {
                section.into_imports().try_for_each(|import| import.map(drop))?;
            }
            Payload::FunctionSection(section) => items(section)?,
            Payload::TableSection(section) => items(section)?,
            Payload::MemorySection(section) => items(section)?,
            Payload::TagSection(section) => items(section)?,
            Payload::GlobalSection(section) => items(section)?,
            Payload::ExportSection(section) => items(section)?,
            Payload::ElementSection(section) => items(section)?,
            Payload::DataSection(section) => items(section)?,
            Payload::UnknownSection { range, .. } => {
                return Err(Undecodable { offset: range.start });
            }
            _ => {}
        }
    }
    Ok(())
}

fn items<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> wasmparser::Result<()> {
    section.into_iter().try_for_each(|item| item.map(drop))
}

/// Decodes the body of a function, and validates nothing.
fn decode_body(body: &wasmparser::FunctionBody<'_>) -> Result<(), Undecodable> {
    for local in body.get_locals_reader()? {
        local?;
    }
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        operators.read()?;
    }
    Ok(operators.finish()?)
}
