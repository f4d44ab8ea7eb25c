//! `wasi.h`: what a guest of WASI has access to.

#![allow(unsafe_code)]

#[cfg(feature = "component")]
mod network;
#[cfg(not(feature = "component"))]
mod no_network;
mod store;

use std::ffi::{c_char, c_void};
use std::fs::File;
use std::io::{self, Write};

use wasm_runtime::Result;
use wasm_runtime::wasi::{FsPerms, MemoryInputPipe, WasiCtx, WasiCtxBuilder, WritePipe};

pub(crate) use self::store::Wasi;
use crate::border::{self, Finalizer, Foreign};
use crate::vec::CBytes;

/// `wasi_config_t`.
pub(crate) struct WasiConfig {
    builder: WasiCtxBuilder,
}

impl WasiConfig {
    /// The context that it describes.
    pub(crate) fn build(mut self) -> Result<WasiCtx> {
        Ok(self.builder.build_p1())
    }
}

/// Strings of C, with a zero at the end each, that are UTF-8; else `None`.
///
/// # Safety
///
/// There are so many strings.
unsafe fn strings<'a>(strings: *const *const c_char, count: usize) -> Option<Vec<&'a str>> {
    // SAFETY: as the caller promises.
    let strings = unsafe { border::slice(strings, count) };
    // SAFETY: as the caller promises.
    strings.iter().map(|text| unsafe { border::string(*text) }.ok()).collect()
}

/// A path of C.
///
/// # Safety
///
/// It ends with a zero.
unsafe fn path<'a>(path: *const c_char) -> Option<&'a str> {
    // SAFETY: as the caller promises.
    unsafe { border::string(path) }.ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_new() -> Box<WasiConfig> {
    Box::new(WasiConfig { builder: WasiCtxBuilder::new() })
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_delete(config: Option<Box<WasiConfig>>) {
    drop(config);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_set_argv(
    config: &mut WasiConfig,
    count: usize,
    argv: *const *const c_char,
) -> bool {
    // SAFETY: the header asks for so many strings.
    let Some(argv) = (unsafe { strings(argv, count) }) else { return false };
    config.builder.args(&argv);
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_argv(config: &mut WasiConfig) {
    config.builder.inherit_args();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_set_env(
    config: &mut WasiConfig,
    count: usize,
    names: *const *const c_char,
    values: *const *const c_char,
) -> bool {
    // SAFETY: the header asks for so many strings each.
    let (names, values) = unsafe { (strings(names, count), strings(values, count)) };
    let (Some(names), Some(values)) = (names, values) else { return false };
    for (name, value) in names.iter().zip(values) {
        config.builder.env(name, value);
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_env(config: &mut WasiConfig) {
    config.builder.inherit_env();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_set_stdin_file(
    config: &mut WasiConfig,
    file: *const c_char,
) -> bool {
    // SAFETY: the header asks for a string that ends with a zero.
    let Some(file) = (unsafe { path(file) }) else { return false };
    File::open(file).map(|file| config.builder.stdin(file)).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_set_stdin_bytes(config: &mut WasiConfig, bytes: &mut CBytes) {
    config.builder.stdin(MemoryInputPipe::new(bytes.take()));
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_stdin(config: &mut WasiConfig) {
    config.builder.inherit_stdin();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_set_stdout_file(
    config: &mut WasiConfig,
    file: *const c_char,
) -> bool {
    // SAFETY: the header asks for a string that ends with a zero.
    let Some(file) = (unsafe { path(file) }) else { return false };
    File::create(file).map(|file| config.builder.stdout(file)).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_stdout(config: &mut WasiConfig) {
    config.builder.inherit_stdout();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_set_stderr_file(
    config: &mut WasiConfig,
    file: *const c_char,
) -> bool {
    // SAFETY: the header asks for a string that ends with a zero.
    let Some(file) = (unsafe { path(file) }) else { return false };
    File::create(file).map(|file| config.builder.stderr(file)).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_stderr(config: &mut WasiConfig) {
    config.builder.inherit_stderr();
}

/// Takes what a guest writes: returns how many bytes, or an error number, negated.
type OutputCallback = extern "C" fn(*mut c_void, *const u8, usize) -> isize;

/// A stream that is a function of C.
struct CustomOutput {
    callback: OutputCallback,
    foreign: Foreign,
}

impl Write for CustomOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let taken = (self.callback)(self.foreign.data, bytes.as_ptr(), bytes.len());
        match usize::try_from(taken) {
            // More than there was can't have been taken.
            Ok(taken) => Ok(taken.min(bytes.len())),
            Err(_) => {
                let number = taken.checked_neg().and_then(|number| i32::try_from(number).ok());
                Err(number
                    .map_or_else(|| io::ErrorKind::Other.into(), io::Error::from_raw_os_error))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_set_stdout_custom(
    config: &mut WasiConfig,
    callback: OutputCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) {
    let foreign = Foreign::new(data, finalizer);
    config.builder.stdout(WritePipe::new(CustomOutput { callback, foreign }));
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_set_stderr_custom(
    config: &mut WasiConfig,
    callback: OutputCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) {
    let foreign = Foreign::new(data, finalizer);
    config.builder.stderr(WritePipe::new(CustomOutput { callback, foreign }));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasi_config_preopen_dir(
    config: &mut WasiConfig,
    host: *const c_char,
    guest: *const c_char,
    may_change: bool,
) -> bool {
    // SAFETY: the header asks for strings that end with a zero.
    let (Some(host), Some(guest)) = (unsafe { (path(host), path(guest)) }) else { return false };
    let permissions = if may_change { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
    config.builder.preopened_dir(host, guest, permissions).is_ok()
}
