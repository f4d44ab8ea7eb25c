//! Where the code of a module has counters if it gathers a profile, found in its bodies alone.
//!
//! With a count for each entry of a function, each head of a loop, one way of each branch, and each
//! place that jump tables and exceptions lead to, the count of every operator follows.

use alloc::vec;
use alloc::vec::Vec;

use wasmparser::{Catch, FunctionBody, Operator};
use xxhash_rust::xxh3::Xxh3;

use super::ParsedModule;
use crate::index::DefinedFuncIndex;
use crate::profile::{CodeHash, CounterMap, CounterPoint, PointKind};

/// Profiles.
impl ParsedModule {
    /// What names the module in profiles: a hash of the bodies of its functions.
    ///
    /// # Panics
    ///
    /// If `wasm` is shorter than the binary that was parsed.
    pub fn code_hash(&self, wasm: &[u8]) -> CodeHash {
        let mut hasher = Xxh3::new();
        let number = |hasher: &mut Xxh3, number: usize| {
            hasher.update(&(number as u64).to_le_bytes());
        };
        number(&mut hasher, self.module().num_imported_functions as usize);
        for body in &self.module().bodies {
            number(&mut hasher, body.range.len());
            hasher.update(&wasm[body.range.clone()]);
        }
        CodeHash(hasher.digest128().to_le_bytes())
    }

    /// Where the code of the module has counters if it gathers a profile. Bodies that can't be read
    /// have none.
    ///
    /// # Panics
    ///
    /// If `wasm` is shorter than the binary that was parsed.
    pub fn counters(&self, wasm: &[u8]) -> CounterMap {
        let functions = 0..self.module().bodies.len() as u32;
        let points = |number| {
            let func = DefinedFuncIndex::new(number);
            let start = self.module().bodies[func.index()].range.start as u64;
            points(&self.body(wasm, func), start).unwrap_or_default()
        };
        CounterMap { code: self.code_hash(wasm), functions: functions.map(points).collect() }
    }
}

/// A construct around the current place.
struct Construct {
    is_loop: bool,
    /// Whether its end has a counter.
    joined: bool,
}

fn points(body: &FunctionBody<'_>, start: u64) -> Option<Vec<CounterPoint>> {
    let mut points = Vec::new();
    let mut around = vec![Construct { is_loop: false, joined: false }];
    let mut operators = body.get_operators_reader().ok()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset().ok()?;
        let offset = u32::try_from(offset - start).ok()?;
        let mut point = |kind| points.push(CounterPoint { offset, kind });
        let block = Construct { is_loop: false, joined: false };
        match operator {
            Operator::Block { .. } => around.push(block),
            Operator::Loop { .. } => {
                point(PointKind::Loop);
                around.push(Construct { is_loop: true, ..block });
            }
            Operator::If { .. } => {
                point(PointKind::Taken);
                around.push(block);
            }
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = *catch;
                    join(&mut around, label);
                }
                around.push(block);
            }
            // Its clauses lead to its end.
            Operator::Try { .. } => around.push(Construct { joined: true, ..block }),
            Operator::Catch { .. } | Operator::CatchAll => point(PointKind::Joined),
            Operator::BrIf { relative_depth } | Operator::BrOnNull { relative_depth } => {
                // What is rarer is cheaper to count, and most loops go on.
                let to_loop = target(&mut around, relative_depth)?.is_loop;
                point(if to_loop { PointKind::NotTaken } else { PointKind::Taken });
            }
            Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => {
                point(PointKind::NotTaken);
                join(&mut around, relative_depth);
            }
            Operator::BrTable { targets } => {
                join(&mut around, targets.default());
                for depth in targets.targets() {
                    join(&mut around, depth.ok()?);
                }
            }
            Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => point(PointKind::Indirect),
            Operator::End | Operator::Delegate { .. } => {
                let construct = around.pop()?;
                if construct.joined && !construct.is_loop && !around.is_empty() {
                    point(PointKind::Joined);
                }
            }
            _ => {}
        }
    }
    Some(points)
}

fn target(around: &mut [Construct], depth: u32) -> Option<&mut Construct> {
    let place = around.len().checked_sub(1)?.checked_sub(depth as usize)?;
    around.get_mut(place)
}

fn join(around: &mut [Construct], depth: u32) {
    if let Some(construct) = target(around, depth) {
        construct.joined = true;
    }
}
