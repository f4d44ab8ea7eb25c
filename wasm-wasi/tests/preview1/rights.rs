//! Rights: what the host gives, what is handed on, what is given up.

use crate::guest::{Guest, ROOT, call};
use std::path::Path;
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx};

fn guest(path: &Path, directory: DirPerms, file: FilePerms) -> Guest {
    Guest::new(WasiCtx::builder().preopened_dir(path, "/", directory, file).unwrap())
}

#[test]
fn rights_only_shrink() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"data").unwrap();
    guest.seek(fd, 0, 0).unwrap();
    let (_, _, rights, inheriting) = guest.fdstat(fd).unwrap();
    assert_eq!(rights, Rights::FILE);
    let fewer = rights - Rights::FD_READ - Rights::FD_WRITE;
    call!(guest, fd_fdstat_set_rights, fd, fewer.bits(), inheriting.bits()).unwrap();
    assert_eq!(guest.fdstat(fd).unwrap().2, fewer);
    assert_eq!(guest.read(fd, 1), Err(Errno::Badf));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    for (own, handed_on) in [(rights, inheriting), (fewer, Rights::FD_READ)] {
        let result = call!(guest, fd_fdstat_set_rights, fd, own.bits(), handed_on.bits());
        assert_eq!(result, Err(Errno::NotCapable));
    }
    let unknown = call!(guest, fd_fdstat_set_rights, fd, 1 << 63, 0);
    assert_eq!(unknown, Err(Errno::NotCapable));
    call!(guest, fd_fdstat_set_rights, fd, 0, 0).unwrap();
    assert_eq!(guest.tell(fd), Err(Errno::NotCapable));
    assert_eq!(guest.stat(fd), Err(Errno::NotCapable));
    assert_eq!(call!(guest, fd_sync, fd), Err(Errno::NotCapable));
    assert_eq!(call!(guest, fd_fdstat_set_flags, fd, 0), Err(Errno::NotCapable));
    assert_eq!(guest.close(fd), Ok(()));
}

#[test]
fn every_path_function_asks_for_its_right() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.close(fd).unwrap();
    call!(guest, fd_fdstat_set_rights, ROOT, 0, 0).unwrap();
    assert_eq!(guest.open_read("file"), Err(Errno::NotCapable));
    assert_eq!(guest.path_stat(ROOT, 0, "file"), Err(Errno::NotCapable));
    assert_eq!(guest.path_set_times(0, "file", (0, 0), 0), Err(Errno::NotCapable));
    assert_eq!(guest.readlink("file", 1), Err(Errno::NotCapable));
    assert_eq!(guest.readdir(ROOT, 0, 100), Err(Errno::NotCapable));
    assert_eq!(guest.mkdir("x"), Err(Errno::NotCapable));
    assert_eq!(guest.rmdir("x"), Err(Errno::NotCapable));
    assert_eq!(guest.unlink("file"), Err(Errno::NotCapable));
    assert_eq!(guest.symlink("a", "b"), Err(Errno::NotCapable));
    assert_eq!(guest.link(0, "file", "b"), Err(Errno::NotCapable));
    assert_eq!(guest.rename("file", "b"), Err(Errno::NotCapable));
}

#[test]
fn what_is_opened_has_no_more_than_is_handed_on() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.mkdir("sub").unwrap();
    guest.open("sub/file", OpenFlags::CREATE).unwrap();
    let own = Rights::PATH_OPEN | Rights::FD_READDIR;
    let handed_on = Rights::FD_READ | Rights::FD_FILESTAT_GET;
    let sub = guest
        .open_full(ROOT, 0, "sub", OpenFlags::DIRECTORY, (own, handed_on), FdFlags::empty())
        .unwrap();
    let (_, _, rights, inheriting) = guest.fdstat(sub).unwrap();
    assert_eq!((rights, inheriting), (own, handed_on));
    let mut open = |rights, open| {
        guest.open_full(sub, 0, "file", open, (rights, Rights::all()), FdFlags::empty())
    };
    let fd = open(Rights::FILE - Rights::FD_WRITE, OpenFlags::empty()).unwrap();
    assert_eq!(open(Rights::FD_WRITE, OpenFlags::empty()), Err(Errno::NotCapable));
    assert_eq!(open(Rights::FD_READ, OpenFlags::CREATE), Err(Errno::NotCapable));
    assert_eq!(open(Rights::FD_READ, OpenFlags::TRUNCATE), Err(Errno::NotCapable));
    let (_, _, rights, inheriting) = guest.fdstat(fd).unwrap();
    assert_eq!((rights, inheriting), (handed_on, handed_on));
    assert_eq!(guest.seek(fd, 1, 0), Err(Errno::NotCapable));
    let flags = FdFlags::SYNC;
    let none = (Rights::empty(), Rights::empty());
    let result = guest.open_full(sub, 0, "file", OpenFlags::empty(), none, flags);
    assert_eq!(result, Err(Errno::NotCapable));
}

#[test]
fn the_same_rights_can_be_asked_for_again() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let (_, _, rights, inheriting) = guest.fdstat(ROOT).unwrap();
    assert!(!rights.contains(Rights::FD_FILESTAT_SET_SIZE));
    let again = guest
        .open_full(ROOT, 0, ".", OpenFlags::DIRECTORY, (rights, inheriting), FdFlags::empty())
        .unwrap();
    assert_eq!(guest.fdstat(again).unwrap(), (3, 0, rights, inheriting));
}

#[test]
fn truncating_needs_its_right() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.open("file", OpenFlags::CREATE).unwrap();
    let (_, _, rights, inheriting) = guest.fdstat(ROOT).unwrap();
    let inheriting = inheriting - Rights::FD_FILESTAT_SET_SIZE;
    call!(guest, fd_fdstat_set_rights, ROOT, rights.bits(), inheriting.bits()).unwrap();
    let none = (Rights::empty(), Rights::empty());
    let mut truncate = || {
        guest.open_full(ROOT, 0, "file", OpenFlags::TRUNCATE, none, FdFlags::empty()).map(|_| ())
    };
    assert_eq!(truncate(), Ok(()));
    let fewer = rights - Rights::PATH_FILESTAT_SET_SIZE;
    call!(guest, fd_fdstat_set_rights, ROOT, fewer.bits(), inheriting.bits()).unwrap();
    let result = guest.open_full(ROOT, 0, "file", OpenFlags::TRUNCATE, none, FdFlags::empty());
    assert_eq!(result, Err(Errno::NotCapable));
}

#[test]
fn a_directory_for_reading_stays_as_it_is() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "data").unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let mut guest = guest(dir.path(), DirPerms::READ, FilePerms::READ);
    let fd = guest.open_read("file").unwrap();
    assert_eq!(guest.read(fd, 10), Ok(b"data".to_vec()));
    assert_eq!(guest.readdir(ROOT, 0, 4096).unwrap().0.len(), 4);
    // Programs ask for all they know; what they cannot have is left out, but for writing.
    let most = Rights::all() - Rights::FD_WRITE;
    let fd = guest
        .open_full(ROOT, 0, "file", OpenFlags::empty(), (most, most), FdFlags::empty())
        .unwrap();
    assert_eq!(call!(guest, fd_filestat_set_size, fd, 0), Err(Errno::NotCapable));
    assert_eq!(call!(guest, fd_allocate, fd, 0, 100), Err(Errno::NotCapable));
    assert_eq!(call!(guest, fd_filestat_set_times, fd, 0, 0, 1), Err(Errno::NotCapable));
    assert_eq!(guest.open("file", OpenFlags::empty()), Err(Errno::NotCapable));
    assert_eq!(guest.open("new", OpenFlags::CREATE), Err(Errno::NotCapable));
    let none = (Rights::empty(), Rights::empty());
    for open in [OpenFlags::CREATE, OpenFlags::TRUNCATE] {
        let result = guest.open_full(ROOT, 0, "file", open, none, FdFlags::empty());
        assert_eq!(result, Err(Errno::NotCapable));
    }
    assert_eq!(guest.mkdir("x"), Err(Errno::NotCapable));
    assert_eq!(guest.unlink("file"), Err(Errno::NotCapable));
    assert_eq!(guest.rename("file", "x"), Err(Errno::NotCapable));
    // Nor through a directory below.
    let sub = guest.open_dir("sub").unwrap();
    let (_, _, rights, inheriting) = guest.fdstat(sub).unwrap();
    assert!(!rights.intersects(Rights::DIRECTORY_MUTATION));
    assert!(!inheriting.intersects(Rights::DIRECTORY_MUTATION | Rights::FILE_MUTATION));
    assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"data");
}

#[test]
fn files_may_be_changed_where_directories_may_not() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "data").unwrap();
    let mut guest = guest(dir.path(), DirPerms::READ, FilePerms::all());
    let fd = guest.open("file", OpenFlags::TRUNCATE).unwrap();
    assert_eq!(guest.write(fd, b"new"), Ok(3));
    assert_eq!(guest.open("other", OpenFlags::CREATE), Err(Errno::NotCapable));
}
