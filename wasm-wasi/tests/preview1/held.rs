//! What a guest can make the host hold.

use crate::guest::{Guest, ROOT, call};
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, OpenFlags};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx};

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn directories_that_are_read_hold_little() {
    const FILES: u32 = 1500;
    const READERS: u32 = 150;
    let dir = tempdir().unwrap();
    for i in 0..FILES {
        std::fs::write(dir.path().join(format!("{}{i}", "x".repeat(200))), "").unwrap();
    }
    let mut guest = Guest::in_dir(dir.path());
    let readers: Vec<u32> = (0..READERS).map(|_| guest.open_dir(".").unwrap()).collect();
    let before = resident();
    let mut cookies = vec![0; readers.len()];
    for _ in 0..3 {
        for (reader, cookie) in readers.iter().zip(&mut cookies) {
            let (entries, _) = guest.readdir(*reader, *cookie, 1000).unwrap();
            *cookie = entries.last().unwrap().next;
        }
    }
    // All names take 300 KB: if each reader held them, that would be 45 MB. Other tests run at the
    // same time.
    let held = resident().saturating_sub(before);
    assert!(held < 20 << 20, "{held}");
}

#[test]
fn descriptors_have_a_bound() {
    let dir = tempdir().unwrap();
    let mut builder = WasiCtx::builder();
    builder.max_descriptors(6);
    builder.preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
    let mut guest = Guest::new(&mut builder);
    assert_eq!(guest.open("a", OpenFlags::CREATE), Ok(4));
    assert_eq!(guest.open("a", OpenFlags::CREATE), Ok(5));
    assert_eq!(guest.open("b", OpenFlags::CREATE), Err(Errno::MFile));
    assert!(!dir.path().join("b").exists(), "nothing has happened");
    guest.close(1).unwrap();
    assert_eq!(guest.open("b", OpenFlags::CREATE), Ok(1));
    assert_eq!(guest.open_dir("."), Err(Errno::MFile));
    call!(guest, fd_renumber, 4, 5).unwrap();
    assert_eq!(guest.open_dir("."), Ok(4));
}

#[test]
fn what_the_host_hands_over_is_there_whatever_the_bound() {
    let dir = tempdir().unwrap();
    let mut builder = WasiCtx::builder();
    builder.max_descriptors(0);
    for _ in 0..3 {
        builder.preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
    }
    let mut guest = Guest::new(&mut builder);
    for fd in ROOT..ROOT + 3 {
        assert_eq!(guest.stat(fd).unwrap().file_type, 3);
    }
    assert_eq!(guest.open_dir("."), Err(Errno::MFile));
}
