//! Parameters and results of `--invoke`, as text.

use wasm_runtime::error::Context;
use wasm_runtime::{Escaped, FuncType, Result, Val, ValType, bail};

/// The parameters of a call, from the command line.
pub(super) fn parse(name: &str, ty: &FuncType, args: &[String]) -> Result<Vec<Val>> {
    let expected: Vec<ValType> = ty.params().collect();
    if expected.len() != args.len() {
        let types: Vec<String> = expected.iter().map(ValType::to_string).collect();
        bail!(
            "`{}` takes {} parameter{} ({}), but {} {} given",
            Escaped::new(name),
            expected.len(),
            if expected.len() == 1 { "" } else { "s" },
            types.join(", "),
            args.len(),
            if args.len() == 1 { "is" } else { "are" },
        );
    }
    let parameters = expected.iter().zip(args).enumerate();
    parameters
        .map(|(number, (ty, text))| {
            value(ty, text).with_context(|| {
                format!("parameter {} of `{}`: `{text}`", number + 1, Escaped::new(name))
            })
        })
        .collect()
}

/// Space for the results of a call.
pub(super) fn room(ty: &FuncType) -> Vec<Val> {
    // These values are overwritten, whatever their types.
    ty.results().map(|_| Val::I32(0)).collect()
}

/// A result in readable form. Floats have the digits that distinguish them from all others.
pub(super) fn show(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(value) => format!("{:#034x}", value.as_u128()),
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => "null".to_owned(),
        Val::FuncRef(Some(_)) => "a function".to_owned(),
        _ => "a reference".to_owned(),
    }
}

fn value(ty: &ValType, text: &str) -> Result<Val> {
    Ok(match ty {
        ValType::I32 => Val::I32(integer(text, 32)? as i32),
        ValType::I64 => Val::I64(integer(text, 64)? as i64),
        ValType::F32 => Val::F32(text.parse::<f32>()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>()?.to_bits()),
        ValType::V128 => Val::V128((integer(text, 128)? as u128).into()),
        other => bail!("a value of type {other} can't be given on the command line"),
    })
}

/// An integer, signed or unsigned, decimal or hexadecimal, that fits into this many bits. Returns
/// its bits.
fn integer(text: &str, bits: u32) -> Result<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u128::from_str_radix(digits, 16)?,
        None => digits.parse::<u128>()?,
    };
    let limit = if negative { 1 << (bits - 1) } else { u128::MAX >> (128 - bits) };
    if magnitude > limit {
        bail!("out of range for {bits} bits");
    }
    let value = magnitude as i128;
    Ok(if negative { value.wrapping_neg() } else { value })
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn integers_are_signed_or_unsigned() {
        assert_eq!(integer("-1", 32).unwrap() as i32, -1);
        assert_eq!(integer("4294967295", 32).unwrap() as i32, -1);
        assert_eq!(integer("0xff", 32).unwrap(), 255);
        assert_eq!(integer("-0x8000000000000000", 64).unwrap() as i64, i64::MIN);
        assert!(integer("4294967296", 32).is_err());
        assert!(integer("-2147483649", 32).is_err());
        assert!(integer("one", 32).is_err());
        assert!(integer("--1", 32).is_err());
        assert_eq!(
            integer("340282366920938463463374607431768211455", 128).unwrap() as u128,
            u128::MAX
        );
    }
}
