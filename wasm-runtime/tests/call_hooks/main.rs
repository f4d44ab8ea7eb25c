//! Call hooks: what they are told, in which order, on every way between host and Wasm and back.

mod filters;
mod several;
mod support;
mod values;
mod ways;
