//! Types, decoded on request.

use alloc::vec::Vec;

use wasm_types::{
    ArrayType, CompositeType, ContType, FuncType, HeapType, RecGroup, StructType, SubType,
    TypeIndex, TypeKind, ValType,
};
use zerocopy::IntoBytes;
use zerocopy::little_endian::U32;

use super::Artifact;
use crate::codes;
use crate::error::Error;
use crate::format::{NONE, flags, type_flags};

impl<'a> Artifact<'a> {
    /// The type with the given index.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn sub_type(&self, index: TypeIndex) -> Result<SubType, Error> {
        let damaged = || Error::damaged("a type");
        let record = self.tables.types.get(index.index(), &self.checksums).ok_or_else(damaged)?;
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
            type_flags::CONT => {
                let of = params.first().and_then(|code| codes::heap_of(code.get()));
                let Some(HeapType::Concrete(of, TypeKind::Func)) = of else {
                    return Err(damaged());
                };
                CompositeType::Cont(ContType(of))
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

    /// The function type with the given index.
    ///
    /// # Errors
    ///
    /// If there is none with this index, it is of another kind, or the artifact is damaged there.
    pub fn func_type(&self, index: TypeIndex) -> Result<FuncType, Error> {
        let damaged = || Error::damaged("a function type");
        let record = self.tables.types.get(index.index(), &self.checksums).ok_or_else(damaged)?;
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

    /// A function type as bytes that are the same for the same type in every artifact, to look it
    /// up without decoding it; appended to `key`. `Ok(false)`, and nothing is appended, for a type
    /// that is not alone in its group, may have subtypes, has a supertype, is not that of a
    /// function, or refers to other types.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there, or has no such type.
    pub fn plain_func_type(&self, index: TypeIndex, key: &mut Vec<u8>) -> Result<bool, Error> {
        let damaged = || Error::damaged("a function type");
        let record = self.tables.types.get(index.index(), &self.checksums).ok_or_else(damaged)?;
        let (params, results) = (record.params.get(), record.results.get());
        if self.header.flags.get() & flags::TRIVIAL_REC_GROUPS == 0
            || record.flags.get() != type_flags::FUNC | type_flags::FINAL
            || record.supertype.get() != NONE
        {
            return Ok(false);
        }
        let codes = self
            .codes(record.start.get().into(), params.checked_add(results).ok_or_else(damaged)?)?;
        if codes.iter().any(|code| codes::is_concrete(code.get())) {
            return Ok(false);
        }
        key.extend_from_slice(&params.to_le_bytes());
        key.extend_from_slice(codes.as_bytes());
        Ok(true)
    }

    /// Every type, decoded.
    pub fn types(&self) -> impl ExactSizeIterator<Item = Result<SubType, Error>> + '_ {
        (0..self.tables.types.len() as u32).map(|index| self.sub_type(TypeIndex::new(index)))
    }

    /// The recursive groups, which partition the types in order.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn rec_groups(&self) -> impl Iterator<Item = Result<RecGroup, Error>> + '_ {
        let types = self.tables.types.len() as u32;
        let trivial = self.header.flags.get() & flags::TRIVIAL_REC_GROUPS != 0;
        let singles = (0..if trivial { types } else { 0 })
            .map(|start| Ok(RecGroup { start: TypeIndex::new(start), len: 1 }));
        let groups = (0..self.tables.rec_groups.len()).map(move |place| {
            let damaged = || Error::damaged("a group of types");
            let group = self.tables.rec_groups.get(place, &self.checksums).ok_or_else(damaged)?;
            // It must not reach beyond the types.
            let (start, len) = (group.start.get(), group.len.get());
            start.checked_add(len).filter(|end| *end <= types).ok_or_else(damaged)?;
            Ok(RecGroup { start: TypeIndex::new(start), len })
        });
        singles.chain(groups)
    }

    fn codes(&self, start: u64, len: u32) -> Result<&'a [U32], Error> {
        self.tables
            .type_codes
            .range(start, len.into(), &self.checksums)
            .ok_or_else(|| Error::damaged("the place of a type"))
    }
}
