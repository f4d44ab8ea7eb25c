//! From types of the plan to shapes, and from the items of the translator to numbers.

use std::collections::HashMap;

use wasm_component::{
    AdapterTrap, ComponentInstanceIndex, InterfaceType, Trampoline, TypeDef, Types,
};

use super::item::Item;
use super::shape::{Scalar, Shape, ShapeId, Shapes};
use crate::def::Def;
use crate::error::Error;

/// What adapters import, each once.
#[derive(Default)]
pub(super) struct Items<'a> {
    defs: Vec<Def<'a>>,
    numbers: HashMap<Def<'a>, Item>,
}

impl<'a> Items<'a> {
    /// The number of an item.
    pub(super) fn add(&mut self, def: Def<'a>) -> Item {
        let defs = &mut self.defs;
        *self.numbers.entry(def).or_insert_with_key(|def| {
            defs.push(def.clone());
            Item(defs.len() as u32 - 1)
        })
    }

    /// The number of a function that the runtime provides.
    pub(super) fn trampoline(&mut self, trampoline: Trampoline) -> Item {
        self.add(Def::Trampoline(trampoline))
    }

    /// The number of the function that raises a trap.
    pub(super) fn trap(&mut self, code: AdapterTrap) -> Item {
        self.trampoline(Trampoline::Trap { code })
    }

    /// The item of a number.
    pub(super) fn get(&self, item: Item) -> Option<&Def<'a>> {
        self.defs.get(item.0 as usize)
    }
}

/// The way of values: from one component instance to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) from: ComponentInstanceIndex,
    pub(super) to: ComponentInstanceIndex,
}

/// Makes shapes of types.
pub(super) struct Shaper<'t> {
    types: Types<'t>,
    pub(super) shapes: Shapes,
    known: HashMap<(InterfaceType, Way), ShapeId>,
}

impl<'t> Shaper<'t> {
    pub(super) fn new(types: Types<'t>) -> Self {
        Self { types, shapes: Shapes::default(), known: HashMap::new() }
    }

    /// The shape of a type on its way. Types are not deep enough for a large stack.
    pub(super) fn shape(
        &mut self,
        ty: InterfaceType,
        way: Way,
        items: &mut Items<'_>,
    ) -> Result<ShapeId, Error> {
        if let Some(id) = self.known.get(&(ty, way)) {
            return Ok(*id);
        }
        let shape = match ty {
            InterfaceType::Bool => Shape::Scalar(Scalar::Bool),
            InterfaceType::S8 => Shape::Scalar(Scalar::S8),
            InterfaceType::U8 => Shape::Scalar(Scalar::U8),
            InterfaceType::S16 => Shape::Scalar(Scalar::S16),
            InterfaceType::U16 => Shape::Scalar(Scalar::U16),
            InterfaceType::S32 | InterfaceType::U32 => Shape::Scalar(Scalar::Int32),
            InterfaceType::S64 | InterfaceType::U64 => Shape::Scalar(Scalar::Int64),
            InterfaceType::Float32 => Shape::Scalar(Scalar::F32),
            InterfaceType::Float64 => Shape::Scalar(Scalar::F64),
            InterfaceType::Char => Shape::Scalar(Scalar::Char),
            InterfaceType::String => Shape::String,
            InterfaceType::Own(resource) => {
                let Way { from, to } = way;
                Shape::Own(items.trampoline(Trampoline::ResourceTransferOwn { resource, from, to }))
            }
            InterfaceType::Borrow(resource) => {
                let Way { from, to } = way;
                Shape::Borrow(items.trampoline(Trampoline::ResourceTransferBorrow {
                    resource,
                    from,
                    to,
                }))
            }
            InterfaceType::List(index)
            | InterfaceType::FixedLengthList(index)
            | InterfaceType::Map(index)
            | InterfaceType::Record(index)
            | InterfaceType::Tuple(index)
            | InterfaceType::Variant(index)
            | InterfaceType::Enum(index)
            | InterfaceType::Flags(index)
            | InterfaceType::Option(index)
            | InterfaceType::Result(index) => {
                let def = self.types.get(index)?;
                self.compound(def, way, items)?
            }
        };
        let id = self.shapes.add(shape);
        self.known.insert((ty, way), id);
        Ok(id)
    }

    fn compound(
        &mut self,
        def: TypeDef<'_>,
        way: Way,
        items: &mut Items<'_>,
    ) -> Result<Shape, Error> {
        Ok(match def {
            TypeDef::List(element) => Shape::List(self.shape(element, way, items)?),
            TypeDef::FixedLengthList { element, length } => {
                Shape::FixedList(self.shape(element, way, items)?, length)
            }
            TypeDef::Map { key, value, .. } => {
                let entry = [self.shape(key, way, items)?, self.shape(value, way, items)?];
                Shape::List(self.shapes.add(Shape::Record(entry.into())))
            }
            TypeDef::Record(fields) | TypeDef::Tuple(fields) => self.record(
                fields.iter().map(|field| field.map(|field| field.ty).map_err(Error::from)),
                way,
                items,
            )?,
            TypeDef::Variant(cases) => {
                let payloads = cases.iter().map(|case| self.payload(case?.ty, way, items));
                Shape::Variant(payloads.collect::<Result<_, _>>()?)
            }
            TypeDef::Option { some, .. } => {
                Shape::Variant([None, self.payload(Some(some), way, items)?].into())
            }
            TypeDef::Result { ok, err, .. } => {
                let (ok, err) = (self.payload(ok, way, items)?, self.payload(err, way, items)?);
                Shape::Variant([ok, err].into())
            }
            TypeDef::Enum { labels, .. } => Shape::Variant(vec![None; labels.len()].into()),
            TypeDef::Flags(labels) => Shape::Flags(labels.len() as u32),
        })
    }

    fn payload(
        &mut self,
        ty: Option<InterfaceType>,
        way: Way,
        items: &mut Items<'_>,
    ) -> Result<Option<ShapeId>, Error> {
        ty.map(|ty| self.shape(ty, way, items)).transpose()
    }

    /// The shape of a record of fields of these types.
    pub(super) fn record(
        &mut self,
        fields: impl Iterator<Item = Result<InterfaceType, Error>>,
        way: Way,
        items: &mut Items<'_>,
    ) -> Result<Shape, Error> {
        let fields = fields.map(|ty| self.shape(ty?, way, items));
        Ok(Shape::Record(fields.collect::<Result<_, _>>()?))
    }
}
