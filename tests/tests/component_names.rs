//! Wasmtime's names for components: each is here, or the documentation says that it is not
//! (`wasm-component-run/src/differences.rs`).
//!
//! `names/wasmtime-48-components.txt` has the names. With `WASMTIME_SOURCES`, the folder of the
//! sources of the crate `wasmtime`, the list is compared with them; with `BLESS` as well, it is
//! made of them.

#[allow(dead_code, reason = "only the names in sources are of interest")]
#[path = "belonging/scan.rs"]
mod scan;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Wasmtime declares its API for components.
const THEIRS: &str = "src/runtime/component";
const OURS: &[&str] = &["wasm-component-run/src", "wasm-store/src/store", "wasm-store/src/items"];
/// What has names of the API beside those that the module `component` exports.
const MORE: &[&str] = &["Store", "StoreContextMut"];
/// What is public for macros and for those who implement traits, and no part of the API.
const INTERNAL: &[&str] = &[
    "ComponentNamedList",
    "ComponentType",
    "Lift",
    "Lower",
    "LiftContext",
    "LowerContext",
    "InstanceType",
    "VMComponentAsyncStore",
];
/// Where a macro makes the types of values and the variants of `Type`, of the names in it.
const MADE: &str = "wasm-component-run/src/types/value.rs";

fn list() -> PathBuf {
    scan::workspace().join("tests/names/wasmtime-48-components.txt")
}

/// The names of the API that sources of Wasmtime declare.
fn declared(sources: &Path) -> BTreeSet<String> {
    let module = fs::read_to_string(sources.join(THEIRS).join("mod.rs")).expect("its module");
    let exported: BTreeSet<&str> = module
        .match_indices("pub use self::")
        .flat_map(|(place, _)| scan::words(module[place..].split(';').next().unwrap_or_default()))
        .collect();
    let types = fs::read_to_string(sources.join(THEIRS).join("types.rs")).expect("its types");
    let types = scan::declarations(&types);
    let is_exported = |owner: &str| {
        exported.contains(owner) || MORE.contains(&owner) || types.iter().any(|it| it == owner)
    };
    scan::names_below(sources, &[THEIRS])
        .into_iter()
        .filter(|name| {
            let owner = name.split("::").next().unwrap_or(name);
            is_exported(owner) && !INTERNAL.contains(&owner) && !name.contains(['$', '!'])
        })
        .collect()
}

#[test]
fn the_list_is_that_of_the_sources() {
    let Some(sources) = env::var_os("WASMTIME_SOURCES").map(PathBuf::from) else {
        println!("skipped: `WASMTIME_SOURCES` does not say where Wasmtime's sources are");
        return;
    };
    let names = declared(&sources);
    assert!(names.len() > 200, "{} names can't be all", names.len());
    let mut text = "# The public names of components of Wasmtime 48.0.8, one a line, made of its \
                    sources by the test\n# `component_names`.\n"
        .to_owned();
    for name in &names {
        let _ = writeln!(text, "{name}");
    }
    if env::var_os("BLESS").is_some() {
        fs::write(list(), text).expect("the list");
    } else {
        assert_eq!(fs::read_to_string(list()).expect("the list"), text);
    }
}

/// The rows of the table of what is not there: the names in their first column.
fn listed() -> BTreeSet<String> {
    let path = scan::workspace().join("wasm-component-run/src/differences.rs");
    let text = fs::read_to_string(path).expect("the differences");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let names = rows.filter_map(|row| row.split(" | ").next());
    names.flat_map(|first| first.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_name_is_here_or_listed() {
    let theirs = fs::read_to_string(list()).expect("the list");
    let theirs: Vec<&str> = theirs.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(theirs.len() > 200, "{} names can't be all", theirs.len());
    let (ours, listed) = (scan::names_below(scan::workspace(), OURS), listed());
    let made = fs::read_to_string(scan::workspace().join(MADE)).expect("the types of values");
    let made: BTreeSet<&str> = scan::words(&made).collect();
    let is_made = |name: &str| {
        let last = name.rsplit("::").next().unwrap_or(name);
        (name == last || name.starts_with("Type::")) && made.contains(last)
    };
    let owner = |name: &str| name.split("::").next().unwrap_or_default().to_owned();
    let missing: Vec<_> = theirs
        .iter()
        .filter(|name| {
            let is_listed = listed.contains(**name) || listed.contains(&owner(name));
            !is_listed && !ours.contains(**name) && !is_made(name)
        })
        .collect();
    assert!(
        missing.is_empty(),
        "names of Wasmtime's that are neither here nor in the table of \
         `wasm-component-run/src/differences.rs`: {missing:#?}"
    );
    // What is said not to be there has not come meanwhile.
    let stale: Vec<_> = listed
        .iter()
        .filter(|name| ours.contains(*name) && !INTERNAL.contains(&name.as_str()))
        .collect();
    assert!(stale.is_empty(), "these are there: {stale:?}");
}
