//! `drop` and `select` (Wasm 3.0, section 4.6.2), `nop` and `unreachable`.

use cranelift_codegen::ir::InstBuilder as _;
use wasm_types::wasmparser::Operator;
use wasm_types::{TrapCode, ValType};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;
use crate::trap::clif_trap_code;

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Makes the block at hand cold, which ends in a trap: programs go there once at most.
    fn mark_trapping(&mut self) {
        let entry = self.builder.func.layout.entry_block();
        let block = self.builder.current_block().filter(|block| Some(*block) != entry);
        if let Some(block) = block.filter(|_| self.cold_traps) {
            self.builder.set_cold_block(block);
        }
    }
}

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match op {
        Operator::Nop => {}
        Operator::Unreachable => {
            t.mark_trapping();
            t.builder.ins().trap(clif_trap_code(TrapCode::UnreachableCodeReached));
            t.reachable = false;
        }
        Operator::Drop => {
            t.pop();
        }
        Operator::Select | Operator::TypedSelect { .. } => {
            let (a, b, condition) = t.pop3();
            // Two vectors may differ in their lanes.
            let (a, b) = (t.canonical(a), t.canonical(b));
            let value = t.builder.ins().select(condition, a, b);
            if let Operator::TypedSelect { ty } = op {
                let ty = ValType::from_parser(*ty, t.env.module()).map_err(Error::unsupported)?;
                t.note_reference(value, ty);
            }
            t.push(value);
        }
        _ => return Ok(false),
    }
    Ok(true)
}
