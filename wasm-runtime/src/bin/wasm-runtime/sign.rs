//! `wasm-runtime sign`: signs an artifact.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::sign::{self, SigningKey};
use wasm_runtime::{Result, bail};

use crate::exit;
use crate::output;
use crate::source::Source;
use crate::target::Target;

const LONG: &str = "\
Sign an artifact.

The signature is put into the artifact, and replaces any earlier signature. Nothing else changes.
The file is replaced by another one of the same name, so that programs which have loaded it are not
affected. `compile --sign` signs what it writes.

A signature says that those who trust the key may run the file. What the file does is not checked.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime sign program.cwasm --key keys/release.key
  wasm-runtime sign program.cwasm --key keys/release.key -o signed.cwasm";

/// Sign an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Sign {
    /// The artifact; `-` for standard input.
    file: Source,

    /// The secret key: PEM, as `keygen` or `openssl genpkey -algorithm ed25519` writes it.
    #[arg(long, value_name = "KEY")]
    key: PathBuf,

    /// The signed artifact; FILE itself if not given, `-` for standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<Target>,
}

impl Sign {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let key = read_key(&self.key)?;
        let output = Target::of(self.output, &self.file, Path::to_owned)?;
        let mut bytes = self.file.read()?;
        let id =
            sign::sign(&mut bytes, &key).with_context(|| format!("can't sign {}", self.file))?;
        match output.path() {
            Some(path) => {
                replace(path, self.file.path(), &bytes)
                    .with_context(|| format!("can't write {output}"))?;
                output::line(format_args!("{}: signed with the key {id}", path.display()))?;
            }
            None => {
                output.write(&bytes)?;
                exit::message(format_args!("signed with the key {id}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a secret key from a file.
pub(crate) fn read_key(path: &Path) -> Result<SigningKey> {
    let pem = fs::read_to_string(path);
    let pem = pem.with_context(|| format!("can't read `{}`", path.display()))?;
    SigningKey::from_pem(&pem).with_context(|| format!("`{}`", path.display()))
}

/// Signs an artifact, if there is a key.
#[cfg(feature = "jit")]
pub(crate) fn with_key(mut artifact: Vec<u8>, key: Option<&SigningKey>) -> Result<Vec<u8>> {
    if let Some(key) = key {
        sign::sign(&mut artifact, key)?;
    }
    Ok(artifact)
}

/// Replaces a file, or creates it. It gets the permissions of `like`, if there is one.
fn replace(path: &Path, like: Option<&Path>, bytes: &[u8]) -> Result<()> {
    // A symbolic link stays, and its target is replaced.
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error.into()),
    };
    let Some(name) = path.file_name() else { bail!("it is not the name of a file") };
    let mut temporary = name.to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    let permit = |file: &fs::File| match like {
        Some(like) => file.set_permissions(fs::metadata(like)?.permissions()),
        None => Ok(()),
    };
    let written = file
        .write_all(bytes)
        .and_then(|()| permit(&file))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // The first error is the one that is reported.
        let _ = fs::remove_file(&temporary);
    }
    Ok(written?)
}
