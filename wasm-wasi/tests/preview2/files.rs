//! Files and directories.

use crate::guest::{FOLLOW, Guest, borrow, code};
use tempfile::tempdir;
use wasm_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasm_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags,
    PathFlags,
};

const BOTH: fn() -> DescriptorFlags = || DescriptorFlags::READ | DescriptorFlags::WRITE;

#[test]
fn a_file_has_what_was_written() {
    let directory = tempdir().unwrap();
    let mut guest = Guest::in_dir(directory.path());
    let file = guest.open("new", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, BOTH()).unwrap();
    let again = guest.open("new", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, BOTH());
    assert_eq!(again.map(drop), Err(ErrorCode::Exist));
    let mut view = guest.view();
    assert_eq!(code(view.write(borrow(&file), b"12345".to_vec(), 2)), Ok(5));
    assert_eq!(code(view.read(borrow(&file), 100, 0)), Ok((b"\0\x0012345".to_vec(), false)));
    assert_eq!(code(view.read(borrow(&file), 100, 7)), Ok((Vec::new(), true)));
    assert_eq!(code(view.read(borrow(&file), 0, 7)), Ok((Vec::new(), false)));
    // A guest gets at most what a call may allocate.
    assert_eq!(code(view.read(borrow(&file), u64::MAX, 0)).unwrap().0.len(), 7);
    code(view.set_size(borrow(&file), 3)).unwrap();
    let stat = code(view.stat(borrow(&file))).unwrap();
    assert_eq!((stat.size, stat.type_, stat.link_count), (3, DescriptorType::RegularFile, 1));
    code(view.sync(borrow(&file))).unwrap();
    code(view.sync_data(borrow(&file))).unwrap();
    let root = guest.root();
    code(guest.view().sync(root)).unwrap();
}

#[test]
fn times_are_set() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    let mut guest = Guest::in_dir(directory.path());
    let (root, name) = (guest.root(), || "file".to_owned());
    let mut view = guest.view();
    let time = |seconds, nanoseconds| NewTimestamp::Timestamp(Datetime { seconds, nanoseconds });
    code(view.set_times_at(borrow(&root), FOLLOW, name(), time(7, 8), NewTimestamp::NoChange))
        .unwrap();
    let stat = code(view.stat_at(borrow(&root), FOLLOW, name())).unwrap();
    let accessed = stat.data_access_timestamp.unwrap();
    assert_eq!((accessed.seconds, accessed.nanoseconds), (7, 8));
    for (wrong, error) in
        [(time(0, 1_000_000_000), ErrorCode::Invalid), (time(u64::MAX, 0), ErrorCode::Overflow)]
    {
        let result = view.set_times_at(borrow(&root), FOLLOW, name(), wrong, NewTimestamp::Now);
        assert_eq!(code(result), Err(error));
    }
}

#[test]
fn a_directory_lists_each_entry_once() {
    let directory = tempdir().unwrap();
    let mut expected: Vec<String> = (0..300).map(|i| format!("entry-{i}")).collect();
    for name in &expected {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    expected.sort();
    let mut guest = Guest::in_dir(directory.path());
    let root = guest.root();
    assert_eq!(guest.names(root).unwrap(), expected);
}

#[test]
fn the_same_file_is_the_same_object() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("one"), "text").unwrap();
    std::fs::hard_link(directory.path().join("one"), directory.path().join("two")).unwrap();
    std::fs::write(directory.path().join("other"), "text").unwrap();
    let mut guest = Guest::in_dir(directory.path());
    let [one, two, other] = ["one", "two", "other"].map(|path| guest.open_read(path).unwrap());
    let mut view = guest.view();
    assert!(view.is_same_object(borrow(&one), borrow(&two)).unwrap());
    assert!(!view.is_same_object(borrow(&one), borrow(&other)).unwrap());
    let mut hash = |file| {
        let hash = code(view.metadata_hash(borrow(file))).unwrap();
        (hash.lower, hash.upper)
    };
    assert_eq!(hash(&one), hash(&two));
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn links_are_followed_only_on_request() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    let mut guest = Guest::in_dir(directory.path());
    let (root, link) = (guest.root(), || "link".to_owned());
    let mut view = guest.view();
    code(view.symlink_at(borrow(&root), "file".to_owned(), link())).unwrap();
    assert_eq!(code(view.readlink_at(borrow(&root), link())).unwrap(), "file");
    let mut kind = |flags| code(view.stat_at(borrow(&root), flags, link())).unwrap().type_;
    assert_eq!(kind(PathFlags::empty()), DescriptorType::SymbolicLink);
    assert_eq!(kind(FOLLOW), DescriptorType::RegularFile);
    let none = (OpenFlags::empty(), DescriptorFlags::READ);
    let opened = view.open_at(borrow(&root), PathFlags::empty(), link(), none.0, none.1);
    assert_eq!(code(opened.map(drop)), Err(ErrorCode::Loop));
    assert_eq!(guest.read("link").unwrap(), b"text");
}

#[test]
fn paths_that_cannot_be_are_refused() {
    let directory = tempdir().unwrap();
    let mut guest = Guest::in_dir(directory.path());
    for (path, error) in [
        ("", ErrorCode::NoEntry),
        ("a\0b", ErrorCode::Invalid),
        (&*"x/".repeat(3000), ErrorCode::NameTooLong),
        ("missing", ErrorCode::NoEntry),
    ] {
        assert_eq!(guest.open_read(path).map(drop), Err(error), "{path:?}");
    }
}
