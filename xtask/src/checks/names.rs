//! No text leads people to take these crates from the public registry, where some of their names
//! belong to others.

use std::fs;

use crate::manifest::CRATES;
use crate::shell::Shell;

/// Reports each line of the repository that would lead somebody to somebody else's crate.
pub(crate) fn names(shell: &Shell) -> Result<(), String> {
    let mut wrong = Vec::new();
    for file in shell.output("git ls-files '*.md' '*.rs' '*.toml' '*.yml'")?.lines() {
        // A deleted file whose deletion is not committed yet has no text.
        let Ok(text) = fs::read_to_string(shell.root().join(file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if CRATES.iter().any(|name| leads_astray(line, name)) {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "not released, and some names are other people's (PUBLISHING.md): say `--path` or `path =` \
         instead:\n{}",
        wrong.join("\n")
    ))
}

/// Whether a line says to install the crate, to depend on it by version alone, or to look it up.
fn leads_astray(line: &str, name: &str) -> bool {
    let words = [
        format!("cargo install {name}"),
        format!("cargo add {name}"),
        format!("crates.io/crates/{name}"),
        format!("docs.rs/{name}"),
        format!("{name} = \""),
    ];
    words.iter().any(|words| {
        line.match_indices(words.as_str()).any(|(at, _)| {
            // `wasm-types-of-mine` and `my-wasm-types` are not `wasm-types`.
            let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let before = line[..at].chars().next_back();
            let after = line[at + words.len()..].chars().next();
            let by_version = words.ends_with('"');
            !before.is_some_and(part_of_name) && (by_version || !after.is_some_and(part_of_name))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::leads_astray;

    #[test]
    fn what_leads_to_the_registry_is_found() {
        let astray = |line: &str| leads_astray(line, "wasm-types");
        assert!(astray(&["cargo install ", "wasm-types --features validate"].concat()));
        assert!(astray(&["wasm-types", " = \"0.1\""].concat()));
        assert!(astray(&["see https://docs.rs/", "wasm-types/latest"].concat()));
        assert!(!astray("cargo install --path wasm-types"));
        assert!(!astray("wasm-types = { path = \"../wasm-types\" }"));
        assert!(!astray(&["cargo add ", "wasm-types-of-mine"].concat()));
        assert!(!astray(&["my-wasm-types", " = \"1\""].concat()));
    }
}
