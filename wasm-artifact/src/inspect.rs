//! A report for people of what is in an artifact: a summary, everything, or one table.
//!
//! Nothing in an artifact is taken for granted, so that damaged ones are shown as far as they can
//! be read: that is when people look. The parts of the report are files of their own, by what they
//! are about.

mod code;
mod component;
mod entities;
mod exceptions;
mod frames;
mod header;
mod initial;
mod inlined;
mod names;
mod sections;
mod show;
mod tables;
mod view;

use core::fmt;

pub use self::component::{ComponentReport, inspect_component};
use self::tables::Item;
use self::view::View;
use crate::read::Artifact;

/// Makes a report of what is in an artifact: identity, target, settings, what the code uses of the
/// instruction set and the module of WebAssembly, who sealed it, imports and exports with their
/// types, memories, tables, segments, and where the bytes go.
///
/// ```
/// # #[cfg(feature = "write")] {
/// # let module = wasm_types::Module::default();
/// # let compiled = wasm_types::CompiledModule {
/// #     target: "x86_64-unknown-linux-gnu".into(),
/// #     ..wasm_types::CompiledModule::default()
/// # };
/// # let bytes = wasm_artifact::write(&module, b"", &compiled, &wasm_artifact::WriteOptions::new())?;
/// use wasm_artifact::{Artifact, inspect};
///
/// let artifact = Artifact::parse(&bytes)?;
/// println!("{}", inspect(&artifact));
/// println!("{}", inspect(&artifact).table("exports").expect("there is a table of this name"));
/// # }
/// # Ok::<(), wasm_artifact::Error>(())
/// ```
pub fn inspect<'a>(artifact: &Artifact<'a>) -> Report<'a> {
    Report { artifact: artifact.clone(), scope: Scope::Summary }
}

/// What [`inspect`] found: text through its `Display`.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    artifact: Artifact<'a>,
    scope: Scope,
}

/// How much is reported.
#[derive(Clone, Copy, Debug)]
enum Scope {
    Summary,
    All,
    Table(Item),
}

impl Report<'_> {
    /// Adds every table to the summary. Tables of plain bytes are only named, since they can be
    /// large.
    #[must_use]
    pub fn all(self) -> Self {
        Self { scope: Scope::All, ..self }
    }

    /// Shows one table only, with its bytes where it has nothing else; `None` if there is no such
    /// table in the format. The name is one of [`table_names`](Self::table_names), or the one that
    /// the summary shows.
    pub fn table(self, name: &str) -> Option<Self> {
        let item = Item::named(name)?;
        Some(Self { scope: Scope::Table(item), ..self })
    }

    /// What [`table`](Self::table) takes, in the order of the file.
    pub fn table_names() -> impl Iterator<Item = &'static str> {
        Item::all().map(Item::name)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = View { artifact: &self.artifact, alone: matches!(self.scope, Scope::Table(_)) };
        match self.scope {
            Scope::Summary => summary(view, f),
            Scope::All => {
                summary(view, f)?;
                for item in Item::all() {
                    // What is not there is not listed among everything.
                    if !matches!(item, Item::Table(part) if view.place(part).is_none()) {
                        writeln!(f)?;
                        item.show(view, f)?;
                    }
                }
                Ok(())
            }
            Scope::Table(item) => item.show(view, f),
        }
    }
}

fn summary(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    header::summary(view, f)?;
    header::contents(view, f)?;
    writeln!(f, "\nImports: {}", counts.imports)?;
    entities::imports(view, f)?;
    writeln!(f, "\nExports: {}", counts.exports)?;
    entities::exports(view, f)?;
    initial::memories(view, f)?;
    initial::tables(view, f)?;
    // What is around a module of a component is not its own.
    if view.artifact.is_part_of_component() { Ok(()) } else { sections::summary(view, f) }
}
