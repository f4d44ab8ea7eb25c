//! The rooms of wasm-store: each folder names only those below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::shell::Shell;

/// The folders and files of `wasm-store/src`, the lowest first.
const ROOMS: &[&str] = &[
    "error", "vm", "engine", "gate", "types", "store", "items", "linker", "state", "watch", "debug",
];

/// The files or folders that name a room above them, that room, and the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("engine.rs", "types", "an engine owns the registry of its types"),
    ("gate.rs", "store", "where something belongs is said by the number of a store"),
    ("store.rs", "watch", "a store owns its hooks"),
    ("store.rs", "debug", "a store owns its debugger"),
    ("store/opaque.rs", "items", "a store keeps what its instances refer to"),
    ("store/opaque.rs", "debug", "a store knows where its code stops"),
    ("store/opaque.rs", "watch", "a store knows which calls its hooks observe"),
    (
        "store/interruption.rs",
        "items",
        "the error of a host function that is to end has a backtrace",
    ),
    ("items/func", "watch", "calls notify hooks where they are made"),
    ("items/func.rs", "watch", "calls notify hooks where they are made"),
    ("items/instance.rs", "watch", "hooks choose imports as they are bound"),
    ("state/snapshot/fork.rs", "watch", "hooks choose imports as they are bound"),
];

/// Checks the rooms. Everything that is wrong is reported at once.
pub(crate) fn rooms(shell: &Shell, wrong: &mut Vec<String>) -> Result<(), String> {
    let source = shell.root().join("wasm-store/src");
    let library = read(&source.join("lib.rs"))?;
    let names = reexports(&library);
    let mut found = BTreeMap::new();
    collect(&source, &source, &names, &mut found)?;
    let mut used = BTreeSet::new();
    for (file, named) in &found {
        let Some(rank) = ROOMS.iter().position(|room| *room == room_of(file)) else { continue };
        for above in named.iter().filter(|room| ROOMS[rank + 1..].contains(&room.as_str())) {
            match EXCEPTIONS.iter().position(|(place, room, _)| room == above && is_in(file, place))
            {
                Some(exception) => _ = used.insert(exception),
                None => {
                    wrong.push(format!("wasm-store/src/{file} names `{above}`, which is above it"))
                }
            }
        }
    }
    for (number, (place, room, _)) in EXCEPTIONS.iter().enumerate() {
        if !used.contains(&number) {
            wrong.push(format!("{place} does not name `{room}` any more: take the exception away"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn is_in(file: &str, place: &str) -> bool {
    file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn room_of(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The rooms of the names that the crate's root exports.
fn reexports(library: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for statement in library.split("pub use ").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default();
        let Some((room, items)) = statement.split_once("::") else { continue };
        let words = items.split(|c: char| !c.is_alphanumeric() && c != '_');
        for word in words.filter(|word| !word.is_empty()) {
            names.insert(word.to_owned(), room.to_owned());
        }
    }
    names
}

/// The rooms that each file names, except its own.
fn collect(
    source: &Path,
    directory: &Path,
    names: &BTreeMap<String, String>,
    found: &mut BTreeMap<String, BTreeSet<String>>,
) -> Result<(), String> {
    let entries =
        fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(source, &path, names, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(source).unwrap_or(&path).to_string_lossy().into_owned();
            let named = rooms_in(&code(&read(&path)?), names);
            found.insert(file, named);
        }
    }
    Ok(())
}

/// A file without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn rooms_in(code: &str, names: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let heads = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for head in heads {
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            let word = head.trim().split(end).next().unwrap_or_default();
            match ROOMS.contains(&word) {
                true => _ = rooms.insert(word.to_owned()),
                false => rooms.extend(names.get(word).cloned()),
            }
        }
    }
    rooms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_room_and_by_the_root() {
        let names = reexports(
            "pub use items::{Func, Val};\npub use error::Error;\npub use watch::observe::{self, Profiler};",
        );
        assert_eq!(names["Val"], "items");
        assert_eq!(names["Profiler"], "watch");
        let code = code("use crate::{Func, Error};\nuse crate::vm::VmStore; // crate::state::X\n");
        let rooms: Vec<String> = rooms_in(&code, &names).into_iter().collect();
        assert_eq!(rooms, ["error", "items", "vm"]);
    }

    #[test]
    fn places_are_files_and_folders() {
        assert!(is_in("items/func/host.rs", "items/func"));
        assert!(!is_in("items/func.rs", "items/func"));
        assert!(!is_in("items/function.rs", "items/func"));
        assert_eq!(room_of("store.rs"), "store");
        assert_eq!(room_of("vm/sys/thread.rs"), "vm");
    }
}
