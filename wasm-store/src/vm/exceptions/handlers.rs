//! What catches an exception in a frame, found by the address that the frame's call returns to.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_artifact::CatchSiteRef;

use crate::vm::context::VMContext;
use crate::vm::tag::VmTag;

/// How many return addresses are remembered.
const REMEMBERED: usize = 64;

/// Finds handlers, and remembers what it has found.
#[derive(Debug)]
pub(super) struct Handlers {
    /// By the low bits of the address.
    known: Box<[Known; REMEMBERED]>,
    /// The tag of the exception that was caught last.
    pub(super) caught: Option<NonNull<VmTag>>,
}

/// What is known of a return address. The code belongs to an instance of the store, so that it
/// stays where it is as long as the store.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The address; 0 for none.
    pc: usize,
    /// What is caught there.
    site: Option<Site>,
}

/// A call from which exceptions are caught.
#[derive(Clone, Copy, Debug)]
struct Site {
    site: CatchSiteRef<'static>,
    /// Where the text starts.
    text: usize,
}

/// Where control goes on with an exception.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The code.
    pub(super) target: usize,
    /// The stack pointer there.
    pub(super) sp: usize,
}

impl Default for Handlers {
    fn default() -> Self {
        Self { known: Box::new([Known { pc: 0, site: None }; REMEMBERED]), caught: None }
    }
}

impl Handlers {
    /// Where an exception of a tag goes on in a frame, if it is caught there.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged where it says so.
    ///
    /// # Safety
    ///
    /// The frame is one of compiled code of the store, in a call that returns to `pc`.
    #[inline]
    pub(super) unsafe fn find(
        &mut self,
        pc: usize,
        fp: usize,
        tag: NonNull<VmTag>,
    ) -> Result<Option<Place>, wasm_artifact::Error> {
        // Code for small calls is a few bytes long, and is aligned nowhere.
        let known = &mut self.known[(pc ^ pc >> 6) % REMEMBERED];
        if known.pc != pc {
            // SAFETY: as the caller promises.
            *known = Known { pc, site: unsafe { look_up(pc)? } };
        }
        let Some(Site { site, text }) = known.site else { return Ok(None) };
        // SAFETY: the artifact says that the function keeps its context there.
        let context = unsafe {
            let slot = fp - site.context_below_frame as usize;
            *std::ptr::with_exposed_provenance::<*mut VMContext>(slot)
        };
        for handler in site.handlers() {
            let takes = match handler.tag {
                None => true,
                // SAFETY: the context is that of the frame's instance, and the tag one of its
                // module, as the artifact has checked.
                Some(own) => unsafe {
                    let layout = &(*(*context).instance).module().layout;
                    let place = context.byte_add(layout.tag(own) as usize);
                    place.cast::<NonNull<VmTag>>().read() == tag
                },
            };
            if takes {
                let sp = fp - site.stack_below_frame as usize;
                return Ok(Some(Place { target: text + handler.target as usize, sp }));
            }
        }
        Ok(None)
    }
}

/// What is caught from the call that returns to an address.
///
/// # Safety
///
/// The code there stays loaded as long as the result is used.
unsafe fn look_up(pc: usize) -> Result<Option<Site>, wasm_artifact::Error> {
    // The call may be the last instruction of the text.
    let Some(loaded) = wasm_loader::registry::find(pc - 1) else { return Ok(None) };
    let Some(offset) = loaded.text_offset(pc - 1) else { return Ok(None) };
    let artifact = loaded.artifact();
    let Some(site) = artifact.catch_site(offset + 1)? else { return Ok(None) };
    // SAFETY: the bytes of the artifact live as long as its code, as the caller promises.
    let site = unsafe { std::mem::transmute::<CatchSiteRef<'_>, CatchSiteRef<'static>>(site) };
    Ok(Some(Site { site, text: pc - 1 - offset as usize }))
}
