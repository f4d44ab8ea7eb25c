//! The environment: everything of a translation that depends on a runtime's layout.
//!
//! The translator knows what an operator means; a [`FuncEnvironment`] knows where the runtime keeps
//! things. [`RuntimeEnvironment`](crate::RuntimeEnvironment) is the one for the ABI of
//! [`wasm_types::abi`]. A runtime with another layout implements this trait; the methods that have
//! a default are about features that it need not offer.

use cranelift_codegen::ir::{self, ArgumentPurpose, Block, InstBuilder as _, Type, Value, types};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;
use smallvec::SmallVec;
use wasm_types::wasmparser::Operator;
use wasm_types::{
    DataIndex, ElemIndex, FuncIndex, FuncType, GlobalIndex, HeapType, MemoryIndex, Module,
    TableIndex, TypeIndex, ValType,
};

use crate::error::Error;

/// A few CLIF values: arguments, results.
pub type Values = SmallVec<[Value; 4]>;

/// What comes out of the translation of something.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How addresses into a linear memory are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeapBound {
    /// The memory never moves, and this many bytes of address space after its base belong to it,
    /// accessible or not: an access within them needs no check, since it either is in bounds or
    /// faults.
    Static {
        /// Bytes of address space, without the guard.
        reserved: u64,
    },
    /// The address is compared with the current length in bytes, of type `i64`.
    Dynamic {
        /// The current length.
        length: Value,
    },
}

/// A linear memory as an access at the current place of the code sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heap {
    /// The native address of the first byte.
    pub base: Value,
    /// How addresses are checked.
    pub bound: HeapBound,
    /// Bytes after the bound that are never accessible: an access that starts before the bound
    /// and ends there needs no check of its own.
    pub guard: u64,
    /// Whether an address that fails a check is replaced by null under speculation too. An access
    /// to null must fault then; it is what traps.
    pub spectre_mitigation: bool,
    /// The alias region of the memory's bytes, if the environment divides memory into regions.
    pub alias_region: Option<ir::AliasRegion>,
}

/// An access to a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapAccess {
    /// The memory.
    pub memory: MemoryIndex,
    /// The address operand, of the memory's index type.
    pub index: Value,
    /// The constant that the operator adds to it.
    pub offset: u64,
    /// How many bytes are read or written.
    pub size: u8,
}

/// Directions to round a float to an integral value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// Up.
    Ceil,
    /// Down.
    Floor,
    /// Towards zero.
    Trunc,
    /// To the nearest, ties to even.
    Nearest,
}

/// A bulk operation's three operands: where to, where from (or the value), and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BulkOperands {
    /// The destination.
    pub to: Value,
    /// The source, or the value to fill with.
    pub from: Value,
    /// How many bytes or elements.
    pub len: Value,
}

/// What depends on the runtime: how things are laid out and called.
///
/// Addresses, lengths and indices of a memory or table are passed as Wasm has them: `i32`, or `i64`
/// for 64-bit memories and tables. Methods make CLIF at the builder's current place; they may make
/// new blocks (and seal them) as long as they leave the builder in one that is not terminated.
///
/// One environment translates one function at a time; [`begin_function`](Self::begin_function) is
/// called before each.
pub trait FuncEnvironment {
    // What is translated, and for what.

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

    /// Whether relaxed vector operators give the same result on every machine.
    fn relaxed_simd_deterministic(&self) -> bool {
        false
    }

    // The function itself.

    /// The signature of Wasm functions of the given type, with hidden parameters.
    fn signature(&self, ty: &FuncType) -> ir::Signature;

    /// Forgets what belonged to the function before.
    fn begin_function(&mut self, _func: FuncIndex) {}

    /// Called in the entry block, before any other code is made: for prologues and metering.
    fn function_entry(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<()> {
        Ok(())
    }

    /// Called at the head of each loop: for interruption and metering.
    fn loop_head(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<()> {
        Ok(())
    }

    /// Called before each operator that can be reached, in the block that its code begins in, before any of
    /// it: for metering. `end` and `else` are told of where code goes on to them from the operator before,
    /// not where branches go to. The builder's source location is the operator's.
    fn before_operator(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _operator: &Operator<'_>,
    ) -> Result<()> {
        Ok(())
    }

    /// Called after [`before_operator`](Self::before_operator), and before any code, for an operator
    /// that does something as often as an operand says: with that number of bytes, pages or elements, of
    /// the type that the operator has it.
    fn before_units(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _operator: &Operator<'_>,
        _units: Value,
    ) -> Result<()> {
        Ok(())
    }

    /// Called where the body of a function comes in place of a call of it. Its operators follow, and belong to
    /// the place of the call. So they do of a function that is known by what it does.
    fn enter_inlined(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _func: FuncIndex,
    ) -> Result<()> {
        Ok(())
    }

    /// Called where a function whose body came in place of a call is called after all: what its operators up
    /// to here did was without effect, and they come again. Returns whether each such place needs code of its
    /// own.
    fn undo_inlined(&mut self, _builder: &mut FunctionBuilder<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Called with the function when all its code was made: for what needs to see all of it.
    fn finish_function(&mut self, _func: &mut ir::Function) -> Result<()> {
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
    fn translate_return(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        results: &[Value],
    ) -> Result<()> {
        builder.ins().return_(results);
        Ok(())
    }

    // Calls (Wasm 3.0, section 4.6.8).

    /// `call`: the results.
    fn call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        func: FuncIndex,
        args: &[Value],
    ) -> Result<Values>;

    /// `call_indirect`: the results.
    fn call_indirect(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _ty: TypeIndex,
        _index: Value,
        _args: &[Value],
    ) -> Result<Values> {
        Err(Error::unsupported("call_indirect"))
    }

    /// `return_call`: ends the block.
    fn return_call(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _func: FuncIndex,
        _args: &[Value],
    ) -> Result<()> {
        Err(Error::unsupported("return_call"))
    }

    /// `return_call_indirect`: ends the block.
    fn return_call_indirect(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _ty: TypeIndex,
        _index: Value,
        _args: &[Value],
    ) -> Result<()> {
        Err(Error::unsupported("return_call_indirect"))
    }

    // References (section 4.6.3).

    /// `ref.null`: zero, by default.
    fn ref_null(&mut self, builder: &mut FunctionBuilder<'_>, _ty: HeapType) -> Result<Value> {
        let ty = self.value_type(ValType::FUNCREF);
        Ok(builder.ins().iconst(ty, 0))
    }

    /// `ref.is_null`: whether it is zero, by default, as an `i32`.
    fn ref_is_null(&mut self, builder: &mut FunctionBuilder<'_>, value: Value) -> Result<Value> {
        let ty = builder.func.dfg.value_type(value);
        let zero = builder.ins().iconst(ty, 0);
        let flag = builder.ins().icmp(ir::condcodes::IntCC::Equal, value, zero);
        Ok(builder.ins().uextend(types::I32, flag))
    }

    /// `ref.func`.
    fn ref_func(&mut self, _builder: &mut FunctionBuilder<'_>, _func: FuncIndex) -> Result<Value> {
        Err(Error::unsupported("ref.func"))
    }

    // Globals (section 4.6.5).

    /// `global.get`.
    fn global_get(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
    ) -> Result<Value>;

    /// `global.set`.
    fn global_set(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        global: GlobalIndex,
        value: Value,
    ) -> Result<()>;

    // Memories (section 4.6.7).

    /// The memory, as an access at the current place sees it.
    fn heap(&mut self, builder: &mut FunctionBuilder<'_>, memory: MemoryIndex) -> Result<Heap>;

    /// The current length of a memory in bytes, of type `i64`, if the memory has 32-bit addresses and its
    /// whole index space is reserved: what lets the translator check an access on its own, and decide
    /// what comes of one that is out of bounds. `None`, as it is by default, has it leave that alone.
    fn reserved_memory_length(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
    ) -> Result<Option<Value>> {
        Ok(None)
    }

    /// `memory.size`, in pages.
    fn memory_size(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        memory: MemoryIndex,
    ) -> Result<Value>;

    /// `memory.grow`: the old size in pages, or -1.
    fn memory_grow(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _delta: Value,
    ) -> Result<Value> {
        Err(Error::unsupported("memory.grow"))
    }

    /// `memory.fill`.
    fn memory_fill(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("memory.fill"))
    }

    /// `memory.copy`. The length has the smaller of the two index types.
    fn memory_copy(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _to: MemoryIndex,
        _from: MemoryIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("memory.copy"))
    }

    /// `memory.init`. Source and length are of type `i32`.
    fn memory_init(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _memory: MemoryIndex,
        _data: DataIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("memory.init"))
    }

    /// `data.drop`.
    fn data_drop(&mut self, _builder: &mut FunctionBuilder<'_>, _data: DataIndex) -> Result<()> {
        Err(Error::unsupported("data.drop"))
    }

    // Tables (section 4.6.6).

    /// `table.size`, in elements.
    fn table_size(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
    ) -> Result<Value> {
        Err(Error::unsupported("table.size"))
    }

    /// `table.get`.
    fn table_get(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _index: Value,
    ) -> Result<Value> {
        Err(Error::unsupported("table.get"))
    }

    /// `table.set`.
    fn table_set(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _index: Value,
        _value: Value,
    ) -> Result<()> {
        Err(Error::unsupported("table.set"))
    }

    /// `table.grow`: the old size in elements, or -1.
    fn table_grow(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _delta: Value,
        _value: Value,
    ) -> Result<Value> {
        Err(Error::unsupported("table.grow"))
    }

    /// `table.fill`.
    fn table_fill(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("table.fill"))
    }

    /// `table.copy`. The length has the smaller of the two index types.
    fn table_copy(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _to: TableIndex,
        _from: TableIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("table.copy"))
    }

    /// `table.init`. Source and length are of type `i32`.
    fn table_init(
        &mut self,
        _builder: &mut FunctionBuilder<'_>,
        _table: TableIndex,
        _elem: ElemIndex,
        _operands: BulkOperands,
    ) -> Result<()> {
        Err(Error::unsupported("table.init"))
    }

    /// `elem.drop`.
    fn elem_drop(&mut self, _builder: &mut FunctionBuilder<'_>, _elem: ElemIndex) -> Result<()> {
        Err(Error::unsupported("elem.drop"))
    }

    // Arithmetic that not every machine has.

    /// Rounds a float, or each lane of a vector of floats, to an integral value. By default the CLIF
    /// instruction, which becomes a call of a library function where the machine has none.
    fn round(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        rounding: Rounding,
        x: Value,
    ) -> Result<Value> {
        Ok(match rounding {
            Rounding::Ceil => builder.ins().ceil(x),
            Rounding::Floor => builder.ins().floor(x),
            Rounding::Trunc => builder.ins().trunc(x),
            Rounding::Nearest => builder.ins().nearest(x),
        })
    }

    /// `x * y + z` rounded once, for floats or for each lane of vectors of floats. By default the
    /// CLIF instruction.
    fn fma(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        x: Value,
        y: Value,
        z: Value,
    ) -> Result<Value> {
        Ok(builder.ins().fma(x, y, z))
    }
}
