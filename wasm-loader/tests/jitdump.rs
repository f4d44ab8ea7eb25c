//! The jitdump file, read back record by record. The only test of its program: it changes the
//! current directory.
#![cfg(target_os = "linux")]

mod support;

use std::fs;

use support::{MAP, NAMES, PLACES, loaded, text};
use wasm_loader::profile;

/// Reads numbers and strings from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }

    fn u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.bytes(4).try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        u64::from_ne_bytes(self.bytes(8).try_into().unwrap())
    }

    fn string(&mut self) -> &'a str {
        let len = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = self.bytes(len);
        self.bytes(1);
        str::from_utf8(text).unwrap()
    }
}

#[test]
fn every_function_has_its_records() {
    let directory = tempfile::tempdir().unwrap();
    std::env::set_current_dir(directory.path()).unwrap();
    let pid = std::process::id();
    let path = directory.path().join(format!("jit-{pid}.dump"));
    let modules = [loaded(true), loaded(false)];
    let threads = modules.each_ref().map(|loaded| {
        std::thread::scope(|scope| {
            let thread = || {
                profile::jitdump(loaded).unwrap();
                let name = fs::read_link("/proc/thread-self").unwrap();
                name.file_name().unwrap().to_str().unwrap().parse::<u32>().unwrap()
            };
            scope.spawn(thread).join().unwrap()
        })
    });

    let file = fs::read(&path).unwrap();
    let mut file = Reader(&file);
    assert_eq!(file.bytes(4), u32::to_ne_bytes(0x4a69_5444));
    assert_eq!((file.u32(), file.u32()), (1, 40));
    let own = fs::read("/proc/self/exe").unwrap();
    assert_eq!(file.u32(), u32::from(u16::from_ne_bytes([own[18], own[19]])));
    assert_eq!((file.u32(), file.u32()), (0, pid));
    let mut time = file.u64();
    assert_eq!(file.u64(), 0, "flags");

    let mut record = |kind: u32| {
        let found = file.u32();
        let size = file.u32() as usize;
        let now = file.u64();
        assert_eq!(found, kind);
        assert!(now >= time, "time does not go back");
        time = now;
        Reader(file.bytes(size - 16))
    };
    let mut number = 0;
    for (loaded, thread) in modules.iter().zip(threads) {
        let start = loaded.text().start as u64;
        for ((offset, len), name) in PLACES.into_iter().zip(NAMES) {
            let address = start + offset as u64;
            let within =
                MAP.iter().filter(|(at, _)| (offset..offset + len).contains(&(*at as usize)));
            let places: Vec<_> = within.collect();
            if !places.is_empty() {
                let mut info = record(2);
                assert_eq!((info.u64(), info.u64()), (address, places.len() as u64));
                for &&(at, wasm_offset) in &places {
                    assert_eq!(info.u64(), start + u64::from(at));
                    let line = if wasm_offset == u32::MAX { 0 } else { wasm_offset };
                    assert_eq!((info.u32(), info.u32()), (line, 0));
                    assert_eq!(info.string(), "three.wasm");
                }
                assert!(info.0.is_empty());
            }
            let mut load = record(0);
            assert_eq!((load.u32(), load.u32()), (pid, thread));
            assert_eq!((load.u64(), load.u64()), (address, address));
            assert_eq!((load.u64(), load.u64()), (len as u64, number));
            assert_eq!(load.string(), name);
            assert_eq!(load.0, &text()[offset..offset + len]);
            number += 1;
        }
    }
    assert!(file.0.is_empty());

    // This is how `perf` finds the file.
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let path = fs::canonicalize(path).unwrap();
    let mapped = maps.lines().filter(|line| line.ends_with(path.to_str().unwrap()));
    let access: Vec<_> = mapped.map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(access, ["r-xp"]);
}
