//! `wasmtime/wat.h`: the text format.

#![allow(unsafe_code)]

use wasm_runtime::Result;

use crate::border::{self, Out};
use crate::error::{Failure, failure};
use crate::vec::CBytes;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_wat2wasm(
    text: *const u8,
    len: usize,
    out: Out<'_, CBytes>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let text = unsafe { border::text(text, len) };
    failure(text.and_then(to_binary), |binary| {
        out.write(binary.into());
    })
}

fn to_binary(text: &str) -> Result<Vec<u8>> {
    // Text only: binary bytes are no text, and whoever has them needs no conversion.
    Ok(wat::parse_str(text)?)
}
