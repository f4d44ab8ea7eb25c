//! Directories: which are preopened, and what they contain.

use crate::guest::{Entry, Guest, ROOT, call};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
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
        builder.preopened_dir_with(dir.path(), name, DirPerms::all(), FilePerms::all()).unwrap();
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
        .preopened_dir_with("/does/not/exist", "/data", DirPerms::all(), FilePerms::all())
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
            // Removing entries that were read must not make the reader skip the rest.
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

/// What happens between two calls of a reader.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    /// Makes an entry.
    Make,
    /// Removes an entry that was read.
    RemoveSeen,
    /// Removes an entry that was not read yet.
    RemoveUnseen,
    /// Another reader reads the directory from its start.
    ReadElsewhere,
    /// Requests the same as before, as if the buffer had been too short.
    Again,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]
    #[test]
    fn what_stays_is_read_once_whatever_comes_and_goes(
        count in 0_usize..300,
        steps in proptest::collection::vec(
            (100_u32..3000, prop_oneof![
                Just(Change::Nothing),
                Just(Change::Make),
                Just(Change::RemoveSeen),
                Just(Change::RemoveUnseen),
                Just(Change::ReadElsewhere),
                Just(Change::Again),
            ]),
            1..30,
        ),
    ) {
        let dir = tempdir().unwrap();
        let name = |i: usize| format!("a-file-with-a-name-of-some-length-{i}");
        for i in 0..count {
            std::fs::write(dir.path().join(name(i)), "").unwrap();
        }
        let mut stays: BTreeSet<String> = (0..count).map(name).collect();
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut guest = Guest::in_dir(dir.path());
        let other = guest.open_dir(".").unwrap();
        let (mut cookie, mut made) = (0, count);
        for (length, change) in steps.into_iter().cycle() {
            let (entries, end) = guest.readdir(ROOT, cookie, length).unwrap();
            // Some file systems lose a position when its entry is removed.
            let unchanged = stays.len() == count && made == count;
            if matches!(change, Change::Again) && unchanged {
                let again = guest.readdir(ROOT, cookie, length).unwrap().0;
                let still = |entry: &&Entry| stays.contains(&entry.name);
                for (one, other) in entries.iter().filter(still).zip(again.iter().filter(still)) {
                    // The next entries may be new.
                    prop_assert_eq!((&one.name, one.inode), (&other.name, other.inode));
                }
            }
            for entry in &entries {
                *seen.entry(entry.name.clone()).or_default() += 1;
            }
            match change {
                Change::Nothing | Change::Again => {}
                // If there were always more entries, the reader would never end.
                Change::Make if made > count + 500 => {}
                Change::Make => {
                    std::fs::write(dir.path().join(name(made)), "").unwrap();
                    made += 1;
                }
                Change::RemoveSeen | Change::RemoveUnseen => {
                    let wanted = matches!(change, Change::RemoveSeen);
                    let gone = stays.iter().find(|name| seen.contains_key(*name) == wanted).cloned();
                    if let Some(gone) = gone {
                        std::fs::remove_file(dir.path().join(&gone)).unwrap();
                        stays.remove(&gone);
                    }
                }
                Change::ReadElsewhere => {
                    guest.readdir(other, 0, 1000).unwrap();
                }
            }
            if end {
                break;
            }
            cookie = entries.last().unwrap().next;
        }
        for name in stays.iter().map(String::as_str).chain([".", ".."]) {
            prop_assert_eq!(seen.get(name), Some(&1), "{} of {}", name, count);
        }
        prop_assert!(seen.values().all(|times| *times == 1));
    }
}

#[test]
fn cookies_can_be_gone_back_to() {
    let dir = tempdir().unwrap();
    for i in 0..500 {
        std::fs::write(dir.path().join(format!("file.{i}")), "").unwrap();
    }
    let mut guest = Guest::in_dir(dir.path());
    let (all, end) = guest.readdir(ROOT, 0, 40_000).unwrap();
    assert!(end && all.len() == 502);
    for start in [0, 1, 2, 3, 100, 499, 250, 500, 10] {
        let (rest, end) = guest.readdir(ROOT, all[start].next, 40_000).unwrap();
        assert!(end);
        assert_eq!(rest, all[start + 1..]);
    }
    let last = all.last().unwrap().next;
    for beyond in [last, last + 1, u64::MAX, 1 << 63] {
        assert_eq!(guest.readdir(ROOT, beyond, 1000), Ok((vec![], true)), "{beyond}");
    }
}

#[test]
fn a_directory_that_is_gone_has_no_entries() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.mkdir("sub").unwrap();
    let sub = guest.open_dir("sub").unwrap();
    guest.rmdir("sub").unwrap();
    let entries = guest.readdir(sub, 0, 1000).map(|(entries, _)| entries.len());
    assert!(matches!(entries, Ok(2) | Err(Errno::NoEnt)), "{entries:?}");
    let new = guest.path_stat(sub, 0, "x");
    assert_eq!(new, Err(Errno::NoEnt));
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
