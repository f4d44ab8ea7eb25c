//! Whatever a guest does with files and directories, the outcome is that of the same calls of the
//! standard library on another directory: the same error or success, and the same files afterwards.
//! Paths are compared in the tests of preview 1, which takes them apart with the same code.

use crate::guest::{Guest, borrow, code};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tempfile::tempdir;
use wasm_wasi::p2::StreamError;
use wasm_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, OpenFlags, PathFlags,
};

#[derive(Clone, Debug)]
enum Operation {
    Write { offset: u64, bytes: Vec<u8> },
    WriteStream { offset: u64, bytes: Vec<u8> },
    Append(Vec<u8>),
    Resize(u64),
    Read { offset: u64, length: u16 },
    ReadStream { offset: u64, length: u16 },
    List,
    MakeDirectory,
    RemoveDirectory,
    Unlink,
    Rename(String),
    Link(String),
    Symlink(String),
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => proptest::collection::vec(any::<u8>(), 5000..9000),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let names = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "l", "missing/a"];
    proptest::sample::select(names.to_vec()).prop_map(str::to_owned)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (0_u64..50, bytes()).prop_map(|(offset, bytes)| Operation::Write { offset, bytes }),
        2 => (0_u64..50, bytes())
            .prop_map(|(offset, bytes)| Operation::WriteStream { offset, bytes }),
        2 => bytes().prop_map(Operation::Append),
        1 => (0_u64..10_000).prop_map(Operation::Resize),
        2 => (0_u64..60, any::<u16>())
            .prop_map(|(offset, length)| Operation::Read { offset, length }),
        2 => (0_u64..60, any::<u16>())
            .prop_map(|(offset, length)| Operation::ReadStream { offset, length }),
        1 => Just(Operation::List),
        3 => Just(Operation::MakeDirectory),
        1 => Just(Operation::RemoveDirectory),
        1 => Just(Operation::Unlink),
        2 => path().prop_map(Operation::Rename),
        1 => path().prop_map(Operation::Link),
        1 => path().prop_map(Operation::Symlink),
    ]
}

/// What an operation gives: bytes that were read, or names.
type Outcome = Result<Vec<u8>, ErrorCode>;

fn on_the_host(root: &Path, operation: &Operation, path: &str) -> io::Result<Vec<u8>> {
    let at = |path: &str| root.join(path);
    let writable =
        || fs::OpenOptions::new().write(true).create(true).truncate(false).open(at(path));
    let nothing = |(): ()| Vec::new();
    match operation {
        Operation::Write { offset, bytes } | Operation::WriteStream { offset, bytes } => {
            writable()?.write_all_at(bytes, *offset).map(nothing)
        }
        Operation::Append(bytes) => {
            let mut file = writable()?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(bytes).map(nothing)
        }
        Operation::Resize(size) => writable()?.set_len(*size).map(nothing),
        Operation::Read { offset, length } | Operation::ReadStream { offset, length } => {
            let mut file = fs::File::open(at(path))?;
            file.seek(SeekFrom::Start(*offset))?;
            let mut all = Vec::new();
            file.take((*length).into()).read_to_end(&mut all)?;
            Ok(all)
        }
        Operation::List => {
            let mut names = Vec::new();
            for entry in fs::read_dir(at(path))? {
                names.push(entry?.file_name().into_string().unwrap());
            }
            names.sort();
            Ok(names.join("\n").into_bytes())
        }
        Operation::MakeDirectory => fs::create_dir(at(path)).map(nothing),
        Operation::RemoveDirectory => fs::remove_dir(at(path)).map(nothing),
        Operation::Unlink => fs::remove_file(at(path)).map(nothing),
        Operation::Rename(to) => fs::rename(at(path), at(to)).map(nothing),
        Operation::Link(to) => fs::hard_link(at(path), at(to)).map(nothing),
        // A target is a string: relative to the link, or to nothing that is there.
        Operation::Symlink(to) => std::os::unix::fs::symlink(to, at(path)).map(nothing),
    }
}

fn in_the_guest(guest: &mut Guest, operation: &Operation, path: &str) -> Outcome {
    let (root, to) = (guest.root(), |path: &str| path.to_owned());
    let writable = |guest: &mut Guest| guest.open(path, OpenFlags::CREATE, DescriptorFlags::WRITE);
    let nothing = |(): ()| Vec::new();
    match operation {
        Operation::Write { offset, bytes } => {
            let file = writable(guest)?;
            let written = code(guest.view().write(borrow(&file), bytes.clone(), *offset))?;
            assert_eq!(written, bytes.len() as u64);
            guest.close(file);
            Ok(Vec::new())
        }
        Operation::WriteStream { bytes, .. } | Operation::Append(bytes) => {
            let file = writable(guest)?;
            let stream = match operation {
                Operation::WriteStream { offset, .. } => {
                    guest.view().write_via_stream(borrow(&file), *offset)
                }
                _ => guest.view().append_via_stream(borrow(&file)),
            };
            let stream = code(stream)?;
            guest.close(file);
            let stream = guest.table.get_mut(&stream).unwrap();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let room = stream.check_write().unwrap().min(rest.len());
                stream.write(rest[..room].to_vec().into()).unwrap();
                rest = &rest[room..];
            }
            stream.flush().unwrap();
            stream.check_write().unwrap();
            Ok(Vec::new())
        }
        Operation::Resize(size) => {
            let file = writable(guest)?;
            code(guest.view().set_size(borrow(&file), *size))?;
            guest.close(file);
            Ok(Vec::new())
        }
        Operation::Read { offset, length } => {
            let file = guest.open_read(path)?;
            let mut all = Vec::new();
            let read = loop {
                let at = offset + all.len() as u64;
                let left = u64::from(*length) - all.len() as u64;
                match code(guest.view().read(borrow(&file), left, at)) {
                    Ok((bytes, false)) if !bytes.is_empty() => all.extend(bytes),
                    Ok((bytes, _)) => {
                        all.extend(bytes);
                        break Ok(all);
                    }
                    Err(error) => break Err(error),
                }
            };
            guest.close(file);
            read
        }
        Operation::ReadStream { offset, length } => {
            let file = guest.open_read(path)?;
            let stream = code(guest.view().read_via_stream(borrow(&file), *offset));
            guest.close(file);
            let stream = stream?;
            let stream = guest.table.get_mut(&stream).unwrap();
            let mut all = Vec::new();
            loop {
                match stream.read(usize::from(*length) - all.len()) {
                    Ok(bytes) if bytes.is_empty() => return Ok(all),
                    Ok(bytes) => all.extend(bytes),
                    Err(StreamError::Closed) => return Ok(all),
                    Err(error) => panic!("{error}"),
                }
            }
        }
        Operation::List => {
            let directory = guest.open_dir(path)?;
            let names = guest.names(borrow(&directory));
            guest.close(directory);
            Ok(names?.join("\n").into_bytes())
        }
        Operation::MakeDirectory => {
            code(guest.view().create_directory_at(root, to(path))).map(nothing)
        }
        Operation::RemoveDirectory => {
            code(guest.view().remove_directory_at(root, to(path))).map(nothing)
        }
        Operation::Unlink => code(guest.view().unlink_file_at(root, to(path))).map(nothing),
        Operation::Rename(other) => {
            code(guest.view().rename_at(borrow(&root), to(path), root, to(other))).map(nothing)
        }
        Operation::Link(other) => {
            let flags = PathFlags::empty();
            let linked = guest.view().link_at(borrow(&root), flags, to(path), root, to(other));
            code(linked).map(nothing)
        }
        Operation::Symlink(target) => {
            code(guest.view().symlink_at(root, to(target), to(path))).map(nothing)
        }
    }
}

/// The code for an error of the system.
fn expected(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorCode::NoEntry,
        io::ErrorKind::AlreadyExists => ErrorCode::Exist,
        io::ErrorKind::NotADirectory => ErrorCode::NotDirectory,
        io::ErrorKind::IsADirectory => ErrorCode::IsDirectory,
        io::ErrorKind::DirectoryNotEmpty => ErrorCode::NotEmpty,
        io::ErrorKind::InvalidInput => ErrorCode::Invalid,
        io::ErrorKind::PermissionDenied => ErrorCode::NotPermitted,
        _ if error.raw_os_error() == Some(40) => ErrorCode::Loop,
        _ => panic!("{error:?}"),
    }
}

/// Everything below a directory.
fn contents(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut rest) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(at) = rest.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let what = if kind.is_dir() {
                rest.push(path.clone());
                b"a directory".to_vec()
            } else if kind.is_symlink() {
                format!("a link to {}", fs::read_link(&path).unwrap().display()).into_bytes()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path.strip_prefix(root).unwrap().display().to_string(), what);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..Default::default() })]
    #[test]
    fn files_are_what_the_system_makes_of_them(
        operations in proptest::collection::vec((operation(), path()), 1..25),
    ) {
        let (host, own) = (tempdir().unwrap(), tempdir().unwrap());
        let mut guest = Guest::in_dir(own.path());
        for (operation, path) in operations {
            let wanted = on_the_host(host.path(), &operation, &path);
            let got = in_the_guest(&mut guest, &operation, &path);
            // Permission to leave the directory is not the system's to give or to refuse.
            match (&wanted, &got) {
                (Err(error), Err(code)) => {
                    // The standard library reads a directory that can be opened; a guest can't.
                    let reads = matches!(
                        operation,
                        Operation::Read { .. } | Operation::ReadStream { .. }
                    );
                    let is_directory = error.kind() == io::ErrorKind::IsADirectory;
                    prop_assert!(
                        *code == expected(error)
                            || reads && is_directory && *code == ErrorCode::BadDescriptor,
                        "{:?} {:?}: {:?} and {:?}", operation, path, error, code
                    );
                }
                (Ok(wanted), Ok(got)) => {
                    prop_assert_eq!(wanted, got, "{:?} {:?}", operation, path);
                }
                // Reading nothing of a directory is fine for the one, and not for the other.
                (Ok(wanted), Err(ErrorCode::BadDescriptor | ErrorCode::IsDirectory))
                    if wanted.is_empty() => {}
                _ => prop_assert!(false, "{:?} {:?}: {:?} and {:?}", operation, path, wanted, got),
            }
            prop_assert_eq!(contents(own.path()), contents(host.path()), "{:?} {:?}", operation, path);
        }
    }
}
