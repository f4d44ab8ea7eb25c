//! Steps within one store. Each is done in the store and in the model, and the outcomes are
//! compared.

mod check;
mod function;
mod item;
mod memory;
mod object;
mod table;

use arbitrary::{Result, Unstructured};
use wasm_runtime::Store;

use super::host::Data;
use super::side::Side;
pub(super) use check::pick;
pub(super) use function::{FUEL, TICKS};

/// Takes a random step.
pub(super) fn step(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    match u.int_in_range(0..=27_u32)? {
        0..=4 => memory::memory(u, store, side),
        5..=9 => table::table(u, store, side),
        10 | 11 => item::global(u, store, side),
        12..=14 => function::function(u, store, side),
        15..=17 => function::back_and_forth(u, store, side),
        18 => function::ended(u, store, side),
        19 => item::limits(u, store, side),
        20 if u.arbitrary()? => item::fill_up(u, store, side),
        20 => item::segments(u, store, side),
        21..=24 => object::object(u, store, side),
        _ => item::make(u, store, side),
    }
}
