//! What the host permits holds, whatever a guest requests.

use crate::guest::{Guest, borrow, code};
use tempfile::tempdir;
use wasm_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx};

const READ: DescriptorFlags = DescriptorFlags::READ;
const WRITE: DescriptorFlags = DescriptorFlags::WRITE;

#[test]
fn what_may_only_be_read_is_not_written() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    let mut guest = Guest::in_dir_with(directory.path(), DirPerms::READ, FilePerms::READ);
    let refused = Err(ErrorCode::NotPermitted);
    for (open, flags) in [
        (OpenFlags::empty(), WRITE),
        (OpenFlags::empty(), READ | WRITE),
        (OpenFlags::TRUNCATE, READ),
        (OpenFlags::CREATE, READ),
        (OpenFlags::empty(), READ | DescriptorFlags::MUTATE_DIRECTORY),
    ] {
        assert_eq!(guest.open("file", open, flags).map(drop), refused);
    }
    let root = guest.root();
    let at = || borrow(&root);
    let name = |name: &str| name.to_owned();
    let mut view = guest.view();
    assert_eq!(code(view.create_directory_at(at(), name("d"))), refused);
    assert_eq!(code(view.remove_directory_at(at(), name("sub"))), refused);
    assert_eq!(code(view.unlink_file_at(at(), name("file"))), refused);
    assert_eq!(code(view.symlink_at(at(), name("file"), name("l"))), refused);
    assert_eq!(code(view.rename_at(at(), name("file"), at(), name("other"))), refused);
    let link = view.link_at(at(), PathFlags::empty(), name("file"), at(), name("other"));
    assert_eq!(code(link), refused);
    let (now, none) = (NewTimestamp::Now, PathFlags::empty());
    let times = view.set_times_at(at(), none, name("file"), now, NewTimestamp::Now);
    assert_eq!(code(times), refused);
    let flags = code(view.get_flags(at())).unwrap();
    assert_eq!(
        (flags.contains(READ), flags.contains(DescriptorFlags::MUTATE_DIRECTORY)),
        (true, false)
    );

    let file = guest.open_read("file").unwrap();
    let mut view = guest.view();
    assert_eq!(code(view.write(borrow(&file), b"x".to_vec(), 0)), Err(ErrorCode::BadDescriptor));
    assert_eq!(code(view.set_size(borrow(&file), 0)), refused);
    let stream = view.write_via_stream(borrow(&file), 0).map(drop);
    assert_eq!(code(stream), Err(ErrorCode::BadDescriptor));
    let stream = view.append_via_stream(borrow(&file)).map(drop);
    assert_eq!(code(stream), Err(ErrorCode::BadDescriptor));
    assert_eq!(guest.read("file").unwrap(), b"text");
}

#[test]
fn what_may_not_be_read_is_not_read() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    let mut guest = Guest::in_dir_with(directory.path(), DirPerms::empty(), FilePerms::WRITE);
    let refused = Err(ErrorCode::NotPermitted);
    assert_eq!(guest.open_read("file").map(drop), refused);
    let root = guest.root();
    assert_eq!(guest.names(borrow(&root)).map(drop), refused);
    let mut view = guest.view();
    assert_eq!(code(view.stat(borrow(&root)).map(drop)), refused);
    let stat = view.stat_at(borrow(&root), PathFlags::empty(), "file".to_owned());
    assert_eq!(code(stat.map(drop)), refused);
    let file = guest.open("file", OpenFlags::empty(), WRITE).unwrap();
    let mut view = guest.view();
    assert_eq!(code(view.read(borrow(&file), 4, 0)), Err(ErrorCode::BadDescriptor));
    let stream = view.read_via_stream(borrow(&file), 0).map(drop);
    assert_eq!(code(stream), Err(ErrorCode::BadDescriptor));
    assert_eq!(code(view.write(borrow(&file), b"new!".to_vec(), 0)), Ok(4));
    assert_eq!(std::fs::read(directory.path().join("file")).unwrap(), b"new!");
}

/// A file must not get to where a guest may do more with it.
#[test]
fn nothing_gets_from_one_directory_to_another_without_all_permissions() {
    let (one, other) = (tempdir().unwrap(), tempdir().unwrap());
    std::fs::write(one.path().join("file"), "text").unwrap();
    let mut builder = WasiCtx::builder();
    builder.preopened_dir_with(one.path(), "one", DirPerms::all(), FilePerms::READ).unwrap();
    builder.preopened_dir_with(other.path(), "other", DirPerms::all(), FilePerms::all()).unwrap();
    let mut guest = Guest::new(&mut builder);
    use wasm_wasi::p2::bindings::filesystem::preopens::Host as _;
    let directories = guest.view().get_directories().unwrap();
    assert_eq!(directories[1].1, "other");
    let (source, target) = (&directories[0].0, &directories[1].0);
    let name = || "file".to_owned();
    let mut view = guest.view();
    let moved = view.rename_at(borrow(source), name(), borrow(target), name());
    assert_eq!(code(moved), Err(ErrorCode::NotPermitted));
    let none = PathFlags::empty();
    let linked = view.link_at(borrow(source), none, name(), borrow(target), name());
    assert_eq!(code(linked), Err(ErrorCode::NotPermitted));
}

#[test]
fn there_are_no_more_descriptors_than_permitted() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "text").unwrap();
    let mut builder = WasiCtx::builder();
    builder.preopened_dir_with(directory.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
    builder.max_descriptors(8);
    let mut guest = Guest::new(&mut builder);
    let mut opened = Vec::new();
    let error = loop {
        match guest.open_read("file") {
            Ok(file) => opened.push(file),
            Err(error) => break error,
        }
    };
    assert_eq!((opened.len(), error), (7, ErrorCode::InsufficientMemory));
    // A stream keeps the file that it was made of.
    let file = opened.pop().unwrap();
    code(guest.view().read_via_stream(borrow(&file), 0)).unwrap();
    guest.close(file);
    assert!(guest.open_read("file").is_err());
    guest.close(opened.pop().unwrap());
    guest.open_read("file").unwrap();
}
