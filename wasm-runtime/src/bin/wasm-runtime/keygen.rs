//! `wasm-runtime keygen`: makes a pair of keys for signing artifacts.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::sign::SigningKey;
use wasm_runtime::{Result, bail};

use crate::output;

const LONG: &str = "\
Make a pair of keys for signing artifacts.

NAME.key is the secret key for `compile --sign` and `sign`. Keep it where artifacts are made, and
where nobody else reads it (only its owner can read the file). NAME.pub is the public key for
`run --trust` and `verify --trust`. Give it to those who run the artifacts. Files that exist are not
overwritten.

The keys are Ed25519, in the files that OpenSSL reads and writes:
  openssl genpkey -algorithm ed25519 -out NAME.key
  openssl pkey -in NAME.key -pubout -out NAME.pub";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime keygen                                writes artifacts.key and artifacts.pub
  wasm-runtime keygen -o keys/release
  wasm-runtime compile program.wasm --sign keys/release.key
  wasm-runtime run --trust keys/release.pub program.cwasm";

/// Make a pair of keys for signing artifacts.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Keygen {
    /// The names of the files, without their extensions.
    #[arg(short, long, value_name = "NAME", default_value = "artifacts")]
    output: PathBuf,
}

impl Keygen {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let key = SigningKey::generate(getrandom::fill).map_err(|error| {
            wasm_runtime::format_err!("the system has no random bytes: {error}")
        })?;
        let (secret, public) = (self.named("key"), self.named("pub"));
        let mut secret_file = create(&secret, 0o600)?;
        let result = create(&public, 0o644).and_then(|mut public_file| {
            write(&mut public_file, &public, &key.public_key().to_pem())?;
            write(&mut secret_file, &secret, &key.to_pem())
        });
        if let Err(error) = result {
            // Nobody can have used it yet. If it can't be removed, the first error is reported.
            let _ = std::fs::remove_file(&secret);
            return Err(error);
        }
        output::line(format_args!("secret key: {}", secret.display()))?;
        output::line(format_args!("public key: {}", public.display()))?;
        output::line(format_args!("key id: {}", key.public_key().key_id()))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The name with an extension, which is added to an extension that it has already.
    fn named(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(&self.output);
        name.push(".");
        name.push(ending);
        name.into()
    }
}

/// A new file.
fn create(path: &Path, mode: u32) -> Result<File> {
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "`{}` exists, and keys are never overwritten: give another name with --output, or remove \
             it",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| format!("can't write `{}`", path.display())),
    }
}

fn write(file: &mut File, path: &Path, pem: &str) -> Result<()> {
    let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("can't write `{}`", path.display()))
}
