//! Value types and function types of a plan.

use crate::error::Error;
use crate::flat::{CoreSignature, FlatType, FlatTypes};
use crate::format::{ChildRecord, FuncTypeRecord, RangeRef, StrRef, TypeRecord, TypeRef};
use crate::index::{FuncTypeIndex, TypeIndex};
use crate::interface_type::{InterfaceType, kind};
use crate::layout::{Layout, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, VariantLayout};

/// How deep types may lie within each other: `list<u8>` has the depth 1.
pub const MAX_TYPE_DEPTH: u32 = 100;

/// The types of a plan, finished or being made.
#[derive(Clone, Copy, Debug)]
pub struct Types<'a> {
    pub(crate) types: &'a [TypeRecord],
    pub(crate) children: &'a [ChildRecord],
    pub(crate) funcs: &'a [FuncTypeRecord],
    pub(crate) flats: &'a [u8],
    pub(crate) strings: &'a [u8],
}

/// What a type consists of.
#[derive(Clone, Copy, Debug)]
pub enum TypeDef<'a> {
    /// `list<T>`.
    List(InterfaceType),
    /// `list<T, N>`.
    FixedLengthList {
        /// The type of the elements.
        element: InterfaceType,
        /// How many there are.
        length: u32,
    },
    /// `map<K, V>`: a list of tuples of a key and a value.
    Map {
        /// The type of the keys, at the offset 0.
        key: InterfaceType,
        /// The type of the values.
        value: InterfaceType,
        /// Where the value lies behind its key.
        value_offset: u32,
        /// Of a key and a value.
        entry: Layout,
    },
    /// A record.
    Record(Fields<'a>),
    /// A tuple: its fields have empty names.
    Tuple(Fields<'a>),
    /// A variant.
    Variant(Cases<'a>),
    /// `option<T>`: a variant of `none` and `some(T)`.
    Option {
        /// The type of the payload.
        some: InterfaceType,
        /// As a variant.
        layout: VariantLayout,
    },
    /// `result<T, E>`: a variant of `ok` and `error`.
    Result {
        /// The payload of `ok`.
        ok: Option<InterfaceType>,
        /// The payload of `error`.
        err: Option<InterfaceType>,
        /// As a variant.
        layout: VariantLayout,
    },
    /// An enumeration: a variant without payloads.
    Enum {
        /// The names of its cases.
        labels: Labels<'a>,
        /// As a variant.
        layout: VariantLayout,
    },
    /// Flags.
    Flags(Labels<'a>),
}

/// The fields of a record or tuple, or the parameters of a function.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    children: &'a [ChildRecord],
    types: Types<'a>,
    /// Of the type that they are fields of.
    depth: u32,
}

/// A field of a record, a value of a tuple, or a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its name; empty in tuples.
    pub name: &'a str,
    /// Its type.
    pub ty: InterfaceType,
    /// Where it lies in linear memory, from the start of the record.
    pub offset: u32,
}

/// The cases of a variant.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'a> {
    children: &'a [ChildRecord],
    types: Types<'a>,
    depth: u32,
    layout: VariantLayout,
}

/// A case of a variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its payload.
    pub ty: Option<InterfaceType>,
}

/// The names of flags, or of the cases of an enumeration.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    children: &'a [ChildRecord],
    strings: &'a [u8],
}

/// The type of a function.
#[derive(Clone, Copy, Debug)]
pub struct FuncType<'a> {
    record: &'a FuncTypeRecord,
    params: Fields<'a>,
    types: Types<'a>,
}

impl<'a> Types<'a> {
    /// How many types with an index there are.
    pub fn len(self) -> usize {
        self.types.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.types.is_empty()
    }

    /// How many function types there are.
    pub fn funcs_len(self) -> usize {
        self.funcs.len()
    }

    /// What a type consists of.
    ///
    /// # Errors
    ///
    /// If the plan is damaged, or is not that of the index.
    pub fn get(self, index: TypeIndex) -> Result<TypeDef<'a>, Error> {
        let record = self.record(index)?;
        let children = record
            .children
            .of(self.children)
            .ok_or_else(|| Error::damaged("a type has parts that do not exist"))?;
        let depth = record.depth.get();
        if depth > MAX_TYPE_DEPTH {
            return Err(Error::damaged("a type is too deep"));
        }
        let one = |place: usize| {
            let child = children.get(place).ok_or_else(|| Error::damaged("a type lacks a part"))?;
            self.below(depth, child.ty.decode()?)
        };
        let required = |place: usize| {
            one(place)?.ok_or_else(|| Error::damaged("a type lacks the type of a part"))
        };
        let layout = VariantLayout {
            layout: record.layout()?,
            discriminant: record.extra[0].get(),
            payload_offset: record.extra[1].get(),
        };
        Ok(match record.kind.get() {
            kind::LIST => TypeDef::List(required(0)?),
            kind::FIXED_LENGTH_LIST => {
                TypeDef::FixedLengthList { element: required(0)?, length: record.extra[0].get() }
            }
            kind::MAP => {
                let (key, value) = (required(0)?, required(1)?);
                let mut entry = Layout::EMPTY;
                entry.push(self.layout(key)?);
                let value_offset = entry.push(self.layout(value)?);
                TypeDef::Map { key, value, value_offset, entry: entry.pad() }
            }
            kind::RECORD => TypeDef::Record(Fields { children, types: self, depth }),
            kind::TUPLE => TypeDef::Tuple(Fields { children, types: self, depth }),
            kind::VARIANT => TypeDef::Variant(Cases { children, types: self, depth, layout }),
            kind::OPTION => TypeDef::Option { some: required(0)?, layout },
            kind::RESULT => TypeDef::Result { ok: one(0)?, err: one(1)?, layout },
            kind::ENUM => {
                TypeDef::Enum { labels: Labels { children, strings: self.strings }, layout }
            }
            kind::FLAGS => TypeDef::Flags(Labels { children, strings: self.strings }),
            _ => return Err(Error::damaged("a type has an unknown kind")),
        })
    }

    /// The size and alignment of a value in linear memory.
    ///
    /// # Errors
    ///
    /// If the plan is damaged, or is not that of the type.
    pub fn layout(self, ty: InterfaceType) -> Result<Layout, Error> {
        Ok(match ty {
            InterfaceType::Bool | InterfaceType::S8 | InterfaceType::U8 => Layout::scalar(1),
            InterfaceType::S16 | InterfaceType::U16 => Layout::scalar(2),
            InterfaceType::S32
            | InterfaceType::U32
            | InterfaceType::Float32
            | InterfaceType::Char
            | InterfaceType::Own(_)
            | InterfaceType::Borrow(_) => Layout::scalar(4),
            InterfaceType::S64 | InterfaceType::U64 | InterfaceType::Float64 => Layout::scalar(8),
            InterfaceType::String | InterfaceType::List(_) | InterfaceType::Map(_) => {
                Layout::POINTER_PAIR
            }
            InterfaceType::FixedLengthList(index)
            | InterfaceType::Record(index)
            | InterfaceType::Tuple(index)
            | InterfaceType::Variant(index)
            | InterfaceType::Enum(index)
            | InterfaceType::Flags(index)
            | InterfaceType::Option(index)
            | InterfaceType::Result(index) => self.record(index)?.layout()?,
        })
    }

    /// How many core values a value is passed as, if it is passed flat. The number stops at the
    /// largest one.
    ///
    /// # Errors
    ///
    /// If the plan is damaged, or is not that of the type.
    pub fn flat_count(self, ty: InterfaceType) -> Result<u32, Error> {
        match ty.type_index() {
            None if ty == InterfaceType::String => Ok(2),
            None => Ok(1),
            Some(index) => Ok(self.record(index)?.flat_count.get()),
        }
    }

    /// The core types that a value is passed as; `None` if there are more than
    /// [`MAX_FLAT_PARAMS`].
    ///
    /// # Errors
    ///
    /// If the plan is damaged, or is not that of the type.
    pub fn flat(self, ty: InterfaceType) -> Result<Option<FlatTypes>, Error> {
        let only = |types: &[FlatType]| {
            let mut flat = FlatTypes::new();
            let fits = types.iter().all(|ty| flat.push(*ty));
            fits.then_some(flat)
        };
        Ok(match ty {
            InterfaceType::S64 | InterfaceType::U64 => only(&[FlatType::I64]),
            InterfaceType::Float32 => only(&[FlatType::F32]),
            InterfaceType::Float64 => only(&[FlatType::F64]),
            InterfaceType::String => only(&[FlatType::I32, FlatType::I32]),
            _ => match ty.type_index() {
                None => only(&[FlatType::I32]),
                Some(index) => {
                    let record = self.record(index)?;
                    self.flats(record.flat_count.get(), record.flats)?
                }
            },
        })
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// If the plan is damaged, or is not that of the index.
    pub fn func(self, index: FuncTypeIndex) -> Result<FuncType<'a>, Error> {
        let record = self
            .funcs
            .get(index.index())
            .ok_or_else(|| Error::damaged("a function type does not exist"))?;
        let children = record
            .params
            .of(self.children)
            .ok_or_else(|| Error::damaged("a function has parameters that do not exist"))?;
        let params = Fields { children, types: self, depth: MAX_TYPE_DEPTH + 1 };
        Ok(FuncType { record, params, types: self })
    }

    /// A part of a type of the given depth. No type contains itself, and none is so deep that code
    /// which walks through it needs a large stack.
    fn below(
        self,
        depth: u32,
        part: Option<InterfaceType>,
    ) -> Result<Option<InterfaceType>, Error> {
        if let Some(index) = part.and_then(InterfaceType::type_index)
            && self.record(index)?.depth.get() >= depth
        {
            return Err(Error::damaged("a type contains itself"));
        }
        Ok(part)
    }

    fn record(self, index: TypeIndex) -> Result<&'a TypeRecord, Error> {
        self.types.get(index.index()).ok_or_else(|| Error::damaged("a type does not exist"))
    }

    fn flats(self, count: u32, range: RangeRef) -> Result<Option<FlatTypes>, Error> {
        if count as usize > MAX_FLAT_PARAMS {
            return Ok(None);
        }
        let damaged = || Error::damaged("a type has core types that do not exist");
        let bytes = range.of(self.flats).ok_or_else(damaged)?;
        let mut flat = FlatTypes::new();
        for byte in bytes {
            let ty = FlatType::decode(*byte);
            if !ty.is_some_and(|ty| flat.push(ty)) {
                return Err(Error::damaged("a type has unknown core types"));
            }
        }
        Ok(Some(flat))
    }
}

impl TypeRecord {
    fn layout(&self) -> Result<Layout, Error> {
        let layout = Layout { size: self.size.get(), align: self.align.get() };
        // What is computed with it takes that for granted.
        if matches!(layout.align, 1 | 2 | 4 | 8) && layout.size.is_multiple_of(layout.align) {
            Ok(layout)
        } else {
            Err(Error::damaged("a type has an impossible alignment"))
        }
    }
}

impl TypeRef {
    pub(crate) fn decode(self) -> Result<Option<InterfaceType>, Error> {
        let (kind, index) = (self.kind.get(), self.index.get());
        if kind == kind::NONE {
            return Ok(None);
        }
        match InterfaceType::decode(kind, index) {
            Some(ty) => Ok(Some(ty)),
            None => Err(Error::damaged("a type has an unknown kind")),
        }
    }
}

impl StrRef {
    pub(crate) fn of(self, strings: &[u8]) -> Result<&str, Error> {
        let range = RangeRef { start: self.start, len: self.len };
        let bytes = range.of(strings).ok_or_else(|| Error::damaged("a name does not exist"))?;
        core::str::from_utf8(bytes).map_err(|_| Error::damaged("a name is no text"))
    }
}

impl<'a> Fields<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.children.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.children.is_empty()
    }

    /// One of them; `None` if there are fewer.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn get(self, place: usize) -> Result<Option<Field<'a>>, Error> {
        self.children.get(place).map(|child| self.field(child)).transpose()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<Field<'a>, Error>> + 'a {
        self.children.iter().map(move |child| self.field(child))
    }

    fn field(self, child: &'a ChildRecord) -> Result<Field<'a>, Error> {
        Ok(Field {
            name: child.name.of(self.types.strings)?,
            ty: self
                .types
                .below(self.depth, child.ty.decode()?)?
                .ok_or_else(|| Error::damaged("a field has no type"))?,
            offset: child.offset.get(),
        })
    }
}

impl<'a> Cases<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.children.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.children.is_empty()
    }

    /// One of them, by its discriminant; `None` if there are fewer.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn get(self, discriminant: usize) -> Result<Option<Case<'a>>, Error> {
        self.children.get(discriminant).map(|child| self.case(child)).transpose()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<Case<'a>, Error>> + 'a {
        self.children.iter().map(move |child| self.case(child))
    }

    /// Where discriminant and payload lie.
    pub fn layout(self) -> VariantLayout {
        self.layout
    }

    fn case(self, child: &'a ChildRecord) -> Result<Case<'a>, Error> {
        let ty = self.types.below(self.depth, child.ty.decode()?)?;
        Ok(Case { name: child.name.of(self.types.strings)?, ty })
    }
}

impl<'a> Labels<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.children.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.children.is_empty()
    }

    /// One of them; `None` if there are fewer.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn get(self, place: usize) -> Result<Option<&'a str>, Error> {
        self.children.get(place).map(|child| child.name.of(self.strings)).transpose()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<&'a str, Error>> + 'a {
        self.children.iter().map(move |child| child.name.of(self.strings))
    }
}

impl<'a> FuncType<'a> {
    /// The parameters. Their offsets are those of a record in memory, as they are passed if there
    /// are too many to be passed flat.
    pub fn params(self) -> Fields<'a> {
        self.params
    }

    /// The type of the result.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn result(self) -> Result<Option<InterfaceType>, Error> {
        self.record.result.decode()
    }

    /// The parameters as a record in memory.
    pub fn params_layout(self) -> Layout {
        Layout { size: self.record.params_size.get(), align: self.record.params_align.get() }
    }

    /// The parameters as core values; `None` if there are too many, and they are passed in memory.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn params_flat(self) -> Result<Option<FlatTypes>, Error> {
        self.types.flats(self.record.params_flat_count.get(), self.record.params_flats)
    }

    /// The results as core values; `None` if there are too many, and they are passed in memory.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn result_flat(self) -> Result<Option<FlatTypes>, Error> {
        let Some(result) = self.result()? else { return Ok(Some(FlatTypes::new())) };
        let flat = self.types.flat(result)?;
        Ok(flat.filter(|flat| flat.len() <= MAX_FLAT_RESULTS))
    }

    /// The signature of the core function that is lifted to this type: with results in memory, it
    /// returns where they are.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn lifted(self) -> Result<CoreSignature, Error> {
        let pointer = CoreSignature::of_i32(1, 1);
        Ok(CoreSignature {
            params: self.params_flat()?.unwrap_or(pointer.params),
            results: self.result_flat()?.unwrap_or(pointer.results),
        })
    }

    /// The signature of the core function that a function of this type is lowered to: with results
    /// in memory, its last parameter says where they are written.
    ///
    /// # Errors
    ///
    /// If the plan is damaged.
    pub fn lowered(self) -> Result<CoreSignature, Error> {
        let pointer = CoreSignature::of_i32(1, 1);
        let mut params = self.params_flat()?.unwrap_or(pointer.params);
        let results = match self.result_flat()? {
            Some(results) => results,
            None if params.push(FlatType::I32) => FlatTypes::new(),
            None => return Err(Error::damaged("a function has too many parameters")),
        };
        Ok(CoreSignature { params, results })
    }
}
