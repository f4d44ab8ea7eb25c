//! The host's permissions, and the meaning of rights.

use crate::guest::{Guest, ROOT, call};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx};

const NONE: (Rights, Rights) = (Rights::empty(), Rights::empty());

fn guest(path: &Path, directory: DirPerms, file: FilePerms) -> Guest {
    Guest::new(WasiCtx::builder().preopened_dir_with(path, "/", directory, file).unwrap())
}

fn open(
    guest: &mut Guest,
    fd: u32,
    path: &str,
    open: OpenFlags,
    rights: Rights,
) -> Result<u32, Errno> {
    guest.open_full(fd, 1, path, open, (rights, Rights::empty()), FdFlags::empty())
}

#[test]
fn only_reading_and_writing_count() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let sub = open(&mut guest, ROOT, ".", OpenFlags::DIRECTORY, Rights::empty()).unwrap();
    // A directory that was opened without any right behaves like all others.
    let (path, length) = guest.put(5000, b"sub");
    call!(guest, path_create_directory, sub, path, length).unwrap();
    let fd = open(&mut guest, sub, "sub/file", OpenFlags::CREATE, Rights::FD_WRITE).unwrap();
    assert_eq!(guest.write(fd, b"data"), Ok(4));
    assert_eq!(guest.read(fd, 1), Err(Errno::Badf));
    assert_eq!(guest.seek(fd, 0, 0), Ok(0));
    call!(guest, fd_filestat_set_size, fd, 2).unwrap();
    call!(guest, fd_sync, fd).unwrap();
    let fd = open(&mut guest, sub, "sub/file", OpenFlags::empty(), Rights::FD_READ).unwrap();
    assert_eq!(guest.read(fd, 10), Ok(b"da".to_vec()));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    assert_eq!(guest.pwrite(fd, b"x", 0), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_filestat_set_size, fd, 0), Err(Errno::Inval));
    // Without any right a file is open for reading, and for writing if it is created or truncated.
    let fd = open(&mut guest, sub, "sub/file", OpenFlags::empty(), Rights::empty()).unwrap();
    assert_eq!(guest.read(fd, 10), Ok(b"da".to_vec()));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    for flags in [OpenFlags::CREATE, OpenFlags::TRUNCATE] {
        let fd = open(&mut guest, sub, "sub/file", flags, Rights::empty()).unwrap();
        assert_eq!(guest.write(fd, b"x"), Ok(1));
    }
    // Bits without a meaning are not an error.
    let all = Rights::from_bits_retain(u64::MAX);
    open(&mut guest, sub, "sub/file", OpenFlags::empty(), all).unwrap();
}

#[test]
fn rights_are_reported_as_programs_expect_them() {
    let dir = tempdir().unwrap();
    let mut guest = guest(dir.path(), DirPerms::READ, FilePerms::READ);
    std::fs::write(dir.path().join("file"), "").unwrap();
    // The C library leaves out rights that a directory does not pass on, and would then fail later
    // than it should.
    let (_, _, rights, inheriting) = guest.fdstat(ROOT).unwrap();
    assert!(inheriting.contains(rights | Rights::FILE));
    assert!(!rights.intersects(Rights::FD_READ | Rights::FD_WRITE | Rights::FD_SEEK));
    let again = guest
        .open_full(ROOT, 0, ".", OpenFlags::empty(), (rights, inheriting), FdFlags::empty())
        .unwrap();
    assert_eq!(guest.fdstat(again).unwrap(), (3, 0, rights, inheriting));
    let fd = guest.open_read("file").unwrap();
    let read_only = Rights::FILE - Rights::FILE_MUTATION;
    assert_eq!(guest.fdstat(fd).unwrap().2, read_only);
}

#[test]
fn rights_cannot_be_given_up() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    for fd in [0, ROOT] {
        let before = guest.fdstat(fd).unwrap();
        assert_eq!(call!(guest, fd_fdstat_set_rights, fd, 0, 0), Err(Errno::NotSup));
        assert_eq!(guest.fdstat(fd).unwrap(), before);
    }
    assert_eq!(call!(guest, fd_fdstat_set_rights, 99, 0, 0), Err(Errno::Badf));
}

#[test]
fn a_directory_for_reading_stays_as_it_is() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "data").unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::os::unix::fs::symlink("file", dir.path().join("link")).unwrap();
    let before = std::fs::metadata(dir.path().join("file")).unwrap().modified().unwrap();
    let mut guest = guest(dir.path(), DirPerms::READ, FilePerms::READ);
    let fd = guest.open_read("file").unwrap();
    assert_eq!(guest.read(fd, 10), Ok(b"data".to_vec()));
    assert_eq!(guest.readdir(ROOT, 0, 4096).unwrap().0.len(), 5);
    let most = Rights::all() - Rights::FD_WRITE;
    let fd = open(&mut guest, ROOT, "file", OpenFlags::empty(), most).unwrap();
    assert_eq!(call!(guest, fd_filestat_set_size, fd, 0), Err(Errno::Perm));
    assert_eq!(call!(guest, fd_filestat_set_times, fd, 0, 0, 1), Err(Errno::Perm));
    assert_eq!(call!(guest, fd_filestat_set_times, ROOT, 0, 0, 1), Err(Errno::Perm));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    call!(guest, fd_fdstat_set_flags, fd, 1).unwrap();
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
    for below in [ROOT, guest.open_dir("sub").unwrap(), guest.open_dir(".").unwrap()] {
        for (flags, rights) in [
            (OpenFlags::empty(), Rights::FD_WRITE),
            (OpenFlags::CREATE, Rights::FD_READ),
            (OpenFlags::TRUNCATE, Rights::empty()),
            (OpenFlags::CREATE | OpenFlags::EXCLUSIVE, Rights::empty()),
        ] {
            for path in ["file", "link", "new", "sub/../file", "./sub/../link"] {
                let result = open(&mut guest, below, path, flags, rights);
                assert_eq!(result, Err(Errno::Perm), "{path}");
            }
        }
    }
    assert_eq!(guest.mkdir("x"), Err(Errno::Perm));
    assert_eq!(guest.rmdir("sub"), Err(Errno::Perm));
    assert_eq!(guest.unlink("file"), Err(Errno::Perm));
    assert_eq!(guest.symlink("file", "x"), Err(Errno::Perm));
    assert_eq!(guest.link(0, "file", "x"), Err(Errno::Perm));
    assert_eq!(guest.rename("file", "x"), Err(Errno::Perm));
    assert_eq!(guest.path_set_times(0, "file", (1, 1), 5), Err(Errno::Perm));
    // A descriptor keeps its permissions when its number changes.
    let sub = guest.open_dir("sub").unwrap();
    call!(guest, fd_renumber, sub, ROOT).unwrap();
    assert_eq!(guest.mkdir("x"), Err(Errno::Perm));
    assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"data");
    assert_eq!(std::fs::metadata(dir.path().join("file")).unwrap().modified().unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn files_may_be_changed_where_directories_may_not() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "data").unwrap();
    let mut guest = guest(dir.path(), DirPerms::READ, FilePerms::all());
    let fd = guest.open("file", OpenFlags::TRUNCATE).unwrap();
    assert_eq!(guest.write(fd, b"new"), Ok(3));
    call!(guest, fd_filestat_set_size, fd, 1).unwrap();
    assert_eq!(guest.open("other", OpenFlags::CREATE), Err(Errno::Perm));
    assert_eq!(guest.path_set_times(0, "file", (1, 1), 5), Err(Errno::Perm));
    assert_eq!(call!(guest, fd_filestat_set_times, fd, 0, 0, 1), Err(Errno::Perm));
}

#[test]
fn directories_may_be_changed_where_files_may_not() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "data").unwrap();
    let mut guest = guest(dir.path(), DirPerms::all(), FilePerms::READ);
    guest.mkdir("sub").unwrap();
    guest.symlink("file", "sub/link").unwrap();
    guest.unlink("sub/link").unwrap();
    guest.rmdir("sub").unwrap();
    assert_eq!(guest.open("file", OpenFlags::empty()), Err(Errno::Perm));
    // Another directory might permit more.
    assert_eq!(guest.rename("file", "moved"), Err(Errno::Perm));
    assert_eq!(guest.link(0, "file", "linked"), Err(Errno::Perm));
    // A file that is created is open for writing.
    assert_eq!(
        guest.open_full(ROOT, 0, "new", OpenFlags::CREATE, NONE, FdFlags::empty()),
        Err(Errno::Perm)
    );
    assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"data");
}

#[test]
fn what_may_not_be_read_is_not() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "secret").unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let mut guest = guest(dir.path(), DirPerms::MUTATE, FilePerms::WRITE);
    for rights in [Rights::FD_READ, Rights::FD_READ | Rights::FD_WRITE] {
        assert_eq!(open(&mut guest, ROOT, "file", OpenFlags::empty(), rights), Err(Errno::Perm));
    }
    for (flags, rights) in [
        (OpenFlags::empty(), Rights::empty()),
        (OpenFlags::CREATE, Rights::empty()),
        (OpenFlags::empty(), Rights::FD_WRITE),
    ] {
        let fd = open(&mut guest, ROOT, "file", flags, rights).unwrap();
        assert_eq!(guest.read(fd, 10), Err(Errno::Badf));
        assert_eq!(guest.pread(fd, 10, 0), Err(Errno::Badf));
    }
    // C programs open directories for reading.
    for fd in [ROOT, open(&mut guest, ROOT, "sub", OpenFlags::DIRECTORY, Rights::FD_READ).unwrap()]
    {
        assert_eq!(guest.readdir(fd, 0, 100), Err(Errno::Perm));
        assert_eq!(guest.path_stat(fd, 0, "."), Err(Errno::Perm));
        assert_eq!(guest.stat(fd), Err(Errno::Perm));
    }
    assert_eq!(guest.readlink("file", 10), Err(Errno::Perm));
}

/// Incomplete grants for a directory.
fn grants() -> Vec<(DirPerms, FilePerms)> {
    let directories = [DirPerms::empty(), DirPerms::READ, DirPerms::MUTATE, DirPerms::all()];
    let files = [FilePerms::empty(), FilePerms::READ, FilePerms::WRITE, FilePerms::all()];
    directories.into_iter().flat_map(|d| files.map(|f| (d, f))).collect()
}

/// Whatever a guest does with two directories, it cannot bring a file from one to the other if the
/// permissions there differ.
#[test]
fn no_file_gets_to_where_more_may_be_done_with_it() {
    for (from, to) in grants().iter().flat_map(|a| grants().into_iter().map(move |b| (*a, b))) {
        let dir = tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("from")).unwrap();
        std::fs::create_dir(path("to")).unwrap();
        std::fs::create_dir(path("from/sub")).unwrap();
        std::fs::write(path("from/file"), "old").unwrap();
        std::fs::write(path("from/sub/file"), "old").unwrap();
        std::os::unix::fs::symlink("file", path("from/link")).unwrap();
        let mut builder = WasiCtx::builder();
        builder.preopened_dir_with(path("from"), "/from", from.0, from.1).unwrap();
        builder.preopened_dir_with(path("to"), "/to", to.0, to.1).unwrap();
        let mut guest = Guest::new(&mut builder);
        let (source, target) = (ROOT, ROOT + 1);
        let all = (DirPerms::all(), FilePerms::all());
        let may_move = from == all && to == all;
        for (i, name) in ["file", "link", "sub"].into_iter().enumerate() {
            let (old, old_length) = guest.put(5000, name.as_bytes());
            let (new, new_length) = guest.put(6000, format!("link{i}").as_bytes());
            let linked =
                call!(guest, path_link, source, 0, old, old_length, target, new, new_length);
            if !may_move || name == "sub" {
                assert_eq!(linked, Err(Errno::Perm), "{from:?} {to:?}");
            } else {
                assert_eq!(linked, Ok(()), "{from:?} {to:?}");
            }
            let (new, new_length) = guest.put(6000, format!("moved{i}").as_bytes());
            let moved = call!(guest, path_rename, source, old, old_length, target, new, new_length);
            let expected = if may_move { Ok(()) } else { Err(Errno::Perm) };
            assert_eq!(moved, expected, "{from:?} {to:?}");
        }
        if !may_move {
            assert_eq!(std::fs::read_dir(path("to")).unwrap().count(), 0);
            assert_eq!(std::fs::read_dir(path("from")).unwrap().count(), 3);
        }
        // Files that the guest can write are still only those that the host permits to be written.
        for fd in [source, target] {
            for name in ["file", "link", "sub/file", "link0", "moved0", "moved2/file"] {
                for flags in [OpenFlags::empty(), OpenFlags::TRUNCATE, OpenFlags::CREATE] {
                    if let Ok(file) = open(&mut guest, fd, name, flags, Rights::FD_WRITE) {
                        let _ = guest.write(file, b"new");
                    }
                }
            }
        }
        if !from.1.contains(FilePerms::WRITE) {
            let moved = ["to/link0", "to/moved0", "to/moved2/file"];
            let kept = ["from/file", "from/sub/file"];
            for name in if may_move { &moved[..] } else { &kept[..] } {
                assert_eq!(std::fs::read(path(name)).unwrap(), b"old", "{from:?} {to:?}");
            }
        }
    }
}

/// Something that a guest tries: the numbers select descriptors, paths and flags.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    what: u8,
    fds: (usize, usize),
    paths: (usize, usize),
    flags: u16,
}

const PATHS: [&str; 10] =
    ["file", "sub", "sub/file", "link", "up", "up/file", "new", "sub/new", ".", "sub/../file"];

/// Tries it, and returns what was read.
fn attempt(guest: &mut Guest, open_fds: &mut Vec<u32>, attempt: Attempt) -> Vec<u8> {
    let fd = |index: usize| open_fds[index % open_fds.len()];
    let (one, other) = (fd(attempt.fds.0), fd(attempt.fds.1));
    let (path, length) = guest.put(5000, PATHS[attempt.paths.0].as_bytes());
    let (path2, length2) = guest.put(6000, PATHS[attempt.paths.1].as_bytes());
    // Success does not matter here, only what has happened to the files in the end.
    let mut read = Vec::new();
    let result = match attempt.what {
        0 => call!(guest, path_link, one, 0, path, length, other, path2, length2),
        1 => call!(guest, path_rename, one, path, length, other, path2, length2),
        2 => call!(guest, path_symlink, path, length, other, path2, length2),
        3 => call!(guest, path_unlink_file, one, path, length),
        4 => call!(guest, path_remove_directory, one, path, length),
        5 => call!(guest, path_create_directory, one, path, length),
        6 => call!(guest, path_filestat_set_times, one, 1, path, length, 7, 7, 5),
        7 => call!(guest, fd_filestat_set_times, one, 7, 7, 5),
        8 => call!(guest, fd_filestat_set_size, one, 1),
        9 => call!(guest, fd_fdstat_set_flags, one, u32::from(attempt.flags) & 5),
        10 => call!(guest, fd_renumber, one, other),
        11 => guest.write(one, b"changed").map(|_| ()),
        12 => guest.pwrite(one, b"changed", 1).map(|_| ()),
        13 => call!(guest, fd_allocate, one, 0, 100),
        14 | 15 => guest.pread(one, 20, 0).map(|bytes| read = bytes),
        _ => {
            let open = u32::from(attempt.flags) & 15;
            let rights = u64::from(attempt.flags) << 1 & 66;
            call!(guest, path_open, one, 1, path, length, open, rights, 0, 0, 0).map(|()| {
                open_fds.push(guest.u32(0));
            })
        }
    };
    let _ = result;
    read
}

/// The names of all entries below a directory, and the inodes that they name.
fn names(root: &Path) -> BTreeMap<String, u64> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, u64>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            found.insert(path.strip_prefix(root).unwrap().display().to_string(), metadata.ino());
            if metadata.is_dir() {
                walk(root, &path, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    /// Whatever a guest tries with two directories, side by side or one in the other, and with what
    /// it opens through them.
    #[test]
    fn what_is_not_permitted_is_not_done(
        grants in ((0_usize..4, 0_usize..4), (0_usize..4, 0_usize..4)),
        is_nested in any::<bool>(),
        attempts in proptest::collection::vec(
            (0_u8..22, (any::<usize>(), any::<usize>()), (0..PATHS.len(), 0..PATHS.len()), any::<u16>())
                .prop_map(|(what, fds, paths, flags)| Attempt { what, fds, paths, flags }),
            1..60,
        ),
    ) {
        let dir = tempdir().unwrap();
        let mut builder = WasiCtx::builder();
        let mut kept = Vec::new();
        let second = if is_nested { "a/sub" } else { "b" };
        for (name, (directory, file)) in [("a", grants.0), (second, grants.1)] {
            let root = dir.path().join(name);
            std::fs::create_dir_all(root.join("sub")).unwrap();
            std::fs::write(root.join("file"), format!("in {name}")).unwrap();
            std::fs::write(root.join("sub/file"), format!("in {name}/sub")).unwrap();
            std::os::unix::fs::symlink("file", root.join("link")).unwrap();
            std::os::unix::fs::symlink("sub/..", root.join("up")).unwrap();
            let directory = DirPerms::from_bits_truncate(directory);
            let file = FilePerms::from_bits_truncate(file);
            builder.preopened_dir_with(&root, name, directory, file).unwrap();
            kept.push((root, directory, file));
        }
        if is_nested {
            // An entry in both directories may be changed through either.
            let (directory, file) = (kept[0].1, kept[0].2);
            kept[1].1 |= directory;
            kept[1].2 |= file;
        }
        let inner = kept[1].0.clone();
        // Entries of the second directory are checked there.
        let own_names = |root: &Path| {
            let mut names = names(root);
            names.retain(|name, _| root == inner || !root.join(name).starts_with(&inner));
            names
        };
        // Files that are open here are recognised again, whatever happens to their names.
        let before: Vec<_> = kept.iter().map(|(root, ..)| {
            let open = |name: &str| {
                let path = root.join(name);
                (root == &inner || !path.starts_with(&inner)).then(|| {
                    (File::open(&path).unwrap(), std::fs::read(&path).unwrap_or_default())
                })
            };
            (["file", "sub/file", "sub"].map(open), own_names(root))
        }).collect();
        let mut guest = Guest::new(&mut builder);
        let mut open_fds = vec![ROOT, ROOT + 1];
        let mut read = Vec::new();
        for next in attempts {
            read.push(attempt(&mut guest, &mut open_fds, next));
        }
        for ((root, directory, file), (files, before)) in kept.iter().zip(&before) {
            if !directory.contains(DirPerms::MUTATE) {
                prop_assert_eq!(&own_names(root), before);
                for (file, _) in files.iter().flatten() {
                    prop_assert_ne!(file.metadata().unwrap().mtime(), 7);
                }
            }
            for (open, contents) in files[..2].iter().flatten() {
                if !file.contains(FilePerms::WRITE) {
                    let mut now = [0; 20];
                    let length = open.read_at(&mut now, 0).unwrap();
                    prop_assert_eq!(&now[..length], &contents[..]);
                }
                if !file.contains(FilePerms::READ) {
                    prop_assert!(!read.contains(contents));
                }
            }
        }
    }
}

/// If one directory lies in another, the entries of the first can't be moved within the second,
/// though one descriptor leads to both.
#[test]
fn a_path_into_another_directory_gives_no_more_than_the_own() {
    let dir = tempdir().unwrap();
    std::fs::create_dir(dir.path().join("out")).unwrap();
    std::fs::create_dir(dir.path().join("more")).unwrap();
    std::fs::write(dir.path().join("secret"), "original").unwrap();
    for (directory, file) in grants().into_iter().filter(|(_, file)| *file != FilePerms::all()) {
        let mut builder = WasiCtx::builder();
        builder.preopened_dir_with(dir.path(), "/data", directory, file).unwrap();
        builder
            .preopened_dir_with(dir.path().join("out"), "/out", DirPerms::all(), FilePerms::all())
            .unwrap();
        let mut guest = Guest::new(&mut builder);
        assert_eq!(guest.link(0, "secret", "out/x"), Err(Errno::Perm));
        for name in ["secret", "more"] {
            assert_eq!(guest.rename(name, "out/x"), Err(Errno::Perm));
        }
        // A link that leads out of its directory is useless.
        if guest.symlink("../secret", "out/x").is_ok() {
            let opened = open(&mut guest, ROOT + 1, "x", OpenFlags::empty(), Rights::FD_READ);
            assert_eq!(opened, Err(Errno::Perm));
            guest.unlink("out/x").unwrap();
        }
    }
}
