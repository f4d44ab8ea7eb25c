//! Exceptions: the calls from which they are caught, and where they go on.

use alloc::vec::Vec;

use wasm_types::{CatchHandler, CatchSite, TagIndex};

use super::{Artifact, Table};
use crate::error::Error;
use crate::format::{CatchHandlerRecord, CatchSiteRecord, NONE};

/// A call from which exceptions are caught, read in place.
#[derive(Clone, Copy, Debug)]
pub struct CatchSiteRef<'a> {
    /// Bytes from the frame pointer down to the stack pointer during the call.
    pub stack_below_frame: u32,
    /// Bytes from the frame pointer down to the slot that keeps the instance context.
    pub context_below_frame: u32,
    handlers: &'a [CatchHandlerRecord],
}

impl<'a> CatchSiteRef<'a> {
    /// The handlers, in the order in which they are tried.
    pub fn handlers(&self) -> impl ExactSizeIterator<Item = CatchHandler> + use<'a> {
        self.handlers.iter().map(|handler| CatchHandler {
            tag: match handler.tag.get() {
                NONE => None,
                tag => Some(TagIndex::new(tag)),
            },
            target: handler.target.get(),
        })
    }
}

impl<'a> Artifact<'a> {
    /// Whether any call of the module is one from which exceptions are caught.
    pub fn catches(&self) -> bool {
        self.tables.catch_sites.len() != 0
    }

    /// What is caught from the call that returns to this offset in the text; `None` if nothing is.
    /// The code of each handler is certain to lie within the text, and each tag to be one of the
    /// module's.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn catch_site(&self, return_offset: u32) -> Result<Option<CatchSiteRef<'a>>, Error> {
        let sites = self.tables.catch_sites;
        let place =
            sites.partition_point(&self.checksums, |site| site.return_offset.get() < return_offset);
        let place = place.ok_or_else(damaged)?;
        if place == sites.len() {
            return Ok(None);
        }
        let site = sites.get(place, &self.checksums).ok_or_else(damaged)?;
        if site.return_offset.get() != return_offset {
            return Ok(None);
        }
        self.catch_site_at(sites, place).map(|(site, _)| Some(site))
    }

    /// Every call from which exceptions are caught, sorted by where they return to.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there. So is each that can't be read.
    pub fn catch_sites(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<CatchSite, Error>> + use<'a, '_>, Error> {
        let sites = self.tables.catch_sites;
        sites.all(&self.checksums).ok_or_else(damaged)?;
        Ok((0..sites.len()).map(move |place| {
            let (site, return_offset) = self.catch_site_at(sites, place)?;
            Ok(CatchSite {
                return_offset,
                stack_below_frame: site.stack_below_frame,
                context_below_frame: site.context_below_frame,
                handlers: site.handlers().collect::<Vec<_>>(),
            })
        }))
    }

    fn catch_site_at(
        &self,
        sites: Table<'a, CatchSiteRecord>,
        place: usize,
    ) -> Result<(CatchSiteRef<'a>, u32), Error> {
        let handlers = self.tables.catch_handlers;
        let site = sites.get(place, &self.checksums).ok_or_else(damaged)?;
        let start = site.handlers.get();
        let end = match place + 1 == sites.len() {
            true => handlers.len() as u64,
            false => {
                let next = sites.get(place + 1, &self.checksums).ok_or_else(damaged)?;
                next.handlers.get().into()
            }
        };
        let count = end.checked_sub(start.into()).ok_or_else(damaged)?;
        let handlers = handlers.range(start.into(), count, &self.checksums).ok_or_else(damaged)?;
        let is_right = |handler: &CatchHandlerRecord| {
            let tag = handler.tag.get();
            (tag == NONE || (tag as usize) < self.tables.tags.len())
                && (handler.target.get() as usize) < self.tables.text.len()
        };
        if !handlers.iter().all(is_right) {
            return Err(damaged());
        }
        let site_ref = CatchSiteRef {
            stack_below_frame: site.stack_below_frame.get(),
            context_below_frame: site.context_below_frame.get(),
            handlers,
        };
        Ok((site_ref, site.return_offset.get()))
    }
}

fn damaged() -> Error {
    Error::damaged("the table of handlers of exceptions")
}
