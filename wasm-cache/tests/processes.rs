//! Several processes with one directory: at the same time, killed, without permission, without
//! room.
//!
//! This program starts itself for the other processes, which is why it has a `main` of its own.

mod support;

use std::env;
use std::fs::{self, File, FileTimes, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use libtest_mimic::{Arguments, Trial};
use support::{CacheFolder, Put as _, artifact, artifact_of, code, is, key};
use wasm_cache::{Cache, CacheConfig};

/// The environment variable with the task of a process that this program starts.
const ROLE: &str = "WASM_CACHE_TEST_ROLE";
/// The environment variable with the directory.
const DIRECTORY: &str = "WASM_CACHE_TEST_DIRECTORY";

/// How many entries [`share`] works with.
const SHARED: u64 = 20;

/// How many entries there may be where many processes add some.
const LIMIT: u64 = 10;

/// Code that takes a while to write.
const LARGE: usize = 1 << 20;

fn main() -> ExitCode {
    if let Ok(role) = env::var(ROLE) {
        let mut config = CacheConfig::new();
        config.with_directory(env::var_os(DIRECTORY).expect("the directory is given"));
        match role.as_str() {
            "share" => share(config),
            "crowd" => crowd(config),
            "fill" => fill(config),
            "read only" => read_only(config),
            "no room" => no_room(config),
            _ => panic!("there is no role `{role}`"),
        }
        return ExitCode::SUCCESS;
    }
    let test = |name: &str, run: fn()| {
        Trial::test(name, move || {
            run();
            Ok(())
        })
    };
    let tests = vec![
        test("many_processes_share_it", many_processes_share_it),
        test(
            "a_killed_process_leaves_nothing_half_done",
            a_killed_process_leaves_nothing_half_done,
        ),
        test("many_processes_keep_to_the_limit", many_processes_keep_to_the_limit),
        test("a_directory_to_read_only_is_read", a_directory_to_read_only_is_read),
        test("a_full_disk_only_means_no_entry", a_full_disk_only_means_no_entry),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// This program with a task.
fn process(program: &Path, role: &str, place: &CacheFolder) -> Command {
    let mut command = Command::new(program);
    command.env(ROLE, role).env(DIRECTORY, place.path());
    command
}

fn this() -> std::path::PathBuf {
    env::current_exe().unwrap()
}

fn many_processes_share_it() {
    let place = CacheFolder::new();
    // The directory and its secret do not exist: all processes try to make them.
    let start = || process(&this(), "share", &place).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let cache = place.open();
    for number in 0..SHARED {
        assert!(is(&cache.load(&key(number)).unwrap(), number));
    }
    assert!(place.files("tmp-").is_empty());
}

fn share(config: CacheConfig) {
    let cache = Cache::new(config).unwrap();
    thread::scope(|scope| {
        for thread in 0..2 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..SHARED * 5 {
                    let number = (round + thread * 3) % SHARED;
                    match cache.load(&key(number)) {
                        Some(loaded) => assert!(is(&loaded, number)),
                        None => assert!(cache.put(&key(number), artifact(number))),
                    }
                }
            });
        }
    });
    assert_eq!(cache.statistics().rejected, 0, "{:?}", cache.last_error());
}

fn many_processes_keep_to_the_limit() {
    let place = CacheFolder::new();
    let start = |_| process(&this(), "crowd", &place).spawn().unwrap();
    let children: Vec<_> = (0..4).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    // Each process may have found room for what it added since it last read the directory.
    assert!(place.files("").len() < 100);
    let mut config = place.config();
    config.with_file_count_soft_limit(LIMIT);
    let cache = Cache::new(config).unwrap();
    assert!(cache.put(&key(0), artifact(0)), "opening the cache reads the directory");
    let entries = cache.entries().unwrap();
    assert!(entries.len() as u64 <= LIMIT, "{} entries", entries.len());
    for entry in entries {
        assert!(cache.load(&entry.key).is_some());
    }
}

fn crowd(mut config: CacheConfig) {
    config.with_file_count_soft_limit(LIMIT);
    let cache = Cache::new(config).unwrap();
    for round in 0..100 {
        let number = u64::from(std::process::id()) << 32 | round;
        assert!(cache.put(&key(number), artifact(number)), "{:?}", cache.last_error());
    }
}

fn a_killed_process_leaves_nothing_half_done() {
    /// At least this many are killed, and at most this many until one was killed while it wrote.
    const ROUNDS: (u64, u64) = (30, 1000);
    let place = CacheFolder::new();
    let mut round = 0;
    while round < ROUNDS.0 || place.files("tmp-").is_empty() {
        assert!(round < ROUNDS.1, "no process was ever killed while it wrote");
        let mut child = process(&this(), "fill", &place).stdout(Stdio::piped()).spawn().unwrap();
        // It writes a byte when it is busy.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        thread::sleep(Duration::from_micros(round * 397 % 10_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let cache = place.open();
        for entry in cache.entries().unwrap() {
            let number = (0..3).find(|number| key(*number) == entry.key).unwrap();
            let loaded = cache.load(&entry.key).expect("what has its name is complete");
            assert_eq!(loaded.artifact().text(), code(number, LARGE));
        }
        assert_eq!(cache.statistics().rejected, 0, "{:?}", cache.last_error());
        round += 1;
    }
    // Unfinished files are removed when they are old.
    let old = SystemTime::now() - Duration::from_secs(7200);
    for name in place.files("tmp-") {
        let file = File::options().append(true).open(place.file(&name)).unwrap();
        file.set_times(FileTimes::new().set_modified(old)).unwrap();
    }
    place.open().clear().unwrap();
    let mut left = place.files("");
    left.sort();
    assert_eq!(left, ["key", "lock"]);
}

/// Puts large entries in, again and again.
fn fill(config: CacheConfig) {
    let cache = Cache::new(config).unwrap();
    let artifacts: Vec<_> = (0..3).map(|number| artifact_of(&code(number, LARGE))).collect();
    println!("ready");
    loop {
        for (number, artifact) in artifacts.iter().enumerate() {
            assert!(cache.put(&key(number as u64), artifact.clone()));
        }
    }
}

fn a_directory_to_read_only_is_read() {
    const NOBODY: u32 = 65534;
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    // The administrator may write everywhere, and must run this as another user.
    let is_administrator = fs::metadata(place.path()).unwrap().uid() == 0;
    let mut command = if is_administrator {
        let program = place.root().join("program");
        // This process does not make the copy itself: children of other threads could keep the copy
        // open for writing, and it could not be started then.
        let copied = Command::new("cp").arg(this()).arg(&program).status().unwrap();
        assert!(copied.success());
        for path in [place.root(), &program] {
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        for name in place.files("") {
            chown(place.file(&name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(place.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        let mut command = process(&program, "read only", &place);
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        process(&this(), "read only", &place)
    };
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    let status = command.status();
    fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
    assert!(status.unwrap().success());
}

fn read_only(config: CacheConfig) {
    let cache = Cache::new(config).unwrap();
    assert!(is(&cache.load(&key(1)).unwrap(), 1));
    assert!(!cache.put(&key(2), artifact(2)));
    assert_eq!(cache.statistics().failures, 1);
    let error = cache.last_error().unwrap();
    let reason = error.io_error().unwrap().kind();
    assert_eq!(reason, std::io::ErrorKind::PermissionDenied, "{error}");
    assert!(cache.load(&key(2)).is_none());
    assert!(is(&cache.load(&key(1)).unwrap(), 1));
}

fn a_full_disk_only_means_no_entry() {
    let place = CacheFolder::new();
    // A limit for the size of files simulates a full disk: writing stops half-way.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 256; exec \"$0\""])
        .arg(this())
        .env(ROLE, "no room")
        .env(DIRECTORY, place.path())
        .stdin(Stdio::null());
    assert!(command.status().unwrap().success());
    let mut left = place.files("");
    left.sort();
    assert_eq!(left, [format!("{}.cwasm", key(1)), "key".into(), "lock".into()]);
}

fn no_room(config: CacheConfig) {
    let cache = Cache::new(config).unwrap();
    assert!(!cache.put(&key(0), artifact_of(&code(0, LARGE))));
    assert_eq!(cache.statistics().failures, 1);
    assert!(cache.last_error().unwrap().io_error().is_some());
    assert!(cache.load(&key(0)).is_none());
    assert!(cache.put(&key(1), artifact(1)), "there is room for a small one");
    assert!(is(&cache.load(&key(1)).unwrap(), 1));
}
