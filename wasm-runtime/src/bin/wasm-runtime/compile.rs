//! `wasm-runtime compile`: compiles a module into an artifact.

use std::process::ExitCode;

use clap::Args;
use wasm_artifact::Artifact;
use wasm_runtime::Result;
use wasm_runtime::error::Context;

use crate::exit::message;
use crate::input;
use crate::progress::Progress;
use crate::proposals;
use crate::settings::Settings;
#[cfg(feature = "sign")]
use crate::sign;
use crate::source::Source;
use crate::target::Target;

const LONG: &str = "\
Compile a module into an artifact.

An artifact is an ELF file with machine code for one target. `wasm-runtime run` runs it without
compiling anything, and so does a program that is built without a compiler. `readelf`, `objdump -d`
and `gdb` understand it; the functions have the names that the module gives them.

Without --target, the code is for this machine, with every instruction set extension it has. With
--target it is for any machine of that kind, and a note says which machines run the artifact.
--target-feature allows more extensions, or fewer. The artifact records those that the code
uses, and a machine that lacks one of these refuses it. This version runs code on x86-64
Linux, and compiles it for more targets.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime compile program.wasm                             writes program.cwasm
  wasm-runtime compile program.wat -o out/program.cwasm
  wasm-runtime compile program.wasm --target aarch64-unknown-linux-gnu
  wasm-runtime compile program.wasm --target x86_64-unknown-linux-gnu --target-feature +avx2,+bmi2
  wasm-runtime compile program.wasm --target-feature -avx512f,-avx512vl
  wasm-runtime compile program.wasm --interruptible --metered    for `run --timeout` and `run --fuel`
  wasm-runtime compile untrusted.wasm --compile-limit operators=100000,time=5s
  wasm-runtime compile program.wasm --sign keys/release.key
  wasm-runtime compile program.wasm --profile-use program.profile
  wasm-runtime compile program.wasm --timings
  curl https://example.com/program.wasm | wasm-runtime compile - -o program.cwasm";

/// Compile a module into an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Compile {
    /// The module, in the binary or the text format; `-` for standard input.
    file: Source,

    /// The artifact; FILE with the extension `.cwasm` if not given, `-` for standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<Target>,

    /// Signs the artifact with the secret key in this file: see `keygen`.
    #[cfg(feature = "sign")]
    #[arg(long, value_name = "KEY")]
    sign: Option<std::path::PathBuf>,

    /// Prints to standard error where the time went: a line for each stage, summed over all
    /// threads, and the total time.
    #[arg(long)]
    timings: bool,

    #[command(flatten)]
    settings: Settings,
}

impl Compile {
    pub(crate) fn execute(mut self) -> Result<ExitCode> {
        // An unreadable key and an unwritable file are reported before the work begins.
        #[cfg(feature = "sign")]
        let key = self.sign.as_deref().map(sign::read_key).transpose()?;
        let output =
            Target::of(self.output.take(), &self.file, |file| file.with_extension("cwasm"))?;
        output.check()?;
        let opened = input::open_any(&self.file)?;
        #[cfg(feature = "component")]
        if let input::Opened::Component(input) = &opened {
            #[cfg(feature = "sign")]
            return self.component(input, &output, key.as_ref());
            #[cfg(not(feature = "sign"))]
            return self.component(input, &output);
        }
        let wasm = input::wasm_of(opened, &self.file)?;
        let request = self.settings.request()?;
        self.settings.warn_of_idle_patterns(&wasm, &request);
        let progress = Progress::default();
        let compiler = progress.compiler();
        let compiled =
            progress.during(&self.file, wasm.len(), || compiler.compile_timed(&wasm, &request));
        let (artifact, timings) = self
            .settings
            .limits
            .explain(compiled)
            .map_err(proposals::explain)
            .with_context(|| format!("can't compile {}", self.file))?;
        self.settings.expect_profile([&Artifact::parse(&artifact)?])?;
        if self.timings {
            message(format_args!("{timings}"));
        }
        #[cfg(feature = "sign")]
        let artifact = sign::with_key(artifact, key.as_ref())?;
        output.write(&artifact)?;
        if self.settings.target().is_some() {
            message(format_args!(
                "note: {}",
                where_it_runs(&output, &Artifact::parse(&artifact)?)?
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(feature = "component")]
impl Compile {
    /// Compiles a component, as `execute` does a module.
    fn component(
        &self,
        input: &input::Input,
        output: &Target,
        #[cfg(feature = "sign")] key: Option<&wasm_runtime::sign::SigningKey>,
    ) -> Result<ExitCode> {
        use wasm_runtime::bail;

        let Some(wasm) = input.wasm() else {
            bail!(
                "{} is an artifact: it is compiled already. `wasm-runtime inspect` says what is in \
                 it",
                self.file
            )
        };
        let request = self.settings.request()?;
        let progress = Progress::default();
        let compiler = progress.compiler();
        let compiled = progress
            .during(&self.file, wasm.len(), || compiler.compile_component_timed(wasm, &request));
        let (artifact, timings) = self
            .settings
            .limits
            .explain(compiled)
            .map_err(proposals::explain)
            .with_context(|| format!("can't compile {}", self.file))?;
        let component = wasm_artifact::ComponentArtifact::parse(&artifact)?;
        self.settings.expect_profile(component.modules())?;
        if self.timings {
            message(format_args!("{timings}"));
        }
        #[cfg(feature = "sign")]
        let artifact = sign::with_key(artifact, key)?;
        output.write(&artifact)?;
        if self.settings.target().is_some() {
            let component = wasm_artifact::ComponentArtifact::parse(&artifact)?;
            message(format_args!("note: {}", where_it_runs(output, component.whole())?));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says which machines can run an artifact that was compiled for a target.
fn where_it_runs(output: &Target, artifact: &Artifact<'_>) -> Result<String> {
    let target = artifact.target();
    if !(target.starts_with("x86_64") && target.contains("linux")) {
        return Ok(format!(
            "{output} has code for {target}, which this version compiles for but does not run on: \
             it runs on x86-64 Linux"
        ));
    }
    let mut extensions = Vec::new();
    for flag in artifact.extensions() {
        let flag = flag?;
        extensions.push(flag.strip_prefix("has_").unwrap_or(flag));
    }
    Ok(match extensions.as_slice() {
        [] => format!("{output} runs on every x86-64 Linux machine"),
        names => format!("{output} runs on x86-64 Linux machines that have {}", names.join(", ")),
    })
}
