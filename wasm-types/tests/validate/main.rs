//! Parsing and validation, section by section, on modules written as text.

mod bodies;
mod branch_hints;
mod compact_imports;
mod errors;
mod escaping;
mod proposals;
mod round_trip;
mod sections;
mod support;
