//! Standard streams: in memory, in files, in pipes of the host, and closed ones.

use crate::guest::{Guest, call};
use std::io::{self, IoSlice, Write};
use std::os::fd::OwnedFd;
use wasm_wasi::abi::{Errno, FdFlags, Rights};
use wasm_wasi::{MemoryInputPipe, MemoryOutputPipe, ReadPipe, StdoutStream, WasiCtx, WritePipe};

fn pipe() -> (std::fs::File, std::fs::File) {
    let (reader, writer) = io::pipe().unwrap();
    (OwnedFd::from(reader).into(), OwnedFd::from(writer).into())
}

#[test]
fn memory_is_read_and_written() {
    let (out, err) = (MemoryOutputPipe::new(100), MemoryOutputPipe::new(3));
    let mut guest = Guest::new(
        WasiCtx::builder()
            .stdin(MemoryInputPipe::new("hello"))
            .stdout(out.clone())
            .stderr(err.clone()),
    );
    assert_eq!(guest.read(0, 3), Ok(b"hel".to_vec()));
    assert_eq!(guest.read(0, 3), Ok(b"lo".to_vec()));
    assert_eq!(guest.read(0, 3), Ok(vec![]));
    assert_eq!(guest.write(1, b"out"), Ok(3));
    assert_eq!(guest.write(2, b"error"), Ok(3));
    assert_eq!(guest.write(2, b"or"), Err(Errno::NoSpc));
    assert_eq!(guest.write(2, b""), Ok(0));
    assert_eq!((out.contents(), err.contents()), (b"out".to_vec(), b"err".to_vec()));
}

#[test]
fn streams_are_no_files() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    assert_eq!(guest.write(0, b"x"), Err(Errno::Badf));
    assert_eq!(guest.read(1, 1), Err(Errno::Badf));
    assert_eq!(guest.seek(0, 0, 1), Err(Errno::SPipe));
    assert_eq!(guest.tell(1), Err(Errno::SPipe));
    assert_eq!(guest.pread(0, 1, 0), Err(Errno::SPipe));
    assert_eq!(guest.pwrite(1, b"x", 0), Err(Errno::SPipe));
    assert_eq!(guest.stat(1).unwrap().file_type, 0);
    assert_eq!(guest.fdstat(0).unwrap().2, Rights::INPUT);
    assert_eq!(call!(guest, fd_datasync, 1), Ok(()));
    assert_eq!(call!(guest, fd_datasync, 0), Err(Errno::Inval));
    guest.close(1).unwrap();
    assert_eq!(guest.write(1, b"x"), Err(Errno::Badf));
}

#[test]
fn terminals_are_character_devices() {
    struct Terminal;
    impl StdoutStream for Terminal {
        fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
            Ok(buffers.iter().map(|buffer| buffer.len()).sum())
        }
        fn is_terminal(&self) -> bool {
            true
        }
    }
    let mut guest = Guest::new(WasiCtx::builder().stdout(Terminal));
    // For the C library, a character device that cannot seek is a terminal.
    let (file_type, _, rights, _) = guest.fdstat(1).unwrap();
    assert_eq!(file_type, 2);
    assert!(!rights.intersects(Rights::FD_SEEK | Rights::FD_TELL));
}

#[test]
fn any_reader_and_writer_will_do() {
    use std::sync::{Arc, Mutex};
    #[derive(Clone)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared(Arc::default());
    let mut guest = Guest::new(
        WasiCtx::builder()
            .stdin(ReadPipe::new(io::Cursor::new("abc")))
            .stdout(WritePipe::new(io::BufWriter::new(shared.clone()))),
    );
    assert_eq!(guest.read(0, 10), Ok(b"abc".to_vec()));
    assert_eq!(guest.write(1, b"xyz"), Ok(3));
    assert_eq!(*shared.0.lock().unwrap(), b"xyz");
}

#[test]
fn a_writer_that_fails_gives_its_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut guest = Guest::new(WasiCtx::builder().stdout(WritePipe::new(Full)));
    assert_eq!(guest.write(1, b"x"), Err(Errno::Pipe));
}

#[test]
fn a_pipe_that_nobody_reads_is_an_error() {
    let (reader, writer) = pipe();
    let mut guest = Guest::new(WasiCtx::builder().stdout(writer));
    assert_eq!(guest.write(1, b"x"), Ok(1));
    drop(reader);
    assert_eq!(guest.write(1, b"x"), Err(Errno::Pipe));
}

#[test]
fn a_pipe_gives_what_is_there() {
    let (reader, mut writer) = pipe();
    let mut guest = Guest::new(WasiCtx::builder().stdin(reader));
    writer.write_all(b"abc").unwrap();
    assert_eq!(guest.read(0, 100), Ok(b"abc".to_vec()));
    let nonblock = u32::from(FdFlags::NONBLOCK.bits());
    call!(guest, fd_fdstat_set_flags, 0, nonblock).unwrap();
    assert_eq!(guest.fdstat(0).unwrap().1, FdFlags::NONBLOCK.bits());
    assert_eq!(guest.read(0, 100), Err(Errno::Again));
    writer.write_all(b"d").unwrap();
    assert_eq!(guest.read(0, 100), Ok(b"d".to_vec()));
    drop(writer);
    assert_eq!(guest.read(0, 100), Ok(vec![]));
}

#[test]
fn the_hosts_streams_can_be_given() {
    // Only that they exist: what they are depends on how this test is run.
    let mut guest = Guest::new(WasiCtx::builder().inherit_stdio());
    for fd in 0..3 {
        let file_type = guest.fdstat(fd).unwrap().0;
        assert!([0, 2].contains(&file_type));
    }
    assert_eq!(guest.write(2, b""), Ok(0));
}
