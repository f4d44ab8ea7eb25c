//! Exceptions: the calls from which they are caught, and where they go on.

use core::fmt;

use super::code::Functions;
use super::view::View;
use crate::format::{CatchHandlerRecord, CatchSiteRecord, NONE, Part};

pub(super) fn sites(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut functions = Functions::default();
    for site in view.rows::<CatchSiteRecord>(Part::CatchSites) {
        functions.enter(view, f, site.return_offset.get())?;
        writeln!(
            f,
            "  {:#010x} stack {} and context {} bytes below the frame pointer, handlers from {}",
            site.return_offset.get(),
            site.stack_below_frame.get(),
            site.context_below_frame.get(),
            site.handlers.get(),
        )?;
    }
    Ok(())
}

pub(super) fn handlers(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, handler) in view.rows::<CatchHandlerRecord>(Part::CatchHandlers).iter().enumerate()
    {
        write!(f, "  {number}: ")?;
        match handler.tag.get() {
            NONE => f.write_str("any")?,
            tag => write!(f, "tag {tag}")?,
        }
        writeln!(f, " at {:#010x}", handler.target.get())?;
    }
    Ok(())
}
