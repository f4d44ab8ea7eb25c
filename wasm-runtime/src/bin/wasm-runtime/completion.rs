//! `wasm-runtime completion`: what a shell needs to complete command lines.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use wasm_runtime::Result;

use crate::{CommandLine, output};

const EXAMPLES: &str = "\
Examples:
  wasm-runtime completion bash > ~/.local/share/bash-completion/completions/wasm-runtime
  wasm-runtime completion fish > ~/.config/fish/completions/wasm-runtime.fish
  wasm-runtime completion zsh > ~/.zfunc/_wasm-runtime";

/// Print a script with which a shell completes commands and options.
#[derive(Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Completion {
    /// The shell.
    shell: Shell,
}

impl Completion {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut CommandLine::command(),
            "wasm-runtime",
            &mut script,
        );
        output::bytes(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}
