//! The functions of `wasi:keyvalue`.

use super::{Bucket, Full, WasiKeyValue, cost};
use crate::p2::bindings::keyvalue::store::{Error, KeyResponse};
use crate::p2::bindings::keyvalue::{atomics, batch, store};
use crate::p2::runtime::{Resource, Result};
use std::ops::Bound;

type Outcome<T> = Result<std::result::Result<T, Error>>;

/// How many keys a guest gets at a time.
const PAGE: usize = 1000;

impl From<Full> for Error {
    fn from(_: Full) -> Self {
        Self::Other("there is no room for more in this bucket".to_owned())
    }
}

impl store::Host for WasiKeyValue<'_> {
    fn open(&mut self, identifier: String) -> Outcome<Resource<Bucket>> {
        if !identifier.is_empty() {
            return Ok(Err(Error::NoSuchStore));
        }
        Ok(Ok(self.table.push(Bucket)?))
    }
}

impl store::HostBucket for WasiKeyValue<'_> {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<Option<Vec<u8>>> {
        self.table.get(&bucket)?;
        Ok(Ok(self.ctx.values.get(&key).cloned()))
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Outcome<()> {
        self.table.get(&bucket)?;
        Ok(self.ctx.set(key, value).map_err(Error::from))
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<()> {
        self.table.get(&bucket)?;
        self.ctx.delete(&key);
        Ok(Ok(()))
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Outcome<bool> {
        self.table.get(&bucket)?;
        Ok(Ok(self.ctx.values.contains_key(&key)))
    }

    /// The cursor is the number of keys before the next page.
    fn list_keys(&mut self, bucket: Resource<Bucket>, cursor: Option<u64>) -> Outcome<KeyResponse> {
        self.table.get(&bucket)?;
        let start = usize::try_from(cursor.unwrap_or(0)).unwrap_or(usize::MAX);
        let all = self.ctx.values.range::<str, _>((Bound::Unbounded, Bound::Unbounded));
        let keys: Vec<String> = all.skip(start).take(PAGE).map(|(key, _)| key.clone()).collect();
        let next = start.saturating_add(keys.len());
        let cursor = (next < self.ctx.values.len()).then_some(next as u64);
        Ok(Ok(KeyResponse { keys, cursor }))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for WasiKeyValue<'_> {
    /// A number is kept as decimal digits.
    fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: u64) -> Outcome<u64> {
        self.table.get(&bucket)?;
        let old = match self.ctx.values.get(&key) {
            Some(value) => std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
            None => Some(0_u64),
        };
        let Some(new) = old.and_then(|old| old.checked_add(delta)) else {
            let message = "the value is not a number, or would become too large a one";
            return Ok(Err(Error::Other(message.to_owned())));
        };
        let set = self.ctx.set(key, new.to_string().into_bytes());
        Ok(set.map(|()| new).map_err(Error::from))
    }
}

impl batch::Host for WasiKeyValue<'_> {
    fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Outcome<Vec<Option<(String, Vec<u8>)>>> {
        self.table.get(&bucket)?;
        // All that is there can be read at once, but not the same again and again.
        let mut left = self.ctx.size;
        let mut values = Vec::new();
        for key in keys {
            let Some(value) = self.ctx.values.get(&key) else {
                values.push(None);
                continue;
            };
            let Some(rest) = left.checked_sub(cost(&key, value)) else {
                let message = "the same values are read several times at once";
                return Ok(Err(Error::Other(message.to_owned())));
            };
            left = rest;
            let value = value.clone();
            values.push(Some((key, value)));
        }
        Ok(Ok(values))
    }

    fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        values: Vec<(String, Vec<u8>)>,
    ) -> Outcome<()> {
        self.table.get(&bucket)?;
        for (key, value) in values {
            if let Err(full) = self.ctx.set(key, value) {
                return Ok(Err(full.into()));
            }
        }
        Ok(Ok(()))
    }

    fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Outcome<()> {
        self.table.get(&bucket)?;
        keys.iter().for_each(|key| self.ctx.delete(key));
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::WasiKeyValueCtx;
    use super::*;
    use atomics::Host as _;
    use batch::Host as _;
    use store::{Host as _, HostBucket as _};

    #[test]
    fn values_stay_until_they_are_deleted() {
        let mut table = crate::ResourceTable::new();
        let mut ctx = WasiKeyValueCtx::builder().in_memory_data([("a", "1")]).max_size(400).build();
        let mut host = WasiKeyValue::new(&mut ctx, &mut table);
        let other = host.open("other".to_owned()).unwrap();
        assert!(matches!(other, Err(Error::NoSuchStore)));
        let bucket = host.open(String::new()).unwrap().unwrap();
        let at = || Resource::new_borrow(bucket.rep());
        let key = |name: &str| name.to_owned();
        assert_eq!(host.get(at(), key("a")).unwrap().unwrap(), Some(b"1".to_vec()));
        assert_eq!(host.increment(at(), key("a"), 41).unwrap().unwrap(), 42);
        assert_eq!(host.increment(at(), key("b"), 7).unwrap().unwrap(), 7);
        assert!(host.increment(at(), key("a"), u64::MAX).unwrap().is_err());
        host.set(at(), key("c"), b"text".to_vec()).unwrap().unwrap();
        assert!(host.increment(at(), key("c"), 1).unwrap().is_err());
        let all = host.get_many(at(), vec![key("a"), key("z")]).unwrap().unwrap();
        assert_eq!(all, [Some((key("a"), b"42".to_vec())), None]);
        let page = host.list_keys(at(), Some(1)).unwrap().unwrap();
        assert_eq!((page.keys, page.cursor), (vec![key("b"), key("c")], None));
        // Each value is there once.
        assert!(host.get_many(at(), vec![key("c"); 3]).unwrap().is_err());
        assert!(host.get_many(at(), vec![key("z"); 3]).unwrap().is_ok());
        // What is too much is refused, and what is there stays.
        assert!(host.set(at(), key("c"), vec![0; 400]).unwrap().is_err());
        assert_eq!(host.get(at(), key("c")).unwrap().unwrap(), Some(b"text".to_vec()));
        host.delete_many(at(), vec![key("a"), key("b"), key("missing")]).unwrap().unwrap();
        host.delete(at(), key("c")).unwrap().unwrap();
        assert!(!host.exists(at(), key("a")).unwrap().unwrap());
        host.set(at(), key("c"), vec![0; 300]).unwrap().unwrap();
    }
}
