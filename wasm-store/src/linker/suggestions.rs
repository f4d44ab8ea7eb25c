//! Items that are similar to one that was not found, for messages.

use wasm_types::suggestions::{distance, suggest};

/// `: did you mean …?` with the items that are similar to the one given, or nothing. The same name
/// in another namespace counts as a misspelling does.
pub(super) fn near_items<'a>(
    module: &str,
    name: &str,
    items: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let candidates = items.filter_map(|(other_module, other_name)| {
        let text = || format!("{other_module}::{other_name}");
        if other_module == module {
            Some((distance(name, other_name)?, text()))
        } else if other_name == name {
            Some((distance(module, other_module).unwrap_or(4), text()))
        } else {
            Some((distance(module, other_module)? + distance(name, other_name)?, text()))
        }
    });
    suggest(candidates.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_in_another_namespace_is_near() {
        let items = [("wasi_snapshot_preview1", "fd_write"), ("env", "abort")];
        let text = near_items("wasi_unstable", "fd_write", items.into_iter());
        assert_eq!(text, ": did you mean `wasi_snapshot_preview1::fd_write`?");
    }
}
