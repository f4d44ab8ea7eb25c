//! Atomic accesses to linear memories, waiting and waking (the threads proposal).
//!
//! All accesses are sequentially consistent. An address that is not aligned traps, which is checked
//! before the bounds are.

use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder as _, MemFlagsData, Type, Value};
use wasm_types::wasmparser::{MemArg, MemArgTarget, Operator};
use wasm_types::{MemoryIndex, TrapCode};

use crate::environ::{FuncEnvironment, WaitOperands};
use crate::error::Error;
use crate::translator::FuncTranslator;
use crate::trap::clif_trap_code;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    use Operator as O;
    match op {
        O::AtomicFence { .. } => {
            t.builder.ins().fence();
        }
        O::I32AtomicLoad { memarg } => load(t, memarg, I32, I32)?,
        O::I64AtomicLoad { memarg } => load(t, memarg, I64, I64)?,
        O::I32AtomicLoad8U { memarg } => load(t, memarg, I8, I32)?,
        O::I32AtomicLoad16U { memarg } => load(t, memarg, I16, I32)?,
        O::I64AtomicLoad8U { memarg } => load(t, memarg, I8, I64)?,
        O::I64AtomicLoad16U { memarg } => load(t, memarg, I16, I64)?,
        O::I64AtomicLoad32U { memarg } => load(t, memarg, I32, I64)?,

        O::I32AtomicStore { memarg } | O::I64AtomicStore32 { memarg } => store(t, memarg, I32)?,
        O::I64AtomicStore { memarg } => store(t, memarg, I64)?,
        O::I32AtomicStore8 { memarg } | O::I64AtomicStore8 { memarg } => store(t, memarg, I8)?,
        O::I32AtomicStore16 { memarg } | O::I64AtomicStore16 { memarg } => store(t, memarg, I16)?,

        O::MemoryAtomicNotify { memarg } => notify(t, memarg)?,
        O::MemoryAtomicWait32 { memarg } | O::MemoryAtomicWait64 { memarg } => wait(t, memarg)?,
        _ => return translate_update(t, op),
    }
    Ok(true)
}

/// As [`translate`], for what reads and writes at once.
fn translate_update<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    use Operator as O;
    let (memarg, ty) = match op {
        O::I32AtomicRmwCmpxchg { memarg } | O::I64AtomicRmw32CmpxchgU { memarg } => (memarg, I32),
        O::I64AtomicRmwCmpxchg { memarg } => (memarg, I64),
        O::I32AtomicRmw8CmpxchgU { memarg } | O::I64AtomicRmw8CmpxchgU { memarg } => (memarg, I8),
        O::I32AtomicRmw16CmpxchgU { memarg } | O::I64AtomicRmw16CmpxchgU { memarg } => {
            (memarg, I16)
        }
        _ => {
            let Some((memarg, ty, update)) = update(op) else { return Ok(false) };
            modify(t, memarg, ty, update)?;
            return Ok(true);
        }
    };
    compare_exchange(t, memarg, ty)?;
    Ok(true)
}

/// The operators that update a value in memory, with what they do.
macro_rules! updates {
    ($op:expr; $($update:ident: $whole32:ident $whole64:ident $low8:ident $low16:ident $long8:ident $long16:ident $long32:ident;)*) => {
        match $op {
            $(
                Operator::$whole32 { memarg } | Operator::$long32 { memarg } => {
                    Some((memarg, I32, AtomicRmwOp::$update))
                }
                Operator::$whole64 { memarg } => Some((memarg, I64, AtomicRmwOp::$update)),
                Operator::$low8 { memarg } | Operator::$long8 { memarg } => {
                    Some((memarg, I8, AtomicRmwOp::$update))
                }
                Operator::$low16 { memarg } | Operator::$long16 { memarg } => {
                    Some((memarg, I16, AtomicRmwOp::$update))
                }
            )*
            _ => None,
        }
    };
}

/// What an operator updates, and how: the type is that of the value in memory.
fn update<'o>(op: &'o Operator<'_>) -> Option<(&'o MemArg, Type, AtomicRmwOp)> {
    updates! { op;
        Add: I32AtomicRmwAdd I64AtomicRmwAdd I32AtomicRmw8AddU I32AtomicRmw16AddU I64AtomicRmw8AddU I64AtomicRmw16AddU I64AtomicRmw32AddU;
        Sub: I32AtomicRmwSub I64AtomicRmwSub I32AtomicRmw8SubU I32AtomicRmw16SubU I64AtomicRmw8SubU I64AtomicRmw16SubU I64AtomicRmw32SubU;
        And: I32AtomicRmwAnd I64AtomicRmwAnd I32AtomicRmw8AndU I32AtomicRmw16AndU I64AtomicRmw8AndU I64AtomicRmw16AndU I64AtomicRmw32AndU;
        Or: I32AtomicRmwOr I64AtomicRmwOr I32AtomicRmw8OrU I32AtomicRmw16OrU I64AtomicRmw8OrU I64AtomicRmw16OrU I64AtomicRmw32OrU;
        Xor: I32AtomicRmwXor I64AtomicRmwXor I32AtomicRmw8XorU I32AtomicRmw16XorU I64AtomicRmw8XorU I64AtomicRmw16XorU I64AtomicRmw32XorU;
        Xchg: I32AtomicRmwXchg I64AtomicRmwXchg I32AtomicRmw8XchgU I32AtomicRmw16XchgU I64AtomicRmw8XchgU I64AtomicRmw16XchgU I64AtomicRmw32XchgU;
    }
}

/// A load of a type, extended with zeros.
fn load<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
    result: Type,
) -> Result<(), Error> {
    let (flags, address) = atomic_addr(t, memarg, ty)?;
    let value = t.builder.ins().atomic_load(ty, flags, address);
    push_extended(t, value, result);
    Ok(())
}

/// A store of the low bits of a value.
fn store<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
) -> Result<(), Error> {
    let value = t.pop();
    let (flags, address) = atomic_addr(t, memarg, ty)?;
    let value = low_bits(t, value, ty);
    if t.env.stores_by_exchange() {
        t.builder.ins().atomic_rmw(ty, flags, AtomicRmwOp::Xchg, address, value);
    } else {
        t.builder.ins().atomic_store(flags, value, address);
    }
    Ok(())
}

/// An update; the result is what was there before.
fn modify<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
    update: AtomicRmwOp,
) -> Result<(), Error> {
    let operand = t.pop();
    let result = t.ty(operand);
    let (flags, address) = atomic_addr(t, memarg, ty)?;
    let operand = low_bits(t, operand, ty);
    let before = t.builder.ins().atomic_rmw(ty, flags, update, address, operand);
    push_extended(t, before, result);
    Ok(())
}

/// Stores a value if another is there, of which the low bits count.
fn compare_exchange<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
) -> Result<(), Error> {
    let (expected, replacement) = t.pop2();
    let result = t.ty(expected);
    let (flags, address) = atomic_addr(t, memarg, ty)?;
    let expected = low_bits(t, expected, ty);
    let replacement = low_bits(t, replacement, ty);
    let before = t.builder.ins().atomic_cas(flags, address, expected, replacement);
    push_extended(t, before, result);
    Ok(())
}

fn wait<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
) -> Result<(), Error> {
    let (expected, timeout) = t.pop2();
    let (memory, address) = whole_address(t, memarg)?;
    let operands = WaitOperands { address, expected, timeout };
    let woken = t.env.atomic_wait(&mut t.builder, memory, operands)?;
    t.push(woken);
    Ok(())
}

fn notify<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
) -> Result<(), Error> {
    let count = t.pop();
    let (memory, address) = whole_address(t, memarg)?;
    let woken = t.env.atomic_notify(&mut t.builder, memory, address, count)?;
    t.push(woken);
    Ok(())
}

/// Pops the address operand of an atomic access of a type and makes a native address of it, which
/// is aligned.
fn atomic_addr<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    ty: Type,
) -> Result<(MemFlagsData, Value), Error> {
    let size = ty.bytes() as u8;
    check_alignment(t, memarg, size);
    let (flags, address, offset) = t.heap_addr(memarg, size)?;
    let address = match offset {
        0 => address,
        offset => t.builder.ins().iadd_imm_s(address, i64::from(offset)),
    };
    if !t.env.atomic_accesses_trap() {
        t.builder.ins().load(ty, flags, address, 0);
    }
    Ok((flags, address))
}

/// Traps if the address on the operand stack, with the constant that the operator adds, is not a
/// multiple of a power of two. That takes only the low bits of each, so that it does not matter
/// whether the sum overflows.
fn check_alignment<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
    size: u8,
) {
    if size == 1 {
        return;
    }
    let index =
        *t.stacks.values.last().expect("validation keeps the operand stack from underflowing");
    let low = u64::from(size) - 1;
    let address = match memarg.offset & low {
        0 => index,
        offset => t.builder.ins().iadd_imm_u(index, offset as i64),
    };
    let misaligned = t.builder.ins().band_imm_u(address, low as i64);
    t.builder.ins().trapnz(misaligned, clif_trap_code(TrapCode::HeapMisaligned));
}

/// Pops an address operand: the memory, and the address with the constant that the operator adds,
/// which traps if it is beyond what 64 bits can say.
fn whole_address<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memarg: &MemArg,
) -> Result<(MemoryIndex, Value), Error> {
    let MemArgTarget::Memory(memory) = memarg.target else {
        return Err(Error::unsupported("a wait for an element of an array"));
    };
    let index = t.pop();
    let is_wide = t.ty(index) == I64;
    let index = if is_wide { index } else { t.builder.ins().uextend(I64, index) };
    let address = if memarg.offset == 0 {
        index
    } else {
        let offset = t.builder.ins().iconst(I64, memarg.offset as i64);
        if is_wide {
            let code = clif_trap_code(TrapCode::MemoryOutOfBounds);
            t.builder.ins().uadd_overflow_trap(index, offset, code)
        } else {
            t.builder.ins().iadd(index, offset)
        }
    };
    Ok((MemoryIndex::new(memory), address))
}

/// The low bits of a value, as many as the type has.
fn low_bits<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    value: Value,
    ty: Type,
) -> Value {
    if t.ty(value) == ty { value } else { t.builder.ins().ireduce(ty, value) }
}

/// Pushes a value, extended to a type with zeros.
fn push_extended<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    value: Value,
    ty: Type,
) {
    let value = if t.ty(value) == ty { value } else { t.builder.ins().uextend(ty, value) };
    t.push(value);
}
