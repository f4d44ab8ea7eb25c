//! Components: the whole, and the modules in it.

use core::fmt;

use super::view::View;
use super::{header, inspect, sections, show};
use crate::format::{ModuleRecord, Part};
use crate::read::ComponentArtifact;

/// Makes a report of what is in the artifact of a component, as [`inspect`] does for that of a
/// module: identity, target and settings, where the bytes go, and what each module has. What its
/// plan says, imports and exports among it, is shown by the crate that reads plans.
pub fn inspect_component<'a>(artifact: &ComponentArtifact<'a>) -> ComponentReport<'a> {
    ComponentReport { artifact: artifact.clone(), all: false }
}

/// What [`inspect_component`] found: text through its `Display`.
#[derive(Clone, Debug)]
pub struct ComponentReport<'a> {
    artifact: ComponentArtifact<'a>,
    all: bool,
}

impl ComponentReport<'_> {
    /// Adds a report of each module with every table.
    #[must_use]
    pub fn all(self) -> Self {
        Self { all: true, ..self }
    }
}

impl fmt::Display for ComponentReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = View { artifact: self.artifact.whole(), alone: false };
        header::summary(whole, f)?;
        writeln!(f, "  code           {} bytes", self.artifact.whole().text().len())?;
        writeln!(f, "  plan           {} bytes", self.artifact.plan().len())?;
        let modules = self.artifact.modules();
        writeln!(f, "\nModules: {}", modules.len())?;
        for (number, module) in modules.iter().enumerate() {
            let counts = module.counts();
            write!(f, "  {number:<4}")?;
            if let Some(name) = module.module_name() {
                write!(f, " {:?}", name)?;
            }
            writeln!(
                f,
                " {} functions in {} bytes of code, {} imports, {} exports, {} memories",
                counts.functions - counts.imported_functions,
                module.text().len(),
                counts.imports,
                counts.exports,
                counts.memories - counts.imported_memories
            )?;
        }
        sections::summary(whole, f)?;
        if self.all {
            for (number, module) in modules.iter().enumerate() {
                writeln!(f, "\nModule {number}\n")?;
                inspect(module).all().fmt(f)?;
            }
        }
        Ok(())
    }
}

/// The bytes of the plan.
pub(super) fn plan(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    show::dump(view, f, view.bytes(Part::Plan))
}

/// Where modules start.
pub(super) fn module_table(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, record) in view.rows::<ModuleRecord>(Part::ModuleTable).iter().enumerate() {
        writeln!(f, "  {number:<6} {:#x}, {} bytes", record.start.get(), record.len.get())?;
    }
    Ok(())
}

/// The bytes of modules.
pub(super) fn modules(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    show::dump(view, f, view.bytes(Part::Modules))
}
