//! What the generator emits, put on this project's API.

use std::path::PathBuf;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What the generator is told that the crate is called. It is replaced in what it emits.
pub(super) const PLACEHOLDER: &str = "__wasm_component_api";

/// Replaces the placeholder by the module that has the API.
///
/// What the generator finds at the root of a crate beside the module `component` is in the part of
/// the API that is there for macros only.
pub(super) fn with_api(emitted: &str, api: &str) -> String {
    let replaced = [
        (format!("wasmtime_crate = {PLACEHOLDER}"), format!("crate = {api}")),
        (
            format!("{PLACEHOLDER}::ToWasmtimeResult::to_wasmtime_result"),
            format!("{api}::__internal::IntoResult::into_result"),
        ),
        (format!("{PLACEHOLDER}::component::"), format!("{api}::")),
        (format!("{PLACEHOLDER}::"), format!("{api}::__internal::")),
    ];
    let mut text = emitted.to_owned();
    for (from, to) in &replaced {
        text = text.replace(from, to);
    }
    // `flags!` takes the path in front of the name.
    let invocation = format!("{api}::flags!(");
    text.replace(&invocation, &format!("{invocation} #[component(crate = {api})]"))
}

/// The tokens of what is emitted, without `unsafe`: what the generator has such blocks for, the
/// making of a function of types that were checked before, is no matter of safety here, and crates
/// that forbid the keyword can have bindings.
pub(super) fn tokens(emitted: &str) -> Result<TokenStream, String> {
    let tokens: TokenStream = emitted
        .parse()
        .map_err(|error| format!("what was emitted is not Rust, please report this: {error}"))?;
    Ok(without_unsafe(tokens))
}

fn without_unsafe(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .filter(|token| !matches!(token, TokenTree::Ident(ident) if ident == "unsafe"))
        .map(|token| match token {
            TokenTree::Group(group) => {
                let delimiter = group.delimiter();
                let mut inner = Group::new(delimiter, without_unsafe(group.stream()));
                if delimiter != Delimiter::None {
                    inner.set_span(group.span());
                }
                TokenTree::Group(inner)
            }
            other => other,
        })
        .collect()
}

/// Writes what is emitted to a file, and returns its path.
pub(super) fn write(world: &str, emitted: &str) -> Result<String, String> {
    let folder = folder()?;
    let crate_name = std::env::var("CARGO_CRATE_NAME").unwrap_or_default();
    // Several invocations of a crate may have worlds of one name.
    let hash = emitted.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("{crate_name}-{world}-{hash:016x}.rs"));
    let shown = path.display().to_string();
    let text = tokens(emitted)?.to_string();
    std::fs::write(&path, text).map_err(|error| format!("{shown}: {error}"))?;
    // It is easier to read so, if rustfmt is there.
    let _ = std::process::Command::new("rustfmt").arg("--edition=2024").arg(&path).output();
    Ok(shown)
}

/// The folder for such files: in Cargo's target directory, or in that for temporary files.
fn folder() -> Result<PathBuf, String> {
    let base = std::env::var_os("OUT_DIR")
        .or_else(|| std::env::var_os("CARGO_TARGET_TMPDIR"))
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = base.join("wasm-component-bindgen");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
