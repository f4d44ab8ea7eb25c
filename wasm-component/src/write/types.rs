//! Types, each of them once, with everything that is computed of them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zerocopy::IntoBytes;

use crate::error::Error;
use crate::flat::{FlatType, FlatTypes};
use crate::format::{ChildRecord, FuncTypeRecord, RangeRef, TypeRecord, TypeRef};
use crate::index::{FuncTypeIndex, TypeIndex};
use crate::interface_type::{InterfaceType, kind};
use crate::layout::{Layout, MAX_FLAT_PARAMS, VariantLayout};
use crate::read::{MAX_TYPE_DEPTH, Types};
use crate::write::fit;
use crate::write::pool::Strings;

/// The types of a plan that is being made. Equal types have equal indices.
#[derive(Debug, Default)]
pub struct TypesBuilder {
    types: Vec<TypeRecord>,
    children: Vec<ChildRecord>,
    funcs: Vec<FuncTypeRecord>,
    flats: Vec<u8>,
    pub(crate) strings: Strings,
    /// By kind, length and parts.
    interned: BTreeMap<Vec<u8>, TypeIndex>,
    interned_funcs: BTreeMap<Vec<u8>, FuncTypeIndex>,
}

/// What a type has besides its parts.
struct Shape {
    kind: u32,
    layout: Layout,
    flat_count: u32,
    flats: FlatTypes,
    extra: [u32; 2],
}

impl TypesBuilder {
    /// No types.
    pub fn new() -> Self {
        Self::default()
    }

    /// The types so far, to be read.
    pub fn view(&self) -> Types<'_> {
        Types {
            types: &self.types,
            children: &self.children,
            funcs: &self.funcs,
            flats: &self.flats,
            strings: self.strings.as_bytes(),
        }
    }

    /// `list<T>`.
    ///
    /// # Errors
    ///
    /// If the type is too deep, or there are too many; as with all that follow.
    pub fn list(&mut self, element: InterfaceType) -> Result<InterfaceType, Error> {
        let shape = self.pointer_pair(kind::LIST);
        self.add(shape, &[("", Some(element))]).map(InterfaceType::List)
    }

    /// `list<T, N>`.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn fixed_length_list(
        &mut self,
        element: InterfaceType,
        length: u32,
    ) -> Result<InterfaceType, Error> {
        let view = self.view();
        let flat_count = view.flat_count(element)?.saturating_mul(length);
        let mut flats = FlatTypes::new();
        if flat_count as usize <= MAX_FLAT_PARAMS
            && flat_count != 0
            && let Some(one) = view.flat(element)?
        {
            for _ in 0..length {
                append(&mut flats, &one);
            }
        }
        let layout = view.layout(element)?.repeat(length);
        let kind = kind::FIXED_LENGTH_LIST;
        let shape = Shape { kind, layout, flat_count, flats, extra: [length, 0] };
        self.add(shape, &[("", Some(element))]).map(InterfaceType::FixedLengthList)
    }

    /// `map<K, V>`.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn map(
        &mut self,
        key: InterfaceType,
        value: InterfaceType,
    ) -> Result<InterfaceType, Error> {
        let shape = self.pointer_pair(kind::MAP);
        self.add(shape, &[("", Some(key)), ("", Some(value))]).map(InterfaceType::Map)
    }

    /// A record with these fields.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn record(&mut self, fields: &[(&str, InterfaceType)]) -> Result<InterfaceType, Error> {
        let fields: Vec<_> = fields.iter().map(|(name, ty)| (*name, Some(*ty))).collect();
        let shape = self.product(kind::RECORD, &fields)?;
        self.add(shape, &fields).map(InterfaceType::Record)
    }

    /// A tuple of these types.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn tuple(&mut self, types: &[InterfaceType]) -> Result<InterfaceType, Error> {
        let fields: Vec<_> = types.iter().map(|ty| ("", Some(*ty))).collect();
        let shape = self.product(kind::TUPLE, &fields)?;
        self.add(shape, &fields).map(InterfaceType::Tuple)
    }

    /// A variant with these cases.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn variant(
        &mut self,
        cases: &[(&str, Option<InterfaceType>)],
    ) -> Result<InterfaceType, Error> {
        let shape = self.sum(kind::VARIANT, cases)?;
        self.add(shape, cases).map(InterfaceType::Variant)
    }

    /// `option<T>`.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn option(&mut self, some: InterfaceType) -> Result<InterfaceType, Error> {
        let shape = self.sum(kind::OPTION, &[("", None), ("", Some(some))])?;
        self.add(shape, &[("", Some(some))]).map(InterfaceType::Option)
    }

    /// `result<T, E>`.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn result(
        &mut self,
        ok: Option<InterfaceType>,
        err: Option<InterfaceType>,
    ) -> Result<InterfaceType, Error> {
        let cases = [("", ok), ("", err)];
        let shape = self.sum(kind::RESULT, &cases)?;
        self.add(shape, &cases).map(InterfaceType::Result)
    }

    /// An enumeration of these labels.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn enumeration(&mut self, labels: &[&str]) -> Result<InterfaceType, Error> {
        let cases: Vec<_> = labels.iter().map(|label| (*label, None)).collect();
        let shape = self.sum(kind::ENUM, &cases)?;
        self.add(shape, &cases).map(InterfaceType::Enum)
    }

    /// Flags with these labels.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn flags(&mut self, labels: &[&str]) -> Result<InterfaceType, Error> {
        let parts: Vec<_> = labels.iter().map(|label| (*label, None)).collect();
        let words = fit(labels.len().div_ceil(32))?;
        let mut flats = FlatTypes::new();
        if words as usize <= MAX_FLAT_PARAMS {
            for _ in 0..words {
                append(&mut flats, &[FlatType::I32]);
            }
        }
        let layout = Layout::flags(labels.len());
        let shape = Shape { kind: kind::FLAGS, layout, flat_count: words, flats, extra: [0; 2] };
        self.add(shape, &parts).map(InterfaceType::Flags)
    }

    /// A function type.
    ///
    /// # Errors
    ///
    /// See [`list`](Self::list).
    pub fn func(
        &mut self,
        params: &[(&str, InterfaceType)],
        result: Option<InterfaceType>,
    ) -> Result<FuncTypeIndex, Error> {
        let params: Vec<_> = params.iter().map(|(name, ty)| (*name, Some(*ty))).collect();
        let shape = self.product(kind::TUPLE, &params)?;
        let children = self.children(kind::RECORD, &params)?;
        let result = TypeRef::new(result);
        let mut key = Vec::from(result.as_bytes());
        key.extend_from_slice(children.as_bytes());
        if let Some(index) = self.interned_funcs.get(&key) {
            return Ok(*index);
        }
        let index = FuncTypeIndex::new(fit(self.funcs.len())?);
        let record = FuncTypeRecord {
            params: self.push_children(&children)?,
            result,
            params_size: shape.layout.size.into(),
            params_align: shape.layout.align.into(),
            params_flat_count: shape.flat_count.into(),
            params_flats: self.push_flats(&shape.flats)?,
        };
        self.funcs.push(record);
        self.interned_funcs.insert(key, index);
        Ok(index)
    }

    fn add(
        &mut self,
        shape: Shape,
        parts: &[(&str, Option<InterfaceType>)],
    ) -> Result<TypeIndex, Error> {
        let children = self.children(shape.kind, parts)?;
        let mut key = Vec::from([shape.kind, shape.extra[0]]).as_bytes().to_vec();
        key.extend_from_slice(children.as_bytes());
        if let Some(index) = self.interned.get(&key) {
            return Ok(*index);
        }
        let mut depth = 0;
        for index in parts.iter().filter_map(|(_, ty)| ty.and_then(InterfaceType::type_index)) {
            let part = self.types.get(index.index());
            depth = depth.max(part.map_or(0, |part| part.depth.get()));
        }
        if depth >= MAX_TYPE_DEPTH {
            return Err(Error::too_large("types lie within each other more than 100 deep"));
        }
        let index = TypeIndex::new(fit(self.types.len())?);
        let record = TypeRecord {
            kind: shape.kind.into(),
            size: shape.layout.size.into(),
            align: shape.layout.align.into(),
            depth: (depth + 1).into(),
            flat_count: shape.flat_count.into(),
            flats: self.push_flats(&shape.flats)?,
            children: self.push_children(&children)?,
            extra: shape.extra.map(Into::into),
        };
        self.types.push(record);
        self.interned.insert(key, index);
        Ok(index)
    }

    fn children(
        &mut self,
        kind: u32,
        parts: &[(&str, Option<InterfaceType>)],
    ) -> Result<Vec<ChildRecord>, Error> {
        let mut children = Vec::with_capacity(parts.len());
        let mut layout = Layout::EMPTY;
        for (name, ty) in parts {
            let offset = match ty {
                Some(ty) if matches!(kind, kind::RECORD | kind::TUPLE) => {
                    layout.push(self.view().layout(*ty)?)
                }
                _ => 0,
            };
            let name = self.strings.add(name)?;
            children.push(ChildRecord { name, ty: TypeRef::new(*ty), offset: offset.into() });
        }
        Ok(children)
    }

    fn push_children(&mut self, children: &[ChildRecord]) -> Result<RangeRef, Error> {
        let start = fit(self.children.len())?.into();
        self.children.extend_from_slice(children);
        Ok(RangeRef { start, len: fit(children.len())?.into() })
    }

    fn push_flats(&mut self, flats: &FlatTypes) -> Result<RangeRef, Error> {
        let bytes: Vec<u8> = flats.iter().map(|ty| *ty as u8).collect();
        self.push_bytes(&bytes)
    }

    /// Numbers of core types.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<RangeRef, Error> {
        // Most lists are short and stand somewhere already.
        let near = self.flats.len().saturating_sub(256);
        let found = self.flats[near..].windows(bytes.len().max(1)).position(|part| part == bytes);
        let start = match found {
            Some(place) => near + place,
            None => {
                self.flats.extend_from_slice(bytes);
                self.flats.len() - bytes.len()
            }
        };
        Ok(RangeRef { start: fit(start)?.into(), len: fit(bytes.len())?.into() })
    }

    fn pointer_pair(&self, kind: u32) -> Shape {
        let mut flats = FlatTypes::new();
        append(&mut flats, &[FlatType::I32, FlatType::I32]);
        Shape { kind, layout: Layout::POINTER_PAIR, flat_count: 2, flats, extra: [0; 2] }
    }

    fn product(&self, kind: u32, fields: &[(&str, Option<InterfaceType>)]) -> Result<Shape, Error> {
        let view = self.view();
        let mut layout = Layout::EMPTY;
        let mut flat_count = 0_u32;
        let mut flats = FlatTypes::new();
        for ty in fields.iter().filter_map(|(_, ty)| *ty) {
            layout.push(view.layout(ty)?);
            flat_count = flat_count.saturating_add(view.flat_count(ty)?);
            if flat_count as usize <= MAX_FLAT_PARAMS
                && let Some(field) = view.flat(ty)?
            {
                append(&mut flats, &field);
            }
        }
        if flat_count as usize > MAX_FLAT_PARAMS {
            flats = FlatTypes::new();
        }
        Ok(Shape { kind, layout: layout.pad(), flat_count, flats, extra: [0; 2] })
    }

    fn sum(&self, kind: u32, cases: &[(&str, Option<InterfaceType>)]) -> Result<Shape, Error> {
        let view = self.view();
        let mut payloads = Vec::with_capacity(cases.len());
        // The discriminant comes first.
        let mut flat_count = 1_u32;
        let mut joined: Vec<FlatType> = Vec::new();
        for (_, ty) in cases {
            let Some(ty) = ty else {
                payloads.push(Layout::EMPTY);
                continue;
            };
            payloads.push(view.layout(*ty)?);
            flat_count = flat_count.max(view.flat_count(*ty)?.saturating_add(1));
            for (place, flat) in view.flat(*ty)?.unwrap_or_default().iter().enumerate() {
                match joined.get_mut(place) {
                    Some(with) => *with = with.join(*flat),
                    None => joined.push(*flat),
                }
            }
        }
        let variant = VariantLayout::new(payloads);
        let mut flats = FlatTypes::new();
        if flat_count as usize <= MAX_FLAT_PARAMS {
            append(&mut flats, &[FlatType::I32]);
            append(&mut flats, &joined);
        }
        let extra = [variant.discriminant, variant.payload_offset];
        Ok(Shape { kind, layout: variant.layout, flat_count, flats, extra })
    }
}

impl TypeRef {
    pub(crate) fn new(ty: Option<InterfaceType>) -> Self {
        let (kind, index) = InterfaceType::encode(ty);
        Self { kind: kind.into(), index: index.into() }
    }
}

/// Appends core types of which the caller counted that they fit.
fn append(flats: &mut FlatTypes, more: &[FlatType]) {
    for ty in more {
        let fits = flats.push(*ty);
        debug_assert!(fits, "no more than MAX_FLAT_PARAMS were counted");
    }
}
