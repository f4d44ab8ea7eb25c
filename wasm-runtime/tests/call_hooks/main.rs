//! Call hooks: what they observe, in which order, for every transition between host and Wasm.

mod filters;
mod several;
mod support;
mod transitions;
mod values;
