//! The secret of a user's cache, and what is authenticated with it.
//!
//! The secret is 32 random bytes in a file that only its user may read. Each entry is authenticated
//! with a key of its own, derived from the secret and from the entry's cache key. So an entry under
//! the name of another one is rejected, like one that somebody else wrote.

use std::io::Read;

use rustix::fs::Mode;
use wasm_artifact::sign::{self, MacKey, TrustPolicy};
use zeroize::Zeroizing;

use crate::directory::{Directory, FileStatus};
use crate::error::Error;
use crate::key::CacheKey;

/// The name of the file.
pub(crate) const NAME: &str = "key";

/// The length of the secret, in bytes.
const LEN: usize = 32;

/// Distinguishes keys of entries from whatever else might be derived from the secret.
const CONTEXT: &str = "wasm-cache 2026-11-21 authentication of an entry";

/// The secret. It is overwritten in memory when it is dropped.
pub(crate) struct Secret(Zeroizing<[u8; LEN]>);

/// What was found in the directory.
enum Found {
    Secret(Secret),
    Nothing,
    /// A file that must not be trusted, and the reasons.
    Unfit(Vec<String>),
}

impl Secret {
    /// Reads the secret of a directory. Makes a new one if there is none, or if somebody else may
    /// know the present one; in the second case the result includes an error that says why.
    pub(crate) fn of(directory: &Directory) -> Result<(Self, Option<Error>), Error> {
        if let Found::Secret(secret) = find(directory)? {
            return Ok((secret, None));
        }
        // Two processes that both made a secret would reject each other's entries.
        let _lock = directory.lock()?;
        let replaced = match find(directory)? {
            Found::Secret(secret) => return Ok((secret, None)),
            Found::Nothing => None,
            Found::Unfit(reasons) => {
                Some(Error::replaced_secret(&directory.path_of(NAME), reasons))
            }
        };
        let mut secret = Zeroizing::new([0; LEN]);
        getrandom::fill(secret.as_mut_slice()).map_err(|error| {
            let error = std::io::Error::other(error.to_string());
            Error::io("find random numbers for", &directory.path_of(NAME), error)
        })?;
        directory.temporary()?.finish(secret.as_slice(), NAME)?;
        Ok((Self(secret), replaced))
    }

    /// Authenticates an artifact as the entry of a key, in place.
    pub(crate) fn authenticate(&self, artifact: &mut [u8], key: &CacheKey) -> Result<(), Error> {
        sign::authenticate(artifact, &self.key_of(key))
            .map(|_| ())
            .map_err(|error| Error::unsuitable(error.to_string()))
    }

    /// Accepts only what this secret has authenticated as the entry of a key.
    pub(crate) fn policy(&self, key: &CacheKey) -> TrustPolicy {
        TrustPolicy::new().mac_key(self.key_of(key))
    }

    fn key_of(&self, key: &CacheKey) -> MacKey {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(self.0.as_slice());
        hasher.update(key.as_bytes());
        MacKey::from_bytes(*hasher.finalize().as_bytes())
    }
}

/// Finds and checks the file.
fn find(directory: &Directory) -> Result<Found, Error> {
    let failed =
        |error| Error::io("read the secret of the cache in", &directory.path_of(NAME), error);
    let mut file = match directory.open_file(NAME) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(Found::Nothing),
        // A symbolic link, or a file without permission to read it: this crate did not make it.
        Err(error) => match directory.status(NAME) {
            Some(status) if !status.is_file() => {
                return Ok(Found::Unfit(vec!["it is not an ordinary file".into()]));
            }
            _ => return Err(error),
        },
    };
    let status = FileStatus::of(&file).map_err(failed)?;
    let mut reasons = status.exposed(Mode::RWXG | Mode::RWXO);
    if !status.is_file() {
        reasons.push("it is not an ordinary file".into());
    } else if status.len() != LEN as u64 {
        reasons.push(format!("it has {} bytes instead of {LEN}", status.len()));
    }
    if !reasons.is_empty() {
        return Ok(Found::Unfit(reasons));
    }
    let mut secret = Zeroizing::new([0; LEN]);
    file.read_exact(secret.as_mut_slice()).map_err(failed)?;
    Ok(Found::Secret(Secret(secret)))
}
