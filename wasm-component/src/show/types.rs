//! Types as WIT has them.

use alloc::collections::BTreeMap;
use core::cell::Cell;
use core::fmt;

use wasm_types::Escaped;

use crate::error::Error;
use crate::index::{FuncTypeIndex, ResourceIndex};
use crate::interface_type::InterfaceType;
use crate::read::{Plan, TypeDef};

/// A value type of a plan, as WIT has it.
#[derive(Clone, Copy, Debug)]
pub struct ShowType<'a> {
    plan: Plan<'a>,
    ty: InterfaceType,
}

/// A function type of a plan, as WIT has it.
#[derive(Clone, Copy, Debug)]
pub struct ShowFunc<'a> {
    plan: Plan<'a>,
    ty: FuncTypeIndex,
}

impl<'a> Plan<'a> {
    /// A value type as people read it.
    pub fn show_type(self, ty: InterfaceType) -> ShowType<'a> {
        ShowType { plan: self, ty }
    }

    /// A function type as people read it.
    pub fn show_func(self, ty: FuncTypeIndex) -> ShowFunc<'a> {
        ShowFunc { plan: self, ty }
    }
}

impl fmt::Display for ShowType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer::new(self.plan, &Names::default()).ty(f, self.ty)
    }
}

impl fmt::Display for ShowFunc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printer::new(self.plan, &Names::default()).func(f, self.ty)
    }
}

/// What types and resources are called where something is shown.
#[derive(Debug, Default)]
pub(super) struct Names<'o, 'a> {
    outer: Option<&'o Names<'o, 'a>>,
    types: BTreeMap<InterfaceType, &'a str>,
    resources: BTreeMap<ResourceIndex, &'a str>,
}

impl<'a> Names<'_, 'a> {
    /// Names within something that has these names.
    pub(super) fn inside(&self) -> Names<'_, 'a> {
        Names { outer: Some(self), types: BTreeMap::new(), resources: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, ty: InterfaceType, name: &'a str) {
        // A name for a primitive type would only hide what it is.
        if ty.type_index().is_some() {
            self.types.entry(ty).or_insert(name);
        }
    }

    pub(super) fn add_resource(&mut self, resource: ResourceIndex, name: &'a str) {
        self.resources.entry(resource).or_insert(name);
    }

    pub(super) fn resource(&self, resource: ResourceIndex) -> Option<&'a str> {
        let own = self.resources.get(&resource).copied();
        own.or_else(|| self.outer?.resource(resource))
    }

    fn ty(&self, ty: InterfaceType) -> Option<&'a str> {
        let own = self.types.get(&ty).copied();
        own.or_else(|| self.outer?.ty(ty))
    }
}

/// How many types are written for one item. A type of a few parts that each have a few parts, and
/// so on, can be larger than anybody wants to read.
const MOST: u32 = 10_000;

/// Writes types.
pub(super) struct Printer<'n, 'a> {
    plan: Plan<'a>,
    names: &'n Names<'n, 'a>,
    left: Cell<u32>,
}

impl<'n, 'a> Printer<'n, 'a> {
    pub(super) fn new(plan: Plan<'a>, names: &'n Names<'n, 'a>) -> Self {
        Self { plan, names, left: Cell::new(MOST) }
    }

    pub(super) fn func(&self, f: &mut fmt::Formatter<'_>, ty: FuncTypeIndex) -> fmt::Result {
        let ty = match self.plan.types().func(ty) {
            Ok(ty) => ty,
            Err(error) => return write!(f, "{error}"),
        };
        f.write_str("func(")?;
        for (place, param) in ty.params().iter().enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            match param {
                Ok(param) => {
                    write!(f, "{}: ", Escaped::new(param.name))?;
                    self.ty(f, param.ty)?;
                }
                Err(error) => write!(f, "{error}")?,
            }
        }
        f.write_str(")")?;
        match ty.result() {
            Ok(None) => Ok(()),
            Ok(Some(result)) => {
                f.write_str(" -> ")?;
                self.ty(f, result)
            }
            Err(error) => write!(f, " -> {error}"),
        }
    }

    /// A type that gets a name: `record point { x: u8 }`, `type bytes = list<u8>;`.
    pub(super) fn declaration(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        ty: InterfaceType,
    ) -> fmt::Result {
        let name = Escaped::new(name);
        let structure = matches!(
            ty,
            InterfaceType::Record(_)
                | InterfaceType::Variant(_)
                | InterfaceType::Enum(_)
                | InterfaceType::Flags(_)
        );
        if structure && self.names.ty(ty).is_none() {
            write!(f, "{} {name}", ty.desc())?;
            return self.structure(f, ty);
        }
        write!(f, "type {name} = ")?;
        self.ty(f, ty)?;
        f.write_str(";")
    }

    /// A type by its name, or in full if it has none.
    pub(super) fn ty(&self, f: &mut fmt::Formatter<'_>, ty: InterfaceType) -> fmt::Result {
        if let Some(name) = self.names.ty(ty) {
            return write!(f, "{}", Escaped::new(name));
        }
        let Some(left) = self.left.get().checked_sub(1) else { return f.write_str("…") };
        self.left.set(left);
        f.write_str(ty.desc().split('<').next().unwrap_or_default())?;
        if let Some(resource) = ty.resource() {
            f.write_str("<")?;
            self.resource(f, resource)?;
            return f.write_str(">");
        }
        if ty.type_index().is_some() { self.structure(f, ty) } else { Ok(()) }
    }

    fn resource(&self, f: &mut fmt::Formatter<'_>, resource: ResourceIndex) -> fmt::Result {
        let own = self.names.resource(resource);
        let name = own.or_else(|| self.plan.resource(resource).ok().map(|of| of.name));
        match name {
            Some(name) if !name.is_empty() => write!(f, "{}", Escaped::new(name)),
            _ => write!(f, "resource-{resource}"),
        }
    }

    /// What follows the word of a type that consists of something.
    fn structure(&self, f: &mut fmt::Formatter<'_>, ty: InterfaceType) -> fmt::Result {
        let Some(index) = ty.type_index() else { return Ok(()) };
        let def = match self.plan.types().get(index) {
            Ok(def) => def,
            Err(error) => return write!(f, "<{error}>"),
        };
        match def {
            TypeDef::List(element) => self.angled(f, [Some(element)]),
            TypeDef::FixedLengthList { element, length } => {
                f.write_str("<")?;
                self.ty(f, element)?;
                write!(f, ", {length}>")
            }
            TypeDef::Map { key, value, .. } => self.angled(f, [Some(key), Some(value)]),
            TypeDef::Option { some, .. } => self.angled(f, [Some(some)]),
            TypeDef::Result { ok: None, err: None, .. } => Ok(()),
            TypeDef::Result { ok, err: None, .. } => self.angled(f, [ok]),
            TypeDef::Result { ok, err, .. } => self.angled(f, [ok, err]),
            TypeDef::Tuple(fields) => {
                f.write_str("<")?;
                for (place, field) in fields.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { ", " })?;
                    self.part(f, field.map(|field| ("", Some(field.ty))))?;
                }
                f.write_str(">")
            }
            TypeDef::Record(fields) => {
                self.braced(f, fields.iter().map(|of| of.map(|of| (of.name, Some(of.ty)))), ": ")
            }
            TypeDef::Variant(cases) => {
                self.braced(f, cases.iter().map(|of| of.map(|of| (of.name, of.ty))), "(")
            }
            TypeDef::Enum { labels, .. } | TypeDef::Flags(labels) => {
                self.braced(f, labels.iter().map(|of| of.map(|of| (of, None))), "")
            }
        }
    }

    fn angled<const N: usize>(
        &self,
        f: &mut fmt::Formatter<'_>,
        types: [Option<InterfaceType>; N],
    ) -> fmt::Result {
        f.write_str("<")?;
        for (place, ty) in types.into_iter().enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            match ty {
                Some(ty) => self.ty(f, ty)?,
                None => f.write_str("_")?,
            }
        }
        f.write_str(">")
    }

    /// Fields, cases or labels. `before` stands before the type of one.
    fn braced(
        &self,
        f: &mut fmt::Formatter<'_>,
        parts: impl Iterator<Item = Result<(&'a str, Option<InterfaceType>), Error>>,
        before: &str,
    ) -> fmt::Result {
        f.write_str(" { ")?;
        for (place, part) in parts.enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            let Ok((name, ty)) = part else { return self.part(f, part) };
            write!(f, "{}", Escaped::new(name))?;
            if let Some(ty) = ty {
                f.write_str(before)?;
                self.ty(f, ty)?;
                f.write_str(if before == "(" { ")" } else { "" })?;
            }
        }
        f.write_str(" }")
    }

    fn part(
        &self,
        f: &mut fmt::Formatter<'_>,
        part: Result<(&'a str, Option<InterfaceType>), Error>,
    ) -> fmt::Result {
        match part {
            Ok((_, Some(ty))) => self.ty(f, ty),
            Ok((name, None)) => write!(f, "{}", Escaped::new(name)),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}
