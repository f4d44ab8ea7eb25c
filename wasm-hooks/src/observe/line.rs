//! Calls as lines of text.

use std::fmt;

use super::text::plain;

/// An entry or an exit, shown as a line: indented by depth, with arguments or results. Names and
/// reasons are [escaped](wasm_types::Escaped).
///
/// ```
/// use wasm_hooks::observe::{CallLine, CallSide};
///
/// let line = CallLine { depth: 1, side: CallSide::Entered, name: "add", values: &["1", "2"] };
/// assert_eq!(line.to_string(), "  > add(1, 2)");
/// let line = CallLine { side: CallSide::Returned, values: &["3"], ..line };
/// assert_eq!(line.to_string(), "  < add = 3");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallLine<'a, V> {
    /// How many calls enclose it.
    pub depth: usize,
    /// What happened.
    pub side: CallSide<'a>,
    /// The name of the function.
    pub name: &'a str,
    /// The arguments of a function that is entered, or the results of one that returns.
    pub values: &'a [V],
}

/// What happened to a function that was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallSide<'a> {
    /// It is entered.
    Entered,
    /// It returns.
    Returned,
    /// It ends with a tail call.
    TailCalled,
    /// It is over because the computation ended, for this reason.
    Unwound(&'a str),
}

impl<V: fmt::Display> fmt::Display for CallLine<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, side, name, values } = self;
        let name = plain(name);
        write!(f, "{:1$}", "", depth * 2)?;
        match side {
            CallSide::Entered => {
                write!(f, "> {name}(")?;
                list(f, values)?;
                f.write_str(")")
            }
            CallSide::Returned if values.is_empty() => write!(f, "< {name}"),
            CallSide::Returned => {
                write!(f, "< {name} = ")?;
                list(f, values)
            }
            CallSide::TailCalled => write!(f, "< {name} (tail call)"),
            CallSide::Unwound(reason) => write!(f, "! {name}: {}", plain(reason)),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, values: &[impl fmt::Display]) -> fmt::Result {
    for (number, value) in values.iter().enumerate() {
        f.write_str(if number > 0 { ", " } else { "" })?;
        write!(f, "{value}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_side_has_its_sign() {
        let line =
            |depth, side, values: &[i32]| CallLine { depth, side, name: "f", values }.to_string();
        assert_eq!(line(0, CallSide::Entered, &[]), "> f()");
        assert_eq!(line(2, CallSide::Entered, &[1, 2]), "    > f(1, 2)");
        assert_eq!(line(0, CallSide::Returned, &[]), "< f");
        assert_eq!(line(1, CallSide::Returned, &[1, 2]), "  < f = 1, 2");
        assert_eq!(line(0, CallSide::TailCalled, &[]), "< f (tail call)");
        assert_eq!(line(0, CallSide::Unwound("no"), &[]), "! f: no");
    }

    #[test]
    fn names_can_not_steer_the_terminal() {
        let side = CallSide::Unwound("no\n> main()");
        let line = CallLine::<i32> { depth: 0, side, name: "\u{1b}[2Jf", values: &[] };
        assert_eq!(line.to_string(), r"! \u{1b}[2Jf: no\n> main()");
    }
}
