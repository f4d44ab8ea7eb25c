//! `wasm-runtime verify`: checks whether an artifact is trusted, and by what.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::Result;
use wasm_runtime::error::Context;
use wasm_runtime::sign::{ContentHash, TrustPolicy};

use crate::output;
use crate::source::Source;
use crate::trust::Trust;

const LONG: &str = "\
Check whether an artifact is trusted, and by what.

An artifact is trusted if it is signed with one of the keys given with --trust, or has one of the
hashes given with --trust or --hash. The hash is what the program `b3sum` prints.

The answer is about the file as it is now. To run a file only if it is trusted, use `run --trust`,
which runs what it has verified, even if the file changes meanwhile.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime verify program.cwasm --trust keys/release.pub
  wasm-runtime verify program.cwasm --trust old.pub --trust new.pub
  wasm-runtime verify program.cwasm --hash \"$(b3sum --no-names good.cwasm)\"

The exit code is 0 if the file is trusted, and 1 if it is not or can't be read.";

/// Check whether an artifact is trusted, and by what.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("trusted").args(["trust", "hash"]).required(true).multiple(true)))]
pub(crate) struct Verify {
    /// The artifact; `-` for standard input.
    file: Source,

    #[command(flatten)]
    trust: Trust,

    /// Trusts the file with this hash: BLAKE3, 64 hexadecimal digits. Can be given several times.
    #[arg(long, value_name = "HASH")]
    hash: Vec<ContentHash>,
}

impl Verify {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let policy = self.trust.policy()?.unwrap_or_default();
        let policy = self.hash.iter().copied().fold(policy, TrustPolicy::hash);
        let bytes = self.file.read()?;
        let trusted =
            policy.verify(&bytes).with_context(|| format!("{} is not trusted", self.file))?;
        output::line(format_args!("{}: trusted, {trusted}", self.file.plain()))?;
        Ok(ExitCode::SUCCESS)
    }
}
