//! Parsing and validation: from the bytes of a module to [`Module`] (feature `validate`).
//!
//! The declarations are read section by section, one file each; [`ParsedModule`] is what comes out,
//! together with what it takes to validate function bodies later and on other threads. Everything
//! that goes wrong is a [`ParseError`].

mod branch_hints;
mod code;
mod const_expr;
mod convert;
mod counters;
mod data;
mod describe;
mod elements;
mod error;
mod escaping;
mod exports;
mod failure;
mod features;
mod functions;
mod globals;
mod imports;
mod kind;
mod memories;
mod names;
mod parse;
mod parsed;
mod proposals;
mod reader;
mod tables;
mod tags;
mod types;

pub use branch_hints::FunctionHints;
pub use convert::{TypeKinds, UnknownType};
pub use error::{ParseError, ParseErrorKind};
pub use parsed::ParsedModule;
