//! Who owns the directory, who may write to it, and who knows its secret.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use support::{CacheFolder, Put as _, artifact, is, key};
use wasm_cache::{Cache, CacheConfig};

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// Another user; `None` if we may not give files away.
fn stranger(place: &CacheFolder) -> Option<u32> {
    const NOBODY: u32 = 65534;
    let probe = place.root().join("probe");
    fs::write(&probe, b"").unwrap();
    chown(&probe, Some(NOBODY), None).is_ok().then_some(NOBODY)
}

#[test]
fn what_is_made_is_private() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    assert_eq!(mode(place.path()), 0o700);
    assert_eq!(mode(place.file("key")), 0o600);
    assert_eq!(mode(place.entry(&key(1))), 0o600);
    assert_eq!(fs::read(place.file("key")).unwrap().len(), 32);
}

#[test]
fn secrets_are_random_and_stay() {
    let (one, two) = (CacheFolder::new(), CacheFolder::new());
    drop((one.open(), two.open()));
    let secret = fs::read(one.file("key")).unwrap();
    assert_ne!(secret, fs::read(two.file("key")).unwrap());
    drop(one.open());
    assert_eq!(secret, fs::read(one.file("key")).unwrap());
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let place = CacheFolder::new();
    drop(place.open());
    for bad in [0o770, 0o702, 0o777, 0o1777] {
        set_mode(place.path(), bad);
        let error = Cache::new(place.config()).unwrap_err();
        assert!(error.is_refusal(), "{error}");
        assert_eq!(error.path(), Some(place.path().as_path()));
        let message = error.to_string();
        assert!(message.contains(&format!("{bad:04o}")), "{message}");
        assert!(message.contains("chmod 700"), "{message}");
        assert_eq!(mode(place.path()), bad, "it is left alone");
    }
    // That others can list the directory does no harm.
    set_mode(place.path(), 0o755);
    assert!(Cache::new(place.config()).is_ok());
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let place = CacheFolder::new();
    let directory = match stranger(&place) {
        Some(stranger) => {
            drop(place.open());
            chown(place.path(), Some(stranger), None).unwrap();
            place.path()
        }
        // We are not the administrator, who owns some directories.
        None => "/usr".into(),
    };
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    let error = Cache::new(config).unwrap_err();
    assert!(error.is_refusal(), "{error}");
    assert!(error.to_string().contains("it belongs to user"), "{error}");
}

/// Spoils the secret of a cache that has an entry. The cache must make a new one.
#[track_caller]
fn secret_is_replaced(place: &CacheFolder, spoil: impl FnOnce(&Path), reason: &str) {
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let file = place.file("key");
    let before = fs::read(&file).unwrap();
    spoil(&file);
    let cache = place.open();
    let error = cache.last_error().expect("it is reported").to_string();
    assert!(error.contains(reason), "{error}");
    assert_ne!(fs::read(&file).unwrap(), before);
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(mode(&file), 0o600);
    assert!(cache.load(&key(1)).is_none(), "whoever knew the old one may have made the entry");
    assert_eq!(cache.statistics().rejected, 1);
    assert!(cache.put(&key(1), artifact(1)));
    assert!(is(&place.open().load(&key(1)).unwrap(), 1));
}

#[test]
fn a_secret_that_others_may_know_is_replaced() {
    for bad in [0o640, 0o604, 0o660, 0o602, 0o644, 0o666] {
        let spoil = |file: &Path| set_mode(file, bad);
        secret_is_replaced(&CacheFolder::new(), spoil, &format!("{bad:04o}"));
    }
    let place = CacheFolder::new();
    if let Some(stranger) = stranger(&place) {
        let spoil = |file: &Path| chown(file, Some(stranger), None).unwrap();
        secret_is_replaced(&place, spoil, "belongs to user");
    }
}

#[test]
fn a_secret_of_another_size_or_kind_is_replaced() {
    for len in [0, 31, 33] {
        let spoil = |file: &Path| fs::write(file, vec![0; len]).unwrap();
        secret_is_replaced(&CacheFolder::new(), spoil, &format!("{len} bytes instead of 32"));
    }
    let place = CacheFolder::new();
    let elsewhere = place.root().join("elsewhere");
    let spoil = |file: &Path| {
        fs::rename(file, &elsewhere).unwrap();
        // A link to the very secret: it may be a file that somebody else can read.
        symlink(&elsewhere, file).unwrap();
        fs::write(&elsewhere, [1; 32]).unwrap();
    };
    secret_is_replaced(&place, spoil, "not an ordinary file");
}

#[test]
fn a_removed_directory_is_made_anew() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    fs::remove_dir_all(place.path()).unwrap();
    assert!(cache.load(&key(1)).is_none());
    assert!(cache.entries().unwrap().is_empty());
    assert!(cache.put(&key(1), artifact(1)));
    assert!(is(&cache.load(&key(1)).unwrap(), 1));
    assert!(is(&place.open().load(&key(1)).unwrap(), 1));
    assert_eq!(mode(place.path()), 0o700);
}

#[test]
fn another_directory_in_its_place_is_not_used() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    fs::rename(place.path(), place.root().join("moved")).unwrap();
    fs::create_dir(place.path()).unwrap();
    set_mode(place.path(), 0o777);
    assert!(cache.load(&key(1)).is_some());
    assert!(cache.put(&key(2), artifact(2)));
    assert!(place.files("").is_empty(), "nothing was written to the one that others may write to");
}

#[test]
fn where_there_can_be_no_directory_is_an_error_and_no_refusal() {
    let place = CacheFolder::new();
    let file = place.root().join("file");
    fs::write(&file, b"").unwrap();
    let mut config = CacheConfig::new();
    config.with_directory(file.join("cache"));
    let error = Cache::new(config.clone()).unwrap_err();
    assert!(!error.is_refusal(), "{error}");
    assert!(error.io_error().is_some(), "{error}");
    assert!(Cache::new(config.with_directory(&file).clone()).is_err(), "a file is none either");
}
