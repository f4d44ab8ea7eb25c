//! The comments of `Cargo.toml` are the only description of features. The lists in each crate's
//! README and documentation are generated from them.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use crate::manifest::{self, CRATES, Feature};
use crate::shell::Shell;

/// The lines around a list in a README. In Rust code they follow `//! `.
const BEGIN: &str = "<!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->";
const END: &str = "<!-- end of features -->";

/// The maximum length of a line of documentation.
const WIDTH: usize = 100;

/// Compares the lists with the manifests.
pub(crate) fn check(shell: &Shell) -> Result<(), String> {
    let mut stale = Vec::new();
    for name in CRATES {
        for list in lists(shell, name)? {
            if list.found != list.expected {
                stale.push(list.path.display().to_string());
            }
        }
    }
    same_words(shell)?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "lists of features differ from the comments in Cargo.toml, which `cargo xtask features-docs \
         --write` mends: {}",
        stale.join(", ")
    ))
}

/// Writes the lists again.
pub(crate) fn write(shell: &Shell) -> Result<(), String> {
    for name in CRATES {
        for list in lists(shell, name)? {
            if list.found != list.expected {
                fs::write(&list.path, &list.expected)
                    .map_err(|error| format!("{}: {error}", list.path.display()))?;
                println!("{}", list.path.display());
            }
        }
    }
    Ok(())
}

/// A file with a list in it.
struct List {
    path: PathBuf,
    found: String,
    expected: String,
}

/// The files of a crate that have a list: all of them, if it has features.
fn lists(shell: &Shell, name: &str) -> Result<Vec<List>, String> {
    let features = manifest::features(shell, name)?;
    if features.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(bare) = features.iter().find(|feature| feature.about.is_empty()) {
        return Err(format!("{name}/Cargo.toml does not say what `{}` adds", bare.name));
    }
    let files = [("README.md", "", table(&features)), ("src/lib.rs", "//! ", items(&features))];
    let mut lists = Vec::new();
    for (file, prefix, lines) in files {
        let path = shell.root().join(name).join(file);
        let found =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let place = between(&found, prefix).ok_or_else(|| {
            format!("{} has no line `{prefix}{BEGIN}`, or none that ends it", path.display())
        })?;
        let expected = format!("{}{lines}{}", &found[..place.start], &found[place.end..]);
        lists.push(List { path, found, expected });
    }
    Ok(lists)
}

/// The range of a text between the lines around the list.
fn between(text: &str, prefix: &str) -> Option<Range<usize>> {
    let begin = format!("{prefix}{BEGIN}\n");
    let start = text.find(&begin)? + begin.len();
    let end = start + text[start..].find(&format!("{prefix}{END}\n"))?;
    Some(start..end)
}

/// A table for a README.
fn table(features: &[Feature]) -> String {
    let mut lines = String::from("| feature | what it adds |\n|---|---|\n");
    for feature in features {
        lines += &format!("| {} | {} |\n", heading(feature), feature.about);
    }
    lines
}

/// A list for the documentation of a crate.
fn items(features: &[Feature]) -> String {
    let mut lines = String::new();
    for feature in features {
        let mut line = String::from("//! *");
        for word in format!("{}: {}", heading(feature), feature.about).split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                lines += &line;
                lines.push('\n');
                line = String::from("//!  ");
            }
            line.push(' ');
            line += word;
        }
        lines += &line;
        lines.push('\n');
    }
    lines
}

fn heading(feature: &Feature) -> String {
    let default = if feature.default { " (default)" } else { "" };
    format!("`{}`{default}", feature.name)
}

/// A feature that only passes on one of the same name must have the same description.
fn same_words(shell: &Shell) -> Result<(), String> {
    let below = manifest::features(shell, "wasm-store")?;
    for feature in manifest::features(shell, "wasm-runtime")? {
        let passed_on = format!("\"wasm-store/{}\"", feature.name);
        let Some(other) = below.iter().find(|other| other.name == feature.name) else { continue };
        if feature.enables.contains(&passed_on) && feature.about != other.about {
            return Err(format!(
                "wasm-runtime and wasm-store say different things of their feature `{}`",
                feature.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features() -> Vec<Feature> {
        let feature = |name: &str, about: &str, default| Feature {
            name: name.into(),
            about: about.into(),
            default,
            enables: "[]".into(),
        };
        vec![feature("jit", "Compile.", true), feature("long", &"words ".repeat(20), false)]
    }

    #[test]
    fn a_table_has_a_row_for_each() {
        let table = table(&features());
        assert!(table.contains("\n| `jit` (default) | Compile. |\n| `long` | words words"));
    }

    #[test]
    fn documentation_is_wrapped() {
        let items = items(&features());
        assert!(items.starts_with("//! * `jit` (default): Compile.\n//! * `long`: words words"));
        assert!(items.lines().all(|line| line.len() <= WIDTH));
        assert!(items.contains("\n//!   words"));
    }

    #[test]
    fn only_what_is_between_the_marks_is_the_list() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(&text[between(&text, "").unwrap()], "old\n");
        assert_eq!(between("a\n", ""), None);
        assert_eq!(between(&text, "//! "), None);
    }
}
