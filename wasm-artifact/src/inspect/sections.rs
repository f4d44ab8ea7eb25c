//! Where the bytes of an artifact go.

use core::fmt;

use super::view::View;

/// The last part of the summary.
pub(super) fn summary(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let size = view.artifact.bytes().len() as u64;
    writeln!(f, "\nSections: where the bytes go")?;
    writeln!(f, "  {:<22} {:>10} {:>10}      %", "section", "offset", "bytes")?;
    let percent = |len: u64| len as f64 * 100.0 / size.max(1) as f64;
    let (mut start, mut end, mut padding) = (None, 0, 0);
    for section in view.artifact.sections() {
        let (name, offset, len) = (section.name, section.offset, section.len);
        let damaged = if view.is_intact(&section) { "" } else { "  damaged" };
        writeln!(f, "  {name:<22} {offset:>#10x} {len:>10} {:>6.1}{damaged}", percent(len))?;
        // Opening the artifact has checked that sections follow each other and lie within it.
        match start {
            None => start = Some(offset),
            Some(_) => padding += offset.saturating_sub(end),
        }
        end = offset.saturating_add(len);
    }
    // They stand before and after everything else.
    let headers = match start {
        Some(start) => start.saturating_add(size.saturating_sub(end)),
        None => size,
    };
    for (what, len) in [("headers", headers), ("padding", padding), ("all", size)] {
        writeln!(f, "  {what:<22} {:>10} {len:>10} {:>6.1}", "", percent(len))?;
    }
    Ok(())
}
