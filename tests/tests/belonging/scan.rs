//! Lists the public functions in the sources. These are read as text, since some functions are made
//! by macros.
//!
//! A function is named by its type and itself, `Func::call`; one in a macro by the macro,
//! `items!::$list`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The types in which things are used: they name one of the two sides that must fit together.
const HOMES: &[&str] = &[
    "AsContext",
    "AsContextMut",
    "BreakpointEdit",
    "CallHookContext",
    "Caller",
    "Engine",
    "FunctionHookContext",
    "Store",
    "StoreContext",
    "StoreContextMut",
    "Transaction",
];

/// Types that belong to an engine or to a store.
const THINGS: &[&str] = &[
    "AnyRef",
    "ArrayRef",
    "ArrayRefPre",
    "ArrayType",
    "BoundFuncs",
    "CallHookId",
    "ContRef",
    "ContType",
    "EqRef",
    "ExnRef",
    "ExnRefPre",
    "ExnType",
    "Export",
    "ExportType",
    "Extern",
    "ExternRef",
    "ExternType",
    "FieldType",
    "ForkPre",
    "FrameHandle",
    "Func",
    "FuncType",
    "Global",
    "GlobalType",
    "HeapType",
    "ImportBinding",
    "ImportType",
    "Instance",
    "InstancePre",
    "Internal",
    "Linker",
    "Memory",
    "Module",
    "ModuleExport",
    "NumericDef",
    "NumericFunc",
    "NumericFuncs",
    "OwnedRooted",
    "Ref",
    "RefType",
    "Rooted",
    "RootedGcRef",
    "SharedMemory",
    "Snapshot",
    "SnapshotBuilder",
    "StorageType",
    "StructRef",
    "StructRefPre",
    "StructType",
    "Table",
    "TableType",
    "Tag",
    "TagType",
    "TypedFunc",
    "Val",
    "ValType",
];

/// The sources of the API. Code below `vm` is not part of it, and neither is that of the program.
const SOURCES: &[&str] = &["wasm-store/src", "wasm-wasi/src", "wasm-runtime/src"];
/// Crates whose types are part of the API, none of which belong to an engine or a store.
const BELOW: &[&str] = &["wasm-types/src", "wasm-hooks/src", "wasm-cache/src"];
const NOT_PUBLIC: &[&str] = &["wasm-store/src/vm", "wasm-runtime/src/bin"];

/// A public function.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) file: String,
    /// The parameters as written.
    pub(crate) params: String,
    /// Whether the documentation has a section on panics.
    pub(crate) says_when_it_panics: bool,
    things: usize,
    homes: usize,
}

impl Function {
    /// Whether it takes a thing that may not fit another one that it takes.
    pub(crate) fn takes_what_belongs(&self) -> bool {
        self.things > 0 && self.things + self.homes > 1
    }
}

/// All public functions.
pub(crate) fn public_functions() -> Vec<Function> {
    let mut functions = Vec::new();
    for (file, text) in sources(SOURCES) {
        let text = without_comments_and_strings(&text);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        functions.extend(functions_of(&file, text));
    }
    assert!(functions.len() > 300, "found {} functions, which can't be all", functions.len());
    functions
}

/// The names of all public functions, also of those of which none takes what belongs somewhere.
pub(crate) fn all_functions() -> impl Iterator<Item = String> {
    let below = sources(BELOW).into_iter().flat_map(|(file, text)| {
        let text = without_comments_and_strings(&text);
        functions_of(&file, text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default())
    });
    public_functions().into_iter().chain(below).map(|function| function.name)
}

/// The code of all files, without comments, strings and tests.
pub(crate) fn code() -> impl Iterator<Item = String> {
    sources(&[SOURCES, BELOW].concat()).into_iter().map(|(_, text)| {
        let text = without_comments_and_strings(&text);
        text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
    })
}

/// The public names that a file declares: types, their variants and functions.
pub(crate) fn names_in(file: &str, text: &str) -> Vec<String> {
    let text = without_comments_and_strings(text);
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let functions = functions_of(file, text).into_iter().map(|function| function.name);
    functions.chain(declarations(text)).collect()
}

/// The public names that the sources in some folders declare, wherever the folders are.
pub(crate) fn names_below(root: &Path, folders: &[&str]) -> BTreeSet<String> {
    let sources = sources_below(root, folders);
    sources.iter().flat_map(|(file, text)| names_in(file, text)).collect()
}

/// The public types and traits that code declares, with the variants and the functions of traits:
/// `Type`, `Type::Variant`, `Trait::function`.
pub(crate) fn declarations(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, _) in code.match_indices("pub ") {
        let mut words = words(&code[place + 4..]).filter(|word| *word != "unsafe");
        let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
        if !matches!(kind, "struct" | "enum" | "trait" | "union" | "type") {
            continue;
        }
        found.push(name.to_owned());
        let body = code[place..].find(['{', ';']).map(|end| place + end);
        let Some(open) = body.filter(|open| code.as_bytes()[*open] == b'{') else { continue };
        let body = &code[open + 1..closing(code, open)];
        match kind {
            "enum" => found.extend(variants(body).map(|variant| format!("{name}::{variant}"))),
            "trait" => {
                let functions = body.match_indices("fn ").map(|(place, _)| &body[place + 3..]);
                let names = functions.filter_map(|rest| self::words(rest).next());
                found.extend(names.map(|function| format!("{name}::{function}")));
            }
            _ => {}
        }
    }
    found
}

/// The names of the variants of an enumeration: the first words at its own level.
fn variants(body: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (place, byte) in body.bytes().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&body[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&body[start..]);
    parts.into_iter().filter_map(|part| words(part.rsplit(']').next().unwrap_or(part)).next())
}

/// The lines of the store's sources that contain a text, except those in some files; each with its
/// file.
pub(crate) fn lines_with(text: &str, but: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, source) in sources(SOURCES) {
        if !file.starts_with("wasm-store/") || but.iter().any(|it| file.ends_with(it)) {
            continue;
        }
        let lines = source.lines().filter(|line| line.contains(text));
        found.extend(lines.map(|line| format!("{file}: {}", line.trim())));
    }
    found
}

/// The folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The files, by their paths in the workspace, and their contents.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    sources_below(workspace(), folders)
}

fn sources_below(root: &Path, folders: &[&str]) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = folders.iter().map(|it| root.join(it)).collect();
    let mut files = Vec::new();
    while let Some(path) = paths.pop() {
        if NOT_PUBLIC.iter().any(|it| path == root.join(it)) {
            continue;
        }
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder of sources");
            paths.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            files.push((name, fs::read_to_string(&path).expect("a source")));
        }
    }
    files.sort();
    files
}

/// Replaces the heading of a section on panics when comments are removed.
const PANICS: &str = "#[panics]";

/// The text without comments and strings, which may look like code.
fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            if rest[..end].trim() == "/// # Panics" {
                out.push_str(PANICS);
            }
            end
        } else if let Some(raw) = rest.strip_prefix("r\"").filter(|_| !ends_in_word(&out)) {
            raw.find('"').expect("the end of a string") + 3
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").expect("the end of a string") + 5
        } else if first == '"' {
            end_of_string(rest)
        } else {
            char_literal(rest)
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.push_str(if first == '/' { "" } else { "\"\"" });
            rest = &rest[skipped..];
        }
    }
    out
}

fn ends_in_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(|last| last.is_alphanumeric() || last == '_')
}

fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    panic!("a string has no end")
}

/// The length of a character literal, which looks like a lifetime; 0 if there is none.
fn char_literal(text: &str) -> usize {
    let Some(rest) = text.strip_prefix('\'') else { return 0 };
    let mut chars = rest.char_indices();
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            rest[2..].find('\'').map_or(0, |end| end + 4)
        }
        Some(_) => match chars.next() {
            Some((end, '\'')) => end + 2,
            _ => 0,
        },
        None => 0,
    }
}

/// The position of the bracket that closes the one at `open`.
pub(crate) fn closing(text: &str, open: usize) -> usize {
    let bytes = text.as_bytes();
    let (opens, closes) = match bytes[open] {
        b'(' => (b'(', b')'),
        b'{' => (b'{', b'}'),
        _ => (b'<', b'>'),
    };
    let mut depth = 0_usize;
    for place in open..bytes.len() {
        // An arrow closes no bracket.
        let is_arrow = bytes[place] == b'>' && bytes[place - 1] == b'-';
        if bytes[place] == opens {
            depth += 1;
        } else if bytes[place] == closes && !is_arrow {
            depth -= 1;
            if depth == 0 {
                return place;
            }
        }
    }
    panic!("a bracket does not close: {}", &text[open..text.len().min(open + 60)])
}

/// The blocks that contain functions: start and end, and the type by which the functions are named.
fn blocks(text: &str) -> Vec<(usize, usize, String)> {
    let mut blocks = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let code = code.strip_prefix("unsafe ").unwrap_or(code);
        let place = start + line.len() - code.len();
        start += line.len();
        let is_impl = code.starts_with("impl ") || code.starts_with("impl<");
        if !is_impl && !code.starts_with("macro_rules!") {
            continue;
        }
        let open = place + text[place..].find('{').expect("a block");
        let head = text[place..open].trim();
        let name = if is_impl {
            type_of_impl(head)
        } else {
            format!("{}!", head.trim_start_matches("macro_rules!").trim())
        };
        blocks.push((open, closing(text, open), name));
    }
    blocks
}

fn type_of_impl(head: &str) -> String {
    let mut head = head.trim_start_matches("impl").trim();
    if head.starts_with('<') {
        head = head[closing(head, 0) + 1..].trim();
    }
    head = head.split(" where ").next().unwrap_or(head);
    head = head.rsplit_once(" for ").map_or(head, |(_, ty)| ty);
    words(head).next().unwrap_or_default().to_string()
}

pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').filter(|it| !it.is_empty())
}

fn functions_of(file: &str, text: &str) -> Vec<Function> {
    let blocks = blocks(text);
    let mut functions = Vec::new();
    for (place, _) in text.match_indices("fn ") {
        let line = text[..place].rfind('\n').map_or(0, |it| it + 1);
        let before = text[line..place].rsplit(['{', '}', ';', ')', ']']).next().unwrap_or_default();
        // `pub`, and what may come between it and `fn`; not `pub(crate)`.
        let mut qualifiers = before.split_whitespace();
        let is_public = qualifiers.next() == Some("pub")
            && qualifiers.all(|it| matches!(it, "const" | "unsafe" | "async" | "extern" | "\"\""));
        if !is_public {
            continue;
        }
        let signature = &text[place + 3..];
        let end = signature.find(['<', '(']).expect("parameters");
        let name = signature[..end].trim();
        let mut open = end;
        if signature.as_bytes()[open] == b'<' {
            open = closing(signature, open) + 1;
        }
        let params = &signature[open + 1..closing(signature, open)];
        let owner = blocks.iter().filter(|(start, end, _)| (*start..*end).contains(&place));
        let owner = owner.max_by_key(|(start, ..)| *start).map_or("", |(_, _, name)| name);
        let mut function = Function {
            name: if owner.is_empty() { name.to_string() } else { format!("{owner}::{name}") },
            file: file.to_string(),
            params: params.split_whitespace().collect::<Vec<_>>().join(" "),
            says_when_it_panics: has_section(&text[..line]),
            things: 0,
            homes: 0,
        };
        for param in split_params(params) {
            count(param, owner, &mut function);
        }
        functions.push(function);
    }
    functions
}

/// Whether the documentation of an item has the heading. `before` ends with what is left of that
/// documentation.
fn has_section(before: &str) -> bool {
    let lines = before.lines().rev().map(str::trim);
    let mut own = lines.take_while(|line| !line.ends_with(['{', '}', ';', '(']));
    own.any(|line| line == PANICS)
}

/// Counts a parameter by its kind.
fn count(param: &str, owner: &str, function: &mut Function) {
    let (pattern, ty) = param.split_once(':').unwrap_or((param, param));
    let is_self = words(pattern).any(|it| it == "self");
    // The parameters and results of closures do not count.
    let ty =
        ["FnOnce(", "FnMut(", "Fn("].iter().fold(ty, |ty, it| ty.split(it).next().unwrap_or(ty));
    let own = |it: &str| it == "Self" || is_self && it == "self";
    // Macros are used in blocks of types that belong to an owner.
    let own_is = |list: &[&str]| list.contains(&owner) || owner.ends_with('!') && list == THINGS;
    let is_one_of =
        |list: &[&str]| words(ty).any(|it| list.contains(&it) || own(it) && own_is(list));
    if is_one_of(THINGS) {
        function.things += 1;
    } else if is_one_of(HOMES) {
        function.homes += 1;
    }
}

/// The parameters, separated by commas that are not within brackets.
fn split_params(params: &str) -> Vec<&str> {
    let (mut depth, mut start, mut list) = (0_i32, 0, Vec::new());
    let bytes = params.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b'>' if place > 0 && bytes[place - 1] == b'-' => {}
            b')' | b']' | b'}' | b'>' => depth -= 1,
            b',' if depth == 0 => {
                list.push(&params[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    list.push(&params[start..]);
    list
}

#[test]
fn functions_are_found_with_what_they_take() {
    let text = r#"
        impl<'a, T: Fn(u8) -> u8> Snapshot<T> {
            /// pub fn not_this(&self, store: Store)
            ///
            /// # Panics
            #[inline]
            pub fn fork<U>(&self, store: impl AsContextMut<Data = U>, c: char) -> bool { c == '{' }
            pub(crate) fn hidden(&self, store: &Store) {}
            pub fn one(&self, with: impl Fn(&Store) -> Val, s: &'static str) { "}"; }
            pub fn both(a: &Self, b: &Self) {}
        }
        macro_rules! more { ($n:ident) => { pub unsafe fn $n(&self, store: &mut Store) {} } }
        pub fn free(modules: &[(String, Module)], engine: &Engine) {}
    "#;
    let found = functions_of("f.rs", &without_comments_and_strings(text));
    let panics = found.iter().filter(|it| it.says_when_it_panics).map(|it| &*it.name);
    assert_eq!(panics.collect::<Vec<_>>(), ["Snapshot::fork"]);
    let found: Vec<_> = found.iter().map(|it| (&*it.name, it.takes_what_belongs())).collect();
    assert_eq!(
        found,
        [
            ("Snapshot::fork", true),
            ("Snapshot::one", false),
            ("Snapshot::both", true),
            ("more!::$n", true),
            ("free", true),
        ]
    );
}
