//! Arguments and expected results of scripts.

use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};

use crate::{AnyRef, Error, ExternRef, Result, Rooted, Store, Val};

/// The value that a script passes.
pub(super) fn argument(store: &mut Store<()>, argument: &WastArgCore<'_>) -> Result<Val> {
    Ok(match argument {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes()).into()),
        WastArgCore::RefNull(HeapType::Abstract { shared: false, ty }) => match ty {
            AbstractHeapType::Func | AbstractHeapType::NoFunc => Val::FuncRef(None),
            AbstractHeapType::Extern | AbstractHeapType::NoExtern => Val::ExternRef(None),
            AbstractHeapType::Any
            | AbstractHeapType::Eq
            | AbstractHeapType::I31
            | AbstractHeapType::Struct
            | AbstractHeapType::Array
            | AbstractHeapType::None => Val::AnyRef(None),
            AbstractHeapType::Exn | AbstractHeapType::NoExn => Val::ExnRef(None),
            AbstractHeapType::Cont | AbstractHeapType::NoCont => Val::ContRef(None),
        },
        WastArgCore::RefExtern(number) => Val::ExternRef(Some(ExternRef::new(store, *number)?)),
        WastArgCore::RefHost(number) => {
            let value = ExternRef::new(&mut *store, *number)?;
            Val::AnyRef(Some(AnyRef::convert_extern(store, value)?))
        }
        other => return Err(unsupported(&format!("{other:?}"))),
    })
}

/// Whether the value is what the script expects.
pub(super) fn matches(
    store: &mut Store<()>,
    value: &Val,
    expected: &WastRetCore<'_>,
) -> Result<bool> {
    Ok(match (expected, value) {
        (WastRetCore::Either(choices), value) => {
            for choice in choices {
                if matches(store, value, choice)? {
                    return Ok(true);
                }
            }
            false
        }
        (WastRetCore::I32(expected), Val::I32(value)) => expected == value,
        (WastRetCore::I64(expected), Val::I64(value)) => expected == value,
        (WastRetCore::F32(expected), Val::F32(value)) => f32_matches(expected, *value),
        (WastRetCore::F64(expected), Val::F64(value)) => f64_matches(expected, *value),
        (WastRetCore::V128(expected), Val::V128(value)) => {
            v128_matches(expected, value.as_u128().to_le_bytes())
        }
        // The type of a null reference is checked by the type of the function that returned it.
        (WastRetCore::RefNull(_), Val::FuncRef(value)) => value.is_none(),
        (WastRetCore::RefNull(_), Val::ExternRef(value)) => value.is_none(),
        (WastRetCore::RefNull(_), Val::AnyRef(value)) => value.is_none(),
        (WastRetCore::RefNull(_), Val::ExnRef(value)) => value.is_none(),
        (WastRetCore::RefNull(_), Val::ContRef(value)) => value.is_none(),
        (WastRetCore::RefFunc(None), Val::FuncRef(value)) => value.is_some(),
        (WastRetCore::RefExtern(expected), Val::ExternRef(Some(value))) => match expected {
            None => true,
            Some(expected) => stands_for(store, *value, *expected)?,
        },
        (WastRetCore::RefHost(expected), Val::AnyRef(Some(value))) => {
            let value = ExternRef::convert_any(&mut *store, *value)?;
            stands_for(store, value, *expected)?
        }
        (WastRetCore::RefAny, Val::AnyRef(value)) => value.is_some(),
        (WastRetCore::RefEq, Val::AnyRef(Some(value))) => value.is_eqref(store)?,
        (WastRetCore::RefI31, Val::AnyRef(Some(value))) => value.is_i31(store)?,
        (WastRetCore::RefStruct, Val::AnyRef(Some(value))) => value.is_struct(store)?,
        (WastRetCore::RefArray, Val::AnyRef(Some(value))) => value.is_array(store)?,
        _ => false,
    })
}

/// Whether it is the host value of that number.
fn stands_for(store: &Store<()>, value: Rooted<ExternRef>, number: u32) -> Result<bool> {
    let data = value.data(store)?;
    Ok(data.and_then(|data| data.downcast_ref::<u32>()) == Some(&number))
}

pub(super) fn f32_matches(expected: &NanPattern<F32>, bits: u32) -> bool {
    // The quiet bit and the sign bit.
    const QUIET: u32 = 0x7fc0_0000;
    const SIGN: u32 = 1 << 31;
    match expected {
        NanPattern::CanonicalNan => bits & !SIGN == QUIET,
        NanPattern::ArithmeticNan => bits & QUIET == QUIET,
        NanPattern::Value(value) => bits == value.bits,
    }
}

pub(super) fn f64_matches(expected: &NanPattern<F64>, bits: u64) -> bool {
    const QUIET: u64 = 0x7ff8_0000_0000_0000;
    const SIGN: u64 = 1 << 63;
    match expected {
        NanPattern::CanonicalNan => bits & !SIGN == QUIET,
        NanPattern::ArithmeticNan => bits & QUIET == QUIET,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn v128_matches(expected: &V128Pattern, bytes: [u8; 16]) -> bool {
    match expected {
        V128Pattern::I8x16(lanes) => lanes.map(|lane| lane as u8) == bytes,
        V128Pattern::I16x8(lanes) => lanes.map(i16::to_le_bytes).as_flattened() == bytes,
        V128Pattern::I32x4(lanes) => lanes.map(i32::to_le_bytes).as_flattened() == bytes,
        V128Pattern::I64x2(lanes) => lanes.map(i64::to_le_bytes).as_flattened() == bytes,
        V128Pattern::F32x4(lanes) => {
            let (chunks, _) = bytes.as_chunks::<4>();
            chunks.iter().zip(lanes).all(|(b, lane)| f32_matches(lane, u32::from_le_bytes(*b)))
        }
        V128Pattern::F64x2(lanes) => {
            let (chunks, _) = bytes.as_chunks::<8>();
            chunks.iter().zip(lanes).all(|(b, lane)| f64_matches(lane, u64::from_le_bytes(*b)))
        }
    }
}

/// The value with its type, numbers also as their bits.
pub(super) fn describe(value: &Val) -> String {
    match value {
        Val::I32(value) => format!("i32 {value} ({value:#x})"),
        Val::I64(value) => format!("i64 {value} ({value:#x})"),
        Val::F32(bits) => format!("f32 {} ({bits:#010x})", f32::from_bits(*bits)),
        Val::F64(bits) => format!("f64 {} ({bits:#018x})", f64::from_bits(*bits)),
        Val::V128(value) => format!("v128 {:#034x}", value.as_u128()),
        Val::FuncRef(None) => "a null funcref".to_owned(),
        Val::FuncRef(Some(_)) => "a funcref".to_owned(),
        Val::ExternRef(None) => "a null externref".to_owned(),
        Val::ExternRef(Some(_)) => "an externref".to_owned(),
        Val::AnyRef(None) => "a null anyref".to_owned(),
        Val::AnyRef(Some(_)) => "an anyref".to_owned(),
        Val::ExnRef(None) => "a null exnref".to_owned(),
        Val::ExnRef(Some(_)) => "an exnref".to_owned(),
        Val::ContRef(None) => "a null contref".to_owned(),
        Val::ContRef(Some(_)) => "a contref".to_owned(),
        #[allow(unreachable_patterns)]
        _ => "a reference".to_owned(),
    }
}

/// What the script expects, in the same form.
pub(super) fn describe_expected(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(value) => describe(&Val::I32(*value)),
        WastRetCore::I64(value) => describe(&Val::I64(*value)),
        WastRetCore::F32(NanPattern::Value(value)) => describe(&Val::F32(value.bits)),
        WastRetCore::F64(NanPattern::Value(value)) => describe(&Val::F64(value.bits)),
        WastRetCore::F32(NanPattern::CanonicalNan) => "f32 nan:canonical".to_owned(),
        WastRetCore::F64(NanPattern::CanonicalNan) => "f64 nan:canonical".to_owned(),
        WastRetCore::F32(NanPattern::ArithmeticNan) => "f32 nan:arithmetic".to_owned(),
        WastRetCore::F64(NanPattern::ArithmeticNan) => "f64 nan:arithmetic".to_owned(),
        WastRetCore::Either(choices) => {
            let choices: Vec<_> = choices.iter().map(describe_expected).collect();
            format!("either {}", choices.join(" or "))
        }
        other => format!("{other:?}"),
    }
}

fn unsupported(what: &str) -> Error {
    Error::msg(format!("{what} in a script needs the gc proposal or a later one"))
}
