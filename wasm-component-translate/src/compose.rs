//! Components that are compiled into another: what it imports by their names is what they export.
//!
//! The result is the other component with a prelude, in which the components lie as they are and
//! are instantiated. Everything behind the prelude is written again with indices that are larger by
//! what the prelude has, and with the instances of the prelude in place of imports.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentImportSection, ComponentInstanceSection,
    ComponentSectionId, ComponentTypeRef, ComponentTypeSection, RawSection,
};
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentImportSectionReader, ComponentOuterAliasKind,
    ComponentType, InstanceTypeDeclaration, Parser, Payload,
};

use wasm_types::WasmFeatures;

use crate::error::{Error, ErrorKind};
use crate::parse::parse;

/// A component with others compiled into it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Composed<'a> {
    /// The binary.
    pub wasm: Cow<'a, [u8]>,
    /// What to translate it with: see [`translate_with_access`](crate::translate_with_access).
    pub access: HostAccess,
}

/// What a component has of the host, and what was put into it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostAccess {
    /// The names of its imports, which are instances, that stand for functions with access to the
    /// host's memory ([`wasm_component::Intrinsic`]).
    pub intrinsics: Vec<String>,
    /// How many of its components, the first ones, were put into it: their instances are beside its
    /// own, and not in it.
    pub builtins: u32,
}

impl HostAccess {
    /// Whether an import stands for functions with access to the host's memory.
    pub(crate) fn has(&self, import: &str) -> bool {
        self.intrinsics.iter().any(|name| name == import)
    }
}

/// Puts components into another, in place of imports of their names that are instances. Components
/// that nothing imports are left out. Each may import others that stand before it in the list, and
/// `intrinsics`, which the component that is composed may not: it has access to the host's memory
/// only by their functions.
///
/// The component is validated before, without the bodies of its functions: so it uses of what it
/// imports only what it has declared. What is returned is not validated.
///
/// # Errors
///
/// If one of them is no component, or the component is not valid or uses something that `features`
/// do not allow, or it imports `intrinsics`, or one of the others imports anything else.
pub fn compose<'a>(
    main: &'a [u8],
    builtins: &[(&str, &[u8])],
    intrinsics: &str,
    features: WasmFeatures,
) -> Result<Composed<'a>, Error> {
    let outer = Outline::of(main)?;
    parse(main, features)?;
    if outer.imports.iter().any(|import| import.name == intrinsics) {
        return Err(invalid(format!(
            "main Wasm cannot import the unsafe intrinsics (`{intrinsics}`) when using \
             compile-time builtins"
        )));
    }
    let mut prelude = Prelude::new(builtins, intrinsics, &outer);
    let mut moved = Moved::default();
    for import in &outer.imports {
        let Some(instance) = import.instance else { continue };
        if let Some(number) = builtins.iter().position(|(name, _)| *name == import.name) {
            moved.replaced.push((instance, prelude.instance_of(number)?));
            moved.names.push(import.name.to_owned());
        }
    }
    if moved.replaced.is_empty() {
        return Ok(Composed { wasm: Cow::Borrowed(main), access: HostAccess::default() });
    }
    let Prelude { mut out, types, components, instances, imported, .. } = prelude;
    (moved.types, moved.components, moved.instances) = (types, components, instances);
    moved.parse_component(&mut out, Parser::new(0), main).map_err(unreadable)?;
    let access = HostAccess { intrinsics: imported, builtins: components };
    Ok(Composed { wasm: Cow::Owned(out.finish()), access })
}

/// What a component has at its outermost level.
struct Outline<'a> {
    imports: Vec<Import<'a>>,
    /// The types of instances that it declares, by their index.
    instance_types: HashMap<u32, Box<[InstanceTypeDeclaration<'a>]>>,
}

struct Import<'a> {
    name: &'a str,
    /// The index of the instance and that of its type, if it is one.
    instance: Option<u32>,
    ty: Option<u32>,
}

impl<'a> Outline<'a> {
    fn of(wasm: &'a [u8]) -> Result<Self, Error> {
        if !Parser::is_component(wasm) {
            return Err(Error::new(
                ErrorKind::NotAComponent,
                "it is not a component in binary form",
            ));
        }
        let mut outline = Self { imports: Vec::new(), instance_types: HashMap::new() };
        let (mut depth, mut types, mut instances) = (0, 0, 0);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ if depth != 1 => {}
                Payload::ComponentTypeSection(section) => {
                    for ty in section {
                        if let ComponentType::Instance(ty) = ty? {
                            outline.instance_types.insert(types, ty);
                        }
                        types += 1;
                    }
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import?;
                        let (mut instance, mut of) = (None, None);
                        match import.ty {
                            wasmparser::ComponentTypeRef::Instance(ty) => {
                                (instance, of) = (Some(instances), Some(ty));
                                instances += 1;
                            }
                            wasmparser::ComponentTypeRef::Type(_) => types += 1,
                            _ => {}
                        }
                        outline.imports.push(Import { name: import.name.name, instance, ty: of });
                    }
                }
                Payload::ComponentInstanceSection(section) => instances += section.count(),
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        match alias? {
                            ComponentAlias::InstanceExport { kind, .. } => match kind {
                                ComponentExternalKind::Instance => instances += 1,
                                ComponentExternalKind::Type => types += 1,
                                _ => {}
                            },
                            ComponentAlias::Outer {
                                kind: ComponentOuterAliasKind::Type, ..
                            } => types += 1,
                            _ => {}
                        }
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        match export?.kind {
                            ComponentExternalKind::Instance => instances += 1,
                            ComponentExternalKind::Type => types += 1,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}

/// What comes before the component.
struct Prelude<'b> {
    builtins: &'b [(&'b str, &'b [u8])],
    intrinsics: &'b str,
    /// The names of imports that are taken.
    taken: HashSet<String>,
    /// The instances of the builtins, as far as they are made.
    made: HashMap<usize, u32>,
    out: Component,
    types: u32,
    components: u32,
    instances: u32,
    imported: Vec<String>,
}

impl<'b> Prelude<'b> {
    fn new(builtins: &'b [(&'b str, &'b [u8])], intrinsics: &'b str, outer: &Outline<'_>) -> Self {
        let taken = outer.imports.iter().map(|import| import.name.to_owned()).collect();
        let (made, out, imported) = (HashMap::new(), Component::new(), Vec::new());
        let (types, components, instances) = (0, 0, 0);
        Self { builtins, intrinsics, taken, made, out, types, components, instances, imported }
    }

    /// The instance of a builtin, which is made if there is none, after those that it imports.
    fn instance_of(&mut self, number: usize) -> Result<u32, Error> {
        if let Some(made) = self.made.get(&number) {
            return Ok(*made);
        }
        let (name, wasm) = self.builtins[number];
        let within = |error: Error| {
            Error::new(error.kind(), format!("in the compile-time builtin `{name}`: {error}"))
        };
        let outline = Outline::of(wasm).map_err(within)?;
        let mut args = Vec::with_capacity(outline.imports.len());
        for import in &outline.imports {
            let earlier = self.builtins[..number].iter().position(|(of, _)| *of == import.name);
            let instance = match (import.ty, earlier) {
                (Some(ty), _) if import.name == self.intrinsics => {
                    self.import_intrinsics(&outline, ty).map_err(within)?
                }
                (Some(_), Some(earlier)) => self.instance_of(earlier)?,
                _ => {
                    return Err(within(invalid(format!(
                        "it imports `{}`, which is neither `{}` nor a builtin that was given before it",
                        import.name, self.intrinsics
                    ))));
                }
            };
            args.push((import.name, ComponentExportKind::Instance, instance));
        }
        self.out.section(&RawSection { id: ComponentSectionId::Component.into(), data: wasm });
        let mut section = ComponentInstanceSection::new();
        section.instantiate(self.components, args);
        self.out.section(&section);
        self.components += 1;
        let instance = self.next_instance();
        self.made.insert(number, instance);
        Ok(instance)
    }

    /// Imports what a builtin wants of the host's memory, by a name that nothing else has, since
    /// each builtin declares what it wants by itself.
    fn import_intrinsics(&mut self, outline: &Outline<'_>, ty: u32) -> Result<u32, Error> {
        let declared = outline.instance_types.get(&ty).cloned();
        let from_outside = |of: &InstanceTypeDeclaration<'_>| {
            matches!(of, InstanceTypeDeclaration::Alias(ComponentAlias::Outer { count: 1.., .. }))
        };
        let declared = declared.filter(|declared| !declared.iter().any(from_outside));
        let Some(declared) = declared else {
            return Err(invalid(format!(
                "the type of the import `{}` has to be declared in place, without types from \
                 elsewhere",
                self.intrinsics
            )));
        };
        let mut types = ComponentTypeSection::new();
        let ty = RoundtripReencoder.component_instance_type(declared).map_err(unreadable)?;
        types.instance(&ty);
        self.out.section(&types);
        let name = (0_u32..).map(|number| format!("unsafe-intrinsics-{number}"));
        let name = name.into_iter().find(|name| !self.taken.contains(name)).unwrap_or_default();
        let mut imports = ComponentImportSection::new();
        imports.import(name.as_str(), ComponentTypeRef::Instance(self.types));
        self.out.section(&imports);
        self.types += 1;
        self.taken.insert(name.clone());
        self.imported.push(name);
        Ok(self.next_instance())
    }

    fn next_instance(&mut self) -> u32 {
        self.instances += 1;
        self.instances - 1
    }
}

/// What indices become that are too large to be moved: there is nothing with this index, which is
/// found when the result is validated. If they wrapped, they would be those of the prelude.
const NO_INDEX: u32 = u32::MAX;

/// Writes a component behind a prelude.
#[derive(Default)]
struct Moved {
    /// How deep the component is in which this is.
    depth: u32,
    /// How many types, components and instances the prelude has.
    types: u32,
    components: u32,
    instances: u32,
    /// Imported instances, and what is in place of them.
    replaced: Vec<(u32, u32)>,
    /// The names of these imports.
    names: Vec<String>,
}

impl Reencode for Moved {
    type Error = Infallible;
}

impl ReencodeComponent for Moved {
    fn component_type_index(&mut self, index: u32) -> u32 {
        self.outer_component_type_index(0, index)
    }

    fn component_index(&mut self, index: u32) -> u32 {
        self.outer_component_index(0, index)
    }

    fn component_instance_index(&mut self, index: u32) -> u32 {
        if self.depth > 0 {
            return index;
        }
        if let Some((_, instance)) = self.replaced.iter().find(|(before, _)| *before == index) {
            return *instance;
        }
        let gone = self.replaced.iter().filter(|(before, _)| *before < index).count();
        match index.checked_add(self.instances) {
            Some(moved) => moved - gone as u32,
            None => NO_INDEX,
        }
    }

    fn outer_component_type_index(&mut self, count: u32, index: u32) -> u32 {
        if count == self.depth { index.checked_add(self.types).unwrap_or(NO_INDEX) } else { index }
    }

    fn outer_component_index(&mut self, count: u32, index: u32) -> u32 {
        if count == self.depth {
            index.checked_add(self.components).unwrap_or(NO_INDEX)
        } else {
            index
        }
    }

    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn parse_component_import_section(
        &mut self,
        imports: &mut ComponentImportSection,
        section: ComponentImportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        for import in section {
            let import = import?;
            if self.depth > 0 || !self.names.iter().any(|name| name == import.name.name) {
                imports.import(import.name, self.component_type_ref(import.ty)?);
            }
        }
        Ok(())
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

fn unreadable(error: reencode::Error<Infallible>) -> Error {
    invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{Alias, ComponentAliasSection};

    use super::*;

    const BUILTIN: &str = r#"(component
        (import "i" (instance $i (export "u64-native-load" (func (param "p" u64) (result u64)))))
        (alias export $i "u64-native-load" (func $load))
        (export "f" (func $load)))"#;

    #[test]
    fn no_index_leads_to_the_prelude() {
        let builtin = wat::parse_str(BUILTIN).unwrap();
        let main = wat::parse_str(r#"(component (import "b" (instance)))"#).unwrap();
        // All that could wrap to one of the first instances, which are the prelude's.
        for index in (0..4).chain(u32::MAX - 4..=u32::MAX) {
            for kind in [ComponentExportKind::Func, ComponentExportKind::Instance] {
                let mut aliases = ComponentAliasSection::new();
                let name = "u64-native-load";
                aliases.alias(Alias::InstanceExport { instance: index, kind, name });
                let mut wasm = main.clone();
                wasm.push(wasm_encoder::ComponentSection::id(&aliases));
                wasm_encoder::Encode::encode(&aliases, &mut wasm);
                let features = WasmFeatures::default();
                let composed = compose(&wasm, &[("b", &builtin)], "i", features);
                assert!(composed.is_err(), "instance {index:#x}, {kind:?}");
            }
        }
    }

    #[test]
    fn what_is_not_declared_is_not_used() {
        let builtin = wat::parse_str(BUILTIN).unwrap();
        for (declared, is_valid) in
            [("(export \"f\" (func (param \"p\" u64) (result u64)))", true), ("", false)]
        {
            let main = format!(
                r#"(component
                    (import "b" (instance $b {declared}))
                    (alias export $b "f" (func $f))
                    (core func (canon lower (func $f))))"#
            );
            let main = wat::parse_str(main).unwrap();
            let composed = compose(&main, &[("b", &builtin)], "i", WasmFeatures::default());
            assert_eq!(composed.is_ok(), is_valid, "{declared}");
        }
    }
}
