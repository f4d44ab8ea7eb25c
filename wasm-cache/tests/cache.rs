//! What was inserted can be loaded, as long as it may be trusted and there is room.

mod support;

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{FileExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use support::{CacheFolder, Put as _, artifact, artifact_of, code, is, key};
use wasm_artifact::sign::{MacKey, authenticate};
use wasm_cache::{Cache, CacheConfig, Statistics};

/// Hits, misses and rejected entries.
fn counts(cache: &Cache) -> (u64, u64, u64) {
    let Statistics { hits, misses, rejected, .. } = cache.statistics();
    (hits, misses, rejected)
}

#[test]
fn what_was_put_in_is_found() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.load(&key(1)).is_none());
    assert!(cache.put(&key(1), artifact(1)));
    assert!(is(&cache.load(&key(1)).unwrap(), 1));
    assert!(cache.load(&key(2)).is_none(), "another key");
    assert_eq!(counts(&cache), (1, 2, 0));
    assert_eq!((cache.cache_hits(), cache.cache_misses()), (1, 2));
    assert_eq!(cache.statistics().insertions, 1);
    // Clones count together. Another cache of the same directory finds the same entries.
    assert!(cache.clone().load(&key(1)).is_some());
    assert_eq!(cache.cache_hits(), 2);
    assert!(is(&place.open().load(&key(1)).unwrap(), 1));
    assert!(cache.last_error().is_none());
}

#[test]
fn the_last_one_put_in_counts() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let first = cache.load(&key(1)).unwrap();
    assert!(cache.put(&key(1), artifact(2)));
    assert!(is(&cache.load(&key(1)).unwrap(), 2));
    assert!(is(&first, 1), "what is loaded stays");
    assert_eq!(cache.entries().unwrap().len(), 1);
    cache.remove(&key(1)).unwrap();
    cache.remove(&key(1)).unwrap();
    assert!(cache.load(&key(1)).is_none());
}

#[test]
fn each_damaged_byte_is_noticed() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let path = place.entry(&key(1));
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, bytes).unwrap();
        assert!(cache.load(&key(1)).is_none(), "byte {at} of {}", good.len());
        assert!(!path.exists(), "byte {at}");
    }
    assert_eq!(counts(&cache), (0, good.len() as u64, good.len() as u64));
    let error = cache.last_error().unwrap();
    assert_eq!(error.path(), Some(path.as_path()));
    assert!(error.to_string().contains("removed"), "{error}");
    fs::write(&path, &good).unwrap();
    assert!(is(&cache.load(&key(1)).unwrap(), 1), "the undamaged bytes are accepted");
}

#[test]
fn an_entry_of_another_length_is_noticed() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let path = place.entry(&key(1));
    let good = fs::read(&path).unwrap();
    let longer = [good.as_slice(), b"\0"].concat();
    for len in (0..good.len()).step_by(61).chain([good.len() - 1, good.len() + 1]) {
        fs::write(&path, &longer[..len]).unwrap();
        assert!(cache.load(&key(1)).is_none(), "{len} bytes of {}", good.len());
        assert!(!path.exists(), "{len} bytes");
    }
}

#[test]
fn a_foreign_entry_is_not_trusted() {
    let place = CacheFolder::new();
    let cache = place.open();
    let path = place.entry(&key(1));
    let refused = |bytes: &[u8], what: &str| {
        let before = cache.statistics().rejected;
        fs::write(&path, bytes).unwrap();
        assert!(cache.load(&key(1)).is_none(), "{what}");
        assert!(!path.exists(), "{what}");
        assert_eq!(cache.statistics().rejected, before + 1, "{what}");
    };
    let mut foreign = artifact(1);
    refused(&foreign, "not authenticated");
    authenticate(&mut foreign, &MacKey::from_bytes([7; 32])).unwrap();
    refused(&foreign, "authenticated with another key");
    refused(b"\0asm\x01\0\0\0", "no artifact at all");

    let other = CacheFolder::new();
    assert!(other.open().put(&key(1), artifact(1)));
    refused(&fs::read(other.entry(&key(1))).unwrap(), "of another user's cache");
}

#[test]
fn entries_do_not_stand_for_each_other() {
    let place = CacheFolder::new();
    let cache = place.open();
    for number in [1, 2] {
        assert!(cache.put(&key(number), artifact(number)));
    }
    let (one, two, between) = (place.entry(&key(1)), place.entry(&key(2)), place.file("x"));
    fs::rename(&one, &between).unwrap();
    fs::rename(&two, &one).unwrap();
    fs::rename(&between, &two).unwrap();
    assert!(cache.load(&key(1)).is_none());
    assert!(cache.load(&key(2)).is_none());
    assert_eq!(cache.statistics().rejected, 2);
}

#[test]
fn what_is_no_file_is_no_entry() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let path = place.entry(&key(1));
    let elsewhere = place.root().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(cache.load(&key(1)).is_none(), "a link, even to a good entry");
    assert!(fs::symlink_metadata(&path).is_err(), "it is removed");
    assert!(elsewhere.exists(), "what it pointed to is not");
    assert_eq!(cache.statistics().rejected, 1);

    // Opening a pipe would wait for a writer.
    let status = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(status.success());
    assert!(cache.load(&key(1)).is_none());
    assert!(cache.put(&key(1), artifact(1)));
    assert!(cache.load(&key(1)).is_some());

    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(cache.load(&key(1)).is_none());
    assert!(!cache.put(&key(1), artifact(1)), "a directory is in the way");
    assert!(cache.last_error().unwrap().io_error().is_some());
    assert!(place.files("tmp-").is_empty());
}

#[test]
fn loaded_code_is_not_the_file() {
    let place = CacheFolder::new();
    let cache = place.open();
    assert!(cache.put(&key(1), artifact(1)));
    let loaded = cache.load(&key(1)).unwrap();
    let len = fs::metadata(place.entry(&key(1))).unwrap().len() as usize;
    fs::write(place.entry(&key(1)), vec![0xcc; len]).unwrap();
    assert!(is(&loaded, 1));
    fs::write(place.entry(&key(1)), b"").unwrap();
    assert!(is(&loaded, 1));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_right_or_none() {
    let place = CacheFolder::new();
    let cache = place.open();
    let path = place.entry(&key(1));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            while !done.load(Ordering::Relaxed) {
                // The file is missing between the removal of a damaged entry and the insertion of a
                // good one.
                let Ok(file) = File::options().read(true).write(true).open(&path) else { continue };
                let mut byte = [0];
                if file.read_exact_at(&mut byte, at).is_err() {
                    at = 0;
                    continue;
                }
                file.write_all_at(&[!byte[0]], at).unwrap();
                thread::yield_now();
                file.write_all_at(&byte, at).unwrap();
                at += 97;
            }
        });
        let mut right = 0;
        while right < 200 {
            match cache.load(&key(1)) {
                Some(loaded) => {
                    assert!(is(&loaded, 1));
                    right += 1;
                }
                None => assert!(cache.put(&key(1), artifact(1))),
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_is_no_artifact_is_not_kept() {
    let place = CacheFolder::new();
    let cache = place.open();
    let mut longer = artifact(1);
    longer.push(0);
    for bytes in [b"".to_vec(), b"\0asm\x01\0\0\0".to_vec(), longer] {
        assert!(!cache.put(&key(1), bytes));
    }
    assert_eq!(cache.statistics().failures, 3);
    assert!(cache.last_error().unwrap().to_string().contains("cannot keep"));
    assert!(cache.entries().unwrap().is_empty());
}

/// Sets the time of an entry's last use.
fn use_at(place: &CacheFolder, number: u64, age: Duration) {
    let time = SystemTime::now() - age;
    let file = File::options().append(true).open(place.entry(&key(number))).unwrap();
    file.set_times(FileTimes::new().set_accessed(time).set_modified(time)).unwrap();
}

#[test]
fn the_longest_unused_entries_go_first() {
    let place = CacheFolder::new();
    let mut config = place.config();
    config.with_file_count_soft_limit(8);
    let cache = Cache::new(config).unwrap();
    for number in 0..8 {
        assert!(cache.put(&key(number), artifact(number)));
        use_at(&place, number, Duration::from_secs(1000 - number));
    }
    assert_eq!(cache.statistics().evictions, 0);
    // The oldest entries are used once more.
    assert!(cache.load(&key(0)).is_some());
    assert!(cache.load(&key(1)).is_some());
    assert!(cache.put(&key(8), artifact(8)));
    let left: Vec<u64> = (0..9).filter(|number| place.entry(&key(*number)).exists()).collect();
    assert_eq!(left, [0, 1, 4, 5, 6, 7, 8]);
    assert_eq!(cache.statistics().evictions, 2);
    let keys: Vec<_> = cache.entries().unwrap().iter().map(|entry| entry.key).collect();
    assert_eq!(keys[3..], [key(7), key(6), key(5), key(4)], "the last used first");
}

#[test]
fn the_total_size_keeps_to_its_limit() {
    let place = CacheFolder::new();
    let size = artifact(0).len() as u64;
    let mut config = place.config();
    config.with_files_total_size_soft_limit(10 * size);
    let cache = Cache::new(config.clone()).unwrap();
    // Entries that were there before count, too.
    let other = Cache::new(config).unwrap();
    for number in 0..5 {
        assert!(other.put(&key(100 + number), artifact(100 + number)));
    }
    for number in 0..100 {
        assert!(cache.put(&key(number), artifact(number)));
        assert!(place.entry(&key(number)).exists(), "the new one stays");
        let entries = cache.entries().unwrap();
        let total: u64 = entries.iter().map(|entry| entry.bytes).sum();
        assert!(total <= 10 * size, "{total} bytes in {} entries", entries.len());
    }
    assert!(cache.entries().unwrap().len() >= 8);
    let large = artifact_of(&code(1, 20 * size as usize));
    assert!(!cache.put(&key(200), large), "larger than everything may be");
    assert!(cache.entries().unwrap().len() >= 8, "nothing had to go for it");
}

#[test]
fn abandoned_files_are_removed_and_others_are_not() {
    let place = CacheFolder::new();
    let cache = place.open();
    let old = SystemTime::now() - Duration::from_secs(7200);
    for (name, time) in [("tmp-1-0", Some(old)), ("tmp-2-0", None), ("notes.txt", Some(old))] {
        fs::write(place.file(name), b"half").unwrap();
        if let Some(time) = time {
            let file = File::options().append(true).open(place.file(name)).unwrap();
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        }
    }
    assert!(cache.put(&key(1), artifact(1)), "the first insertion reads the directory");
    assert!(!place.file("tmp-1-0").exists());
    assert!(place.file("tmp-2-0").exists(), "somebody may be writing it");
    let cleared = cache.clear().unwrap();
    assert_eq!((cleared.entries, cleared.bytes), (1, artifact(1).len() as u64));
    assert!(place.file("notes.txt").exists(), "not ours");
    assert!(cache.put(&key(1), artifact(1)));
    assert!(cache.load(&key(1)).is_some());
}

#[test]
fn clearing_does_not_disturb_those_who_load() {
    let place = CacheFolder::new();
    let caches = [place.open(), place.open()];
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (cache, done) = (&caches[worker % 2], &done);
                scope.spawn(move || {
                    let mut hits = 0;
                    let mut round = 0;
                    while !done.load(Ordering::Relaxed) || hits == 0 {
                        let number = round % 5;
                        round += 1;
                        match cache.load(&key(number)) {
                            Some(loaded) => {
                                assert!(is(&loaded, number));
                                hits += 1;
                            }
                            None => assert!(cache.put(&key(number), artifact(number))),
                        }
                    }
                })
            })
            .collect();
        for _ in 0..100 {
            caches[0].clear().unwrap();
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
    for cache in &caches {
        assert_eq!(cache.statistics().rejected, 0, "{:?}", cache.last_error());
    }
}

#[test]
fn many_threads_use_it_at_once() {
    let place = CacheFolder::new();
    let mut config = place.config();
    config.with_file_count_soft_limit(12);
    let cache = Cache::new(config).unwrap();
    thread::scope(|scope| {
        for start in 0..8 {
            let cache = cache.clone();
            scope.spawn(move || {
                for round in 0..200 {
                    let number = (start * 7 + round) % 20;
                    match cache.load(&key(number)) {
                        Some(loaded) => assert!(is(&loaded, number)),
                        None => assert!(cache.put(&key(number), artifact(number))),
                    }
                }
            });
        }
    });
    let statistics = cache.statistics();
    assert_eq!(statistics.rejected, 0, "{:?}", cache.last_error());
    assert_eq!(statistics.hits + statistics.misses, 8 * 200);
    assert_eq!(statistics.misses, statistics.insertions);
    assert!(cache.entries().unwrap().len() <= 12);
    assert!(place.files("tmp-").is_empty());
}

#[test]
fn a_file_of_settings_is_read() {
    let place = CacheFolder::new();
    let file = place.root().join("cache.toml");
    let text =
        format!("[cache]\ndirectory = '{}'\nfile-count-soft-limit = 3\n", place.path().display());
    fs::write(&file, text).unwrap();
    let cache = Cache::from_file(Some(&file)).unwrap();
    assert_eq!(cache.directory(), &place.path());
    assert_eq!(cache.config().file_count_soft_limit(), 3);
    let default = CacheConfig::new().files_total_size_soft_limit();
    assert_eq!(cache.config().files_total_size_soft_limit(), default);

    fs::write(&file, "[cache]\nenabled = true\n").unwrap();
    let error = Cache::from_file(Some(&file)).unwrap_err();
    assert!(error.to_string().contains("cache.toml:2: "), "{error}");
    let error = Cache::from_file(Some(&place.root().join("none.toml"))).unwrap_err();
    assert!(error.io_error().is_some(), "{error}");
}

#[test]
fn handles_go_to_other_threads() {
    fn both<T: Send + Sync + Clone>() {}
    both::<(Cache, CacheConfig)>();
}
