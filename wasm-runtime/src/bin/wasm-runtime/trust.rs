//! What to trust: options that several subcommands share.

use std::path::Path;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::sign::{ContentHash, PublicKey, TrustPolicy};
use wasm_runtime::{Config, Result, bail};

/// Keys and hashes.
#[derive(Args)]
pub(crate) struct Trust {
    /// Trusts artifacts that are signed with a key whose public half is in this file (PEM, as
    /// `keygen` or `openssl pkey -pubout` writes it). 64 hexadecimal digits are a hash: then the
    /// file with this hash is trusted. Can be given several times.
    #[arg(long, value_name = "PUB|HASH")]
    trust: Vec<String>,
}

impl Trust {
    /// Makes an engine trust the given keys and hashes.
    #[allow(unsafe_code)]
    pub(crate) fn apply(&self, config: &mut Config) -> Result<()> {
        if let Some(policy) = self.policy()? {
            // SAFETY: users decide which artifacts to trust as they do with their own programs.
            unsafe { config.trust(policy) };
        }
        Ok(())
    }

    /// The policy, if keys or hashes are given.
    pub(crate) fn policy(&self) -> Result<Option<TrustPolicy>> {
        if self.trust.is_empty() {
            return Ok(None);
        }
        let add = |policy: TrustPolicy, argument: &String| match argument.parse::<ContentHash>() {
            Ok(hash) => Ok(policy.hash(hash)),
            Err(_) => Ok(policy.key(public_key(Path::new(argument))?)),
        };
        self.trust.iter().try_fold(TrustPolicy::new(), add).map(Some)
    }
}

/// Reads a public key from a file.
fn public_key(path: &Path) -> Result<PublicKey> {
    let pem = match std::fs::read_to_string(path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "--trust: `{}` is neither a file nor a hash of 64 hexadecimal digits",
            path.display()
        ),
        Err(error) => {
            return Err(error).with_context(|| format!("can't read `{}`", path.display()));
        }
    };
    PublicKey::from_pem(&pem).with_context(|| format!("`{}`", path.display()))
}
