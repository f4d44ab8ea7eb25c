//! Indices when imported items become defined ones, or objects get globals.
//!
//! Items that become defined come first among the defined ones, in their order. So items that were
//! defined before keep their indices, and only the indices of imported items change. The globals
//! of objects come before all others that are defined.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error as ReencodeError, Reencode};
use wasm_encoder::{CodeSection, ConstExpr, Encode};
use wasm_types::ModuleState;
use wasmparser::Operator;

use super::functions::Functions;
use super::objects::Objects;
use crate::error::Error;
use crate::sections::Source;

/// New indices for old ones.
pub(super) struct Renumber {
    pub(super) memories: Vec<u32>,
    pub(super) tables: Vec<u32>,
    pub(super) globals: Vec<u32>,
    /// The values of the imported globals that become defined ones. Constant expressions may refer
    /// to an imported global, but before WebAssembly 3.0 not to a defined one.
    constants: BTreeMap<u32, ConstExpr>,
    /// Whether all items stay imported or defined, as they were.
    none: bool,
}

impl Renumber {
    pub(super) fn new(
        source: &Source<'_>,
        state: &ModuleState,
        objects: &Objects<'_>,
    ) -> Result<Self, Error> {
        let memories: Vec<bool> = becomes_defined(&source.memories, &state.memories);
        let tables: Vec<bool> = becomes_defined(&source.tables, &state.tables);
        let globals: Vec<bool> = becomes_defined(&source.globals, &state.globals);
        let mut constants = BTreeMap::new();
        for (index, becomes) in globals.iter().enumerate() {
            if let (true, Some(&Some(value))) = (becomes, state.globals.get(index)) {
                let ty = source.globals[index].ty.content_type;
                // The globals that they become declare the functions.
                let constant = objects.constant(value, ty, &mut Functions::default())?;
                constants.insert(index as u32, constant);
            }
        }
        let none = ![&memories, &tables, &globals].into_iter().flatten().any(|&becomes| becomes);
        Ok(Self {
            memories: indices(&source.memories, &memories, 0),
            tables: indices(&source.tables, &tables, 0),
            globals: indices(&source.globals, &globals, objects.count()),
            constants,
            none,
        })
    }

    /// Whether no imported item becomes a defined one.
    pub(super) fn is_none(&self) -> bool {
        self.none
    }

    /// Whether indices in code change.
    pub(super) fn changes_code(&self) -> bool {
        [&self.memories, &self.tables, &self.globals]
            .into_iter()
            .any(|indices| indices.iter().enumerate().any(|(old, &new)| old != new as usize))
    }

    /// The code with the new indices.
    pub(super) fn code(&mut self, source: &Source<'_>) -> Result<CodeSection, Error> {
        let mut code = CodeSection::new();
        for body in &source.code {
            self.parse_function_body(&mut code, body.clone())?;
        }
        Ok(code)
    }
}

fn becomes_defined<T, D, S>(
    declared: &[crate::sections::Declared<'_, T, D>],
    state: &[Option<S>],
) -> Vec<bool> {
    declared.iter().zip(state).map(|(item, state)| item.is_imported() && state.is_some()).collect()
}

/// The new indices, if so many others are defined before all.
fn indices<T, D>(
    declared: &[crate::sections::Declared<'_, T, D>],
    becomes_defined: &[bool],
    others: u32,
) -> Vec<u32> {
    let imported = declared.iter().filter(|item| item.is_imported()).count();
    let stay = imported - becomes_defined.iter().filter(|&&becomes| becomes).count();
    let mut defined = stay + others as usize;
    let mut stays = 0;
    let mut indices = Vec::with_capacity(declared.len());
    for (old, item) in declared.iter().enumerate() {
        let next = match (item.is_imported(), becomes_defined[old]) {
            (true, true) => &mut defined,
            (true, false) => &mut stays,
            (false, _) => {
                indices.push(old as u32 + others);
                continue;
            }
        };
        indices.push(*next as u32);
        *next += 1;
    }
    indices
}

impl Reencode for Renumber {
    type Error = Infallible;

    fn memory_index(&mut self, memory: u32) -> Result<u32, ReencodeError> {
        Ok(self.memories.get(memory as usize).copied().unwrap_or(memory))
    }

    fn table_index(&mut self, table: u32) -> Result<u32, ReencodeError> {
        Ok(self.tables.get(table as usize).copied().unwrap_or(table))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, ReencodeError> {
        Ok(self.globals.get(global as usize).copied().unwrap_or(global))
    }

    fn const_expr(
        &mut self,
        expression: wasmparser::ConstExpr<'_>,
    ) -> Result<ConstExpr, ReencodeError> {
        let mut bytes = Vec::new();
        let mut operators = expression.get_operators_reader();
        while !operators.is_end_then_eof() {
            let operator = operators.read()?;
            if let Operator::GlobalGet { global_index } = operator
                && let Some(constant) = self.constants.get(&global_index)
            {
                constant.encode(&mut bytes);
                // The inserted constant expression ends with `end`, but this expression continues
                // after it.
                bytes.pop();
                continue;
            }
            self.instruction(operator)?.encode(&mut bytes);
        }
        Ok(ConstExpr::raw(bytes))
    }
}
