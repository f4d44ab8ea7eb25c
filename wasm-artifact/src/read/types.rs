//! Types, decoded when asked for.

use alloc::vec::Vec;

use wasm_types::{
    ArrayType, CompositeType, FuncType, RecGroup, StructType, SubType, TypeIndex, ValType,
};
use zerocopy::little_endian::U32;

use super::{Artifact, range};
use crate::codes;
use crate::error::Error;
use crate::format::{NONE, flags, type_flags};

impl<'a> Artifact<'a> {
    /// The type with the given index.
    pub fn sub_type(&self, index: TypeIndex) -> Result<SubType, Error> {
        let damaged = || Error::damaged("a type");
        let record = self.tables.types.get(index.index()).ok_or_else(damaged)?;
        let params = self.codes(record.start.get().into(), record.params.get())?;
        let field = |code: &U32| codes::field_of(code.get()).ok_or_else(damaged);
        let bits = record.flags.get();
        let composite = match bits & 0xff {
            type_flags::FUNC => CompositeType::Func(self.func_type(index)?),
            type_flags::STRUCT => CompositeType::Struct(StructType {
                fields: params.iter().map(field).collect::<Result<_, _>>()?,
            }),
            type_flags::ARRAY => {
                CompositeType::Array(ArrayType(field(params.first().ok_or_else(damaged)?)?))
            }
            _ => return Err(damaged()),
        };
        let supertype = record.supertype.get();
        Ok(SubType {
            is_final: bits & type_flags::FINAL != 0,
            supertype: (supertype != NONE).then_some(TypeIndex::new(supertype)),
            composite,
        })
    }

    /// The function type with the given index; an error if it is another kind of type.
    pub fn func_type(&self, index: TypeIndex) -> Result<FuncType, Error> {
        let damaged = || Error::damaged("a function type");
        let record = self.tables.types.get(index.index()).ok_or_else(damaged)?;
        if record.flags.get() & 0xff != type_flags::FUNC {
            return Err(damaged());
        }
        let start = u64::from(record.start.get());
        let list = |start: u64, len: u32| -> Result<Vec<ValType>, Error> {
            let codes = self.codes(start, len)?;
            codes.iter().map(|code| codes::val_of(code.get()).ok_or_else(damaged)).collect()
        };
        let params = list(start, record.params.get())?;
        let results = list(start + u64::from(record.params.get()), record.results.get())?;
        Ok(FuncType::new(params, results))
    }

    /// Every type, decoded.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Result<SubType, Error>> + '_ {
        (0..self.tables.types.len() as u32).map(|index| self.sub_type(TypeIndex::new(index)))
    }

    /// The recursive groups, which partition the types in order.
    pub fn rec_groups(&self) -> impl Iterator<Item = RecGroup> + '_ {
        let types = self.tables.types.len() as u32;
        let trivial = self.header.flags.get() & flags::TRIVIAL_REC_GROUPS != 0;
        let singles = (0..if trivial { types } else { 0 })
            .map(|start| RecGroup { start: TypeIndex::new(start), len: 1 });
        let groups = self.tables.rec_groups.iter().filter_map(move |group| {
            // A damaged group must not reach beyond the types.
            let (start, len) = (group.start.get(), group.len.get());
            let within = start.checked_add(len).is_some_and(|end| end <= types);
            within.then_some(RecGroup { start: TypeIndex::new(start), len })
        });
        singles.chain(groups)
    }

    fn codes(&self, start: u64, len: u32) -> Result<&'a [U32], Error> {
        range(self.tables.type_codes, start, len.into())
            .ok_or(Error::damaged("the place of a type"))
    }
}
