//! Functions that stand in place of calls.

use core::fmt;

use super::code::Functions;
use super::view::View;

pub(super) fn functions(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(functions) = view.artifact.inlined_functions() else {
        return writeln!(f, "  damaged");
    };
    for (number, inlined) in functions.enumerate() {
        write!(f, "  {number:>5}: called at {:#x}", inlined.call)?;
        if let Some(caller) = inlined.caller {
            write!(f, " of {caller}")?;
        }
        writeln!(f, "  {}", view.function(inlined.func))?;
    }
    Ok(())
}

pub(super) fn ranges(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(ranges) = view.artifact.inlined_ranges() else { return writeln!(f, "  damaged") };
    let mut functions = Functions::default();
    for range in ranges {
        functions.enter(view, f, range.offset)?;
        match range.function {
            Some(function) => writeln!(f, "  {:#010x} {function}", range.offset)?,
            None => writeln!(f, "  {:#010x} none", range.offset)?,
        }
    }
    Ok(())
}
