//! Relaxed vector operators (Wasm 3.0, sections 4.3.3 and 4.3.4, "relaxed operations").
//!
//! Where the specification leaves a choice, the deterministic profile takes the first of its
//! alternatives, the same on every target; otherwise each operator is what is fast on the target,
//! one choice for all uses in a module, since the choice depends on the instruction set alone.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::FunctionBuilder;
use target_lexicon::Architecture;
use wasm_types::wasmparser::Operator;

use super::simd_convert::{truncate_f64x2_signed, truncate_f64x2_unsigned};
use super::simd_float::{pseudo_maximum, pseudo_minimum};
use super::simd_integer::add_pairwise_signed;
use super::vectors::{binary, constant, has_flag, ternary, unary, zero};
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::{FuncTranslator, lane_order};

/// How the target takes the choices that the specification leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Profile {
    /// The deterministic profile: as the operator that is not relaxed, multiplication and addition
    /// rounded each.
    Deterministic,
    /// What x86-64 instructions do.
    X86 {
        /// Whether multiplication and addition are fused.
        fma: bool,
    },
    /// As the deterministic profile, but with multiplication and addition fused and, on aarch64,
    /// sums of four products exact in 32 bits.
    Fused,
}

impl Profile {
    fn new(deterministic: bool, isa: &dyn TargetIsa) -> Self {
        if deterministic {
            Profile::Deterministic
        } else if isa.has_x86_pshufb_lowering() && isa.has_blendv_lowering(I8X16) {
            Profile::X86 { fma: isa.has_native_fma() }
        } else if isa.has_native_fma() {
            Profile::Fused
        } else {
            Profile::Deterministic
        }
    }
}

/// -32768 in every 16-bit lane.
const LOWEST_I16: [u8; 16] =
    [0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x80];

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let profile = Profile::new(t.env.relaxed_simd_deterministic(), t.env.isa());
    match op {
        // Indices of 16 to 127 wrap on x86-64, where they give zero otherwise.
        Operator::I8x16RelaxedSwizzle => binary(t, I8X16, |b, x, indices| match profile {
            Profile::X86 { .. } => b.ins().x86_pshufb(x, indices),
            _ => b.ins().swizzle(x, indices),
        }),

        Operator::I32x4RelaxedTruncF32x4S => unary(t, F32X4, |b, x| match profile {
            Profile::X86 { .. } => b.ins().x86_cvtt2dq(I32X4, x),
            _ => b.ins().fcvt_to_sint_sat(I32X4, x),
        }),
        Operator::I32x4RelaxedTruncF32x4U => {
            unary(t, F32X4, |b, x| b.ins().fcvt_to_uint_sat(I32X4, x));
        }
        Operator::I32x4RelaxedTruncF64x2SZero => unary(t, F64X2, |b, x| match profile {
            Profile::X86 { .. } => {
                let wide = b.ins().x86_cvtt2dq(I64X2, x);
                let zero = zero(b, I64X2);
                b.ins().snarrow(wide, zero)
            }
            _ => truncate_f64x2_signed(b, x),
        }),
        Operator::I32x4RelaxedTruncF64x2UZero => unary(t, F64X2, truncate_f64x2_unsigned),

        Operator::F32x4RelaxedMadd => {
            ternary(t, F32X4, |b, x, y, z| multiply_add(b, profile, x, y, z))
        }
        Operator::F64x2RelaxedMadd => {
            ternary(t, F64X2, |b, x, y, z| multiply_add(b, profile, x, y, z))
        }
        Operator::F32x4RelaxedNmadd => ternary(t, F32X4, |b, x, y, z| {
            let x = b.ins().fneg(x);
            multiply_add(b, profile, x, y, z)
        }),
        Operator::F64x2RelaxedNmadd => ternary(t, F64X2, |b, x, y, z| {
            let x = b.ins().fneg(x);
            multiply_add(b, profile, x, y, z)
        }),

        Operator::I8x16RelaxedLaneselect => lane_select(t, profile, I8X16),
        Operator::I16x8RelaxedLaneselect => lane_select(t, profile, I16X8),
        Operator::I32x4RelaxedLaneselect => lane_select(t, profile, I32X4),
        Operator::I64x2RelaxedLaneselect => lane_select(t, profile, I64X2),

        Operator::F32x4RelaxedMin => binary(t, F32X4, |b, x, y| minimum(b, profile, x, y)),
        Operator::F64x2RelaxedMin => binary(t, F64X2, |b, x, y| minimum(b, profile, x, y)),
        Operator::F32x4RelaxedMax => binary(t, F32X4, |b, x, y| maximum(b, profile, x, y)),
        Operator::F64x2RelaxedMax => binary(t, F64X2, |b, x, y| maximum(b, profile, x, y)),

        // -32768 times itself stays -32768 on x86-64, where it saturates otherwise.
        Operator::I16x8RelaxedQ15mulrS => binary(t, I16X8, |b, x, y| match profile {
            Profile::X86 { .. } => b.ins().x86_pmulhrsw(x, y),
            _ => b.ins().sqmul_round_sat(x, y),
        }),

        Operator::I16x8RelaxedDotI8x16I7x16S => {
            binary(t, I8X16, |b, x, y| dot_product(b, profile, x, y));
        }
        Operator::I32x4RelaxedDotI8x16I7x16AddS => {
            let products = BytesToWords::new(profile, t.env.isa());
            let sum = t.pop_vec(I32X4);
            binary(t, I8X16, |b, x, y| {
                let product = dot_product_of_four(b, profile, products, x, y);
                b.ins().iadd(product, sum)
            });
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `x * y + z`, rounded once where the target has an instruction for it, else twice.
fn multiply_add(
    b: &mut FunctionBuilder<'_>,
    profile: Profile,
    x: Value,
    y: Value,
    z: Value,
) -> Value {
    match profile {
        Profile::X86 { fma: true } | Profile::Fused => b.ins().fma(x, y, z),
        _ => {
            let product = b.ins().fmul(x, y);
            b.ins().fadd(product, z)
        }
    }
}

fn minimum(b: &mut FunctionBuilder<'_>, profile: Profile, x: Value, y: Value) -> Value {
    match profile {
        Profile::X86 { .. } => pseudo_minimum(b, x, y),
        _ => b.ins().fmin(x, y),
    }
}

fn maximum(b: &mut FunctionBuilder<'_>, profile: Profile, x: Value, y: Value) -> Value {
    match profile {
        Profile::X86 { .. } => pseudo_maximum(b, x, y),
        _ => b.ins().fmax(x, y),
    }
}

/// Selects bits by the mask, or on x86-64 whole lanes by the highest bit of the mask's lane.
fn lane_select<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    profile: Profile,
    ty: Type,
) {
    ternary(t, ty, |b, if_set, if_clear, mask| match profile {
        Profile::X86 { .. } if ty == I16X8 => {
            // There is no blend of 16-bit lanes: spread the highest bit and blend bytes.
            let mask = b.ins().sshr_imm_u(mask, 15);
            let [if_set, if_clear, mask] =
                [if_set, if_clear, mask].map(|v| b.ins().bitcast(I8X16, lane_order(), v));
            b.ins().blendv(mask, if_set, if_clear)
        }
        Profile::X86 { .. } => b.ins().blendv(mask, if_set, if_clear),
        _ => b.ins().bitselect(mask, if_set, if_clear),
    });
}

/// Sums of two neighbouring products of signed bytes with 7-bit ones, in 16 bits.
fn dot_product(b: &mut FunctionBuilder<'_>, profile: Profile, x: Value, y: Value) -> Value {
    // The instruction takes the second operand as unsigned, and saturates.
    if let Profile::X86 { .. } = profile {
        return b.ins().x86_pmaddubsw(x, y);
    }
    let (low, high) = signed_products(b, x, y);
    let sum = b.ins().iadd_pairwise(low, high);
    // The sum has to saturate. It is out of range only where all four bytes are -128, and no other
    // sum than that one comes out as -32768.
    let wrapped = constant(b, I16X8, &LOWEST_I16);
    let overflow = b.ins().icmp(IntCC::Equal, sum, wrapped);
    b.ins().bxor(sum, overflow)
}

/// How the products of bytes are summed to 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BytesToWords {
    /// Two by two in 16 bits, saturating, then in 32.
    InPairs,
    /// All four in 32 bits; the second factor is signed.
    Signed,
    /// All four in 32 bits; the second factor is unsigned.
    Mixed,
}

impl BytesToWords {
    fn new(profile: Profile, isa: &dyn TargetIsa) -> Self {
        let has = |name| has_flag(isa, name);
        match profile {
            Profile::X86 { .. }
                if has("has_avx_vnni") && has("has_avx")
                    || has("has_avx512vnni") && has("has_avx512vl") =>
            {
                BytesToWords::Mixed
            }
            Profile::Fused if matches!(isa.triple().architecture, Architecture::Aarch64(_)) => {
                BytesToWords::Signed
            }
            _ => BytesToWords::InPairs,
        }
    }
}

/// Sums of four neighbouring products of signed bytes with 7-bit ones, in 32 bits.
fn dot_product_of_four(
    b: &mut FunctionBuilder<'_>,
    profile: Profile,
    products: BytesToWords,
    x: Value,
    y: Value,
) -> Value {
    // Of the last two, the code generator makes one instruction, with the addition that follows.
    let (low, high) = match products {
        BytesToWords::InPairs => {
            let pairs = dot_product(b, profile, x, y);
            return add_pairwise_signed(b, pairs);
        }
        BytesToWords::Signed => signed_products(b, x, y),
        BytesToWords::Mixed => {
            let (x_low, y_low) = (b.ins().swiden_low(x), b.ins().uwiden_low(y));
            let low = b.ins().imul(x_low, y_low);
            let (x_high, y_high) = (b.ins().swiden_high(x), b.ins().uwiden_high(y));
            (low, b.ins().imul(x_high, y_high))
        }
    };
    let low = add_pairwise_signed(b, low);
    let high = add_pairwise_signed(b, high);
    b.ins().iadd_pairwise(low, high)
}

/// The products of all bytes, both taken as signed, in 16 bits: the low and the high half.
fn signed_products(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> (Value, Value) {
    let (x_low, y_low) = (b.ins().swiden_low(x), b.ins().swiden_low(y));
    let low = b.ins().imul(x_low, y_low);
    let (x_high, y_high) = (b.ins().swiden_high(x), b.ins().swiden_high(y));
    (low, b.ins().imul(x_high, y_high))
}
