//! Functions: what is translated, for what target, and how a function begins and ends.

use cranelift_codegen::ir::{self, ArgumentPurpose, Block, InstBuilder as _, Type, Value, types};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;
use wasm_types::{FuncIndex, FuncType, Module, ValType};

use super::{Result, Values};

/// What is translated, for what target, and how a function begins and ends. Every other family
/// builds on this one, and every runtime fills it in.
pub trait Functions {
    /// The declarations of the module.
    fn module(&self) -> &Module;

    /// The target.
    fn isa(&self) -> &dyn TargetIsa;

    /// The type of addresses.
    fn pointer_type(&self) -> Type {
        ir::Type::int(u16::from(self.isa().pointer_bits())).expect("pointers have 32 or 64 bits")
    }

    /// The CLIF type of a Wasm type. References are pointers, unless this says otherwise; the
    /// translator relies on numbers being what they are called and vectors being `I8X16`.
    fn value_type(&self, ty: ValType) -> Type {
        match ty {
            ValType::I32 => types::I32,
            ValType::I64 => types::I64,
            ValType::F32 => types::F32,
            ValType::F64 => types::F64,
            ValType::V128 => types::I8X16,
            ValType::Ref(_) => self.pointer_type(),
        }
    }

    /// Whether values of a type refer to objects that a collector may move during calls, so that it
    /// has to find them in the frames of callers: by the stack maps of the code generator. None do,
    /// unless this says otherwise.
    fn is_collected(&self, _ty: ValType) -> bool {
        false
    }

    /// The signature of Wasm functions of the given type, with hidden parameters.
    fn signature(&self, ty: &FuncType) -> ir::Signature;

    /// Forgets what belonged to the function before.
    fn begin_function(&mut self, _func: FuncIndex) {}

    /// Called in the entry block, before any other code is made: for prologues and metering.
    ///
    /// # Errors
    ///
    /// If the environment can't translate the function.
    fn function_entry(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<()> {
        Ok(())
    }

    /// The values of the function's Wasm parameters. By default those parameters of the signature
    /// that have no special purpose.
    fn wasm_params(&mut self, builder: &mut FunctionBuilder<'_>, entry: Block) -> Values {
        let params = &builder.func.signature.params;
        let values = builder.func.dfg.block_params(entry);
        let normal =
            |(param, _): &(&ir::AbiParam, &Value)| param.purpose == ArgumentPurpose::Normal;
        params.iter().zip(values).filter(normal).map(|(_, value)| *value).collect()
    }

    /// Returns from the function with the given results.
    ///
    /// # Errors
    ///
    /// If the environment can't return these.
    fn translate_return(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        results: &[Value],
    ) -> Result<()> {
        builder.ins().return_(results);
        Ok(())
    }

    /// Called with the function when all its code was made: for what needs to see all of it.
    ///
    /// # Errors
    ///
    /// If the environment can't finish the function.
    fn finish_function(&mut self, _func: &mut ir::Function) -> Result<()> {
        Ok(())
    }
}
