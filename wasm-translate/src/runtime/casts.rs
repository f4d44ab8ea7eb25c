//! Unboxed integers, and the types of references when the program runs.

mod failure;
mod test;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::TrapCode;

use super::RuntimeEnvironment;
use crate::environ::{Casts, Extension, Reference, Result, TypeTest};
use crate::trap::clif_trap_code;
use test::{Exits, Outcome};

impl Casts for RuntimeEnvironment<'_> {
    fn ref_i31(&mut self, builder: &mut FunctionBuilder<'_>, value: Value) -> Result<Value> {
        let twice = builder.ins().ishl_imm_u(value, 1);
        Ok(builder.ins().bor_imm_u(twice, 1))
    }

    fn i31_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        reference: Reference,
        extension: Extension,
    ) -> Result<Value> {
        if reference.nullable {
            builder.ins().trapz(reference.value, clif_trap_code(TrapCode::NullReference));
        }
        Ok(match extension {
            Extension::Signed => builder.ins().sshr_imm_u(reference.value, 1),
            Extension::Unsigned => builder.ins().ushr_imm_u(reference.value, 1),
        })
    }

    fn ref_eq(&mut self, builder: &mut FunctionBuilder<'_>, a: Value, b: Value) -> Result<Value> {
        let flag = builder.ins().icmp(IntCC::Equal, a, b);
        Ok(builder.ins().uextend(types::I32, flag))
    }

    fn ref_test(&mut self, builder: &mut FunctionBuilder<'_>, test: TypeTest) -> Result<Value> {
        let mut exits = Exits::new();
        let flag = match self.test_type(builder, test, &mut exits) {
            Outcome::Always => builder.ins().iconst(types::I32, 1),
            Outcome::Never => builder.ins().iconst(types::I32, 0),
            Outcome::If(flag) if builder.func.dfg.value_type(flag) == types::I32 => flag,
            Outcome::If(flag) => builder.ins().uextend(types::I32, flag),
        };
        if exits.are_none() {
            return Ok(flag);
        }
        let done = builder.create_block();
        let result = builder.append_block_param(done, types::I32);
        builder.ins().jump(done, &[flag.into()]);
        for (block, flag) in [(exits.is_of_type, 1), (exits.is_not, 0)] {
            let Some(block) = block else { continue };
            builder.seal_block(block);
            builder.switch_to_block(block);
            let flag = builder.ins().iconst(types::I32, flag);
            builder.ins().jump(done, &[flag.into()]);
        }
        builder.seal_block(done);
        builder.switch_to_block(done);
        Ok(result)
    }

    fn ref_cast(&mut self, builder: &mut FunctionBuilder<'_>, test: TypeTest) -> Result<()> {
        let code = clif_trap_code(TrapCode::CastFailure);
        let mut exits = Exits::new();
        exits.traps = true;
        match self.test_type(builder, test, &mut exits) {
            Outcome::Always => {}
            Outcome::Never => {
                self.note_failed_cast(builder, test);
                let never = builder.ins().iconst(types::I32, 0);
                builder.ins().trapz(never, code);
            }
            Outcome::If(flag) if self.notes_failed_casts(test.target) => {
                exits.leave_unless(builder, flag, false);
            }
            Outcome::If(flag) => _ = builder.ins().trapz(flag, code),
        }
        if exits.are_none() {
            return Ok(());
        }
        let next = exits.is_of_type.unwrap_or_else(|| builder.create_block());
        builder.ins().jump(next, &[]);
        if let Some(block) = exits.is_not {
            builder.set_cold_block(block);
            builder.seal_block(block);
            builder.switch_to_block(block);
            self.note_failed_cast(builder, test);
            builder.ins().trap(code);
        }
        builder.seal_block(next);
        builder.switch_to_block(next);
        Ok(())
    }

    fn branch_on_cast(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        test: TypeTest,
        is_of_type: Block,
        is_not: Block,
    ) -> Result<()> {
        let mut exits = Exits { is_of_type: Some(is_of_type), is_not: Some(is_not), traps: false };
        match self.test_type(builder, test, &mut exits) {
            Outcome::Always => builder.ins().jump(is_of_type, &[]),
            Outcome::Never => builder.ins().jump(is_not, &[]),
            Outcome::If(flag) => builder.ins().brif(flag, is_of_type, &[], is_not, &[]),
        };
        Ok(())
    }
}
