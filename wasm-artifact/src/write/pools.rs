//! Pools that records refer to: strings, constant expressions.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use wasm_types::ConstExpr;
use xxhash_rust::xxh3::xxh3_64;
use zerocopy::IntoBytes as _;
use zerocopy::little_endian::U32;

use crate::const_expr::write_op;
use crate::error::Error;
use crate::format::{ConstRef, NONE, StrRef};

/// A length or offset as it stands in a record.
pub(super) fn small(value: usize, what: &'static str) -> Result<u32, Error> {
    u32::try_from(value).ok().filter(|value| *value < NONE).ok_or_else(|| Error::too_large(what))
}

/// Where something that was added before may stand in a pool, by a hash of it.
///
/// Whoever uses it compares: of two with the same hash, the second is not found.
#[derive(Default)]
struct Places {
    by_hash: BTreeMap<u64, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    start: u32,
    len: u32,
}

impl Places {
    /// The place of something that is equal, by what `is_at` says, or else the one given.
    fn find_or_add(
        &mut self,
        bytes: &[u8],
        place: Place,
        is_at: impl FnOnce(Place) -> bool,
    ) -> Place {
        match self.by_hash.entry(xxh3_64(bytes)) {
            Entry::Occupied(known) if is_at(*known.get()) => *known.get(),
            Entry::Occupied(_) => place,
            Entry::Vacant(entry) => *entry.insert(place),
        }
    }
}

/// Strings, each kept once.
#[derive(Default)]
pub(super) struct Strings {
    bytes: Vec<u8>,
    places: Places,
}

impl Strings {
    pub(super) fn add(&mut self, string: &str) -> Result<StrRef, Error> {
        let start = small(self.bytes.len(), "it has more than 4 GiB of names")?;
        let len = small(string.len(), "it has a name of more than 4 GiB")?;
        let string = string.as_bytes();
        let place = self.places.find_or_add(string, Place { start, len }, |known| {
            let known = known.start as usize..known.start as usize + known.len as usize;
            self.bytes.get(known) == Some(string)
        });
        if place.start == start {
            self.bytes.extend_from_slice(string);
        }
        Ok(StrRef { offset: place.start.into(), len: place.len.into() })
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The codes of what types are made of, each list kept once.
#[derive(Default)]
pub(super) struct TypeCodes {
    codes: Vec<U32>,
    places: Places,
}

impl TypeCodes {
    /// Adds a list; where it starts.
    pub(super) fn add(&mut self, list: impl IntoIterator<Item = u32>) -> Result<u32, Error> {
        const TOO_LARGE: &str = "its types are too large";
        let start = small(self.codes.len(), TOO_LARGE)?;
        self.codes.extend(list.into_iter().map(U32::new));
        let (known, added) = self.codes.split_at(start as usize);
        if added.is_empty() {
            return Ok(start);
        }
        let len = small(added.len(), TOO_LARGE)?;
        let place = self.places.find_or_add(added.as_bytes(), Place { start, len }, |place| {
            let place = place.start as usize..place.start as usize + place.len as usize;
            known.get(place) == Some(added)
        });
        if place.start != start {
            self.codes.truncate(start as usize);
        }
        Ok(place.start)
    }

    pub(super) fn into_codes(self) -> Vec<U32> {
        self.codes
    }
}

/// Constant expressions.
#[derive(Default)]
pub(super) struct ConstExprs {
    bytes: Vec<u8>,
}

impl ConstExprs {
    pub(super) fn add(&mut self, expr: &ConstExpr) -> Result<ConstRef, Error> {
        let start = self.bytes.len();
        for op in expr.ops() {
            write_op(&mut self.bytes, *op);
        }
        let what = "it has more than 4 GiB of constant expressions";
        let len = small(self.bytes.len() - start, what)?;
        Ok(ConstRef { start: small(start, what)?.into(), len: len.into() })
    }

    pub(super) fn add_optional(&mut self, expr: Option<&ConstExpr>) -> Result<ConstRef, Error> {
        expr.map_or(Ok(ConstRef { start: NONE.into(), len: 0.into() }), |expr| self.add(expr))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
