//! The checks that can't be written as command lines.

pub(crate) mod aot;
pub(crate) mod components;
pub(crate) mod features;
pub(crate) mod features_docs;
pub(crate) mod layers;
pub(crate) mod locks;
pub(crate) mod names;
pub(crate) mod nightly;
pub(crate) mod no_std;
pub(crate) mod package;
pub(crate) mod paths;
pub(crate) mod readme;
pub(crate) mod rooms;
pub(crate) mod targets;
pub(crate) mod tools;
pub(crate) mod widths;
