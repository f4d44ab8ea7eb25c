//! What is to be known of the older constructs that catch exceptions (`try`) before their bodies
//! are translated, found by reading the body of a function once more.
//!
//! Their clauses come after what they are about, as does the `delegate` that sends exceptions to
//! another construct. Nothing is validated here: what can't be read ends the look ahead, and is
//! refused when the translation comes to it.

use wasm_types::TagIndex;
use wasm_types::wasmparser::{FunctionBody, Operator, Result};

/// The `try`s of a function, in order.
#[derive(Debug, Default)]
pub(crate) struct LegacyTries {
    tries: Vec<LegacyTry>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct LegacyTry {
    /// Where it is, from the start of the binary.
    offset: u64,
    /// The tag of each clause, or `None` for the one that takes all.
    pub(crate) clauses: Vec<Option<TagIndex>>,
    /// For each clause whether the code in it throws the exception again.
    pub(crate) rethrown: Vec<bool>,
    /// Which construct exceptions are sent to, counted from the one around this.
    pub(crate) delegate: Option<u32>,
}

impl LegacyTries {
    /// Reads the body of a function.
    pub(crate) fn find(body: &FunctionBody<'_>) -> Self {
        let mut found = Self::default();
        // What can't be read is refused when the body is validated.
        let _ = found.read(body);
        found
    }

    /// The one at an offset of the binary.
    pub(crate) fn at(&self, offset: u64) -> Option<&LegacyTry> {
        let place = self.tries.binary_search_by_key(&offset, |one| one.offset).ok()?;
        self.tries.get(place)
    }

    fn read(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        // The constructs around the current place; the numbers of those that are `try`s.
        let mut open: Vec<Option<usize>> = vec![None];
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let innermost = open.last().copied().flatten();
            let innermost = innermost.and_then(|number| self.tries.get_mut(number));
            match operator {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. } => open.push(None),
                Operator::Try { .. } => {
                    open.push(Some(self.tries.len()));
                    self.tries.push(LegacyTry {
                        offset,
                        clauses: Vec::new(),
                        rethrown: Vec::new(),
                        delegate: None,
                    });
                }
                Operator::Catch { tag_index } => {
                    if let Some(innermost) = innermost {
                        innermost.clauses.push(Some(TagIndex::new(tag_index)));
                        innermost.rethrown.push(false);
                    }
                }
                Operator::CatchAll => {
                    if let Some(innermost) = innermost {
                        innermost.clauses.push(None);
                        innermost.rethrown.push(false);
                    }
                }
                Operator::Rethrow { relative_depth } => {
                    let place = (open.len() - 1).checked_sub(relative_depth as usize);
                    let number = place.and_then(|place| open[place]);
                    let rethrown = number.and_then(|number| self.tries[number].rethrown.last_mut());
                    if let Some(rethrown) = rethrown {
                        *rethrown = true;
                    }
                }
                Operator::Delegate { relative_depth } => {
                    if let Some(innermost) = innermost {
                        innermost.delegate = Some(relative_depth);
                    }
                    open.pop();
                }
                Operator::End => _ = open.pop(),
                _ => {}
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(())
    }
}
