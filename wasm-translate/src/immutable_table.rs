//! Which tables nothing changes once they are filled: those are data of the module, and stand
//! beside its code.
//!
//! Such a table is defined by the module, neither imported nor exported; no operator of any
//! function changes it; and what it holds is known from the binary alone: functions and nulls,
//! written by active segments at constant places that lie within it. If the host may write to what
//! is not exported ([`Internals::Writable`]), there is none.
//!
//! Calls through it compare types by numbers of the module's own. So a call with a type that others
//! may have as a supertype goes by the table that the store has.
//!
//! Whether an operator changes a table takes a look at all bodies ([`changes`]). How elements are
//! laid out and called is for the environment and the linker to say.

mod changes;

use std::collections::HashMap;

use wasm_types::{
    ConstExpr, ConstOp, ElementItems, ElementKind, EntityIndex, FuncIndex, Internals, Module,
    ParsedModule, TableIndex, Tunables, TypeIndex,
};

/// A table may be this much larger than twice the number of elements that segments write to it:
/// else most of what stands beside the code would be nulls, of which a few bytes of Wasm can ask
/// for millions.
const MAX_SPARE: u64 = 64;

/// A table has at most this many elements. That is more than the largest programs have functions.
/// What stands beside the code takes eight times as much room as in the binary, and has to be
/// copied more than once before it runs.
const MAX_ELEMENTS: u64 = 1 << 18;

/// The tables of a module that nothing changes.
#[derive(Default, Debug)]
pub(crate) struct ImmutableTables {
    tables: HashMap<TableIndex, ImmutableTable>,
    /// For each type of the module a number that only equal types share.
    type_numbers: Vec<u32>,
}

/// A table that nothing changes.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct ImmutableTable {
    /// What it holds; `None` for null.
    pub(crate) elements: Vec<Option<FuncIndex>>,
    /// The number of the type that all elements have, if none of them is null.
    pub(crate) only_type: Option<u32>,
}

impl ImmutableTables {
    /// Looks for such tables. The bodies need not be valid: those that are not are refused when
    /// they are compiled.
    pub(crate) fn find(parsed: &ParsedModule, wasm: &[u8], tunables: &Tunables) -> Self {
        let module = parsed.module();
        if tunables.internals == Internals::Writable {
            return Self::default();
        }
        let exported =
            |table| module.exports.iter().any(|export| export.index == EntityIndex::Table(table));
        let mut elements: HashMap<TableIndex, _> = (module.num_imported_tables..)
            .map(TableIndex::new)
            .take(module.table_inits.len())
            .filter(|table| !exported(*table))
            .filter_map(|table| Some((table, initial_elements(module, table)?)))
            .collect();
        if elements.is_empty() {
            return Self::default();
        }
        let type_numbers = type_numbers(parsed);
        changes::retain_unchanged(parsed, wasm, &mut elements);
        let number = |func: FuncIndex| type_numbers[module.functions[func.index()].index()];
        let tables = elements.into_iter().map(|(table, elements)| {
            let mut numbers = elements.iter().map(|element| element.map(number));
            let first = numbers.next().flatten();
            let only_type = first.filter(|_| numbers.all(|number| number == first));
            (table, ImmutableTable { elements, only_type })
        });
        Self { tables: tables.collect(), type_numbers }
    }

    /// The table, if nothing changes it.
    pub(crate) fn get(&self, table: TableIndex) -> Option<&ImmutableTable> {
        self.tables.get(&table)
    }

    /// The number of a type, which only equal types share, if there is a table that nothing
    /// changes.
    pub(crate) fn type_number(&self, ty: TypeIndex) -> u32 {
        self.type_numbers[ty.index()]
    }
}

/// Whether a table of another instance is written before all of this table is: if that fails,
/// functions that it has got by then go on with this table as it was left.
fn may_be_left_unfinished(module: &Module, table: TableIndex) -> bool {
    let written = |segment: &wasm_types::ElementSegment| match segment.kind {
        ElementKind::Active { table, .. } => Some(table),
        _ => None,
    };
    let last = module.elements.iter().rposition(|segment| written(segment) == Some(table));
    let before = &module.elements[..last.unwrap_or(0)];
    before.iter().filter_map(written).any(|table| module.defined_table(table).is_none())
}

/// What a table holds once the module is instantiated; `None` if the binary alone does not say, if
/// it is no table of functions, or if it is not worth it.
fn initial_elements(module: &Module, table: TableIndex) -> Option<Vec<Option<FuncIndex>>> {
    let ty = module.tables[table.index()];
    if !ty.element.heap.is_of_functions() {
        return None;
    }
    let segments = || {
        module.elements.iter().filter_map(move |segment| match &segment.kind {
            ElementKind::Active { table: to, offset } if *to == table => {
                Some((offset, &segment.items))
            }
            _ => None,
        })
    };
    if ty.minimum > MAX_ELEMENTS {
        return None;
    }
    let written: u64 = segments().map(|(_, items)| items.len() as u64).sum();
    if ty.minimum > written.saturating_mul(2).saturating_add(MAX_SPARE) {
        return None;
    }
    let defined = module.defined_table(table)?;
    if may_be_left_unfinished(module, table) {
        return None;
    }
    let first = match &module.table_inits[defined.index()] {
        Some(init) => reference(init)?,
        None => None,
    };
    let mut elements = vec![first; ty.minimum as usize];
    for (offset, items) in segments() {
        let start = usize::try_from(offset.as_address()?).ok()?;
        let places = elements.get_mut(start..start.checked_add(items.len())?)?;
        match items {
            ElementItems::Functions(items) => {
                for (place, func) in places.iter_mut().zip(items) {
                    *place = Some(*func);
                }
            }
            ElementItems::Expressions(items) => {
                for (place, expr) in places.iter_mut().zip(items) {
                    *place = reference(expr)?;
                }
            }
        }
    }
    let certain = |func: &FuncIndex| has_certain_type(module, *func);
    elements.iter().flatten().all(certain).then_some(elements)
}

/// Whether the type of a function is the one that the module says. One that is imported may have a
/// subtype of that.
fn has_certain_type(module: &Module, func: FuncIndex) -> bool {
    module.defined_func(func).is_some()
        || module.types[module.functions[func.index()].index()].is_final
}

/// The function or null that an expression is, if it is a plain constant.
fn reference(expr: &ConstExpr) -> Option<Option<FuncIndex>> {
    match *expr.ops() {
        [ConstOp::RefFunc(func)] => Some(Some(func)),
        [ConstOp::RefNull(_)] => Some(None),
        _ => None,
    }
}

/// For each type the index of the first one that is equal to it.
fn type_numbers(parsed: &ParsedModule) -> Vec<u32> {
    let types = (0..parsed.module().types.len() as u32).map(TypeIndex::new);
    types.map(|ty| parsed.first_equal_type(ty).as_u32()).collect()
}

#[cfg(test)]
mod tests;
