//! Names that types lend.

use std::ffi::c_char;

use crate::border::Out;

/// Writes the name of something that was found, and gives back what has it.
pub(super) fn name_at<T>(
    found: Option<(&str, T)>,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
) -> Option<T> {
    let (text, item) = found?;
    name.write(text.as_ptr().cast());
    len.write(text.len());
    Some(item)
}
