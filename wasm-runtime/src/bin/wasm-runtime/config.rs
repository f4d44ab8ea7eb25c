//! `wasm-runtime config`: the file of settings.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use wasm_runtime::error::Context;
use wasm_runtime::{CacheConfig, Result, bail};

use crate::output::line;

const LONG: &str = "\
Make a file of settings.

The settings are those of the cache of compiled modules: see `wasm-runtime help cache`.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime config new                       makes ~/.config/wasm-runtime/cache.toml
  wasm-runtime config new settings.toml";

/// What a new file holds: each setting, with the value that it has anyway.
const NEW: &str = "\
# Settings of wasm-runtime: `wasm-runtime help cache` describes them. Those that are comments have
# the values that they have without this file.

[cache]
# directory = \"/absolute/path\"
# files-total-size-soft-limit = \"512Mi\"
# file-count-soft-limit = 16384
";

/// Make a file of settings.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a file with all settings, and say where. A file that is there stays as it is.
    New {
        /// The file; the one that this program reads if not given.
        path: Option<PathBuf>,
    },
}

impl ConfigCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let Action::New { path } = self.action;
        let Some(path) = path.or_else(CacheConfig::user_file) else {
            bail!("neither HOME nor XDG_CONFIG_HOME says where the file is to be: name it")
        };
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent)
                .with_context(|| format!("can't make the directory `{}`", parent.display()))?;
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        match file.and_then(|mut file| file.write_all(NEW.as_bytes())) {
            Ok(()) => line(format_args!("{}", path.display()))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("`{}` is there already, and stays as it is", path.display())
            }
            Err(error) => {
                return Err(error).with_context(|| format!("can't write `{}`", path.display()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
