//! Directories: what is preopened, and what is in them.

use crate::guest::{Guest, ROOT, call};
use std::collections::BTreeSet;
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, OpenFlags};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx};

const DIRECTORY: u8 = 3;
const REGULAR_FILE: u8 = 4;
const SYMBOLIC_LINK: u8 = 7;

#[test]
fn preopened_directories_have_names() {
    let dir = tempdir().unwrap();
    let mut builder = WasiCtx::builder();
    for name in ["/", "/data/sub", "."] {
        builder.preopened_dir(dir.path(), name, DirPerms::all(), FilePerms::all()).unwrap();
    }
    let mut guest = Guest::new(&mut builder);
    for (fd, name) in [(3, "/"), (4, "/data/sub"), (5, ".")] {
        let length = u32::try_from(name.len()).unwrap();
        call!(guest, fd_prestat_get, fd, 0).unwrap();
        assert_eq!((guest.u32(0), guest.u32(4)), (0, length));
        let short = call!(guest, fd_prestat_dir_name, fd, 100, length - 1);
        assert_eq!(short, Err(Errno::NameTooLong));
        call!(guest, fd_prestat_dir_name, fd, 100, length + 1).unwrap();
        assert_eq!(&guest.bytes[100..100 + name.len()], name.as_bytes());
    }
    for fd in [0, 1, 2, 6, u32::MAX] {
        assert_eq!(call!(guest, fd_prestat_get, fd, 0), Err(Errno::Badf));
    }
    let opened = guest.open_dir(".").unwrap();
    assert_eq!(call!(guest, fd_prestat_get, opened, 0), Err(Errno::Badf));
}

#[test]
fn a_missing_directory_is_an_error_that_names_it() {
    let error = WasiCtx::builder()
        .preopened_dir("/does/not/exist", "/data", DirPerms::all(), FilePerms::all())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("/does/not/exist") && text.contains("/data"), "{text}");
}

#[test]
fn entries_are_listed_with_their_types() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let (empty, end) = guest.readdir(ROOT, 0, 4096).unwrap();
    assert!(end);
    assert_eq!(empty.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), [".", ".."]);
    assert_eq!(empty[0].inode, guest.stat(ROOT).unwrap().inode);
    assert_eq!(empty[0].file_type, DIRECTORY);

    guest.mkdir("sub").unwrap();
    let file = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.symlink("file", "link").unwrap();
    let (entries, end) = guest.readdir(ROOT, 0, 4096).unwrap();
    assert!(end);
    let types: BTreeSet<_> = entries.iter().map(|e| (e.name.as_str(), e.file_type)).collect();
    let expected = [
        (".", DIRECTORY),
        ("..", DIRECTORY),
        ("sub", DIRECTORY),
        ("file", REGULAR_FILE),
        ("link", SYMBOLIC_LINK),
    ];
    assert_eq!(types, expected.into());
    let listed = entries.iter().find(|e| e.name == "file").unwrap();
    assert_eq!(listed.inode, guest.stat(file).unwrap().inode);
}

#[test]
fn cookies_lead_through_a_small_buffer() {
    let dir = tempdir().unwrap();
    for i in 0..300 {
        std::fs::write(dir.path().join(format!("file.{i}")), "").unwrap();
    }
    let mut guest = Guest::in_dir(dir.path());
    let mut names = BTreeSet::new();
    let mut cookie = 0;
    loop {
        let (entries, end) = guest.readdir(ROOT, cookie, 256).unwrap();
        for entry in &entries {
            assert!(names.insert(entry.name.clone()), "{} twice", entry.name);
            // Removing what was read must not make the reader skip the rest.
            if entry.name.starts_with("file") {
                std::fs::remove_file(dir.path().join(&entry.name)).unwrap();
            }
        }
        if end {
            break;
        }
        cookie = entries.last().unwrap().next;
    }
    assert_eq!(names.len(), 302);
    let (entries, _) = guest.readdir(ROOT, 0, 4096).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(guest.readdir(ROOT, u64::MAX, 4096), Ok((vec![], true)));
}

#[test]
fn a_buffer_too_short_for_one_entry_is_filled() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    for length in 0..30 {
        call!(guest, fd_readdir, ROOT, 100, length, 0, 0).unwrap();
        assert_eq!(guest.u32(0), length);
    }
    assert_eq!(call!(guest, fd_readdir, ROOT, u32::MAX, 10, 0, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, fd_readdir, ROOT, 100, 10, 0, u32::MAX), Err(Errno::Fault));
}

#[test]
fn names_that_are_not_unicode_are_listed() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff")), "").unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let (entries, _) = guest.readdir(ROOT, 0, 4096).unwrap();
    assert_eq!(entries[2].name, "a\u{fffd}");
}

#[test]
fn a_directory_is_no_file() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    assert_eq!(guest.read(ROOT, 1), Err(Errno::Badf));
    assert_eq!(guest.pread(ROOT, 1, 0), Err(Errno::Badf));
    assert_eq!(guest.write(ROOT, b"x"), Err(Errno::Badf));
    assert_eq!(guest.pwrite(ROOT, b"x", 0), Err(Errno::Badf));
    for whence in 0..3 {
        assert_eq!(guest.seek(ROOT, 0, whence), Err(Errno::Badf));
    }
    assert_eq!(guest.tell(ROOT), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_allocate, ROOT, 0, 1), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_filestat_set_size, ROOT, 0), Err(Errno::Badf));
    assert_eq!(guest.fdstat(ROOT).unwrap().0, DIRECTORY);
}

#[test]
fn a_file_is_no_directory() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let file = guest.open("file", OpenFlags::CREATE).unwrap();
    assert_eq!(guest.readdir(file, 0, 100), Err(Errno::NotDir));
    assert_eq!(guest.path_stat(file, 0, "x"), Err(Errno::NotDir));
    assert_eq!(guest.open_dir("file"), Err(Errno::NotDir));
    assert_eq!(guest.path_stat(0, 0, "x"), Err(Errno::NotDir));
    assert_eq!(guest.path_stat(77, 0, "x"), Err(Errno::Badf));
}
