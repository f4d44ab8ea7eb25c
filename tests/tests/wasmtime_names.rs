//! Wasmtime's names: each is here, or the documentation says that it is not (`differences`).
//!
//! `names/wasmtime-48.txt` has the names. They are looked for in the sources, by a scan that is
//! shared with the test `belonging`, and in what macros are given to make functions of.

#[allow(dead_code, reason = "only the functions and the sources are of interest")]
#[path = "belonging/scan.rs"]
mod scan;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All names that the project has: `Type`, `Type::function`, the words that macros are given, and
/// the functions that macros make for each type that they are given.
struct Ours {
    names: BTreeSet<String>,
    words: BTreeSet<String>,
    for_all: BTreeSet<String>,
}

impl Ours {
    fn has(&self, name: &str) -> bool {
        let last = name.rsplit("::").next().unwrap_or(name);
        let is_function = name != last;
        self.names.contains(name)
            || self.words.contains(last)
            || is_function && self.for_all.contains(last)
    }
}

fn ours() -> Ours {
    let mut names: BTreeSet<String> = scan::all_functions().collect();
    let for_all = names.iter().filter_map(|name| {
        let (owner, function) = name.rsplit_once("::")?;
        owner.contains(['$', '!']).then(|| function.to_owned())
    });
    let for_all = for_all.collect();
    let mut words = BTreeSet::new();
    let sources: Vec<String> = scan::code().collect();
    // Macros that make functions, whose names they are given.
    let makers: BTreeSet<&str> = sources
        .iter()
        .flat_map(|code| macros(code))
        .filter(|(_, it)| makes_functions(it))
        .map(|(name, _)| name)
        .collect();
    for code in &sources {
        names.extend(scan::declarations(code));
        for name in &makers {
            for (place, _) in code.match_indices(&format!("{name}!")) {
                let given = &code[place..];
                if let Some(open) = given.find(['{', '(']) {
                    let given = &given[..scan::closing(given, open)];
                    words.extend(scan::words(given).map(str::to_owned));
                }
            }
        }
    }
    Ours { names, words, for_all }
}

/// The macros that are declared, with what they are made of.
fn macros(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.match_indices("macro_rules!").filter_map(|(place, declared)| {
        let rest = &code[place + declared.len()..];
        let open = rest.find('{')?;
        Some((rest[..open].trim(), &rest[open..scan::closing(rest, open)]))
    })
}

fn makes_functions(code: &str) -> bool {
    code.contains("fn $")
}

/// The rows of the table of what is not there: the names in their first column.
fn listed() -> BTreeSet<String> {
    let text = include_str!("../../wasm-store/src/differences.rs");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let names = rows.filter_map(|row| row.split(" | ").next());
    names.flat_map(|first| first.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

fn theirs() -> impl Iterator<Item = &'static str> {
    include_str!("../names/wasmtime-48.txt").lines().filter(|line| !line.starts_with('#'))
}

/// Whether a name is listed: by itself, or its last part alone, or the type that it is of.
fn is_listed(listed: &BTreeSet<String>, name: &str) -> bool {
    let mut parts = name.rsplitn(2, "::");
    let (last, owner) = (parts.next().unwrap_or(name), parts.next());
    listed.contains(name)
        || owner.is_some_and(|owner| listed.contains(last) || listed.contains(owner))
}

#[test]
fn every_name_is_here_or_listed() {
    let (ours, listed) = (ours(), listed());
    assert!(theirs().count() > 900);
    let missing: Vec<_> =
        theirs().filter(|name| !ours.has(name) && !is_listed(&listed, name)).collect();
    assert!(
        missing.is_empty(),
        "names of Wasmtime's that are neither here nor in the table of `wasm-store/src/differences.rs`: {missing:#?}"
    );
}

/// Types that Wasmtime's sources declare as public, but that no program can name, or that its
/// documentation hides.
const INTERNAL: &[&str] = &[
    "Asyncness",
    "AutoAssertNoGc",
    "CodeMemory",
    "CompiledModule",
    "EngineCode",
    "EntryStoreContext",
    "FuncRefs",
    "GcRefImpl",
    "GcRootIndex",
    "HashedEngineCompileEnv",
    "HostFunc",
    "InstanceId",
    "MatchCx",
    "MaybeUninitExt",
    "Metadata",
    "ModuleRegistry",
    "ModuleWithCode",
    "Mutex",
    "OnceLock",
    "ProfilingAgent",
    "RegisterBreakpointState",
    "RegisteredModuleId",
    "RegisteredType",
    "RootedGcRefImpl",
    "RwLock",
    "StoreCode",
    "StoreCodePC",
    "StoreData",
    "StoreId",
    "StoreInner",
    "StoreInstanceId",
    "StoreOpaque",
    "StoreResourceLimiter",
    "StoreToken",
    "Strata",
    "SymbolizeContext",
    "TryMutex",
    "TryMutexGuard",
    "TypeCheckPosition",
    "TypeCollection",
    "TypeRegistry",
    "Types",
    "VMHostGlobalContext",
    "WasmParams",
    "WasmResults",
    "WasmRet",
    "WasmTy",
    "WasmTyList",
    "WithoutGcZealAllocCounter",
];

/// Functions that its documentation hides.
const HIDDEN: &[&str] = &[
    "AnyRef::_from_raw",
    "ExnRef::set_field",
    "OwnedRooted::from_borrowed_raw_parts_for_c_api",
    "OwnedRooted::from_owned_raw_parts_for_c_api",
    "OwnedRooted::into_parts_for_c_api",
    "OwnedRooted::into_rooted",
];

/// Where Cargo has put the sources of Wasmtime, if it has: they are a dependency of the benchmark.
fn sources() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    let folders = registries.flatten().map(|it| it.path().join("wasmtime-48.0.8/src"));
    folders.into_iter().find(|folder| folder.is_dir())
}

/// The public names that its sources declare.
fn declared(sources: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![sources.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() && !matches!(name.as_str(), "component" | "vm") {
                folders.push(path);
            } else if name.ends_with(".rs") && !matches!(name.as_str(), "vm.rs" | "tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                names.extend(scan::names_in(&name, &text));
            }
        }
    }
    let wait = ["", "::Ok", "::Mismatch", "::TimedOut"].map(|part| format!("WaitResult{part}"));
    names.extend(wait);
    let is_internal = |name: &String| {
        let owner = name.split("::").next().unwrap_or(name);
        let is_type = owner.starts_with(|first: char| first.is_ascii_uppercase());
        !is_type || INTERNAL.contains(&owner) || HIDDEN.contains(&name.as_str())
    };
    names.into_iter().filter(|name| !is_internal(name)).collect()
}

/// The list is what Wasmtime's sources declare, where these are at hand: `cargo fetch` in `bench`
/// gets them. `BLESS=1` writes it anew.
#[test]
fn the_list_is_that_of_the_sources() {
    let Some(sources) = sources() else {
        eprintln!("Cargo has not fetched Wasmtime 48.0.8: the list is not compared");
        return;
    };
    let declared = declared(&sources);
    if std::env::var_os("BLESS").is_some() {
        let head: Vec<_> = include_str!("../names/wasmtime-48.txt")
            .lines()
            .take_while(|line| line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        let lines: Vec<_> = head.into_iter().chain(declared).collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/names/wasmtime-48.txt");
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
        return;
    }
    let listed: BTreeSet<String> = theirs().map(str::to_owned).collect();
    let differences: Vec<_> = declared.symmetric_difference(&listed).collect();
    assert!(differences.is_empty(), "run with BLESS=1: {differences:#?}");
}

/// The list and the scan find what they should, and no more.
#[test]
fn what_is_not_there_is_not_found() {
    let (ours, listed) = (ours(), listed());
    for name in ["Func::call", "Config::wasm_simd", "Val::unwrap_i32", "Engine", "Extern::Func"] {
        assert!(ours.has(name), "{name}");
    }
    for name in ["Func::call_twice", "Config::nothing", "Nothing", "Extern::Nothing"] {
        assert!(!ours.has(name) && !is_listed(&listed, name), "{name}");
    }
    assert!(is_listed(&listed, "Func::try_wrap"));
}

/// What is said not to be there has not come meanwhile.
#[test]
fn the_list_is_not_stale() {
    let ours = ours();
    let text = include_str!("../../wasm-store/src/differences.rs");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let absent = rows.filter(|row| row.split(" | ").nth(1) == Some("not there"));
    let names = absent.filter_map(|row| row.split(" | ").next());
    let names = names.flat_map(|first| first.split('`').skip(1).step_by(2));
    let stale: Vec<_> =
        names.filter(|name| name.contains("::") && ours.names.contains(*name)).collect();
    assert!(stale.is_empty(), "these are there: {stale:?}");
}
