//! References: what the store hands out for a function of the instance.

use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::FuncIndex;
use wasm_types::abi::{Builtin, func_ref, import};

use super::RuntimeEnvironment;
use crate::environ::{References, Result};

impl References for RuntimeEnvironment<'_> {
    fn ref_func(&mut self, builder: &mut FunctionBuilder<'_>, func: FuncIndex) -> Result<Value> {
        // The store makes references when they are first asked for, and then they stay.
        let (place, made) = match self.module.defined_func(func) {
            None => {
                let record = self.layout.imported_function(func) + import::FUNC_REF;
                let record = self.load_record(builder, record);
                (record, record)
            }
            Some(_) => {
                let Some(slot) = self.module.funcref_slot(func) else {
                    return Ok(self.make_ref_func(builder, func));
                };
                let record = self.layout.func_ref(slot);
                let code = self.load_record(builder, record + func_ref::CODE);
                (builder.ins().iadd_imm_s(self.context(), i64::from(record)), code)
            }
        };
        let missing = builder.create_block();
        let present = builder.create_block();
        builder.append_block_param(present, types::I64);
        builder.set_cold_block(missing);
        builder.ins().brif(made, present, &[place.into()], missing, &[]);
        builder.seal_block(missing);
        builder.switch_to_block(missing);
        let reference = self.make_ref_func(builder, func);
        builder.ins().jump(present, &[reference.into()]);
        builder.seal_block(present);
        builder.switch_to_block(present);
        Ok(builder.block_params(present)[0])
    }
}

impl RuntimeEnvironment<'_> {
    /// Has the store make the reference.
    fn make_ref_func(&mut self, builder: &mut FunctionBuilder<'_>, func: FuncIndex) -> Value {
        let func = builder.ins().iconst(types::I32, i64::from(func.as_u32()));
        self.call_builtin_for(builder, Builtin::RefFunc, &[func])
    }

    /// Loads a pointer of the context that the store may set while the function runs.
    fn load_record(&mut self, builder: &mut FunctionBuilder<'_>, offset: u32) -> Value {
        builder.ins().load(types::I64, MemFlagsData::trusted(), self.context(), offset as i32)
    }
}
