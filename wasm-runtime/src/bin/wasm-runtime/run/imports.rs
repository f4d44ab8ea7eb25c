//! What the program can import besides WASI: other modules, and replacements for imports that
//! nobody defines.

use std::collections::HashSet;
use std::ffi::OsString;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use wasm_runtime::{Escaped, Linker, Module, Result, Store, bail};
#[cfg(feature = "jit")]
use wasm_runtime::{ExternType, UnknownImportError, error::Context};

use super::Host;
use crate::os_text::split_once;
use crate::source::Source;

/// How many undefined imports are named.
#[cfg(feature = "jit")]
const NAMED: usize = 10;

/// The options of commands that run code.
#[derive(Args)]
pub(crate) struct Imports {
    /// Instantiates the module in FILE first. The program can import its exports from a module with
    /// this name. Can be given several times; later modules can import from earlier ones.
    #[arg(
        long = "preload",
        value_name = "NAME=FILE",
        value_parser = OsStringValueParser::new().try_map(Preload::parse)
    )]
    preloads: Vec<Preload>,

    /// What replaces imports that nobody defines. Without this option the program is not run.
    #[arg(long, value_name = "HOW", value_enum)]
    unknown_imports: Option<Unknown>,
}

/// A module that the program imports from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Preload {
    pub(super) name: String,
    pub(super) source: Source,
}

impl Preload {
    fn parse(text: OsString) -> Result<Self, String> {
        match split_once(&text, "=").map(|(name, file)| (name.to_str(), file)) {
            Some((Some(name), file)) if !file.is_empty() => {
                Ok(Self { name: name.to_owned(), source: Source::from(file.to_owned()) })
            }
            _ => Err("write the name that the program imports from, `=`, and a file".to_owned()),
        }
    }
}

/// What replaces imports that nobody defines.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// Functions that trap when they are called. Other imports are still errors.
    Trap,
    /// Functions that return zeros. Globals, tables and memories are zero or empty.
    Default,
}

impl Imports {
    /// The modules that are instantiated first.
    pub(super) fn preloads(&self) -> &[Preload] {
        &self.preloads
    }

    /// Refuses a module with undefined imports before it is compiled, which can take a while.
    /// `exports` are those of the modules that will be instantiated first.
    #[cfg(feature = "jit")]
    pub(super) fn check(
        &self,
        linker: &Linker<Host>,
        exports: &HashSet<(String, String)>,
        source: &Source,
        wasm: &[u8],
        threads: bool,
    ) -> Result<()> {
        // The compiler reports what else is wrong with a module.
        let Ok(mut unknown) = linker.unknown_imports(wasm) else { return Ok(()) };
        unknown.retain(|import| {
            let stands_in = match self.unknown_imports {
                None => false,
                Some(Unknown::Trap) => matches!(import.ty(), ExternType::Func(_)),
                Some(Unknown::Default) => true,
            };
            let name = (import.module().to_owned(), import.name().to_owned());
            // What a program with threads imports for them is made once its module is there.
            let of_threads = match import.ty() {
                ExternType::Func(_) => (import.module(), import.name()) == ("wasi", "thread-spawn"),
                ExternType::Memory(ty) => ty.is_shared(),
                _ => false,
            };
            !(stands_in || exports.contains(&name) || threads && of_threads)
        });
        self.refuse(source, &unknown)
    }

    /// The error of a module with undefined imports, if there are any.
    #[cfg(feature = "jit")]
    fn refuse(&self, source: &Source, unknown: &[UnknownImportError]) -> Result<()> {
        let Some(first) = unknown.first() else { return Ok(()) };
        // A program with threads imports a memory, too, of which there is nothing to say.
        let threads = |import: &&UnknownImportError| import.name() == "thread-spawn";
        let hint = hint(unknown.iter().find(threads).unwrap_or(first), self.unknown_imports);
        let names: Vec<String> = unknown.iter().take(NAMED).map(full_name).collect();
        let more = match unknown.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = names.join(", ");
        Err(wasm_runtime::Error::new(first.clone())).with_context(|| {
            format!("can't run {source}: nobody defines what it imports as {names}{more}{hint}")
        })
    }

    /// Defines undefined imports, if the option is given.
    pub(super) fn define_unknown(
        &self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
        module: &Module,
    ) -> Result<()> {
        match self.unknown_imports {
            None => Ok(()),
            Some(Unknown::Trap) => linker.define_unknown_imports_as_traps(module),
            Some(Unknown::Default) => {
                linker.define_unknown_imports_as_default_values(store, module)
            }
        }
    }
}

#[cfg(feature = "component")]
impl Imports {
    /// Defines undefined imports of a component, if the option is given.
    pub(super) fn define_unknown_of_component(
        &self,
        linker: &mut wasm_runtime::component::Linker<Host>,
        component: &wasm_runtime::component::Component,
    ) -> Result<()> {
        match self.unknown_imports {
            None => Ok(()),
            Some(Unknown::Trap) => linker.define_unknown_imports_as_traps(component),
            Some(Unknown::Default) => bail!(
                "--unknown-imports default is for modules: there is no default for the values of a \
                 component. `--unknown-imports trap` is for components, too"
            ),
        }
    }

    /// Whether something replaces what nobody defines.
    pub(super) fn are_replaced(&self) -> bool {
        self.unknown_imports.is_some()
    }
}

/// Adds the exports of a module to the known names, under the name that others import from it by.
/// They must be new.
pub(super) fn add_exports(
    exports: &mut HashSet<(String, String)>,
    name: &str,
    source: &Source,
    module: &Module,
) -> Result<()> {
    for export in module.exports() {
        if !exports.insert((name.to_owned(), export.name().to_owned())) {
            bail!(
                "{source} exports `{}`, and so does another module with the name `{}`: --preload can \
                 give it another name",
                Escaped::new(export.name()),
                Escaped::new(name)
            );
        }
    }
    Ok(())
}

#[cfg(feature = "jit")]
fn full_name(import: &UnknownImportError) -> String {
    format!("`{}::{}`", Escaped::new(import.module()), Escaped::new(import.name()))
}

/// A hint for an undefined import. `given` is the option.
#[cfg(feature = "jit")]
fn hint(import: &UnknownImportError, given: Option<Unknown>) -> &'static str {
    match import.module() {
        "wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__" => {
            ". The module was made for JavaScript by wasm-bindgen; for this program, compile for \
             `wasm32-wasip1` without it"
        }
        "gojs" | "go" => {
            ". The module was made for JavaScript by Go; for this program, compile with \
             `GOOS=wasip1 GOARCH=wasm`"
        }
        "env" if import.name().starts_with("emscripten_") => {
            ". The module was made for JavaScript by Emscripten; for this program, compile with \
             `-sSTANDALONE_WASM`"
        }
        "wasi" if import.name() == "thread-spawn" => {
            ". The program starts threads, which `-S threads` lets it do"
        }
        module if module.starts_with("wasi:") => {
            ". The module was made to be part of a component; for this program, compile for WASI \
             preview 1"
        }
        _ if given.is_some() => {
            ". `--unknown-imports trap` is in place of functions only, `--unknown-imports default` \
             also of globals, tables and memories"
        }
        _ => {
            ". `--preload NAME=FILE` lets it import from another module, and `--unknown-imports` \
             says what is in place of what is missing"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_preload_has_a_name_and_a_file() {
        let parse = |text: &[u8]| Preload::parse(OsStr::from_bytes(text).to_owned());
        let preload = parse(b"env=a=\xff.wasm").unwrap();
        assert_eq!(preload.name, "env");
        assert_eq!(preload.source, Source::from(OsStr::from_bytes(b"a=\xff.wasm").to_owned()));
        // It is possible to import from the empty name.
        assert_eq!(parse(b"=x.wasm").unwrap().name, "");
        for bad in [&b""[..], b"env", b"env=", b"\xff=x.wasm"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
