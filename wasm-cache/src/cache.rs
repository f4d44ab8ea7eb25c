//! The cache itself: inserting and loading.

use std::fmt;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use wasm_artifact::Artifact;
use wasm_artifact::sign::TrustPolicy;
use wasm_loader::{Loaded, LoadedComponent};

use crate::config::CacheConfig;
use crate::directory::{Directory, FileStatus};
use crate::entry::{self, Entry};
use crate::error::Error;
use crate::evict::{self, Budget};
use crate::key::CacheKey;
use crate::secret::Secret;
use crate::statistics::{Counters, Statistics};

/// How precisely the time of an entry's last use is kept: not every use is worth a write.
const GRAIN: Duration = Duration::from_secs(60);

/// Compiled modules in a directory of this user.
///
/// A handle that is cheap to clone and can be used on several threads. Any number of processes may
/// use the same directory at the same time.
///
/// Problems with the directory or its contents do not stop a program: an entry that can't be used
/// counts as missing, and an artifact that can't be kept is not kept. [`Cache::statistics`] counts
/// both, and [`Cache::last_error`] returns the last problem.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    config: CacheConfig,
    path: PathBuf,
    /// Replaced when the directory was removed and made anew.
    open: Mutex<Arc<Open>>,
    budget: Mutex<Budget>,
    counters: Counters,
    last_error: Mutex<Option<Arc<Error>>>,
}

/// The directory and its secret, which belong together.
struct Open {
    directory: Directory,
    secret: Secret,
}

/// Loads what is in an open file if the policy trusts it.
type Load<L> = fn(OwnedFd, &TrustPolicy) -> Result<L, wasm_loader::Error>;

/// What [`Cache::clear`] has removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Cleared {
    /// How many entries.
    pub entries: u64,
    /// How many bytes they had together.
    pub bytes: u64,
}

impl Cache {
    /// Opens the cache in a directory, which is made if it does not exist.
    ///
    /// # Errors
    ///
    /// If there is no such directory and it can't be made, if users other than this one may write
    /// to it ([`Error::is_refusal`]), or if its secret can be neither read nor made.
    pub fn new(config: CacheConfig) -> Result<Self, Error> {
        let path = config.resolved_directory()?;
        let (open, replaced) = Open::new(&path)?;
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                path,
                open: Mutex::new(Arc::new(open)),
                budget: Mutex::default(),
                counters: Counters::default(),
                last_error: Mutex::new(replaced.map(Arc::new)),
            }),
        })
    }

    /// Opens a cache with the settings in a file: see [`CacheConfig::from_file`].
    ///
    /// # Errors
    ///
    /// As for [`CacheConfig::from_file`] and [`Cache::new`].
    pub fn from_file(path: Option<&Path>) -> Result<Self, Error> {
        Self::new(CacheConfig::from_file(path)?)
    }

    /// The directory.
    pub fn directory(&self) -> &PathBuf {
        &self.shared.path
    }

    /// The settings.
    pub fn config(&self) -> &CacheConfig {
        &self.shared.config
    }

    /// Loads the entry of a key.
    ///
    /// The entry's file is read into memory of this process and verified there. If it is what
    /// [`Cache::insert`] in a program of the same user was given with this very key, it is
    /// returned. Otherwise it is removed, and counts as missing.
    pub fn load(&self, key: &CacheKey) -> Option<Arc<Loaded>> {
        self.load_as(key, Loaded::verified_from_fd)
    }

    /// As [`load`](Self::load), for the artifact of a component.
    pub fn load_component(&self, key: &CacheKey) -> Option<Arc<LoadedComponent>> {
        self.load_as(key, LoadedComponent::verified_from_fd)
    }

    fn load_as<L>(&self, key: &CacheKey, load: Load<L>) -> Option<L> {
        let found = self.try_load(key, load);
        let counters = &self.shared.counters;
        match found {
            Ok(Some(loaded)) => {
                counters.hits.count();
                return Some(loaded);
            }
            Ok(None) => {}
            Err(error) => self.note(error),
        }
        counters.misses.count();
        None
    }

    fn try_load<L>(&self, key: &CacheKey, load: Load<L>) -> Result<Option<L>, Error> {
        let open = self.open();
        let directory = &open.directory;
        let name = entry::name(key);
        let reject = |error| {
            self.shared.counters.rejected.count();
            error
        };
        let file = match directory.open_file(&name) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            // Something else, for example a link to elsewhere, is in the way of a proper entry.
            Err(error) if directory.status(&name).is_some_and(|status| !status.is_file()) => {
                directory.remove(&name)?;
                return Err(reject(error));
            }
            Err(error) => return Err(error),
        };
        let path = directory.path_of(&name);
        let looked = |error| Error::io("look at", &path, error);
        let status = FileStatus::of(&file).map_err(looked)?;
        if !status.is_file() {
            directory.remove(&name)?;
            return Err(reject(looked(std::io::Error::other("it is not an ordinary file"))));
        }
        let stale = status.used().elapsed().is_ok_and(|age| age > GRAIN);
        let touch = stale.then(|| file.try_clone()).transpose().map_err(looked)?;
        match load(file.into(), &open.secret.policy(key)) {
            Ok(loaded) => {
                if let Some(file) = touch {
                    // Where the time can't be set, the entry merely looks older than it is.
                    let _ = rustix::fs::futimens(&file, &USED_NOW);
                }
                Ok(Some(loaded))
            }
            // The entry may be intact: there was no memory, or the disk did not respond.
            Err(error) if error.io_error().is_some() => Err(Error::load(path, error)),
            Err(error) => {
                // Another process may have replaced it by a good one meanwhile.
                let same = |now: FileStatus| now.is_same_file(&status);
                if directory.status(&name).is_some_and(same) {
                    directory.remove(&name)?;
                }
                Err(reject(Error::rejected(path, error)))
            }
        }
    }

    /// Keeps an artifact as the entry of a key, and replaces the previous one. Returns whether it
    /// was kept; if not, [`Cache::last_error`] returns why.
    ///
    /// The key must have been made of everything that the artifact depends on. The artifact is
    /// authenticated with the cache's secret: if it has a seal, that is replaced.
    ///
    /// # Safety
    ///
    /// Everybody who requests the key from this user's cache runs the artifact without any further
    /// check. It must be what a correct compiler has made, and the key must not be that of anything
    /// else.
    #[allow(unsafe_code, reason = "whoever puts machine code into the cache answers for it")]
    pub unsafe fn insert(&self, key: &CacheKey, artifact: Vec<u8>) -> bool {
        let counters = &self.shared.counters;
        match self.try_insert(key, artifact) {
            Ok(()) => {
                counters.insertions.count();
                true
            }
            Err(error) => {
                counters.failures.count();
                self.note(error);
                false
            }
        }
    }

    fn try_insert(&self, key: &CacheKey, mut artifact: Vec<u8>) -> Result<(), Error> {
        let config = &self.shared.config;
        let len = artifact.len() as u64;
        let limit = config.files_total_size_soft_limit();
        if len > limit || config.file_count_soft_limit() == 0 {
            return Err(Error::unsuitable(format!(
                "it has {len} bytes, and all {} entries together may have {limit}",
                config.file_count_soft_limit()
            )));
        }
        let open = self.open_or_reopen()?;
        open.secret.authenticate(&mut artifact, key)?;
        // This is not flushed to the disk: what a crash of the system leaves half-written is not
        // authentic.
        open.directory.temporary()?.finish(&artifact, &entry::name(key))?;
        let mut budget = lock(&self.shared.budget);
        if budget.add(len, config) {
            // The entry is there, whatever happens to the others.
            if let Err(error) = self.make_room(&open.directory, &mut budget) {
                self.note(error);
            }
        }
        Ok(())
    }

    /// Removes entries, the least recently used first, until the limits are kept.
    fn make_room(&self, directory: &Directory, budget: &mut Budget) -> Result<(), Error> {
        entry::sweep(directory)?;
        let mut entries = entry::list(directory)?;
        let staying = evict::staying(&entries, &self.shared.config);
        for entry in entries.drain(staying..) {
            directory.remove(&entry::name(&entry.key))?;
            self.shared.counters.evictions.count();
        }
        budget.saw(&entries);
        Ok(())
    }

    /// Removes the entry of a key, if there is one.
    ///
    /// # Errors
    ///
    /// If it can't be removed.
    pub fn remove(&self, key: &CacheKey) -> Result<(), Error> {
        self.open().directory.remove(&entry::name(key))
    }

    /// The entries in the cache, the most recently used first. Only loading an entry shows whether
    /// it is authentic.
    ///
    /// # Errors
    ///
    /// If the directory can't be read.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        entry::list(&self.open().directory)
    }

    /// The name of the module in an entry, by its own name section. `None` if it has none, or if
    /// the entry is gone or can't be read. This reads the entry without checking that it is
    /// authentic: the name is for people.
    pub fn module_name(&self, entry: &Entry) -> Option<String> {
        let mut file = self.open().directory.open_file(&entry::name(&entry.key)).ok()??;
        FileStatus::of(&file).ok().filter(FileStatus::is_file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        Some(Artifact::parse(&bytes).ok()?.module_name()?.to_owned())
    }

    /// Removes all entries, and leftovers of unfinished writes. Modules that were loaded stay as
    /// they are: they do not use the files.
    ///
    /// # Errors
    ///
    /// If the directory can't be read, or an entry can't be removed.
    pub fn clear(&self) -> Result<Cleared, Error> {
        let open = self.open();
        lock(&self.shared.budget).forget();
        entry::sweep(&open.directory)?;
        let mut cleared = Cleared::default();
        for entry in entry::list(&open.directory)? {
            open.directory.remove(&entry::name(&entry.key))?;
            cleared.entries += 1;
            cleared.bytes += entry.bytes;
        }
        Ok(cleared)
    }

    /// How often an entry was found and could be used.
    pub fn cache_hits(&self) -> usize {
        self.shared.counters.hits.value() as usize
    }

    /// How often there was no entry, or none that could be used.
    pub fn cache_misses(&self) -> usize {
        self.shared.counters.misses.value() as usize
    }

    /// What this handle and its clones have counted.
    pub fn statistics(&self) -> Statistics {
        self.shared.counters.statistics()
    }

    /// The last problem, if there was one: an entry that was rejected, an artifact that could not
    /// be written, a secret that had to be replaced.
    pub fn last_error(&self) -> Option<Arc<Error>> {
        lock(&self.shared.last_error).clone()
    }

    fn note(&self, error: Error) {
        *lock(&self.shared.last_error) = Some(Arc::new(error));
    }

    fn open(&self) -> Arc<Open> {
        Arc::clone(&lock(&self.shared.open))
    }

    /// The directory; it is opened anew if somebody has removed it.
    fn open_or_reopen(&self) -> Result<Arc<Open>, Error> {
        let mut open = lock(&self.shared.open);
        if open.directory.is_gone() {
            let (new, replaced) = Open::new(&self.shared.path)?;
            *open = Arc::new(new);
            if let Some(replaced) = replaced {
                self.note(replaced);
            }
        }
        Ok(Arc::clone(&open))
    }
}

impl Open {
    fn new(path: &Path) -> Result<(Self, Option<Error>), Error> {
        let directory = Directory::open(path)?;
        let (secret, replaced) = Secret::of(&directory)?;
        Ok((Self { directory, secret }, replaced))
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("directory", &self.shared.path)
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}

/// Sets the time of access to now, and leaves that of writing alone.
const USED_NOW: Timestamps = Timestamps {
    last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
};

/// A panicking thread leaves nothing half-done behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
