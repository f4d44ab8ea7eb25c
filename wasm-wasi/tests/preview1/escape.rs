//! Attempts to get out of a preopened directory, each through every function that takes a path.

use crate::guest::{Guest, ROOT, call};
use std::path::Path;
use tempfile::{TempDir, tempdir};
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};

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

    let refused = |what: &str, result: Result<(), Errno>| {
        assert!(result.is_err(), "{what} of {path} worked");
    };
    let read = (Rights::FD_READ, Rights::empty());
    for lookup in [0, 1] {
        for open in [OpenFlags::empty(), OpenFlags::CREATE, OpenFlags::TRUNCATE] {
            let result = guest.open_full(ROOT, lookup, path, open, read, FdFlags::empty());
            refused("open", result.map(|_| ()));
        }
    }
    refused("open as directory", guest.open_dir(path).map(|_| ()));
    refused("stat", guest.path_stat(ROOT, 1, path).map(|_| ()));
    refused("times", guest.path_set_times(1, path, (1, 1), 0b0101));
    refused("mkdir", guest.mkdir(path));
    refused("rmdir", guest.rmdir(path));
    refused("symlink", guest.symlink("x", path));
    refused("link to", guest.link(0, "own", path));
    let _ = guest.link(0, path, "linked");
    let _ = guest.rename(path, "renamed");
    let _ = guest.unlink(path);
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
        assert_eq!(prison.guest.open_read(path), Err(Errno::Perm), "{path}");
    }
    for path in ["..", "../", "../outside", "sub/../.."] {
        assert_eq!(prison.guest.open_dir(path), Err(Errno::Perm), "{path}");
    }
    assert!(prison.guest.mkdir("../new").is_err());
    assert!(prison.guest.rename("own", "../own").is_err());
    assert!(prison.guest.rmdir("../outside").is_err());
    assert_eq!(std::fs::read_dir(prison.parent.path()).unwrap().count(), 3);
}

#[test]
fn not_by_absolute_paths() {
    let mut prison = prison();
    let secret = prison.parent.path().join("secret").to_str().unwrap().to_owned();
    cannot_reach(&mut prison, &secret);
    assert_eq!(prison.guest.open_read(&secret), Err(Errno::Perm));
    assert_eq!(prison.guest.open_read("/etc/passwd"), Err(Errno::Perm));
    assert_eq!(prison.guest.open_read("//own"), Err(Errno::Perm));
    let own = prison.parent.path().join("inside/own");
    assert_eq!(prison.guest.open_read(own.to_str().unwrap()), Err(Errno::Perm));
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
        assert_eq!(prison.guest.open_read(path), Err(Errno::Perm), "{path}");
    }
    for path in ["relative", "absolute", "devious"] {
        assert_eq!(prison.guest.open_read(path), Err(Errno::Perm), "{path}");
        assert_eq!(prison.guest.path_stat(ROOT, 1, path), Err(Errno::Perm), "{path}");
        let result = prison.guest.path_set_times(1, path, (1, 1), 0b0101);
        assert_eq!(result, Err(Errno::Perm), "{path}");
        cannot_reach(&mut prison, &format!("{path}/"));
    }
    // What a link of the host reveals about the host is not passed on.
    assert_eq!(prison.guest.readlink("absolute", 100), Err(Errno::Perm));
    // The links themselves belong to the guest's directory.
    assert!(prison.guest.path_stat(ROOT, 0, "absolute").is_ok());
    assert_eq!(prison.guest.unlink("absolute"), Ok(()));
    assert!(parent.join("secret").exists());
}

#[test]
fn not_by_links_of_its_own() {
    let mut prison = prison();
    assert_eq!(prison.guest.symlink("/etc", "etc"), Err(Errno::Perm));
    assert_eq!(prison.guest.symlink("//", "root"), Err(Errno::Perm));
    // A relative link that leads out can be made, but not followed.
    prison.guest.symlink("../secret", "out").unwrap();
    assert_eq!(prison.guest.open_read("out"), Err(Errno::Perm));
    prison.guest.symlink("..", "up").unwrap();
    cannot_reach(&mut prison, "up/secret");
    // A link that is harmless where it is made does not lead out after it was moved.
    prison.guest.symlink("../own", "sub/in").unwrap();
    prison.guest.open_read("sub/in").unwrap();
    prison.guest.rename("sub/in", "moved").unwrap();
    assert_eq!(prison.guest.open_read("moved"), Err(Errno::Perm));
}

#[test]
fn not_from_a_subdirectory() {
    let mut prison = prison();
    let sub = prison.guest.open_dir("sub").unwrap();
    let guest = &mut prison.guest;
    let read = (Rights::FD_READ, Rights::empty());
    for path in ["../own", "..", "../../secret", "/"] {
        let result = guest.open_full(sub, 1, path, OpenFlags::empty(), read, FdFlags::empty());
        assert_eq!(result, Err(Errno::Perm), "{path}");
    }
    // Not even after the directory was moved.
    guest.mkdir("deep").unwrap();
    guest.rename("sub", "deep/sub").unwrap();
    let result = guest.open_full(sub, 1, "..", OpenFlags::empty(), read, FdFlags::empty());
    assert_eq!(result, Err(Errno::Perm));
}

#[test]
fn not_by_the_parent_entry_of_a_listing() {
    let mut prison = prison();
    let own = prison.guest.stat(ROOT).unwrap().inode;
    let (entries, _) = prison.guest.readdir(ROOT, 0, 4096).unwrap();
    assert_eq!(entries[1].name, "..");
    assert_eq!(entries[1].inode, own);
}

#[test]
fn not_through_proc() {
    // A directory of the host with links by which the kernel leads anywhere.
    let mut guest = Guest::in_dir(Path::new("/proc/self"));
    for path in ["cwd", "root", "cwd/Cargo.toml", "root/etc/passwd", "exe", "fd/0"] {
        assert!(guest.open_read(path).is_err(), "{path}");
    }
    let _ = call!(guest, fd_readdir, ROOT, 100, 1000, 0, 0);
}
