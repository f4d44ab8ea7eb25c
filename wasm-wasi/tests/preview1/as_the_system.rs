//! Whatever path a guest passes to whatever call, the outcome is that of the system itself: the
//! same error or success, and the same files afterwards. But where a path leads out of the
//! directory, it is refused.

use crate::guest::{Guest, ROOT};
use proptest::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno as Host;
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};

/// Files, directories and links of all kinds, in a directory that lies in another.
fn furnish(root: &Path) {
    fs::create_dir_all(root.join("d/e")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    for file in ["f", "g", "d/f", "d/e/f"] {
        fs::write(root.join(file), file).unwrap();
    }
    for (target, link) in [
        ("f", "l"),
        ("d", "ld"),
        ("d/", "lds"),
        ("f/", "ls"),
        ("missing", "dangling"),
        ("missing/", "dangling-slash"),
        ("loop", "loop"),
        (".", "here"),
        ("..", "out"),
        ("../f", "d/up"),
        ("e/..", "d/back"),
        ("../ld/e", "d/around"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
}

/// Everything below a directory, with contents and, if it was set, the time of change.
fn contents(root: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mut what = if metadata.is_dir() {
                walk(root, &path, found);
                "directory".to_owned()
            } else if metadata.is_symlink() {
                format!(
                    "link to {} ({})",
                    fs::read_link(&path).unwrap().display(),
                    metadata.nlink()
                )
            } else {
                format!("{} ({})", fs::read_to_string(&path).unwrap(), metadata.nlink())
            };
            if metadata.mtime() == 7 {
                what.push_str(", changed");
            }
            found.insert(path.strip_prefix(root).unwrap().display().to_string(), what);
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Stat { follow: bool },
    SetTimes { follow: bool },
    Open { follow: bool, flags: u16, write: bool },
    ReadLink,
    MakeDirectory,
    RemoveDirectory,
    Unlink,
    Symlink,
    Link,
    Rename,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => any::<bool>().prop_map(|follow| Operation::Stat { follow }),
        2 => any::<bool>().prop_map(|follow| Operation::SetTimes { follow }),
        4 => (any::<bool>(), 0_u16..16, any::<bool>())
            .prop_map(|(follow, flags, write)| Operation::Open { follow, flags, write }),
        1 => Just(Operation::ReadLink),
        1 => Just(Operation::MakeDirectory),
        1 => Just(Operation::RemoveDirectory),
        1 => Just(Operation::Unlink),
        1 => Just(Operation::Symlink),
        2 => Just(Operation::Link),
        2 => Just(Operation::Rename),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let component = prop_oneof![
        4 => prop_oneof![
            Just("f"), Just("g"), Just("d"), Just("e"), Just("l"), Just("ld"), Just("empty"), Just("new"),
        ],
        2 => prop_oneof![
            Just("lds"), Just("ls"), Just("dangling"), Just("dangling-slash"), Just("loop"),
            Just("here"), Just("out"), Just("up"), Just("back"), Just("around"),
        ],
        2 => prop_oneof![Just("."), Just("..")],
        1 => Just("a-name-that-is-not-there"),
    ];
    let slashes = prop_oneof![3 => Just("/"), 1 => Just("//"), 1 => Just("/./")];
    let end = prop_oneof![
        4 => Just(""),
        3 => Just("/"),
        1 => Just("//"),
        2 => Just("/."),
        1 => Just("/./"),
        1 => Just("/.."),
    ];
    (proptest::collection::vec((component, slashes), 1..4), end).prop_map(|(parts, end)| {
        let mut path = String::new();
        let last = parts.len() - 1;
        for (i, (name, slashes)) in parts.into_iter().enumerate() {
            path.push_str(name);
            if i < last {
                path.push_str(slashes);
            }
        }
        path.push_str(end);
        path
    })
}

/// Whether a path leads out of a directory, before anything else is wrong with it.
fn leads_out(root: &Path, path: &str, follow: bool, slashes_follow: bool) -> bool {
    let mut at: Vec<String> = Vec::new();
    let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut links = 0;
    while let Some(name) = rest.pop() {
        match &*name {
            "" | "." => continue,
            ".." if at.pop().is_none() => return true,
            ".." => continue,
            _ => {}
        }
        at.push(name);
        let Ok(metadata) = fs::symlink_metadata(root.join(at.join("/"))) else { return false };
        let only_slashes = rest.iter().all(|name| name.is_empty());
        let is_followed = match (only_slashes, rest.is_empty()) {
            (_, true) => follow,
            (true, false) => follow || slashes_follow,
            (false, false) => true,
        };
        if metadata.is_symlink() && is_followed {
            links += 1;
            if links > 40 {
                return false;
            }
            let target = fs::read_link(root.join(at.join("/"))).unwrap();
            at.pop();
            rest.extend(target.to_str().unwrap().split('/').rev().map(str::to_owned));
        } else if !metadata.is_dir() && !rest.is_empty() {
            return false;
        }
    }
    false
}

fn on_the_host(root: &OwnedFd, operation: Operation, path: &str, other: &str) -> Result<(), Host> {
    let at = |follow| if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    match operation {
        Operation::Stat { follow } => rustix::fs::statat(root, path, at(follow)).map(|_| ()),
        Operation::SetTimes { follow } => {
            let time = Timespec { tv_sec: 7, tv_nsec: 0 };
            let times = Timestamps { last_access: time, last_modification: time };
            rustix::fs::utimensat(root, path, &times, at(follow))
        }
        Operation::Open { follow, flags, write } => {
            let flags = OpenFlags::from_bits_truncate(flags);
            let changes = flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
            let mut host = match (write, changes) {
                (true, _) => OFlags::WRONLY,
                (false, true) => OFlags::RDWR,
                (false, false) => OFlags::RDONLY,
            };
            host |= OFlags::CLOEXEC | OFlags::NONBLOCK;
            host.set(OFlags::NOFOLLOW, !follow);
            host.set(OFlags::CREATE, flags.contains(OpenFlags::CREATE));
            host.set(OFlags::EXCL, flags.contains(OpenFlags::EXCLUSIVE));
            host.set(OFlags::TRUNC, flags.contains(OpenFlags::TRUNCATE));
            host.set(OFlags::DIRECTORY, flags.contains(OpenFlags::DIRECTORY));
            rustix::fs::openat(root, path, host, Mode::from_raw_mode(0o666)).map(|_| ())
        }
        Operation::ReadLink => rustix::fs::readlinkat(root, path, Vec::new()).map(|_| ()),
        Operation::MakeDirectory => rustix::fs::mkdirat(root, path, Mode::from_raw_mode(0o777)),
        Operation::RemoveDirectory => rustix::fs::unlinkat(root, path, AtFlags::REMOVEDIR),
        Operation::Unlink => rustix::fs::unlinkat(root, path, AtFlags::empty()),
        Operation::Symlink => rustix::fs::symlinkat(other, root, path),
        Operation::Link => rustix::fs::linkat(root, path, root, other, AtFlags::empty()),
        Operation::Rename => rustix::fs::renameat(root, path, root, other),
    }
}

fn in_the_guest(
    guest: &mut Guest,
    operation: Operation,
    path: &str,
    other: &str,
) -> Result<(), Errno> {
    match operation {
        Operation::Stat { follow } => guest.path_stat(ROOT, follow.into(), path).map(|_| ()),
        Operation::SetTimes { follow } => {
            let seven = 7_000_000_000;
            guest.path_set_times(follow.into(), path, (seven, seven), 0b0101)
        }
        Operation::Open { follow, flags, write } => {
            let rights = if write { Rights::FD_WRITE } else { Rights::FD_READ };
            let flags = OpenFlags::from_bits_truncate(flags);
            let rights = (rights, Rights::empty());
            let fd = guest.open_full(ROOT, follow.into(), path, flags, rights, FdFlags::empty())?;
            guest.close(fd)
        }
        Operation::ReadLink => guest.readlink(path, 100).map(|_| ()),
        Operation::MakeDirectory => guest.mkdir(path),
        Operation::RemoveDirectory => guest.rmdir(path),
        Operation::Unlink => guest.unlink(path),
        Operation::Symlink => guest.symlink(other, path),
        Operation::Link => guest.link(0, path, other),
        Operation::Rename => guest.rename(path, other),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..Default::default() })]
    #[test]
    fn paths_lead_where_the_system_leads(
        operations in proptest::collection::vec((operation(), path(), path()), 1..12),
    ) {
        let (host, guest_dir) = (tempdir().unwrap(), tempdir().unwrap());
        let (host_root, guest_root) = (host.path().join("root"), guest_dir.path().join("root"));
        furnish(&host_root);
        furnish(&guest_root);
        // The guest can't reach anything outside, and what the host does there is not compared.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, &host_root, flags, Mode::empty()).unwrap();
        let mut guest = Guest::in_dir(&guest_root);
        for (operation, path, other) in operations {
            // Some calls follow links at the end of a path, some only if slashes come after them,
            // and some never.
            let (follow, slashes_follow) = match operation {
                Operation::Stat { follow }
                | Operation::SetTimes { follow }
                | Operation::Open { follow, .. } => (follow, true),
                Operation::ReadLink | Operation::Link => (false, true),
                _ => (false, false),
            };
            let two = matches!(operation, Operation::Link | Operation::Rename);
            let outside = leads_out(&host_root, &path, follow, slashes_follow)
                || two && leads_out(&host_root, &other, false, false);
            let got = in_the_guest(&mut guest, operation, &path, &other);
            if outside {
                // It may be wrong in other ways as well.
                prop_assert!(got.is_err(), "{:?} {:?} {:?} got out", operation, path, other);
            } else {
                let flags = match operation {
                    Operation::Open { flags, .. } => OpenFlags::from_bits_truncate(flags),
                    _ => OpenFlags::empty(),
                };
                let expected = if flags.contains(OpenFlags::DIRECTORY) && flags != OpenFlags::DIRECTORY {
                    Err(Errno::Inval)
                } else {
                    on_the_host(&root, operation, &path, &other).map_err(Errno::from)
                };
                prop_assert_eq!(got, expected, "{:?} {:?} {:?}", operation, path, other);
            }
            prop_assert_eq!(contents(&guest_root), contents(&host_root), "{:?} {:?} {:?}", operation, path, other);
        }
        let below = |dir: &Path| fs::read_dir(dir).unwrap().count();
        prop_assert_eq!((below(host.path()), below(guest_dir.path())), (1, 1));
    }
}

/// Directories and links at the ends of paths, one by one: POSIX programs depend on these cases.
#[test]
fn slashes_at_the_end() {
    let dir = tempdir().unwrap();
    furnish(dir.path());
    let mut guest = Guest::in_dir(dir.path());
    for path in ["f/", "f//", "f/.", "l/", "f/..", "ls", "ls/"] {
        for lookup in [0, 1] {
            if (path, lookup) != ("ls", 0) {
                assert_eq!(guest.path_stat(ROOT, lookup, path), Err(Errno::NotDir), "{path}");
                assert_eq!(
                    guest.path_set_times(lookup, path, (1, 1), 5),
                    Err(Errno::NotDir),
                    "{path}"
                );
            }
        }
    }
    assert_eq!(guest.path_stat(ROOT, 0, "ld/").unwrap().file_type, 3);
    assert_eq!(guest.path_stat(ROOT, 0, "ld").unwrap().file_type, 7);
    assert_eq!(guest.readlink("l/", 9), Err(Errno::NotDir));
    assert_eq!(guest.readlink("ld/", 9), Err(Errno::Inval));
    assert_eq!(guest.link(0, "f/", "new"), Err(Errno::NotDir));
    assert_eq!(guest.link(0, "l/", "new"), Err(Errno::NotDir));
    assert_eq!(guest.link(0, "f", "new/"), Err(Errno::NoEnt));
    assert_eq!(guest.link(0, "f", "g/"), Err(Errno::Exist));
    assert_eq!(guest.rename("f/", "new"), Err(Errno::NotDir));
    assert_eq!(guest.rename("f/.", "new"), Err(Errno::NotDir));
    assert_eq!(guest.rename("f", "new/"), Err(Errno::NotDir));
    assert_eq!(guest.rename("f", "g/"), Err(Errno::NotDir));
    assert_eq!(guest.rename("l/", "new"), Err(Errno::NotDir));
    assert_eq!(guest.rename("ld/", "new"), Err(Errno::NotDir));
    assert_eq!(guest.rename("empty", "l/"), Err(Errno::NotDir));
    assert_eq!(guest.rename("d/.", "new"), Err(Errno::Busy));
    assert_eq!(guest.unlink("f/"), Err(Errno::NotDir));
    assert_eq!(guest.unlink("l/"), Err(Errno::NotDir));
    assert_eq!(guest.unlink("ld/"), Err(Errno::NotDir));
    assert_eq!(guest.unlink("d/"), Err(Errno::IsDir));
    assert_eq!(guest.rmdir("ld/"), Err(Errno::NotDir));
    assert_eq!(guest.rmdir("empty/."), Err(Errno::Inval));
    assert_eq!(guest.mkdir("f/"), Err(Errno::Exist));
    assert_eq!(guest.mkdir("dangling/"), Err(Errno::Exist));
    assert_eq!(guest.mkdir("new/."), Err(Errno::NoEnt));
    assert_eq!(guest.symlink("f", "new/"), Err(Errno::NoEnt));
    assert_eq!(guest.symlink("f", "f/"), Err(Errno::Exist));
    assert_eq!(guest.open("new/", OpenFlags::CREATE), Err(Errno::IsDir));
    assert_eq!(guest.open("f/", OpenFlags::CREATE), Err(Errno::IsDir));
    assert_eq!(guest.open_read("f/"), Err(Errno::NotDir));
    guest.rename("empty/", "new").unwrap();
    guest.rename("new", "empty/").unwrap();
    guest.mkdir("new//").unwrap();
    guest.rmdir("new//").unwrap();
    assert_eq!(
        FileType::from_raw_mode(dir.path().join("d").metadata().unwrap().mode()),
        FileType::Directory
    );
}

/// Strings that are not valid paths, for each call that takes one.
#[test]
fn strings_that_are_no_paths() {
    let dir = tempdir().unwrap();
    furnish(dir.path());
    let before = contents(dir.path());
    let mut guest = Guest::in_dir(dir.path());
    let long_name = "n".repeat(256);
    let long_path = "./".repeat(2048);
    let very_long = "x".repeat(7000);
    for (path, error) in [
        ("", Errno::NoEnt),
        ("f\0", Errno::Inval),
        ("\0", Errno::Inval),
        ("d\0/../..", Errno::Inval),
        ("/", Errno::Perm),
        ("//f", Errno::Perm),
        ("/f", Errno::Perm),
        (&long_name, Errno::NameTooLong),
        (&long_path, Errno::NameTooLong),
        (&very_long, Errno::NameTooLong),
        ("../x", Errno::Perm),
        ("d/../../x", Errno::Perm),
        ("out/x", Errno::Perm),
    ] {
        let shown = &path[..path.len().min(20)];
        let check = |what: &str, result: Result<(), Errno>| {
            assert_eq!(result, Err(error), "{what} {shown:?}");
        };
        for follow in [0, 1] {
            check("stat", guest.path_stat(ROOT, follow, path).map(|_| ()));
            check("times", guest.path_set_times(follow, path, (1, 1), 5));
        }
        check("open", guest.open_read(path).map(|_| ()));
        check("create", guest.open(path, OpenFlags::CREATE).map(|_| ()));
        check("directory", guest.open_dir(path).map(|_| ()));
        check("readlink", guest.readlink(path, 9).map(|_| ()));
        check("mkdir", guest.mkdir(path));
        check("rmdir", guest.rmdir(path));
        check("unlink", guest.unlink(path));
        check("symlink", guest.symlink("f", path));
        check("link from", guest.link(0, path, "new"));
        check("link to", guest.link(0, "f", path));
        check("rename from", guest.rename(path, "new"));
        check("rename to", guest.rename("f", path));
    }
    for (target, error) in [
        ("", Errno::NoEnt),
        ("/f", Errno::Perm),
        ("a\0b", Errno::Inval),
        (&very_long, Errno::NameTooLong),
    ] {
        assert_eq!(guest.symlink(target, "new"), Err(error));
    }
    assert_eq!(contents(dir.path()), before);
}

/// As on POSIX, a path can lead through a directory that cannot be read.
#[test]
fn directories_that_cannot_be_read_are_passed_through() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    furnish(dir.path());
    fs::set_permissions(dir.path().join("d"), fs::Permissions::from_mode(0o311)).unwrap();
    let mut guest = Guest::in_dir(dir.path());
    guest.path_stat(ROOT, 0, "d/f").unwrap();
    guest.mkdir("d/new").unwrap();
    guest.rename("d/new", "d/other").unwrap();
    assert_eq!(guest.path_stat(ROOT, 0, "d/").unwrap().file_type, 3);
    fs::set_permissions(dir.path().join("d"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(dir.path().join("d/other").is_dir());
}
