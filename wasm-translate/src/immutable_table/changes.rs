//! Which tables the operators of a module change.
//!
//! Reading all operators before any function is compiled would take longer than everything else
//! there is to find out. So bodies are first searched for the bytes that such an operator starts
//! with; only where these occur, as an operator or as part of something else, operators are read.

use std::collections::HashMap;

use wasm_types::wasmparser::{FunctionBody, Operator};
use wasm_types::{DefinedFuncIndex, ParsedModule, TableIndex};

/// How many bytes are looked at together: few enough that most such pieces have none of the bytes
/// looked for.
const PIECE: usize = 32;

/// The first byte of `table.set` (Wasm 3.0, section 5.4.5), which the index of the table follows.
const TABLE_SET: u8 = 0x26;
/// The first byte of all other operators that change tables (the same section), which a number
/// follows.
const PREFIX: u8 = 0xfc;
/// These numbers: `table.init`, `table.copy`, `table.grow`, `table.fill`.
const PREFIXED: [u8; 4] = [12, 14, 15, 17];
/// Set in a byte of a number if another one follows, even if only to make the number longer.
const MORE: u8 = 0x80;

/// Takes out the tables that some operator of the module changes.
pub(super) fn retain_unchanged<T>(
    parsed: &ParsedModule,
    wasm: &[u8],
    tables: &mut HashMap<TableIndex, T>,
) {
    let pairs = Pairs::new(tables.keys().copied());
    for (number, body) in parsed.module().bodies.iter().enumerate() {
        if tables.is_empty() {
            return;
        }
        if !pairs.occur(&wasm[body.range.clone()]) {
            continue;
        }
        let body = parsed.body(wasm, DefinedFuncIndex::new(number as u32));
        if take_changed(&body, tables).is_none() {
            // It can't be read to the end, and won't be compiled either.
            tables.clear();
        }
    }
}

/// Takes out the tables that some operator of a body changes; `None` if it can't be read.
fn take_changed<T>(body: &FunctionBody<'_>, tables: &mut HashMap<TableIndex, T>) -> Option<()> {
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        let changed = match operators.read().ok()? {
            Operator::TableSet { table }
            | Operator::TableGrow { table }
            | Operator::TableFill { table }
            | Operator::TableInit { table, .. } => table,
            Operator::TableCopy { dst_table, .. } => dst_table,
            _ => continue,
        };
        tables.remove(&TableIndex::new(changed));
    }
    Some(())
}

/// What an operator that changes one of some tables can start with.
struct Pairs {
    /// For each byte whether it can follow [`TABLE_SET`].
    after_set: [bool; 256],
    /// For each byte whether it can follow [`PREFIX`].
    after_prefix: [bool; 256],
}

impl Pairs {
    fn new(tables: impl Iterator<Item = TableIndex>) -> Self {
        let mut pairs = Self { after_set: [false; 256], after_prefix: [false; 256] };
        for table in tables {
            // The low bits of an index come first. It may go on behind them though it need not.
            let low = (table.as_u32() & u32::from(MORE - 1)) as u8;
            pairs.after_set[usize::from(low)] = true;
            pairs.after_set[usize::from(low | MORE)] = true;
        }
        for number in PREFIXED {
            pairs.after_prefix[usize::from(number)] = true;
            pairs.after_prefix[usize::from(number | MORE)] = true;
        }
        pairs
    }

    /// Whether the bytes of such an operator occur in a body.
    fn occur(&self, body: &[u8]) -> bool {
        let starts = |byte: &u8| *byte == TABLE_SET || *byte == PREFIX;
        body.chunks(PIECE).enumerate().any(|(number, piece)| {
            // Without an early exit, so that it compiles to a few vector instructions.
            if !piece.iter().fold(false, |any, byte| any | starts(byte)) {
                return false;
            }
            let start = number * PIECE;
            // What follows may be in the next piece.
            let end = body.len().min(start + PIECE + 1);
            body[start..end].windows(2).any(|pair| match pair[0] {
                TABLE_SET => self.after_set[usize::from(pair[1])],
                PREFIX => self.after_prefix[usize::from(pair[1])],
                _ => false,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_found_wherever_they_stand() {
        let pairs = Pairs::new([0, 130].map(TableIndex::new).into_iter());
        for start in [
            &[0x26, 0x00][..],
            &[0x26, 0x80, 0x00],
            &[0x26, 0x82, 0x01],
            &[0xfc, 0x0c],
            &[0xfc, 0x8e, 0x00],
            &[0xfc, 0x0f],
            &[0xfc, 0x11],
        ] {
            for at in 0..3 * PIECE {
                let mut body = vec![0x01; at];
                body.extend_from_slice(start);
                assert!(pairs.occur(&body), "{start:x?} at {at}");
                body.push(0x0b);
                body.resize(100 + at, 0x0b);
                assert!(pairs.occur(&body), "{start:x?} at {at}");
            }
        }
    }

    #[test]
    fn other_operators_are_not_found() {
        let pairs = Pairs::new([TableIndex::new(0)].into_iter());
        // `table.get`, `table.set` of another table, `memory.copy`, `elem.drop`, `table.size`, a
        // lone start.
        for start in
            [&[0x25, 0x00][..], &[0x26, 0x01], &[0xfc, 0x0a], &[0xfc, 0x0d], &[0xfc, 0x10], &[0x26]]
        {
            assert!(!pairs.occur(start), "{start:x?}");
        }
        assert!(!pairs.occur(&[]));
    }
}
