//! Texts name files and folders that exist.

use std::fs;

use crate::shell::Shell;

/// Reports each path in a text that no file or folder of the repository has any more.
pub(crate) fn paths(shell: &Shell) -> Result<(), String> {
    let files = shell.output("git ls-files")?;
    let files: Vec<&str> = files.lines().collect();
    let mut wrong = Vec::new();
    // A changelog also names what there was once.
    let texts = files.iter().filter(|file| {
        let is_text = file.ends_with(".md") && !file.ends_with("CHANGELOG.md");
        is_text || file.ends_with(".rs")
    });
    for file in texts {
        // A deleted file whose deletion is not committed yet has no text.
        let Ok(text) = fs::read_to_string(shell.root().join(file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if file.ends_with(".rs") && !line.trim_start().starts_with("//") {
                continue;
            }
            for path in named(line).filter(|path| !exists(path, &files)) {
                wrong.push(format!("{file}:{}: there is no `{path}`", number + 1));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The source files and the folders within others that a line names.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|path| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let is_folder = path.strip_suffix('/').is_some_and(|path| path.contains('/'));
        path.chars().all(is_path)
            && (path.ends_with(".rs") || is_folder)
            && path.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// Whether a file or folder has this path, or one that ends with it.
fn exists(path: &str, files: &[&str]) -> bool {
    files.iter().any(|file| {
        file.match_indices(path).any(|(at, _)| {
            let end = at + path.len();
            let starts = at == 0 || file[..at].ends_with('/');
            starts && (path.ends_with('/') || end == file.len())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{exists, named};

    #[test]
    fn paths_are_found_in_lines() {
        let found = |line| named(line).collect::<Vec<_>>();
        assert_eq!(
            found("see `vm/arch.rs`, `vm/sys/` and `a.rs`"),
            ["vm/arch.rs", "vm/sys/", "a.rs"]
        );
        assert!(found("`file/` and `wast` and `x + y.rs` and `/etc/` and `.rs`").is_empty());
    }

    #[test]
    fn ends_of_paths_suffice() {
        let files = ["wasm-store/src/vm/arch.rs", "wasm-store/src/vm/sys/thread.rs"];
        for path in ["vm/arch.rs", "arch.rs", "src/vm/", "vm/sys/", "wasm-store/src/"] {
            assert!(exists(path, &files), "{path}");
        }
        for path in ["ch.rs", "m/sys/", "vm/arch/", "src/vm.rs"] {
            assert!(!exists(path, &files), "{path}");
        }
    }
}
