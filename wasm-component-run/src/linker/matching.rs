//! Checks that a linker has what a component imports.

use wasm_component::{ImportIndex, Item, Items, ModuleTypeIndex, ResourceIndex};
use wasm_store::error::Context as _;
use wasm_store::{ExternType, Module, Result, bail, format_err};
use wasm_types::Escaped;

use super::definition::Definition;
use super::import::{Import, ImportResource};
use super::names::Names;
use crate::component::Component;
use crate::resource::ResourceType;
use crate::types::{InstanceType, ResourceTypes, extern_type};

/// The imports of a component, found in a linker.
pub(super) struct Matching<'a, T: 'static> {
    names: &'a Names<Definition<T>>,
    component: &'a Component,
    /// The types of the resources that were imported so far.
    resources: Vec<Option<ResourceType>>,
}

impl<'a, T: 'static> Matching<'a, T> {
    /// Looks up everything that the component imports, and checks that it is of the right type.
    pub(super) fn new(names: &'a Names<Definition<T>>, component: &'a Component) -> Result<Self> {
        let plan = component.plan()?;
        let resources = vec![None; plan.resource_count()];
        let mut matching = Self { names, component, resources };
        for import in plan.imports()?.iter() {
            let import = import?;
            let found = names.get(import.name);
            matching.item(import.item, found).with_context(|| {
                format!(
                    "component imports {} `{}`, but a matching implementation was not found in the \
                     linker",
                    desc(import.item),
                    Escaped::new(import.name)
                )
            })?;
        }
        Ok(matching)
    }

    /// The types of the resources.
    pub(super) fn resources(self) -> ResourceTypes {
        self.resources.into()
    }

    /// What each import gets.
    pub(super) fn imports(&self) -> Result<Vec<Import<T>>> {
        let plan = self.component.plan()?;
        let mut imports = Vec::with_capacity(plan.import_count());
        for number in 0..plan.import_count() {
            let path = plan.import(ImportIndex::new(number as u32))?.path()?;
            let (mut names, mut found) = (Some(self.names), None);
            for name in path {
                found = names.and_then(|names| names.get(name));
                names = match found {
                    Some(Definition::Instance(names)) => Some(names),
                    _ => None,
                };
            }
            imports.push(match found {
                Some(Definition::Func(func)) => Import::Func(func.clone()),
                Some(Definition::Module(module)) => Import::Module(module.clone()),
                Some(Definition::Resource(ty, destructor)) => {
                    let destructor = destructor.clone();
                    Import::Resource(ImportResource { ty: *ty, destructor })
                }
                _ => {
                    bail!("the plan of the component is damaged: an import is not among its items")
                }
            });
        }
        Ok(imports)
    }

    fn item(&mut self, expected: Item<'_>, actual: Option<&Definition<T>>) -> Result<()> {
        match (expected, actual) {
            (Item::ImportedFunc { ty, .. }, Some(Definition::Func(func))) => {
                func.typecheck(ty, &InstanceType::with_resources(self.component, &self.resources))
            }
            (Item::ImportedFunc { .. }, Some(other)) => {
                bail!("expected function found {}", other.desc())
            }
            (Item::ImportedFunc { .. }, None) => bail!("function implementation is missing"),
            (Item::ImportedModule { ty, .. }, Some(Definition::Module(module))) => {
                self.module(ty, module)
            }
            (Item::ImportedModule { .. }, Some(other)) => {
                bail!("expected module found {}", other.desc())
            }
            (Item::ImportedModule { .. }, None) => bail!("module implementation is missing"),
            (Item::Instance(items), Some(Definition::Instance(names))) => {
                self.instance(items, |name| names.get(name))
            }
            // An instance of types only needs no definition.
            (Item::Instance(items), None) => self.instance(items, |_| None),
            (Item::Instance(_), Some(other)) => bail!("expected instance found {}", other.desc()),
            (Item::Type(_), None) => Ok(()),
            (Item::Type(_), Some(other)) => bail!("expected type found {}", other.desc()),
            (Item::Resource(resource), actual) => self.resource(resource, actual),
            _ => bail!("it is of a kind that is not known here"),
        }
    }

    fn instance<'d>(
        &mut self,
        items: Items<'_>,
        find: impl Fn(&str) -> Option<&'d Definition<T>>,
    ) -> Result<()> {
        for expected in items.iter() {
            let expected = expected?;
            // Names for types of values are not looked up.
            if let Item::Type(_) = expected.item {
                continue;
            }
            self.item(expected.item, find(expected.name)).with_context(|| {
                format!("instance export `{}` has the wrong type", Escaped::new(expected.name))
            })?;
        }
        Ok(())
    }

    fn resource(&mut self, resource: ResourceIndex, actual: Option<&Definition<T>>) -> Result<()> {
        let Some(known) = self.resources.get_mut(resource.index()) else {
            bail!("the plan of the component is damaged: a resource does not exist");
        };
        match (actual, *known) {
            (Some(Definition::Resource(actual, _)), None) => {
                *known = Some(*actual);
                Ok(())
            }
            (Some(Definition::Resource(actual, _)), Some(known)) => {
                if *actual != known {
                    bail!("mismatched resource types");
                }
                Ok(())
            }
            (Some(other), _) => bail!("expected resource found {}", other.desc()),
            // A second name of one that is there already.
            (None, Some(_)) => Ok(()),
            (None, None) => bail!("resource implementation is missing"),
        }
    }

    fn module(&self, expected: ModuleTypeIndex, actual: &Module) -> Result<()> {
        let (plan, engine) = (self.component.plan()?, self.component.engine());
        let expected = plan.module_type(expected)?;
        for item in expected.exports().iter() {
            let item = item?;
            let name = Escaped::new(item.name);
            let found = actual
                .get_export(item.name)
                .ok_or_else(|| format_err!("module export `{name}` not defined"))?;
            check_core(&extern_type(engine, &item.ty)?, &found)
                .with_context(|| format!("module export `{name}` has the wrong type"))?;
        }
        for import in actual.imports() {
            let (module, name) = (import.module(), import.name());
            let shown = || format!("{}::{}", Escaped::new(module), Escaped::new(name));
            let mut given = None;
            for item in expected.imports().iter() {
                let item = item?;
                if item.module == module && item.name == name {
                    given = Some(extern_type(engine, &item.ty)?);
                }
            }
            let given =
                given.ok_or_else(|| format_err!("module import `{}` not defined", shown()))?;
            check_core(&import.ty(), &given)
                .with_context(|| format!("module import `{}` has the wrong type", shown()))?;
        }
        Ok(())
    }
}

/// What an item is called in errors.
pub(super) fn desc(item: Item<'_>) -> &'static str {
    match item {
        Item::ImportedFunc { .. } | Item::LiftedFunc { .. } => "function",
        Item::ImportedModule { .. } | Item::StaticModule { .. } => "module",
        Item::Instance(_) => "instance",
        Item::Type(_) => "type",
        Item::Resource(_) => "resource",
        _ => "item",
    }
}

/// Checks that one core item can stand for another.
fn check_core(expected: &ExternType, actual: &ExternType) -> Result<()> {
    if std::mem::discriminant(expected) != std::mem::discriminant(actual) {
        bail!("expected {} found {}", kind(expected), kind(actual));
    }
    let fits = match (expected, actual) {
        (ExternType::Func(expected), ExternType::Func(actual)) => actual.matches(expected),
        (ExternType::Global(expected), ExternType::Global(actual)) => {
            expected.mutability() == actual.mutability()
                && actual.content().matches(expected.content())
                && (expected.mutability() == wasm_store::Mutability::Const
                    || expected.content().matches(actual.content()))
        }
        (ExternType::Table(expected), ExternType::Table(actual)) => {
            actual.element().matches(expected.element())
                && expected.element().matches(actual.element())
                && expected.is_64() == actual.is_64()
                && limits_fit(
                    (expected.minimum(), expected.maximum()),
                    (actual.minimum(), actual.maximum()),
                )
        }
        (ExternType::Memory(expected), ExternType::Memory(actual)) => {
            expected.is_64() == actual.is_64()
                && expected.is_shared() == actual.is_shared()
                && expected.page_size() == actual.page_size()
                && limits_fit(
                    (expected.minimum(), expected.maximum()),
                    (actual.minimum(), actual.maximum()),
                )
        }
        (ExternType::Tag(expected), ExternType::Tag(actual)) => {
            expected.ty().matches(actual.ty()) && actual.ty().matches(expected.ty())
        }
        _ => false,
    };
    if !fits {
        bail!("expected type `{expected}`, found type `{actual}`");
    }
    Ok(())
}

/// What kind of a core item it is, in Wasmtime's words.
fn kind(ty: &ExternType) -> &'static str {
    match ty {
        ExternType::Func(_) => "func",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    }
}

fn limits_fit(expected: (u64, Option<u64>), actual: (u64, Option<u64>)) -> bool {
    let maximum = match (expected.1, actual.1) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(expected), Some(actual)) => actual <= expected,
    };
    actual.0 >= expected.0 && maximum
}
