//! Records that are kept once, texts, and counters.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::{Immutable, IntoBytes};

use crate::error::Error;
use crate::format::StrRef;
use crate::write::fit;

/// Records, each of them once.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    records: Vec<T>,
    /// By their bytes.
    places: BTreeMap<Vec<u8>, u32>,
}

impl<T: Copy + IntoBytes + Immutable> Pool<T> {
    /// The place of a record, which is added if it is new.
    pub(crate) fn add(&mut self, record: T) -> Result<u32, Error> {
        if let Some(place) = self.places.get(record.as_bytes()) {
            return Ok(*place);
        }
        let place = fit(self.records.len())?;
        self.places.insert(record.as_bytes().to_vec(), place);
        self.records.push(record);
        Ok(place)
    }

    pub(crate) fn records(&self) -> &[T] {
        &self.records
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { records: Vec::new(), places: BTreeMap::new() }
    }
}

/// Texts, each of them once.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    bytes: Vec<u8>,
    places: BTreeMap<String, StrRef>,
}

impl Strings {
    pub(crate) fn add(&mut self, text: &str) -> Result<StrRef, Error> {
        if text.is_empty() {
            return Ok(StrRef::EMPTY);
        }
        if let Some(place) = self.places.get(text) {
            return Ok(*place);
        }
        let place = StrRef { start: fit(self.bytes.len())?.into(), len: fit(text.len())?.into() };
        self.bytes.extend_from_slice(text.as_bytes());
        self.places.insert(text.to_owned(), place);
        Ok(place)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// How many of something there are.
#[derive(Debug, Default)]
pub(crate) struct Counter(u32);

impl Counter {
    /// The number of one more.
    pub(crate) fn next(&mut self) -> Result<u32, Error> {
        let number = fit(self.0 as usize)?;
        self.0 = number + 1;
        Ok(number)
    }

    pub(crate) fn count(&self) -> u32 {
        self.0
    }
}
