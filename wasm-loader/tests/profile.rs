//! Profilers and debuggers learn the names of loaded functions.
#![cfg(target_os = "linux")]

mod support;

use std::ffi::CStr;
use std::sync::Arc;
use std::{fs, slice};

use support::{NAMES, PLACES, loaded};
use wasm_loader::{Error, profile};

#[test]
fn perf_maps_have_a_line_for_each_function() {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    fs::write(&path, "1000 20 what was there\n").unwrap();
    // Several threads write lines, which must not be mixed up.
    let modules: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn(move || {
                    (0..10)
                        .map(|_| {
                            let loaded = loaded(number % 2 == 0);
                            profile::perf_map(&loaded).unwrap();
                            loaded
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let map = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<_> = map
        .lines()
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut number = || usize::from_str_radix(parts.next().unwrap(), 16).unwrap();
            (number(), number(), parts.next().unwrap().to_owned())
        })
        .collect();
    lines.sort();
    let mut expected = vec![(0x1000, 0x20, "what was there".to_owned())];
    for loaded in &modules {
        for ((offset, len), name) in PLACES.into_iter().zip(NAMES) {
            expected.push((loaded.text().start + offset, len, name.to_owned()));
        }
    }
    expected.sort();
    assert_eq!(lines, expected);

    // Somebody else's link under this name is not followed.
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &path).unwrap();
    let result = profile::perf_map(&modules[0]);
    fs::remove_file(&path).unwrap();
    let error = result.unwrap_err();
    assert!(error.to_string().starts_with(&path), "{error}");
    assert!(error.io_error().is_some());
    assert_eq!(fs::read(elsewhere.path()).unwrap(), b"");
}

#[test]
fn names_are_those_of_the_symbols() {
    for symbols in [true, false] {
        let loaded = loaded(symbols);
        let found: Vec<_> = loaded
            .artifact()
            .symbols()
            .map(|symbol| {
                let symbol = symbol.unwrap();
                (symbol.code.offset as usize, symbol.name.replace('\n', "\\n"))
            })
            .collect();
        let expected: Vec<_> = PLACES
            .iter()
            .zip(NAMES)
            .map(|((offset, _), name)| (*offset, name.to_owned()))
            .collect();
        assert_eq!(found, expected);
    }
}

/// The list that debuggers read, as GDB's manual declares it.
mod list {
    #[repr(C)]
    pub(super) struct Entry {
        pub(super) next: *const Entry,
        pub(super) prev: *const Entry,
        pub(super) image: *const u8,
        pub(super) size: u64,
    }

    #[repr(C)]
    pub(super) struct Descriptor {
        pub(super) version: u32,
        pub(super) action: u32,
        pub(super) relevant: *const Entry,
        pub(super) first: *const Entry,
    }

    unsafe extern "C" {
        #[link_name = "__jit_debug_descriptor"]
        pub(super) static LIST: Descriptor;
    }
}

/// The images in the list. Their links must be consistent.
fn images() -> Vec<Vec<u8>> {
    let list = &raw const list::LIST;
    let mut images = Vec::new();
    // SAFETY: only one test changes the list, the one that looks at it. Its entries are valid.
    unsafe {
        assert_eq!(((*list).version, (*list).action), (1, 0));
        assert!((*list).relevant.is_null());
        let (mut entry, mut before) = ((*list).first, std::ptr::null());
        while let Some(found) = entry.as_ref() {
            assert_eq!(found.prev, before);
            images.push(slice::from_raw_parts(found.image, found.size as usize).to_vec());
            before = entry;
            entry = found.next;
        }
    }
    images
}

/// The address and size of the text, and those of each function with its name.
type Described = ((usize, usize), Vec<(usize, usize, String)>);

/// Reads an image as a debugger does: by its headers.
fn describe(image: &[u8]) -> Described {
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(&image[at..at + len]);
        usize::from_le_bytes(bytes)
    };
    assert_eq!(&image[..7], b"\x7fELF\x02\x01\x01");
    let own = fs::read("/proc/self/exe").unwrap();
    assert_eq!(image[18..20], own[18..20], "the machine");
    let (sections, count, names) = (number(40, 8), number(60, 2), number(62, 2));
    // Name, kind, flags, address, offset, size, link.
    let section = |index: usize| {
        assert!(index < count);
        let at = sections + index * 64;
        (number(at, 4), number(at + 4, 4), number(at + 16, 8), number(at + 24, 8), {
            (number(at + 32, 8), number(at + 40, 4))
        })
    };
    let string = |table: usize, at: usize| {
        let (_, _, _, offset, (size, _)) = section(table);
        let strings = &image[offset..offset + size];
        CStr::from_bytes_until_nul(&strings[at..]).unwrap().to_str().unwrap().to_owned()
    };
    let find = |name: &str| (1..count).find(|i| string(names, section(*i).0) == name).unwrap();
    let text = find(".text");
    let (_, kind, address, _, (size, _)) = section(text);
    assert_eq!(kind, 8, "the text has no bytes of its own");
    let (_, _, _, offset, (symbols, strings)) = section(find(".symtab"));
    assert_eq!(image[offset..offset + 24], [0; 24]);
    let functions = (1..symbols / 24)
        .map(|index| {
            let at = offset + index * 24;
            assert_eq!((image[at + 4] & 15, number(at + 6, 2)), (2, text));
            (number(at + 8, 8), number(at + 16, 8), string(strings, number(at, 4)))
        })
        .collect();
    ((address, size), functions)
}

#[test]
#[cfg(target_endian = "little")]
fn debuggers_find_code_as_long_as_it_is_registered() {
    assert!(images().is_empty());
    let modules = [loaded(true), loaded(false), loaded(true)];
    let expected: Vec<Described> = modules
        .iter()
        .map(|loaded| {
            let start = loaded.text().start;
            let function = |((offset, len), name): ((usize, usize), &str)| {
                (start + offset, len, name.to_owned())
            };
            let functions = PLACES.into_iter().zip(NAMES).map(function).collect();
            ((start, loaded.text().len()), functions)
        })
        .collect();
    let check = |order: &[usize]| {
        let found: Vec<_> = images().iter().map(|image| describe(image)).collect();
        let expected: Vec<_> = order.iter().map(|index| expected[*index].clone()).collect();
        assert_eq!(found, expected);
    };
    let register = |index: usize| profile::gdb(&modules[index]).unwrap();
    let (first, second, third) = (register(0), register(1), register(2));
    // The newest one comes first.
    check(&[2, 1, 0]);
    drop(second);
    check(&[2, 0]);
    drop(third);
    check(&[0]);
    let again = register(1);
    check(&[1, 0]);
    // A registered artifact stays loaded.
    let [loaded, ..] = modules;
    let weak = Arc::downgrade(&loaded);
    drop(loaded);
    assert!(weak.upgrade().is_some());
    drop(first);
    assert!(weak.upgrade().is_none());
    drop(again);
    assert!(images().is_empty());
}

#[test]
fn registrations_can_be_dropped_anywhere() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<profile::GdbRegistration>();
    shareable::<Error>();
}
