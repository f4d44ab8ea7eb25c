//! Calls of builtins: the functions of the store that compiled code calls.

use cranelift_codegen::ir::{
    self, AbiParam, ArgumentExtension, InstBuilder as _, MemFlagsData, Type, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, BuiltinType, context};

use super::{CONSTANT, RuntimeEnvironment};

impl RuntimeEnvironment<'_> {
    /// Calls a builtin and returns its result, if it has one.
    pub(super) fn call_builtin(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
        args: &[Value],
    ) -> Option<Value> {
        let signature = self.builtin_reference(builder, builtin);
        self.fuel_before_builtin(builder, builtin);
        // A load that can move would leave a cold block for the front of the loop that it is in,
        // and what it loads be in a register from there on.
        let block = builder.current_block().expect("code is made in a block");
        let is_cold = builder.func.layout.is_cold(block);
        let flags = if is_cold { MemFlagsData::trusted() } else { CONSTANT };
        let place = context::BUILTINS as i32;
        let builtins = builder.ins().load(types::I64, flags, self.context(), place);
        let code = builder.ins().load(types::I64, flags, builtins, builtin.offset() as i32);
        let mut all_args = Vec::with_capacity(args.len() + 1);
        if !builtin.is_leaf() {
            all_args.push(self.context());
        }
        all_args.extend_from_slice(args);
        let call = builder.ins().call_indirect(signature, code, &all_args);
        builder.inst_results(call).first().copied()
    }

    /// The signature of a builtin, imported into the function.
    pub(super) fn builtin_reference(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
    ) -> ir::SigRef {
        if let Some(signature) = self.function.builtins.get(&builtin) {
            return *signature;
        }
        let signature = builder.import_signature(self.builtin_signature(builtin));
        self.function.builtins.insert(builtin, signature);
        signature
    }

    /// Calls a builtin that has a result.
    pub(super) fn call_builtin_for(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
        args: &[Value],
    ) -> Value {
        self.call_builtin(builder, builtin, args).expect("the builtin has a result")
    }

    /// Calls a builtin that works on memories, tables or segments: first their indices, then
    /// operands, each extended to the type that the builtin takes.
    pub(super) fn call_indexed_builtin(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        builtin: Builtin,
        indices: &[u32],
        operands: &[Value],
    ) -> Option<Value> {
        let mut args = Vec::with_capacity(indices.len() + operands.len());
        for index in indices {
            args.push(builder.ins().iconst(types::I32, i64::from(*index)));
        }
        for (operand, ty) in operands.iter().zip(&builtin.params()[indices.len()..]) {
            let wide = *ty == BuiltinType::I64;
            let narrow = builder.func.dfg.value_type(*operand) == types::I32;
            args.push(match wide && narrow {
                true => builder.ins().uextend(types::I64, *operand),
                false => *operand,
            });
        }
        self.call_builtin(builder, builtin, &args)
    }

    /// The signature of a builtin: the target's C convention, or that of Wasm functions for what
    /// throws; the context first if it takes one.
    pub(super) fn builtin_signature(&self, builtin: Builtin) -> ir::Signature {
        let convention = match builtin.throws() {
            true => CallConv::Tail,
            false => self.isa.default_call_conv(),
        };
        let mut signature = ir::Signature::new(convention);
        // Some conventions want small integers extended to a whole register.
        let param = |ty: Type| match self.isa.default_argument_extension() {
            ArgumentExtension::Sext if ty == types::I32 => AbiParam::new(ty).sext(),
            ArgumentExtension::Uext if ty == types::I32 => AbiParam::new(ty).uext(),
            _ => AbiParam::new(ty),
        };
        if !builtin.is_leaf() {
            signature.params.push(AbiParam::new(types::I64));
        }
        signature.params.extend(builtin.params().iter().map(|ty| param(builtin_type(*ty))));
        signature.returns.extend(builtin.result().map(|ty| param(builtin_type(ty))));
        if builtin.resumes() {
            signature.returns.push(AbiParam::new(types::I64));
        }
        signature
    }
}

fn builtin_type(ty: BuiltinType) -> Type {
    match ty {
        BuiltinType::I32 => types::I32,
        BuiltinType::I64 => types::I64,
        BuiltinType::F32 => types::F32,
        BuiltinType::F64 => types::F64,
    }
}
