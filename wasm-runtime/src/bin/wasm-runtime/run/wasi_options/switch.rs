//! Names that stand for yes or no.

use wasm_runtime::{Escaped, Result, bail};

/// A name with `=y`, `=n` or nothing.
pub(super) fn is_on(name: &str, value: Option<&str>) -> Result<bool> {
    match value {
        None | Some("y" | "yes" | "true") => Ok(true),
        Some("n" | "no" | "false") => Ok(false),
        Some(other) => bail!(
            "-S {name}={}: write `-S {name}`, or `-S {name}=n` to do without",
            Escaped::new(other)
        ),
    }
}
