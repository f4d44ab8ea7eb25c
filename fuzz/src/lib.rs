//! The checks that the fuzz targets run, each of which drives one crate.
//!
//! A check takes any bytes, and panics if something is wrong. The targets under `fuzz_targets/`
//! pass it what libFuzzer produces. [`smoke`] passes it the same few hundred inputs each time, on
//! stable Rust, as part of the project's checks.

#[cfg(feature = "api")]
pub mod api;
#[cfg(feature = "artifact-read")]
pub mod artifact_read;
#[cfg(feature = "artifact-run")]
pub mod artifact_run;
#[cfg(feature = "components")]
pub mod component_lift;
#[cfg(feature = "components")]
pub mod component_parse;
#[cfg(feature = "components")]
pub mod components;
#[cfg(feature = "continuations")]
pub mod continuations;
#[cfg(feature = "differential")]
pub mod differential;
pub mod generate;
pub mod smoke;
pub mod tally;
pub mod targets;
#[cfg(feature = "translate")]
pub mod translate;
pub mod validate;
