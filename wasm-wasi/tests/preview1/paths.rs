//! Opening, linking, moving and removing by path.

use crate::guest::{Guest, ROOT};
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};

const SYMBOLIC_LINK: u8 = 7;

#[test]
fn opening_creates_excludes_and_truncates() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    assert_eq!(guest.open("file", OpenFlags::empty()), Err(Errno::NoEnt));
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"data").unwrap();
    let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
    assert_eq!(guest.open("file", exclusive), Err(Errno::Exist));
    guest.open("other", exclusive).unwrap();
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    assert_eq!(guest.stat(fd).unwrap().size, 4);
    let fd = guest.open("file", OpenFlags::TRUNCATE).unwrap();
    assert_eq!(guest.stat(fd).unwrap().size, 0);
    assert_eq!(guest.open("x", OpenFlags::CREATE | OpenFlags::DIRECTORY), Err(Errno::Inval));
}

#[test]
fn files_are_created_without_any_right() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let none = (Rights::empty(), Rights::empty());
    let fd = guest.open_full(ROOT, 0, "f", OpenFlags::CREATE, none, FdFlags::empty()).unwrap();
    assert_eq!(guest.read(fd, 1), Ok(vec![]));
    assert_eq!(guest.write(fd, b"x"), Ok(1));
    guest.open_full(ROOT, 0, "f", OpenFlags::TRUNCATE, none, FdFlags::empty()).unwrap();
}

#[test]
fn a_file_that_may_not_be_written_opens_for_reading() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "data").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let rights = (Rights::FD_READ, Rights::empty());
    let fd = guest.open_full(ROOT, 1, "file", OpenFlags::CREATE, rights, FdFlags::empty()).unwrap();
    assert_eq!(guest.read(fd, 10), Ok(b"data".to_vec()));
}

#[test]
fn directories_open_only_for_reading() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let none = Rights::empty();
    let mut open = |open, rights| {
        guest.open_full(ROOT, 0, ".", open, (rights, none), FdFlags::empty()).map(|_| ())
    };
    assert_eq!(open(OpenFlags::empty(), none), Ok(()));
    assert_eq!(open(OpenFlags::DIRECTORY, none), Ok(()));
    assert_eq!(open(OpenFlags::DIRECTORY, Rights::FD_READ), Ok(()));
    let both = Rights::FD_READ | Rights::FD_WRITE;
    assert_eq!(open(OpenFlags::DIRECTORY, both), Err(Errno::IsDir));
    assert_eq!(open(OpenFlags::empty(), Rights::FD_WRITE), Err(Errno::IsDir));
}

#[test]
fn odd_paths_mean_what_they_mean_on_posix() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.mkdir("dir").unwrap();
    guest.mkdir("dir/nested/").unwrap();
    guest.open("dir/nested/file", OpenFlags::CREATE).unwrap();
    guest.open_read("dir/.//nested/../../dir/nested/../nested///./file").unwrap();
    assert_eq!(guest.open_read("dir/nested/file\0"), Err(Errno::Inval));
    assert_eq!(guest.open_read("dir/nested/file/"), Err(Errno::NotDir));
    assert_eq!(guest.open_read("dir/nested/file///"), Err(Errno::NotDir));
    assert_eq!(guest.open_read("dir/nested/file/."), Err(Errno::NotDir));
    guest.open_read("dir/nested/").unwrap();
    guest.open_read("dir/nested///").unwrap();
    assert_eq!(guest.open_read(""), Err(Errno::NoEnt));
    assert_eq!(guest.open_read(&"x".repeat(300)), Err(Errno::NameTooLong));
    assert_eq!(guest.open_read(&"x/".repeat(2500)), Err(Errno::NameTooLong));
    assert_eq!(guest.mkdir(""), Err(Errno::NoEnt));
    assert_eq!(guest.mkdir("dir"), Err(Errno::Exist));
}

#[test]
fn paths_are_unicode() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.open("Grüße 🦀", OpenFlags::CREATE).unwrap();
    assert!(dir.path().join("Grüße 🦀").exists());
    guest.put(1024, b"\xff\xfe");
    let result = crate::guest::call!(guest, path_create_directory, ROOT, 1024, 2);
    assert_eq!(result, Err(Errno::Ilseq));
}

#[test]
fn directories_are_removed_when_empty() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.mkdir("dir").unwrap();
    guest.open("dir/file", OpenFlags::CREATE).unwrap();
    assert_eq!(guest.rmdir("dir"), Err(Errno::NotEmpty));
    assert_eq!(guest.rmdir("dir/file"), Err(Errno::NotDir));
    assert_eq!(guest.rmdir("dir/file/"), Err(Errno::NotDir));
    assert_eq!(guest.unlink("dir"), Err(Errno::IsDir));
    assert_eq!(guest.unlink("dir/"), Err(Errno::IsDir));
    assert_eq!(guest.unlink("dir/file/"), Err(Errno::NotDir));
    guest.unlink("dir/file").unwrap();
    assert_eq!(guest.unlink("dir/file"), Err(Errno::NoEnt));
    guest.rmdir("dir/").unwrap();
    assert_eq!(guest.rmdir("dir"), Err(Errno::NoEnt));
    assert!(guest.rmdir(".").is_err());
}

#[test]
fn hard_links_name_the_same_file() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.link(0, "file", "link").unwrap();
    let stat = guest.stat(fd).unwrap();
    assert_eq!(stat.links, 2);
    assert_eq!(guest.path_stat(ROOT, 0, "link"), Ok(stat));
    assert_eq!(guest.link(0, "file", "link"), Err(Errno::Exist));
    assert_eq!(guest.link(0, "file", "file"), Err(Errno::Exist));
    assert_eq!(guest.link(0, "file", "new/"), Err(Errno::NoEnt));
    guest.mkdir("dir").unwrap();
    assert_eq!(guest.link(0, "file", "dir"), Err(Errno::Exist));
    assert!(matches!(guest.link(0, "dir", "other"), Err(Errno::Perm | Errno::Acces)));
    guest.symlink("nowhere", "dangling").unwrap();
    guest.link(0, "dangling", "dangling too").unwrap();
    assert_eq!(guest.path_stat(ROOT, 0, "dangling too").unwrap().file_type, SYMBOLIC_LINK);
    assert_eq!(guest.link(1, "dangling", "x"), Err(Errno::Inval));
    assert_eq!(guest.link(2, "dangling", "x"), Err(Errno::Inval));
}

#[test]
fn symbolic_links_are_made_read_and_followed() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("target", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"data").unwrap();
    guest.symlink("target", "link").unwrap();
    assert_eq!(guest.readlink("link", 10), Ok(b"target".to_vec()));
    assert_eq!(guest.readlink("link", 4), Ok(b"targ".to_vec()));
    assert_eq!(guest.readlink("link", 0), Ok(vec![]));
    assert_eq!(guest.readlink("target", 10), Err(Errno::Inval));
    assert_eq!(guest.path_stat(ROOT, 0, "link").unwrap().file_type, SYMBOLIC_LINK);
    assert_eq!(guest.path_stat(ROOT, 1, "link").unwrap().size, 4);
    assert_eq!(guest.path_stat(ROOT, 2, "link"), Err(Errno::Inval));
    guest.open_read("link").unwrap();
    let none = (Rights::empty(), Rights::empty());
    let mut open =
        |path: &str, open| guest.open_full(ROOT, 0, path, open, none, FdFlags::empty()).map(|_| ());
    assert_eq!(open("link", OpenFlags::empty()), Err(Errno::Loop));
    assert!(matches!(open("link", OpenFlags::DIRECTORY), Err(Errno::Loop | Errno::NotDir)));
    assert_eq!(guest.symlink("x", "link"), Err(Errno::Exist));
    assert_eq!(guest.symlink("source", "missing/"), Err(Errno::NoEnt));
    guest.mkdir("dir").unwrap();
    assert_eq!(guest.symlink("source", "dir/"), Err(Errno::Exist));
    assert!(matches!(guest.symlink("source", "target/"), Err(Errno::NotDir | Errno::Exist)));
    assert_eq!(guest.symlink("", "empty"), Err(Errno::NoEnt));
}

#[test]
fn loops_end() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.symlink("b", "a").unwrap();
    guest.symlink("a", "b").unwrap();
    guest.symlink("self/x", "self").unwrap();
    for path in ["a", "b", "a/x", "self", "self/self"] {
        assert_eq!(guest.open_read(path), Err(Errno::Loop), "{path}");
        assert_eq!(guest.path_stat(ROOT, 1, path), Err(Errno::Loop), "{path}");
    }
    assert_eq!(guest.readlink("a", 10), Ok(b"b".to_vec()));
    guest.unlink("a").unwrap();
}

#[test]
fn renaming_replaces() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("old", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"old").unwrap();
    guest.open("new", OpenFlags::CREATE).unwrap();
    guest.rename("old", "new").unwrap();
    assert_eq!(guest.path_stat(ROOT, 0, "old"), Err(Errno::NoEnt));
    assert_eq!(guest.path_stat(ROOT, 0, "new").unwrap().size, 3);
    guest.mkdir("dir").unwrap();
    guest.mkdir("full").unwrap();
    guest.rename("new", "full/moved").unwrap();
    assert_eq!(guest.rename("dir", "full"), Err(Errno::NotEmpty));
    assert_eq!(guest.rename("full/moved", "dir"), Err(Errno::IsDir));
    assert_eq!(guest.rename("dir", "full/moved"), Err(Errno::NotDir));
    assert_eq!(guest.rename("missing", "x"), Err(Errno::NoEnt));
    assert_eq!(guest.rename("full/moved/", "x"), Err(Errno::NotDir));
    guest.rename("dir", "renamed/").unwrap();
    guest.rename("renamed/", "again").unwrap();
    guest.rename("again/", "dir/").unwrap();
    assert_eq!(guest.rename("full", "full/inside"), Err(Errno::Inval));
}

#[test]
fn times_are_set_by_path() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.open("file", OpenFlags::CREATE).unwrap();
    guest.symlink("file", "link").unwrap();
    guest.path_set_times(1, "link", (11, 22), 0b0101).unwrap();
    guest.path_set_times(0, "link", (33, 44), 0b0101).unwrap();
    let file = guest.path_stat(ROOT, 0, "file").unwrap();
    assert_eq!((file.accessed, file.modified), (11, 22));
    let link = guest.path_stat(ROOT, 0, "link").unwrap();
    assert_eq!(link.modified, 44);
    guest.path_set_times(0, "file", (0, 0), 0b0010).unwrap();
    let file = guest.path_stat(ROOT, 0, "file").unwrap();
    assert!(file.accessed > 1_500_000_000_000_000_000);
    assert_eq!(file.modified, 22);
    assert_eq!(guest.path_set_times(0, "file", (0, 0), 0b1100), Err(Errno::Inval));
    assert_eq!(guest.path_set_times(0, "none", (0, 0), 0b0001), Err(Errno::NoEnt));
    // The file system decides about times that it can't store; this must only not panic.
    let _ = guest.path_set_times(0, "file", (u64::MAX, u64::MAX), 0b0101);
}
