//! Names of loaded functions for profilers and debuggers.
//!
//! Code that was loaded from a file needs none of this for `perf`: the kernel reports to it which
//! file is mapped, and the artifact is an ELF file with symbols. But code that was loaded from
//! bytes has no file, and debuggers look only at what the dynamic linker has loaded. So there are
//! three ways:
//!
//! * [`perf_map`]: a file by which `perf report` and other profilers know functions by address,
//! * [`jitdump`]: a file by which `perf inject --jit` knows functions with their code and their
//!   offsets in the Wasm binary, also if code is unloaded while the program runs,
//! * [`gdb`]: the interface by which GDB and LLDB know functions of the process they debug, and
//!   with the feature `debug-info` their lines in the source, and variables.
//!
//! Names are those of the artifact's ELF symbols
//! ([`Artifact::symbols`](wasm_artifact::Artifact::symbols)). All three work on Linux, and are
//! errors elsewhere.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod functions;
#[cfg(target_os = "linux")]
mod gdb;
#[cfg(target_os = "linux")]
mod gdb_image;
#[cfg(target_os = "linux")]
mod gdb_lines;
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
