//! Streams of files and the standard streams.

use crate::guest::{Guest, borrow, code};
use std::io::Write;
use tempfile::tempdir;
use wasm_component_run::Resource;
use wasm_wasi::p2::bindings::cli::{stderr::Host as _, stdin::Host as _, stdout::Host as _};
use wasm_wasi::p2::bindings::filesystem::types::{DescriptorFlags, HostDescriptor as _, OpenFlags};
use wasm_wasi::p2::{DynInputStream, DynOutputStream, Readiness, StreamError};
use wasm_wasi::{MemoryInputPipe, MemoryOutputPipe, WasiCtx};

fn read(guest: &mut Guest, stream: &Resource<DynInputStream>, size: usize) -> Option<Vec<u8>> {
    match guest.table.get_mut(stream).unwrap().read(size) {
        Ok(bytes) => Some(bytes.to_vec()),
        Err(StreamError::Closed) => None,
        Err(error) => panic!("{error}"),
    }
}

fn write(guest: &mut Guest, stream: &Resource<DynOutputStream>, bytes: &'static [u8]) {
    let stream = guest.table.get_mut(stream).unwrap();
    assert!(stream.check_write().unwrap() >= bytes.len());
    stream.write(bytes.into()).unwrap();
    stream.flush().unwrap();
}

#[test]
fn streams_of_files_have_positions_of_their_own() {
    let directory = tempdir().unwrap();
    let mut guest = Guest::in_dir(directory.path());
    let both = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = guest.open("file", OpenFlags::CREATE, both).unwrap();
    let mut view = guest.view();
    let one = code(view.write_via_stream(borrow(&file), 0)).unwrap();
    let two = code(view.write_via_stream(borrow(&file), 4)).unwrap();
    let end = code(view.append_via_stream(borrow(&file))).unwrap();
    let input = code(view.read_via_stream(borrow(&file), 1)).unwrap();
    write(&mut guest, &one, b"ab");
    write(&mut guest, &two, b"ef");
    write(&mut guest, &one, b"cd");
    write(&mut guest, &end, b"gh");
    assert_eq!(guest.read("file").unwrap(), b"abcdefgh");
    assert_eq!(read(&mut guest, &input, 3), Some(b"bcd".to_vec()));
    assert_eq!(read(&mut guest, &input, 0), Some(Vec::new()));
    assert_eq!(read(&mut guest, &input, 100), Some(b"efgh".to_vec()));
    assert_eq!(read(&mut guest, &input, 100), None);
    // It goes on when the file gets longer.
    write(&mut guest, &end, b"i");
    assert_eq!(read(&mut guest, &input, 100), Some(b"i".to_vec()));
}

#[test]
fn the_standard_streams_are_those_of_the_context() {
    let (stdout, stderr) = (MemoryOutputPipe::new(100), MemoryOutputPipe::new(100));
    let mut builder = WasiCtx::builder();
    builder.stdin(MemoryInputPipe::new("input")).stdout(stdout.clone()).stderr(stderr.clone());
    let mut guest = Guest::new(&mut builder);
    // Each is a resource of its own, over the same stream.
    let [first, second] = [0; 2].map(|_| guest.view().get_stdin().unwrap());
    assert_eq!(read(&mut guest, &first, 2), Some(b"in".to_vec()));
    assert_eq!(read(&mut guest, &second, 9), Some(b"put".to_vec()));
    assert_eq!(read(&mut guest, &first, 9), None);
    let [first, second] = [0; 2].map(|_| guest.view().get_stdout().unwrap());
    write(&mut guest, &first, b"one ");
    write(&mut guest, &second, b"two");
    let error = guest.view().get_stderr().unwrap();
    write(&mut guest, &error, b"three");
    assert_eq!((stdout.contents(), stderr.contents()), (b"one two".to_vec(), b"three".to_vec()));
}

/// Preview 1 and 0.2 can be used by one guest.
#[test]
fn preview_1_reads_and_writes_the_same_streams() {
    use wasm_wasi::abi::GuestMemory;
    let stdout = MemoryOutputPipe::new(100);
    let mut guest = Guest::new(WasiCtx::builder().stdout(stdout.clone()));
    let stream = guest.view().get_stdout().unwrap();
    write(&mut guest, &stream, b"one ");
    let mut bytes = *b"\x10\0\0\0\x03\0\0\0________two_____";
    let memory = &mut GuestMemory::new(&mut bytes);
    wasm_wasi::calls::fd_write(guest.view().ctx, memory, 1, 0, 1, 8).unwrap();
    assert_eq!(stdout.contents(), b"one two");
}

#[test]
fn input_that_does_not_come_is_none_yet() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let reader = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    let mut guest = Guest::new(WasiCtx::builder().stdin(reader));
    let stream = guest.view().get_stdin().unwrap();
    assert_eq!(read(&mut guest, &stream, 9), Some(Vec::new()));
    let readiness = guest.table.get(&stream).unwrap().readiness();
    assert!(matches!(readiness, Readiness::Descriptor(..)));
    writer.write_all(b"now").unwrap();
    assert_eq!(read(&mut guest, &stream, 9), Some(b"now".to_vec()));
    drop(writer);
    assert_eq!(read(&mut guest, &stream, 9), None);
}

#[test]
fn output_that_nobody_takes_is_kept_and_more_is_not_permitted() {
    use std::io::Read;
    let (mut reader, writer) = std::io::pipe().unwrap();
    let writer = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
    let mut guest = Guest::new(WasiCtx::builder().stdout(writer));
    let stream = guest.view().get_stdout().unwrap();
    let stream = guest.table.get_mut(&stream).unwrap();
    let mut written = 0;
    loop {
        let permitted = stream.check_write().unwrap();
        if permitted == 0 {
            break;
        }
        stream.write(vec![b'x'; permitted].into()).unwrap();
        written += permitted;
    }
    let mut taken = 0;
    let mut buffer = vec![0; 1 << 16];
    while taken < written {
        taken += reader.read(&mut buffer).unwrap();
        stream.flush().unwrap();
    }
    assert_eq!(taken, written);
    assert!(stream.check_write().unwrap() > 0);
    drop(reader);
    while stream.check_write().is_ok() {
        let _ = stream.write("x".into());
    }
    assert!(matches!(stream.check_write(), Err(StreamError::Closed)));
}

#[test]
fn a_full_pipe_fails_once_and_is_closed_then() {
    let mut guest = Guest::new(WasiCtx::builder().stdout(MemoryOutputPipe::new(2)));
    let stream = guest.view().get_stdout().unwrap();
    let stream = guest.table.get_mut(&stream).unwrap();
    assert!(matches!(stream.write("abc".into()), Err(StreamError::LastOperationFailed(_))));
    assert!(matches!(stream.check_write(), Err(StreamError::Closed)));
    assert!(matches!(stream.flush(), Err(StreamError::Closed)));
}

/// What each has accepted is kept by the host until it is written.
#[test]
fn streams_that_may_keep_something_count_as_descriptors() {
    let directory = tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let mut builder = WasiCtx::builder();
    builder.max_descriptors(8);
    builder.preopened_dir(directory.path(), "/", wasm_wasi::FsPerms::ReadWrite).unwrap();
    let mut guest = Guest::new(&mut builder);
    let both = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = guest.open("file", OpenFlags::CREATE, both).unwrap();
    let pipe = guest.open("pipe", OpenFlags::empty(), both).unwrap();
    // Those of a regular file keep nothing.
    for _ in 0..20 {
        code(guest.view().append_via_stream(borrow(&file))).unwrap();
    }
    let mut streams = Vec::new();
    while let Ok(stream) = guest.view().get_stdout() {
        streams.push(stream);
        assert!(streams.len() <= 8);
    }
    assert!(code(guest.view().write_via_stream(borrow(&pipe), 0)).is_err());
    guest.table.delete(streams.pop().unwrap()).unwrap();
    let stream = code(guest.view().append_via_stream(borrow(&pipe))).unwrap();
    assert!(guest.view().get_stderr().is_err());
    guest.table.delete(stream).unwrap();
    guest.view().get_stderr().unwrap();
}
