//! The product of two 128-bit integers, stored where the first parameter points: what compilers
//! call `__multi3`, in the ways that they are known to write it.
//!
//! The product of the lower halves is made of four products of 32-bit quarters; how their carries
//! are brought together is what the ways differ in. With 64-bit halves and an instruction for the
//! upper half of a product it is three multiplications and two additions.

use cranelift_codegen::ir::{InstBuilder as _, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::wasmparser::{FunctionBody, MemArgTarget};
use wasm_types::{FuncType, MemoryIndex, ValType};

use super::Idiom;
use super::expression::{Id, Pool, stores};
use crate::wide;

/// Where the product goes: to the first parameter plus an offset, the lower half first in memory.
/// The other parameters are the two factors, each as two halves, the lower one first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WideMultiply {
    pub(crate) memory: MemoryIndex,
    /// The offset of the lower half.
    pub(crate) offset: u64,
    /// Whether the lower half is stored before the upper one, which shows if one of them is out of
    /// bounds.
    pub(crate) low_first: bool,
}

impl WideMultiply {
    /// The lower and the upper half of the product.
    pub(crate) fn product(
        builder: &mut FunctionBuilder<'_>,
        [a_low, a_high, b_low, b_high]: [Value; 4],
    ) -> (Value, Value) {
        let [low, carried] = wide::multiply_unsigned(builder, a_low, b_low);
        let first = builder.ins().imul(a_low, b_high);
        let second = builder.ins().imul(a_high, b_low);
        let mixed = builder.ins().iadd(first, second);
        (low, builder.ins().iadd(carried, mixed))
    }

    pub(super) fn stored_values(
        self,
        builder: &mut FunctionBuilder<'_>,
        params: &[Value],
    ) -> [Value; 2] {
        let factors = [params[1], params[2], params[3], params[4]];
        let (low, high) = Self::product(builder, factors);
        if self.low_first { [low, high] } else { [high, low] }
    }
}

/// Recognises a body that stores a 128-bit product and does nothing else.
pub(super) fn recognise(ty: &FuncType, body: &FunctionBody<'_>) -> Option<Idiom> {
    let is_signature = ty.results().is_empty()
        && matches!(ty.params(), [ValType::I32 | ValType::I64, rest @ ..]
            if rest == [ValType::I64; 4]);
    if !is_signature {
        return None;
    }
    let mut pool = Pool::default();
    let stores = stores(&mut pool, ty.params().len(), body)?;
    let [first, second] = stores[..] else { return None };
    let low_first = first.memarg.offset < second.memarg.offset;
    let (low, high) = if low_first { (first, second) } else { (second, first) };
    let target = pool.param(0);
    let MemArgTarget::Memory(memory) = low.memarg.target else { return None };
    let is_pair = low.address == target
        && high.address == target
        && low.memarg.target == high.memarg.target
        && low.memarg.offset.checked_add(8) == Some(high.memarg.offset);
    if !is_pair || !is_product(&mut pool, low.value, high.value) {
        return None;
    }
    let memory = MemoryIndex::new(memory);
    Some(Idiom::WideMultiply(WideMultiply { memory, offset: low.memarg.offset, low_first }))
}

/// Whether these are the halves of the product of the parameters.
fn is_product(pool: &mut Pool, low: Id, high: Id) -> bool {
    let [a_low, a_high, b_low, b_high] = [1, 2, 3, 4].map(|number| pool.param(number));
    let mixed = [pool.product(a_low, b_high), pool.product(a_high, b_low)];
    let whole = pool.product(a_low, b_low);
    let mut ways = Vec::new();
    // Which factor comes first makes no difference to the product, but to how it is computed.
    for (a, b) in [(a_low, b_low), (b_low, a_low)] {
        ways.extend(by_halves(pool, a, b));
        for carry in [false, true] {
            ways.extend(by_comparisons(pool, a, b, carry));
        }
    }
    ways.into_iter().any(|(low_way, upper)| {
        let high_way = pool.sum(&[upper, mixed[0], mixed[1]]);
        (low == low_way || low == whole) && Some(high) == high_way
    })
}

/// The lower and the upper 64 bits of the product of two 64-bit integers, where no sum of three
/// parts exceeds 64 bits:
///
/// ```text
/// t = high(a0 b0) + a1 b0;  u = low(t) + a0 b1
/// lower = low(a0 b0) + 2^32 u;  upper = a1 b1 + high(t) + high(u)
/// ```
fn by_halves(pool: &mut Pool, a: Id, b: Id) -> Option<(Id, Id)> {
    let (a0, a1) = (pool.low(a), pool.high(a));
    let (b0, b1) = (pool.low(b), pool.high(b));
    let bottom = pool.product(a0, b0);
    let (from_bottom, first) = (pool.high(bottom), pool.product(a1, b0));
    let t = pool.sum(&[from_bottom, first])?;
    let (t_low, second) = (pool.low(t), pool.product(a0, b1));
    let u = pool.sum(&[t_low, second])?;
    let (u_up, bottom_low) = (pool.up(u), pool.low(bottom));
    let lower = pool.sum(&[u_up, bottom_low])?;
    let (top, t_high, u_high) = (pool.product(a1, b1), pool.high(t), pool.high(u));
    Some((lower, pool.sum(&[top, t_high, u_high])?))
}

/// The same, where carries are found by comparing a sum with one of its terms:
///
/// ```text
/// m = a1 b0 + a0 b1;  lower = a0 b0 + 2^32 m
/// upper = a1 b1 + high(m) + 2^32 [m < a1 b0] + [lower < a0 b0]
/// ```
///
/// `shifted` has the last comparison be one with the other term, 2^32 m. Which of the terms of `m`
/// is compared with is a matter of which factor is called `a`.
fn by_comparisons(pool: &mut Pool, a: Id, b: Id, shifted: bool) -> Option<(Id, Id)> {
    let (a0, a1) = (pool.low(a), pool.high(a));
    let (b0, b1) = (pool.low(b), pool.high(b));
    let bottom = pool.product(a0, b0);
    let (first, second) = (pool.product(a1, b0), pool.product(a0, b1));
    let m = pool.sum(&[first, second])?;
    let m_up = pool.up(m);
    let lower = pool.sum(&[bottom, m_up])?;
    let lower_carry = pool.less(lower, if shifted { m_up } else { bottom });
    let m_carry = pool.less(m, first);
    let (top, m_high, m_carry_up) = (pool.product(a1, b1), pool.high(m), pool.up(m_carry));
    Some((lower, pool.sum(&[top, m_high, m_carry_up, lower_carry])?))
}
