//! A complete toy runtime on the translator alone: its own layout, its own calls, host functions
//! found by symbol, and code that runs through `cranelift-jit`.
//!
//! ```text
//! cargo run -p wasm-translate --example toy_runtime
//! ```

use std::cell::RefCell;
use std::error::Error;

use cranelift_codegen::ir::{
    self, AbiParam, ArgumentPurpose, InstBuilder as _, MemFlagsData, Value, types,
};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable as _};
use cranelift_frontend::FunctionBuilder as Builder;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _, default_libcall_names};
use wasm_translate::{
    Arithmetic, Atomics, BulkOperations, Calls, Casts, Continuations, Debugging, Exceptions,
    Functions, GlobalVariable, Globals, Heap, HeapBound, Memories, Metering, Objects, References,
    Result, Tables, Translator, Values,
};
use wasm_types::{
    DefinedFuncIndex, EntityIndex, FuncIndex, FuncType, GlobalIndex, MemoryIndex, Module, ValType,
    WasmFeatures,
};

/// What compiled code finds behind its first parameter. The layout is the toy's own.
#[repr(C)]
struct Instance {
    memory: *mut u8,
    memory_length: u64,
    globals: [u64; 8],
}

const MEMORY: i32 = 0;
const MEMORY_LENGTH: i32 = 8;
const GLOBALS: i32 = 16;

/// Says how things are done here: seven methods.
struct ToyEnvironment<'m> {
    module: &'m Module,
    jit: &'m mut JITModule,
    functions: &'m [FuncId],
    isa: OwnedTargetIsa,
}

impl ToyEnvironment<'_> {
    fn instance(&self, builder: &Builder<'_>) -> Value {
        builder.func.special_param(ArgumentPurpose::VMContext).expect("the first parameter")
    }

    fn load(&self, builder: &mut Builder<'_>, offset: i32) -> Value {
        let instance = self.instance(builder);
        builder.ins().load(types::I64, MemFlagsData::trusted(), instance, offset)
    }
}

impl Functions for ToyEnvironment<'_> {
    fn module(&self) -> &Module {
        self.module
    }

    fn isa(&self) -> &dyn TargetIsa {
        &*self.isa
    }

    fn signature(&self, ty: &FuncType) -> ir::Signature {
        let mut signature = self.jit.make_signature();
        let values = |list: &[ValType]| {
            list.iter().map(|ty| AbiParam::new(self.value_type(*ty))).collect::<Vec<_>>()
        };
        signature.params.push(AbiParam::special(self.pointer_type(), ArgumentPurpose::VMContext));
        signature.params.extend(values(ty.params()));
        signature.returns.extend(values(ty.results()));
        signature
    }
}

impl Calls for ToyEnvironment<'_> {
    fn call(
        &mut self,
        builder: &mut Builder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<Values> {
        let callee = self.jit.declare_func_in_func(self.functions[func.index()], builder.func);
        let args: Values = std::iter::once(self.instance(builder)).chain(args.to_vec()).collect();
        let call = builder.ins().call(callee, &args);
        Ok(Values::from_slice(builder.inst_results(call)))
    }
}

impl Globals for ToyEnvironment<'_> {
    fn global(&mut self, builder: &mut Builder<'_>, global: GlobalIndex) -> Result<GlobalVariable> {
        let offset = GLOBALS + 8 * global.as_u32() as i32;
        let (address, flags) = (self.instance(builder), MemFlagsData::trusted());
        Ok(GlobalVariable { address, offset, flags })
    }
}

impl Memories for ToyEnvironment<'_> {
    fn heap(&mut self, builder: &mut Builder<'_>, memory: MemoryIndex) -> Result<Heap> {
        Ok(Heap {
            base: self.load(builder, MEMORY),
            bound: HeapBound::Dynamic { length: self.memory_length(builder, memory)? },
            guard: 0,
            spectre_mitigation: false,
            alias_region: None,
        })
    }

    fn memory_length(&mut self, builder: &mut Builder<'_>, _memory: MemoryIndex) -> Result<Value> {
        Ok(self.load(builder, MEMORY_LENGTH))
    }
}

// What the toy lacks is refused by name.
impl References for ToyEnvironment<'_> {}
impl Tables for ToyEnvironment<'_> {}
impl BulkOperations for ToyEnvironment<'_> {}
impl Arithmetic for ToyEnvironment<'_> {}
impl Exceptions for ToyEnvironment<'_> {}
impl Objects for ToyEnvironment<'_> {}
impl Casts for ToyEnvironment<'_> {}
impl Atomics for ToyEnvironment<'_> {}
impl Continuations for ToyEnvironment<'_> {}
impl Debugging for ToyEnvironment<'_> {}
impl Metering for ToyEnvironment<'_> {}

thread_local! {
    static PRINTED: RefCell<Vec<i32>> = const { RefCell::new(Vec::new()) };
}

/// The host function that modules import as `host.print`.
extern "C" fn print(_instance: *mut Instance, value: i32) {
    println!("{value}");
    PRINTED.with_borrow_mut(|printed| printed.push(value));
}

/// Compiles a module and calls its export `run`, which takes and returns an `i32`.
fn run(wasm: &[u8], argument: i32) -> std::result::Result<i32, Box<dyn Error>> {
    let parsed = Module::parse_with_bodies(wasm, WasmFeatures::default())?;
    let module = parsed.module();
    let mut flags = settings::builder();
    flags.set("opt_level", "speed")?;
    let isa = cranelift_native::builder()?.finish(settings::Flags::new(flags))?;
    let mut builder = JITBuilder::with_isa(isa.clone(), default_libcall_names());
    builder.symbol("print", print as *const u8);
    let mut jit = JITModule::new(builder);

    let mut functions = Vec::new();
    for index in (0..module.functions.len() as u32).map(FuncIndex::new) {
        let ty = module.type_of_func(index);
        let signature = ToyEnvironment { module, jit: &mut jit, functions: &[], isa: isa.clone() }
            .signature(ty);
        let import = module.imports.iter().find(|import| import.index == EntityIndex::Func(index));
        functions.push(match import {
            Some(import) => jit.declare_function(&import.name, Linkage::Import, &signature)?,
            None => jit.declare_anonymous_function(&signature)?,
        });
    }
    let mut translator = Translator::new();
    let mut context = jit.make_context();
    for defined in (0..module.num_defined_functions()).map(DefinedFuncIndex::new) {
        let mut env =
            ToyEnvironment { module, jit: &mut jit, functions: &functions, isa: isa.clone() };
        translator.translate(&parsed, wasm, defined, &mut env, &mut context.func)?;
        jit.define_function(functions[module.func_index(defined).index()], &mut context)?;
        jit.clear_context(&mut context);
    }
    jit.finalize_definitions()?;

    let run = module.exports.iter().find(|export| export.name == "run");
    let Some(EntityIndex::Func(run)) = run.map(|export| export.index) else {
        return Err("the module exports no function `run`".into());
    };
    let code = jit.get_finalized_function(functions[run.index()]);
    let mut memory = vec![0u8; 1 << 16];
    let mut instance = Instance {
        memory: memory.as_mut_ptr(),
        memory_length: memory.len() as u64,
        globals: [0; 8],
    };
    // SAFETY: the code was made for this signature; `jit`, `memory` and `instance` outlive the
    // call.
    let result = unsafe {
        let code: extern "C" fn(*mut Instance, i32) -> i32 = std::mem::transmute(code);
        code(&mut instance, argument)
    };
    // SAFETY: nothing runs the code or points to it any more.
    unsafe { jit.free_memory() };
    Ok(result)
}

const MODULE: &str = r#"(module
    (import "host" "print" (func $print (param i32)))
    (memory 1)
    (global $calls (mut i32) (i32.const 0))
    ;; Fills a table of Fibonacci numbers in memory, prints each, returns the last.
    (func $run (export "run") (param $n i32) (result i32) (local $i i32)
        (i32.store (i32.const 4) (i32.const 1))
        (local.set $i (i32.const 2))
        (loop $next
            (i32.store (call $address (local.get $i)) (i32.add
                (i32.load (call $address (i32.sub (local.get $i) (i32.const 1))))
                (i32.load (call $address (i32.sub (local.get $i) (i32.const 2))))))
            (call $print (i32.load (call $address (local.get $i))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.le_u (local.get $i) (local.get $n))))
        (call $print (global.get $calls))
        (i32.load (call $address (local.get $n))))
    (func $address (param $i i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.shl (local.get $i) (i32.const 2))))"#;

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let result = run(&wat::parse_str(MODULE)?, 10)?;
    println!("the tenth Fibonacci number is {result}");
    Ok(())
}

#[test]
fn it_runs() {
    assert_eq!(run(&wat::parse_str(MODULE).unwrap(), 10).unwrap(), 55);
    let printed = PRINTED.take();
    assert_eq!(printed, [1, 2, 3, 5, 8, 13, 21, 34, 55, 36]);
}

#[test]
fn what_it_lacks_is_an_error() {
    let text = r#"(module (memory 1)
        (func (export "run") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let error = run(&wat::parse_str(text).unwrap(), 1).unwrap_err().to_string();
    assert!(
        error.contains("memory.grow is not supported by the environment (`Memories`)"),
        "{error}"
    );
}
