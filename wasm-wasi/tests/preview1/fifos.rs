//! Named pipes of the host: opening them does not wait, reading and writing does.

use crate::guest::{Guest, ROOT};
use rustix::fs::{FileType, Mode};
use std::io::{Read, Write};
use tempfile::{TempDir, tempdir};
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};

fn fifo() -> (TempDir, Guest) {
    let dir = tempdir().unwrap();
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, dir.path().join("fifo"), FileType::Fifo, mode, 0).unwrap();
    let guest = Guest::in_dir(dir.path());
    (dir, guest)
}

fn open(guest: &mut Guest, rights: Rights, flags: FdFlags) -> Result<u32, Errno> {
    guest.open_full(ROOT, 0, "fifo", OpenFlags::empty(), (rights, Rights::empty()), flags)
}

#[test]
fn a_reader_waits_for_who_writes() {
    let (dir, mut guest) = fifo();
    let fd = open(&mut guest, Rights::FD_READ, FdFlags::empty()).unwrap();
    let path = dir.path().join("fifo");
    let writer = std::thread::spawn(move || {
        let mut fifo = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        fifo.write_all(b"data").unwrap();
    });
    assert_eq!(guest.read(fd, 10), Ok(b"data".to_vec()));
    writer.join().unwrap();
    assert_eq!(guest.read(fd, 10), Ok(vec![]));
}

#[test]
fn a_writer_waits_for_room() {
    let (dir, mut guest) = fifo();
    // Opening does not wait for the other end.
    assert_eq!(open(&mut guest, Rights::FD_WRITE, FdFlags::empty()), Err(Errno::Nxio));
    let reader = open(&mut guest, Rights::FD_READ, FdFlags::NONBLOCK).unwrap();
    assert_eq!(guest.read(reader, 1), Ok(vec![]));
    let fd = open(&mut guest, Rights::FD_WRITE, FdFlags::empty()).unwrap();
    assert_eq!(guest.read(reader, 1), Err(Errno::Again));
    let mut fifo = std::fs::File::open(dir.path().join("fifo")).unwrap();
    let total = 300_000;
    let thread = std::thread::spawn(move || {
        let mut bytes = vec![0; total];
        fifo.read_exact(&mut bytes).unwrap();
        bytes
    });
    let mut written = 0;
    while written < total {
        let piece = vec![b'x'; (total - written).min(40_000)];
        written += guest.write(fd, &piece).unwrap() as usize;
    }
    assert!(thread.join().unwrap().iter().all(|byte| *byte == b'x'));
}
