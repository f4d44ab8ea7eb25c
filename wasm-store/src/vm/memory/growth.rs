//! Growing: what is asked of whom, in which order.

use wasm_types::MemoryType;

use super::bytes;
use crate::Error;
use crate::vm::room::{Room, Wanted};
use crate::vm::store::StoreHost;

/// A request to grow.
pub(super) struct Request<'host, 'why> {
    pub(super) ty: MemoryType,
    /// The size in bytes.
    pub(super) old_len: usize,
    /// By how many pages.
    pub(super) delta: u64,
    pub(super) host: Option<&'host mut dyn StoreHost>,
    pub(super) room: Room,
    /// Set to the reason if the memory does not grow.
    pub(super) why: Option<&'why mut String>,
}

/// What has come of a request.
pub(super) enum Growth {
    /// The old size, in pages.
    Grown(u64),
    /// It can't be done, or the host does not allow it.
    Failed,
    /// The memory has another size by now.
    Overtaken,
}

impl Request<'_, '_> {
    /// Grows the memory by a function that is given the new size in bytes, and says whether the old
    /// one was what it is taken for here. An error comes from the host and ends the computation.
    pub(super) fn grow(
        self,
        grow_to: impl FnOnce(usize) -> Result<bool, Error>,
    ) -> Result<Growth, Error> {
        let Self { ty, old_len, delta, host, room, why } = self;
        let old = ty.pages_of(old_len as u64);
        if delta == 0 {
            return Ok(Growth::Grown(old));
        }
        let declared = ty.maximum.unwrap_or(u64::MAX).min(ty.absolute_maximum());
        let wanted = old.checked_add(delta);
        let new_len = wanted.and_then(|pages| bytes(&ty, pages));
        let maximum = ty.maximum.and_then(|pages| bytes(&ty, pages));
        let mut host = host;
        if let Some(host) = &mut host {
            // As other engines do, the host is queried with the size that was requested, even if it
            // is absurd.
            let desired = new_len.unwrap_or(usize::MAX);
            if !host.memory_growing(old_len, desired, maximum)? {
                if let Some(why) = why {
                    *why = host.refusal();
                }
                return Ok(Growth::Failed);
            }
        }
        let grown = match (wanted, new_len) {
            (Some(pages), Some(len)) if pages <= declared => {
                room.check(len - old_len, Wanted::Memory).and_then(|()| grow_to(len))
            }
            _ => Err(Error::msg(format!(
                "{} pages are wanted, the maximum of the memory's type is {declared}",
                old.saturating_add(delta)
            ))
            .context("Memory maximum size exceeded")),
        };
        if let (Err(error), Some(why)) = (&grown, why) {
            *why = format!("{error:#}");
        }
        match (grown, host) {
            (Ok(true), _) => Ok(Growth::Grown(old)),
            (Ok(false), _) => Ok(Growth::Overtaken),
            (Err(error), Some(host)) => {
                host.memory_grow_failed(error)?;
                Ok(Growth::Failed)
            }
            (Err(_), None) => Ok(Growth::Failed),
        }
    }
}
