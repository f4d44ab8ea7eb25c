//! Keeps compiled WebAssembly modules in the user's cache directory: they are compiled once, and
//! loaded by every later run.
//!
//! A [`Cache`] finds artifacts by a [`CacheKey`], the hash of everything that they were made of.
//! What it returns is loaded and verified, and was inserted by a program of the same user with the
//! same key: nobody else can make it run anything. It knows no compiler and no store. Its user
//! decides what goes into a key ([`KeyBuilder`]), compiles what is missing, and inserts that.
//!
//! # Should I use this?
//!
//! To have your programs' modules compiled once, use `wasm-runtime` with its feature `cache` and
//! pass a [`Cache`] to `Config::cache`: it makes the keys. Use this crate to give a runtime of your
//! own a cache. Modules that are known beforehand are better compiled ahead of time.
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
//! * `KEY.cwasm` for each entry: the artifact, authenticated. `KEY` are the 64 hexadecimal digits
//!   of its [`CacheKey`]. Its access time is the time of its last use.
//! * `key`: the secret that entries are authenticated with. Without it, all entries are worthless.
//!   It is the one file that must not be copied to anybody.
//! * `lock`, which is empty, and `tmp-*`, files that are being written.
//!
//! Everything in it can be removed at any time, the whole directory too.
//!
//! Files are written under a temporary name and renamed. So an entry is complete or does not exist,
//! even if a process is killed. Nothing is flushed to the disk: what a crash of the system leaves
//! half-written is not authentic, and is compiled again.
//!
//! # Trust
//!
//! Entries are machine code: if anybody could write one, every later run would execute it. So:
//!
//! * The directory must belong to this user, and nobody else may have the permission to write to
//!   it. Otherwise the cache is not opened ([`Error::is_refusal`]).
//! * An entry is authenticated (keyed BLAKE3) with a key that is derived from the secret and from
//!   the entry's [`CacheKey`]. A file that was damaged, came from another user or another machine,
//!   or was moved from the name of another entry is removed and compiled again.
//! * It is read into private memory of this process first, and verified and run from there: a
//!   change of the file while it is loaded has no effect.
//! * If anybody else could have read the secret, it is replaced, which makes all entries worthless.
//!
//! So security does not depend on permissions alone. A file that gets into the directory in another
//! way, from a backup, an image of a container or by a careless `chmod`, is not run. Whoever has
//! the secret can make entries. That is this user, whose programs can do everything else in this
//! user's name anyway, and the administrator. Users can't share a cache: each has their own.
//!
//! What the cache returns was made by the compiler for this very input, settings and target.
//! Whether the compiler is correct is outside of the cache's scope. As in any cache, the time that
//! loading takes reveals whether a module was compiled before.
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
