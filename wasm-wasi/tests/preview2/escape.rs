//! Attempts to get out of a preopened directory, each through every function that takes a path: the
//! same as for preview 1.

use crate::guest::{FOLLOW, Guest, Handle, borrow, code};
use std::path::Path;
use tempfile::{TempDir, tempdir};
use wasm_wasi::p2::FsResult;
use wasm_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, NewTimestamp, OpenFlags, PathFlags,
};

/// A directory to stay in, beside a file and a directory that must not be reached.
struct Prison {
    parent: TempDir,
    guest: Guest,
}

fn prison() -> Prison {
    let parent = tempdir().unwrap();
    let inside = parent.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    std::fs::create_dir(inside.join("sub")).unwrap();
    std::fs::write(inside.join("own"), "own").unwrap();
    std::fs::write(parent.path().join("secret"), "secret").unwrap();
    std::fs::create_dir(parent.path().join("outside")).unwrap();
    let guest = Guest::in_dir(&inside);
    Prison { parent, guest }
}

/// Tries everything with a path that would lead to `secret` outside, and checks that nothing there
/// was read or changed.
fn cannot_reach(prison: &mut Prison, path: &str) {
    let Prison { parent, guest } = prison;
    let secret = parent.path().join("secret");
    let before = std::fs::symlink_metadata(&secret).unwrap();
    fn refused<T>(path: &str, what: &str, result: FsResult<T>) {
        assert!(result.is_err(), "{what} of {path} worked");
    }
    let (root, path_of) = (guest.root(), || path.to_owned());
    let at = || borrow(&root);
    for lookup in [PathFlags::empty(), FOLLOW] {
        for open in [OpenFlags::empty(), OpenFlags::CREATE, OpenFlags::TRUNCATE] {
            let result = guest.view().open_at(at(), lookup, path_of(), open, DescriptorFlags::READ);
            refused(path, "open", result);
        }
    }
    let times = || NewTimestamp::Now;
    assert!(guest.open_dir(path).is_err(), "open as directory of {path} worked");
    let mut view = guest.view();
    refused(path, "stat", view.stat_at(at(), FOLLOW, path_of()));
    refused(path, "hash", view.metadata_hash_at(at(), FOLLOW, path_of()));
    refused(path, "times", view.set_times_at(at(), FOLLOW, path_of(), times(), times()));
    refused(path, "mkdir", view.create_directory_at(at(), path_of()));
    refused(path, "rmdir", view.remove_directory_at(at(), path_of()));
    refused(path, "symlink", view.symlink_at(at(), "x".to_owned(), path_of()));
    let none = PathFlags::empty();
    refused(path, "link to", view.link_at(at(), none, "own".to_owned(), at(), path_of()));
    let _ = view.link_at(at(), none, path_of(), at(), "linked".to_owned());
    let _ = view.rename_at(at(), path_of(), at(), "renamed".to_owned());
    let _ = view.unlink_file_at(at(), path_of());
    let after = std::fs::symlink_metadata(&secret).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap(), "{path}");
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    for name in ["linked", "renamed"] {
        let moved = parent.path().join("inside").join(name);
        assert!(std::fs::read(moved).map_or(true, |data| data != b"secret"), "{path}");
    }
    let names = std::fs::read_dir(parent.path()).unwrap().count();
    assert_eq!(names, 3, "something new outside through {path}");
}

fn refused_to_read(guest: &mut Guest, path: &str) {
    assert_eq!(guest.open_read(path).map(drop), Err(ErrorCode::NotPermitted), "{path}");
}

#[test]
fn not_by_dots() {
    let mut prison = prison();
    for path in [
        "../secret",
        "sub/../../secret",
        "./../secret",
        "sub/./../..//secret",
        "../inside/../secret",
    ] {
        cannot_reach(&mut prison, path);
        refused_to_read(&mut prison.guest, path);
    }
    for path in ["..", "../", "../outside", "sub/../.."] {
        assert_eq!(prison.guest.open_dir(path).map(drop), Err(ErrorCode::NotPermitted), "{path}");
    }
}

#[test]
fn not_by_absolute_paths() {
    let mut prison = prison();
    let secret = prison.parent.path().join("secret").to_str().unwrap().to_owned();
    cannot_reach(&mut prison, &secret);
    let own = prison.parent.path().join("inside/own").to_str().unwrap().to_owned();
    for path in [&*secret, "/etc/passwd", "//own", &own] {
        refused_to_read(&mut prison.guest, path);
    }
}

#[test]
fn not_by_links_of_the_host() {
    let mut prison = prison();
    let inside = prison.parent.path().join("inside");
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, inside.join(name)).unwrap();
    };
    let parent = prison.parent.path().to_owned();
    link(Path::new("../secret"), "relative");
    link(&parent.join("secret"), "absolute");
    link(Path::new(".."), "up");
    link(&parent, "up-absolute");
    link(Path::new("up"), "twice");
    link(Path::new("sub/../../secret"), "devious");
    for path in ["up/secret", "up-absolute/secret", "twice/secret", "sub/../up/secret"] {
        cannot_reach(&mut prison, path);
        refused_to_read(&mut prison.guest, path);
    }
    for path in ["relative", "absolute", "devious"] {
        refused_to_read(&mut prison.guest, path);
        cannot_reach(&mut prison, &format!("{path}/"));
    }
    // What a link of the host reveals about the host is not passed on.
    let root = prison.guest.root();
    let target = prison.guest.view().readlink_at(root, "absolute".to_owned());
    assert_eq!(code(target), Err(ErrorCode::NotPermitted));
}

#[test]
fn not_by_links_of_its_own() {
    let mut prison = prison();
    let root: Handle = prison.guest.root();
    let symlink = |guest: &mut Guest, target: &str, path: &str| {
        code(guest.view().symlink_at(borrow(&root), target.to_owned(), path.to_owned()))
    };
    assert_eq!(symlink(&mut prison.guest, "/etc", "etc"), Err(ErrorCode::NotPermitted));
    // A relative link that leads out can be made, but not followed.
    symlink(&mut prison.guest, "../secret", "out").unwrap();
    refused_to_read(&mut prison.guest, "out");
    symlink(&mut prison.guest, "..", "up").unwrap();
    cannot_reach(&mut prison, "up/secret");
    // A link that is harmless where it is made does not lead out after it was moved.
    symlink(&mut prison.guest, "../own", "sub/in").unwrap();
    prison.guest.open_read("sub/in").unwrap();
    let moved = prison.guest.view().rename_at(
        borrow(&root),
        "sub/in".to_owned(),
        borrow(&root),
        "moved".to_owned(),
    );
    code(moved).unwrap();
    refused_to_read(&mut prison.guest, "moved");
}

#[test]
fn not_from_a_subdirectory() {
    let mut prison = prison();
    let sub = prison.guest.open_dir("sub").unwrap();
    for path in ["../own", "..", "../../secret", "/"] {
        let flags = DescriptorFlags::READ;
        let opened = prison.guest.open_in(borrow(&sub), path, OpenFlags::empty(), flags);
        assert_eq!(opened.map(drop), Err(ErrorCode::NotPermitted), "{path}");
    }
}

#[test]
fn not_by_a_listing() {
    let mut prison = prison();
    let root = prison.guest.root();
    assert_eq!(prison.guest.names(root), Ok(vec!["own".to_owned(), "sub".to_owned()]));
}

#[test]
fn not_through_proc() {
    // A directory of the host with links by which the kernel leads anywhere.
    let mut guest = Guest::in_dir(Path::new("/proc/self"));
    for path in ["cwd", "root", "cwd/Cargo.toml", "root/etc/passwd", "exe", "fd/0"] {
        assert!(guest.open_read(path).is_err(), "{path}");
    }
}
