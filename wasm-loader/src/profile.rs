//! Names of loaded functions for profilers and debuggers.
//!
//! Code that was loaded from a file needs none of this for `perf`: the kernel tells it which file is
//! mapped, and the artifact is an ELF file with symbols. Code that was loaded from bytes has no file, and
//! debuggers only look at what the dynamic linker has loaded. So there is
//!
//! * [`perf_map`]: the file by which `perf report` and other profilers know functions by address,
//! * [`jitdump`]: the file by which `perf inject --jit` knows functions with their code and their places in
//!   the Wasm binary, also if code is unloaded while the program runs,
//! * [`gdb`]: the interface by which GDB and LLDB know functions of the process they debug.
//!
//! Names are those of the artifact's ELF symbols ([`Artifact::symbols`](wasm_artifact::Artifact::symbols)).
//! All three are for Linux, and are errors elsewhere.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod functions;
#[cfg(target_os = "linux")]
mod gdb;
#[cfg(target_os = "linux")]
mod gdb_image;
#[cfg(target_os = "linux")]
mod jitdump;
#[cfg(target_os = "linux")]
mod perf_map;
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
pub use self::{
    gdb::{GdbRegistration, gdb},
    jitdump::jitdump,
    perf_map::perf_map,
};
#[cfg(not(target_os = "linux"))]
pub use unsupported::{GdbRegistration, gdb, jitdump, perf_map};
