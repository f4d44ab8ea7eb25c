//! Compiled WebAssembly modules kept in the user's cache directory: compiled once, loaded by every later
//! run.
//!
//! A [`Cache`] finds artifacts by a [`CacheKey`], the hash of everything that they were made of. What it
//! gives out is loaded and verified, and was put in by a program of the same user with the same key:
//! nobody else can make it run something. It knows no compiler and no store: who uses it says what goes
//! into a key ([`KeyBuilder`]), compiles what is not there, and hands that in.
//!
//! # Should I use this?
//!
//! To have your programs' modules compiled once, take `wasm-runtime` with its feature `cache` and hand a
//! [`Cache`] to `Config::cache`: it makes the keys. Use this crate to give a runtime of your own a cache.
//! For modules that are known beforehand, compile them ahead of time instead.
//!
//! # Example
//!
//! ```no_run
//! use wasm_cache::{Cache, CacheConfig, KeyBuilder};
//!
//! # fn compile(_: &[u8]) -> Vec<u8> { Vec::new() }
//! # fn run(_: &wasm_loader::Loaded) {}
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::new(CacheConfig::new())?;
//! let wasm = std::fs::read("program.wasm")?;
//! let key = KeyBuilder::new().text("compiler", "mine 1.0").bytes("wasm", &wasm).finish();
//! match cache.load(&key) {
//!     Some(loaded) => run(&loaded),
//!     None => {
//!         let artifact = compile(&wasm);
//!         // ... load the artifact and run it. If it can't be kept, the next run compiles again.
//!         // SAFETY: the compiler has just made it, of what the key was made of.
//!         unsafe { cache.insert(&key, artifact) };
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is in the directory
//!
//! It has the permissions 0700, its files 0600:
//!
//! * `KEY.cwasm` for each entry: the artifact, authenticated; `KEY` are the 64 hexadecimal digits of its
//!   [`CacheKey`]. Its time of access says when it was last used.
//! * `key`: the secret that entries are authenticated with. Without it, all entries are worthless: it is
//!   the one file that must not be copied to anybody.
//! * `lock`, which is empty, and `tmp-*`, what is being written.
//!
//! Everything in it can be removed at any time, the whole directory too.
//!
//! Files are written under a temporary name and renamed, so that an entry is there whole or not at all,
//! also if a process is killed. Nothing is flushed to the disk: what a crash of the system leaves
//! half-written is not authentic, and is compiled again.
//!
//! # Trust
//!
//! Entries are machine code, and whoever could write one would have every later run execute it. So:
//!
//! * The directory must belong to this user, and nobody else may have the permission to write to it. If
//!   that is not so, the cache is not opened ([`Error::is_refusal`]).
//! * An entry is authenticated (keyed BLAKE3) with a key that is derived from the secret and from the
//!   entry's [`CacheKey`]. A file that was damaged, came from another user or another machine, or was
//!   moved from the name of another entry is removed and compiled again.
//! * It is read to private memory of this process first, and verified and run from there: who changes
//!   the file while it is loaded changes nothing.
//! * If anybody else could have read the secret, there is a new one, which makes all entries worthless.
//!
//! So permissions are not relied on alone: a file that gets into the directory on other ways, out of a
//! backup, an image of a container, a careless `chmod`, is not run. Who has the secret can make
//! entries; that is this user, whose programs can do everything else in this user's name anyway, and the
//! administrator. A cache can't be shared by users: each has one of their own.
//!
//! What the cache gives back was made by the compiler for this very input, settings and target; that the
//! compiler is right is not its concern. How long loading takes tells whether a module was compiled
//! before, as in any cache.
//!
//! # Features
//!
//! None. The crate is for Unix systems.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
mod config;
mod directory;
mod entry;
mod error;
mod evict;
mod key;
mod secret;
mod statistics;

pub use cache::{Cache, Cleared};
pub use config::CacheConfig;
pub use entry::Entry;
pub use error::Error;
pub use key::{CacheKey, KeyBuilder};
pub use statistics::Statistics;
pub use wasm_loader::Loaded;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
