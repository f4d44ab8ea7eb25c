//! Loading under a trust policy: what is run is what was verified, whatever happens to the file
//! before, meanwhile and afterwards.

mod guest;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use guest::{DATA, FORTY_TWO};
use tempfile::NamedTempFile;
use wasm_artifact::sign::{
    ContentHash, MacKey, SigningKey, TrustPolicy, VerifyErrorKind, authenticate, sign,
};
use wasm_artifact::{ErrorKind, WriteOptions, write};
use wasm_loader::{Error, Loaded};
use wasm_types::{DefinedFuncIndex, DefinedMemoryIndex};

/// An artifact of a function that returns 42 and a memory that starts with [`DATA`].
fn artifact() -> Vec<u8> {
    let (module, compiled) = guest::module(FORTY_TWO, 0);
    write(&module, DATA, &compiled, &WriteOptions::new()).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn policy() -> TrustPolicy {
    TrustPolicy::new().key(key().public_key())
}

fn signed() -> Vec<u8> {
    let mut bytes = artifact();
    sign(&mut bytes, &key()).unwrap();
    bytes
}

fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn open(path: &Path) -> OwnedFd {
    File::open(path).unwrap().into()
}

/// The code runs, and the image has what it had when it was verified.
fn check(loaded: &Arc<Loaded>) {
    let entry = loaded.function_ptr(DefinedFuncIndex::new(0)).unwrap();
    // SAFETY: whatever was verified is the function without parameters that returns 42.
    let function = unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> i32>(entry) };
    assert_eq!(function(), 42);

    let image = loaded.artifact().memory_image(DefinedMemoryIndex::new(0)).unwrap().unwrap();
    assert!(image.bytes.starts_with(DATA));
    if let Some(source) = loaded.image_source() {
        let file = File::from(source.fd().try_clone_to_owned().unwrap());
        let mut bytes = vec![0; image.bytes.len()];
        file.read_exact_at(&mut bytes, source.offset(&image)).unwrap();
        assert_eq!(bytes, image.bytes);
    }
}

#[track_caller]
fn refused(result: Result<Arc<Loaded>, Error>, kind: VerifyErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.verify_error().unwrap().kind(), kind, "{error}");
    error
}

#[test]
fn what_is_trusted_runs() {
    let bytes = signed();
    let file = file_of(&bytes);
    check(&Loaded::verified_from_file(file.path(), &policy()).unwrap());
    check(&Loaded::verified_from_fd(open(file.path()), &policy()).unwrap());
    check(&Loaded::verified_from_bytes(&bytes, &policy()).unwrap());
    // Read from its start, wherever the descriptor stands.
    let mut moved = File::open(file.path()).unwrap();
    std::io::Seek::seek(&mut moved, std::io::SeekFrom::Start(1000)).unwrap();
    check(&Loaded::verified_from_fd(moved.into(), &policy()).unwrap());

    let mac = MacKey::from_bytes([2; 32]);
    let mut bytes = artifact();
    authenticate(&mut bytes, &mac).unwrap();
    check(&Loaded::verified_from_bytes(&bytes, &TrustPolicy::new().mac_key(mac)).unwrap());
    let by_hash = TrustPolicy::new().hash(ContentHash::of(&artifact()));
    check(&Loaded::verified_from_bytes(&artifact(), &by_hash).unwrap());
}

#[test]
fn what_is_not_trusted_is_refused() {
    let file = file_of(&artifact());
    let error =
        refused(Loaded::verified_from_file(file.path(), &policy()), VerifyErrorKind::NotSealed);
    assert_eq!(error.path(), Some(file.path()));
    assert!(format!("{error:#}").contains("not sealed"), "{error}");
    refused(Loaded::verified_from_bytes(&artifact(), &policy()), VerifyErrorKind::NotSealed);
    let nobody = TrustPolicy::new();
    refused(Loaded::verified_from_bytes(&signed(), &nobody), VerifyErrorKind::NothingTrusted);
    let other = TrustPolicy::new().key(SigningKey::from_seed(&[9; 32]).public_key());
    refused(
        Loaded::verified_from_file(file_of(&signed()).path(), &other),
        VerifyErrorKind::UnknownKey,
    );

    // One bit of the code.
    let mut bytes = signed();
    let place = bytes.windows(FORTY_TWO.len()).position(|window| window == FORTY_TWO).unwrap();
    bytes[place] ^= 1;
    refused(Loaded::verified_from_bytes(&bytes, &policy()), VerifyErrorKind::WrongSeal);
}

#[test]
fn other_files_and_sizes_are_reported() {
    let kind = |bytes: &[u8]| {
        let from_file = Loaded::verified_from_file(file_of(bytes).path(), &policy()).unwrap_err();
        let from_bytes = Loaded::verified_from_bytes(bytes, &policy()).unwrap_err();
        let kind = from_file.artifact_error().unwrap().kind();
        assert_eq!(from_bytes.artifact_error().unwrap().kind(), kind);
        kind
    };
    assert_eq!(kind(b""), ErrorKind::NotAnArtifact);
    assert_eq!(kind(b"\0asm\x01\0\0\0"), ErrorKind::NotAnArtifact);
    let mut bytes = signed();
    assert_eq!(kind(&bytes[..bytes.len() - 1]), ErrorKind::Truncated);
    bytes.push(0);
    assert_eq!(kind(&bytes), ErrorKind::TrailingBytes);
    let error = Loaded::verified_from_file("/", &policy()).unwrap_err();
    assert!(format!("{error:#}").contains("directory"), "{error}");
    let error = Loaded::verified_from_file("/nonexistent/artifact", &policy()).unwrap_err();
    assert_eq!(error.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
}

/// What `unsafe` loading can't survive: the very file is overwritten, truncated and removed.
#[test]
fn the_file_may_change_afterwards() {
    let bytes = signed();
    let file = file_of(&bytes);
    let loaded = Loaded::verified_from_fd(open(file.path()), &policy()).unwrap();
    // Before anything of it was read, and before there was a copy of the images.
    let writable = OpenOptions::new().write(true).open(file.path()).unwrap();
    writable.write_all_at(&vec![0xcc; bytes.len()], 0).unwrap();
    check(&loaded);
    assert_eq!(loaded.artifact().bytes(), bytes);
    writable.set_len(0).unwrap();
    check(&loaded);
    fs::remove_file(file.path()).unwrap();
    check(&loaded);
    assert_eq!(loaded.artifact().bytes(), bytes);
}

/// The code is in memory of the process alone, never writable again, and so are the images.
#[test]
fn nobody_else_can_write_it() {
    let file = file_of(&signed());
    let loaded = Loaded::verified_from_file(file.path(), &policy()).unwrap();
    if cfg!(not(target_os = "linux")) {
        eprintln!("skipped: this system does not list mappings");
        return;
    }
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut seen = Vec::new();
    for line in maps.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = fields[0].split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16).unwrap());
        let bytes = loaded.artifact().bytes().as_ptr_range();
        if start < bytes.end.addr() && bytes.start.addr() < end {
            // The mapping is private, and not of a file.
            assert_eq!((&fields[1][3..], fields[4]), ("p", "0"), "{line}");
            seen.push(fields[1][..3].to_owned());
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["r--", "r-x"]);
}

#[cfg(target_os = "linux")]
#[test]
fn images_are_sealed() {
    use rustix::fs::{SealFlags, fcntl_get_seals};
    let loaded = Loaded::verified_from_bytes(&signed(), &policy()).unwrap();
    let Some(source) = loaded.image_source() else {
        eprintln!("skipped: this system has no files that can be sealed");
        return;
    };
    let seals = fcntl_get_seals(source.fd()).unwrap();
    let wanted = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    assert!(seals.contains(wanted), "{seals:?}");
    let file = File::from(source.fd().try_clone_to_owned().unwrap());
    file.write_at(b"x", 0).unwrap_err();
    file.set_len(0).unwrap_err();
    check(&loaded);
}

/// One thread keeps damaging and repairing the file, and changing its size, while others load it.
/// Whatever loads is intact.
#[test]
fn the_file_may_change_meanwhile() {
    let bytes = signed();
    let code = bytes.windows(FORTY_TWO.len()).position(|window| window == FORTY_TWO).unwrap();
    let data = bytes
        .windows(DATA.len())
        .collect::<Vec<_>>()
        .iter()
        .rposition(|window| *window == DATA)
        .unwrap();
    let file = file_of(&bytes);
    let writable = OpenOptions::new().write(true).open(file.path()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let places = [code, code + 1, data, bytes.len() - 1, 100];
            for place in places.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                writable.write_all_at(&[bytes[*place] ^ 0x55], *place as u64).unwrap();
                writable.write_all_at(&bytes[*place..=*place], *place as u64).unwrap();
                if *place == 100 {
                    writable.set_len(bytes.len() as u64 + 1).unwrap();
                    writable.set_len(bytes.len() as u64 / 2).unwrap();
                    writable.write_all_at(&bytes, 0).unwrap();
                }
            }
        });
        let loaders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut counts = (0, 0);
                    while counts.0 < 40 && counts.0 + counts.1 < 3000 {
                        match Loaded::verified_from_file(file.path(), &policy()) {
                            Ok(loaded) => {
                                check(&loaded);
                                assert_eq!(loaded.artifact().bytes(), bytes);
                                counts.0 += 1;
                            }
                            Err(_) => counts.1 += 1,
                        }
                    }
                    counts
                })
            })
            .collect();
        let counts: Vec<_> = loaders.into_iter().map(|loader| loader.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        eprintln!("loads and refusals: {counts:?}");
    });
    // With the file repaired, and not changing any more, it loads.
    writable.set_len(bytes.len() as u64).unwrap();
    writable.write_all_at(&bytes, 0).unwrap();
    check(&Loaded::verified_from_file(file.path(), &policy()).unwrap());
}
