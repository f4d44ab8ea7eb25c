//! The argument `--dir HOST[::GUEST]`.

use wasm_runtime::Result;
use wasm_runtime::error::Context;
use wasm_runtime::wasi::{DirPerms, FilePerms, WasiCtxBuilder};

/// Opens the directory for the program.
pub(crate) fn open(builder: &mut WasiCtxBuilder, argument: &str) -> Result<()> {
    let (host, guest) = split(argument);
    builder
        .preopened_dir(host, guest, DirPerms::all(), FilePerms::all())
        .with_context(|| format!("--dir {argument}: can't open `{host}`"))?;
    Ok(())
}

/// The name here and the name that the program sees.
fn split(argument: &str) -> (&str, &str) {
    argument.split_once("::").unwrap_or((argument, argument))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_name_for_the_guest_can_be_left_out() {
        assert_eq!(split("data::/data"), ("data", "/data"));
        assert_eq!(split("data"), ("data", "data"));
        assert_eq!(split("a:b::c::d"), ("a:b", "c::d"));
    }
}
