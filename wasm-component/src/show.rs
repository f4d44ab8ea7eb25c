//! Plans and types as people read them: much as WIT has them.

mod steps;
mod types;

use core::fmt;

use wasm_types::Escaped;

use crate::core_def::CoreKind;
use crate::error::Error;
use crate::read::{CoreItem, CoreItemType, CoreItems, CoreValTypes, Item, Items, NamedItem, Plan};
use crate::show::types::{Names, Printer};

pub use types::{ShowFunc, ShowType};

/// What a plan imports and exports, much as WIT has it. The alternate form (`{:#}`) has core
/// modules and the steps of the instantiation, too.
#[derive(Clone, Copy, Debug)]
pub struct ShowPlan<'a> {
    plan: Plan<'a>,
}

impl<'a> Plan<'a> {
    /// The plan as people read it.
    pub fn show(self) -> ShowPlan<'a> {
        ShowPlan { plan: self }
    }
}

impl fmt::Display for ShowPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.plan;
        root(f, plan, "import", plan.imports())?;
        root(f, plan, "export", plan.exports())?;
        if f.alternate() { steps::steps(f, plan) } else { Ok(()) }
    }
}

fn root(
    f: &mut fmt::Formatter<'_>,
    plan: Plan<'_>,
    word: &str,
    items: Result<Items<'_>, Error>,
) -> fmt::Result {
    match items {
        Ok(items) => list(f, plan, items, &Names::default(), word, 0),
        Err(error) => writeln!(f, "{word}: {error}"),
    }
}

/// Items, one a line; what is in instances is indented.
fn list<'a>(
    f: &mut fmt::Formatter<'_>,
    plan: Plan<'a>,
    items: Items<'a>,
    outer: &Names<'_, 'a>,
    word: &str,
    depth: usize,
) -> fmt::Result {
    let mut names = outer.inside();
    for item in items.iter() {
        write!(f, "{:1$}{word}", "", depth * 2)?;
        if !word.is_empty() {
            f.write_str(" ")?;
        }
        match item {
            Ok(item) => one(f, plan, item, &mut names, depth)?,
            Err(error) => writeln!(f, "{error}")?,
        }
    }
    Ok(())
}

fn one<'a>(
    f: &mut fmt::Formatter<'_>,
    plan: Plan<'a>,
    item: NamedItem<'a>,
    names: &mut Names<'_, 'a>,
    depth: usize,
) -> fmt::Result {
    let name = Escaped::new(item.name);
    match item.item {
        Item::ImportedFunc { ty, .. } | Item::LiftedFunc { ty, .. } => {
            write!(f, "{name}: ")?;
            Printer::new(plan, names).func(f, ty)?;
            writeln!(f, ";")
        }
        Item::ImportedModule { ty, .. } | Item::StaticModule { ty, .. } => {
            writeln!(f, "{name}: core module {{")?;
            match plan.module_type(ty) {
                Ok(ty) => {
                    core_items(f, "import", ty.imports(), depth + 1)?;
                    core_items(f, "export", ty.exports(), depth + 1)?;
                }
                Err(error) => writeln!(f, "{:1$}{error}", "", depth * 2 + 2)?,
            }
            writeln!(f, "{:1$}}}", "", depth * 2)
        }
        Item::Instance(items) => {
            writeln!(f, "{name}: interface {{")?;
            list(f, plan, items, names, "", depth + 1)?;
            writeln!(f, "{:1$}}}", "", depth * 2)
        }
        Item::Type(ty) => {
            Printer::new(plan, names).declaration(f, item.name, ty)?;
            names.add(ty, item.name);
            writeln!(f)
        }
        Item::Resource(resource) => {
            match names.resource(resource) {
                Some(of) => writeln!(f, "type {name} = {};", Escaped::new(of))?,
                None => writeln!(f, "resource {name};")?,
            }
            names.add_resource(resource, item.name);
            Ok(())
        }
    }
}

fn core_items(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    items: CoreItems<'_>,
    depth: usize,
) -> fmt::Result {
    for item in items.iter() {
        write!(f, "{:1$}{word} ", "", depth * 2)?;
        match item {
            Ok(item) => core_item(f, item)?,
            Err(error) => write!(f, "{error}")?,
        }
        writeln!(f, ";")?;
    }
    Ok(())
}

fn core_item(f: &mut fmt::Formatter<'_>, item: CoreItem<'_>) -> fmt::Result {
    if !item.module.is_empty() {
        write!(f, "\"{}\" ", Escaped::new(item.module))?;
    }
    write!(f, "\"{}\": ", Escaped::new(item.name))?;
    let limits = |f: &mut fmt::Formatter<'_>, is_64, minimum, maximum: Option<u64>, shared| {
        write!(f, "{}{minimum}", if is_64 { " i64 " } else { " " })?;
        if let Some(maximum) = maximum {
            write!(f, " {maximum}")?;
        }
        f.write_str(if shared { " shared" } else { "" })
    };
    match item.ty {
        CoreItemType::Func { params, results } => {
            write!(f, "{}", CoreKind::Func)?;
            val_types(f, params)?;
            f.write_str(" -> ")?;
            val_types(f, results)
        }
        CoreItemType::Table { element, minimum, maximum, table64, shared } => {
            write!(f, "{}", CoreKind::Table)?;
            limits(f, table64, minimum, maximum, shared)?;
            write!(f, " {element}")
        }
        CoreItemType::Memory(memory) => {
            write!(f, "{}", CoreKind::Memory)?;
            limits(f, memory.memory64, memory.minimum, memory.maximum, memory.shared)
        }
        CoreItemType::Global { content, mutable } => {
            write!(f, "{} {}{content}", CoreKind::Global, if mutable { "mut " } else { "" })
        }
        CoreItemType::Tag { params } => {
            write!(f, "{}", CoreKind::Tag)?;
            val_types(f, params)
        }
    }
}

fn val_types(f: &mut fmt::Formatter<'_>, types: CoreValTypes<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (place, ty) in types.iter().enumerate() {
        write!(f, "{}{ty}", if place == 0 { "" } else { ", " })?;
    }
    f.write_str(")")
}
