//! `wasm-runtime settings`: the settings of a target's instruction set.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::Result;
use wasm_translate::Settings;
use wasm_translate::cranelift_codegen::settings::SettingKind;

use crate::output::line;

const LONG: &str = "\
List the settings of a target's instruction set.

`compile --flag NAME=VALUE` sets them, and so does `-C cranelift-NAME=VALUE`. A preset stands for
several settings. The value is the one that code gets without an option: with --target what all
machines of that kind have, else what this machine has.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime settings
  wasm-runtime settings --target aarch64-unknown-linux-gnu
  wasm-runtime compile --flag has_avx2=false program.wasm";

/// List the settings of a target's instruction set.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct SettingsCommand {
    /// The target, as a triple; this machine if not given.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
}

impl SettingsCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let settings = match &self.target {
            Some(target) => Settings::for_target(target)?,
            None => Settings::host()?,
        };
        let flags = settings.isa_settings()?;
        line(format_args!("Settings of {}:", settings.target()))?;
        for flag in flags.iter().filter(|flag| flag.kind != SettingKind::Preset) {
            let value = flag.value.as_deref().unwrap_or_default();
            line(format_args!("  {:<28} {value:<6} {}", flag.name, flag.description))?;
        }
        line(format_args!("Presets:"))?;
        for flag in flags.iter().filter(|flag| flag.kind == SettingKind::Preset) {
            line(format_args!("  {:<28} {}", flag.name, flag.description))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
