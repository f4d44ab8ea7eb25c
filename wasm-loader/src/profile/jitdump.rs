//! The jitdump file: a record for each function, with its code.
//!
//! The format is described in the Linux sources, in
//! `tools/perf/Documentation/jitdump-specification.txt`. Its numbers have the byte order of the
//! host.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::param::page_size;
use wasm_types::AddressMapEntry;

use super::clock::now;
use super::functions::{Function, functions, printable};
use crate::error::Error;
use crate::loaded::Loaded;

const MAGIC: u32 = u32::from_be_bytes(*b"JiTD");
const VERSION: u32 = 1;
const HEADER_SIZE: u32 = 40;
const CODE_LOAD: u32 = 0;
const DEBUG_INFO: u32 = 2;

/// The offset of the machine in the header of an ELF file.
const ELF_MACHINE: usize = 18;

/// How many characters of a module's name are used: the name is repeated for each address.
const LONGEST_SOURCE: usize = 64;

/// The file of this process, once there is one.
static DUMP: Mutex<Option<Dump>> = Mutex::new(None);

struct Dump {
    /// The process that it belongs to. A forked child has a copy of this, and needs a file of its
    /// own.
    pid: u32,
    path: PathBuf,
    file: File,
    /// The number of the next function: each has its own.
    next: u64,
}

/// Adds the functions to `jit-PID.dump`, in the directory that the environment variable
/// `JITDUMPDIR` names or else in the current one. The file gets their code and, if there is an
/// address map, their offsets in the Wasm binary: as a source file `NAME.wasm`, whose line numbers
/// are offsets in bytes.
///
/// To see the names, record with `perf record -k mono`, then run `perf inject --jit`, and report on
/// the file that it wrote. Call this once for each loaded artifact, before the code runs.
///
/// # Errors
///
/// If the file can't be written, or can't be mapped as `perf` requires, or if the artifact is
/// damaged.
pub fn jitdump(loaded: &Loaded) -> Result<(), Error> {
    let functions = functions(loaded)?;
    let places: Vec<_> = loaded.artifact().address_map().iter().collect();
    let source = loaded.artifact().module_name().unwrap_or("module");
    let source: String = printable(source).chars().take(LONGEST_SOURCE).collect();
    let source = source + ".wasm";
    let pid = std::process::id();

    let mut dump = DUMP.lock().unwrap_or_else(PoisonError::into_inner);
    let dump = match &mut *dump {
        Some(dump) if dump.pid == pid => dump,
        other => other.insert(Dump::create(pid, loaded)?),
    };
    let mut bytes = Vec::new();
    for function in functions {
        // The addresses of a function come before its code.
        let result = debug_info(&mut bytes, &function, &places, &source)
            .and_then(|()| dump.code_load(&mut bytes, &function));
        result.map_err(|error| {
            Error::io("describe a function in the jitdump file", error).in_file(&dump.path)
        })?;
    }
    let result = dump.file.write_all(&bytes);
    result.map_err(|error| Error::io("write the jitdump file", error).in_file(&dump.path))
}

impl Dump {
    fn create(pid: u32, loaded: &Loaded) -> Result<Self, Error> {
        let directory = std::env::var_os("JITDUMPDIR").filter(|path| !path.is_empty());
        let path = PathBuf::from(directory.unwrap_or_else(|| ".".into()));
        let path = path.join(format!("jit-{pid}.dump"));
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let file = rustix::io::retry_on_intr(|| rustix::fs::open(&path, flags, mode));
        let file = file.map_err(|error| Error::io("create the file", error).in_file(&path))?;
        // The mapping is how `perf` learns about the file: it records what is mapped executable.
        // Nothing reads the mapping, and it stays until the process ends. SAFETY: the kernel
        // chooses the address, so that nothing that exists is touched, and no reference to it is
        // ever made.
        let marker = unsafe {
            mmap(
                ptr::null_mut::<c_void>(),
                page_size(),
                ProtFlags::READ | ProtFlags::EXEC,
                MapFlags::PRIVATE,
                file.as_fd(),
                0,
            )
        };
        marker.map_err(|error| {
            let action = "map the file executable, by which perf finds it \
                          (JITDUMPDIR names another directory)";
            Error::io(action, error).in_file(&path)
        })?;
        // Loaded code was compiled for this host.
        let machine = loaded.artifact().bytes().get(ELF_MACHINE..ELF_MACHINE + 2);
        let machine = machine.map_or(0, |bytes| u16::from_ne_bytes([bytes[0], bytes[1]]));
        let mut header = Vec::with_capacity(HEADER_SIZE as usize);
        for number in [MAGIC, VERSION, HEADER_SIZE, machine.into(), 0, pid] {
            header.extend_from_slice(&number.to_ne_bytes());
        }
        header.extend_from_slice(&now().to_ne_bytes());
        // No flags: times are those of the monotonic clock.
        header.extend_from_slice(&0_u64.to_ne_bytes());
        let mut file = File::from(file);
        let result = file.write_all(&header);
        result.map_err(|error| Error::io("write the file", error).in_file(&path))?;
        Ok(Self { pid, path, file, next: 0 })
    }

    fn code_load(&mut self, out: &mut Vec<u8>, function: &Function<'_>) -> io::Result<()> {
        let number = self.next;
        self.next += 1;
        record(out, CODE_LOAD, |out| {
            out.extend_from_slice(&self.pid.to_ne_bytes());
            let thread = rustix::thread::gettid().as_raw_nonzero().get();
            out.extend_from_slice(&thread.to_ne_bytes());
            let address = function.address as u64;
            let size = function.code.len() as u64;
            for number in [address, address, size, number] {
                out.extend_from_slice(&number.to_ne_bytes());
            }
            string(out, &function.name);
            out.extend_from_slice(function.code);
        })
    }
}

/// The addresses of a function; no record if it has none.
fn debug_info(
    out: &mut Vec<u8>,
    function: &Function<'_>,
    places: &[AddressMapEntry],
    source: &str,
) -> io::Result<()> {
    let end = function.offset as usize + function.code.len();
    let from = places.partition_point(|place| place.offset < function.offset);
    let to = places.partition_point(|place| (place.offset as usize) < end);
    let places = places.get(from..to).unwrap_or_default();
    if places.is_empty() {
        return Ok(());
    }
    record(out, DEBUG_INFO, |out| {
        out.extend_from_slice(&(function.address as u64).to_ne_bytes());
        out.extend_from_slice(&(places.len() as u64).to_ne_bytes());
        for place in places {
            // In a damaged artifact the addresses may be out of order.
            let offset = place.offset.saturating_sub(function.offset);
            let address = function.address as u64 + u64::from(offset);
            // Line 0 is code without an offset in the binary.
            let line = if place.wasm_offset == u32::MAX { 0 } else { place.wasm_offset };
            out.extend_from_slice(&address.to_ne_bytes());
            out.extend_from_slice(&line.to_ne_bytes());
            out.extend_from_slice(&0_u32.to_ne_bytes());
            string(out, source);
        }
    })
}

/// Writes a record: its kind, its size, the time, and what `fill` adds.
fn record(out: &mut Vec<u8>, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&now().to_ne_bytes());
    fill(out);
    // The format has no room for larger sizes.
    let size = u32::try_from(out.len() - start).map_err(|_| io::ErrorKind::FileTooLarge)?;
    out[start + 4..start + 8].copy_from_slice(&size.to_ne_bytes());
    Ok(())
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}
