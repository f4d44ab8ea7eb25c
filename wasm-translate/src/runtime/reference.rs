//! References: what the store hands out for a function of the instance.

use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::FuncIndex;
use wasm_types::abi::Builtin;

use super::RuntimeEnvironment;
use crate::environ::{References, Result};

impl References for RuntimeEnvironment<'_> {
    fn ref_func(&mut self, builder: &mut FunctionBuilder<'_>, func: FuncIndex) -> Result<Value> {
        let func = builder.ins().iconst(types::I32, i64::from(func.as_u32()));
        Ok(self.call_builtin_for(builder, Builtin::RefFunc, &[func]))
    }
}
