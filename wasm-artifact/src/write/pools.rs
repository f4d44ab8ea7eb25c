//! Pools that records refer to: strings, constant expressions.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use wasm_types::ConstExpr;

use crate::const_expr::write_op;
use crate::error::Error;
use crate::format::{ConstRef, NONE, StrRef};

/// A length or offset as it stands in a record.
pub(super) fn small(value: usize, what: &'static str) -> Result<u32, Error> {
    u32::try_from(value).ok().filter(|value| *value < NONE).ok_or(Error::too_large(what))
}

/// Strings, each kept once.
#[derive(Default)]
pub(super) struct Strings {
    bytes: Vec<u8>,
    places: BTreeMap<String, StrRef>,
}

impl Strings {
    pub(super) fn add(&mut self, string: &str) -> Result<StrRef, Error> {
        if let Some(place) = self.places.get(string) {
            return Ok(*place);
        }
        let offset = small(self.bytes.len(), "it has more than 4 GiB of names")?;
        let len = small(string.len(), "it has a name of more than 4 GiB")?;
        let place = StrRef { offset: offset.into(), len: len.into() };
        self.bytes.extend_from_slice(string.as_bytes());
        self.places.insert(string.into(), place);
        Ok(place)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
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
