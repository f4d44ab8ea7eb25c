//! Why a component could not be translated.

use std::fmt;

use wasm_types::{Escaped, WasmFeatures};

/// Why a component could not be translated.
pub struct Error {
    kind: ErrorKind,
    message: String,
    offset: Option<u64>,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are a core module, or no WebAssembly at all.
    NotAComponent,
    /// The component is not valid.
    Invalid,
    /// The component uses something that is not supported, or not allowed.
    Unsupported,
    /// The component is larger, or nests deeper, than what can be translated.
    Limit,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), offset: None }
    }

    /// Something that is not supported, by its name.
    pub(crate) fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("not supported: {what}"))
    }

    pub(crate) fn at(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// What kind of thing is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it is, in bytes from the start of the component, if it is known.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped::lines(&self.message))?;
        match self.offset {
            Some(offset) => write!(f, " (at offset {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for Error {}

/// Errors of the validator.
impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        let message = error.message();
        let error_of = match error.missing_wasm_feature() {
            Some(missing) => match setting(missing.into()) {
                Some(setting) => {
                    Self::unsupported(format!("{message}: `Config::{setting}(true)` allows it"))
                }
                None => Self::unsupported(message),
            },
            None => {
                let message = format!("the component is not valid: {message}");
                Self::new(ErrorKind::Invalid, message)
            }
        };
        error_of.at(error.offset())
    }
}

/// The setting that allows a proposal for components.
fn setting(missing: WasmFeatures) -> Option<String> {
    let (name, _) = missing.iter_names().find(|(name, _)| name.starts_with("COMPONENT_MODEL"))?;
    Some(format!("wasm_{}", name.to_ascii_lowercase()))
}

/// Errors of making a plan.
impl From<wasm_component::Error> for Error {
    fn from(error: wasm_component::Error) -> Self {
        let kind = match error.kind() {
            wasm_component::ErrorKind::TooLarge => ErrorKind::Limit,
            _ => ErrorKind::Unsupported,
        };
        Self::new(kind, error.to_string())
    }
}
