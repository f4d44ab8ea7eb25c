//! `wasm-runtime explore`: a page that shows a module beside its machine code.

mod page;

use std::process::ExitCode;

use clap::Args;
use wasm_artifact::{Artifact, ComponentArtifact};
use wasm_runtime::error::Context;
use wasm_runtime::{Compiler, Result};

use self::page::Page;
use crate::disassemble::Disassembler;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::source::Source;
use crate::target::Target;
use crate::{input, proposals};

const LONG: &str = "\
Write a page for a browser that shows a module beside its machine code.

On the left is the module in the text format, on the right its machine code. Pointing at a line
marks what belongs to it on the other side, and a click goes there. The page is one file, and needs
nothing else. Of a component it has the core modules that the compiler makes of it.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime explore program.wasm                      writes program.explore.html
  wasm-runtime explore program.wat -o - -O s > page.html
  wasm-runtime explore program.wasm --target aarch64-unknown-linux-gnu";

/// Write a page that shows a module beside its machine code.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Explore {
    /// The module or component, in the binary or the text format; `-` for standard input.
    file: Source,

    /// The page; FILE with the extension `.explore.html` if not given, `-` for standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<Target>,

    #[command(flatten)]
    settings: Settings,
}

impl Explore {
    pub(crate) fn execute(mut self) -> Result<ExitCode> {
        let output =
            Target::of(self.output.take(), &self.file, |file| file.with_extension("explore.html"))?;
        let opened = input::open_any(&self.file)?;
        let is_component = opened.is_component();
        let wasm = input::any_wasm_of(opened, &self.file)?;
        let request = self.settings.request()?;
        let progress = Progress::default();
        let compiler = progress.compiler();
        let compiled = progress.during(&self.file, wasm.len(), || {
            if is_component {
                compiler.compile_component(&wasm, &request)
            } else {
                compiler.compile(&wasm, &request)
            }
        });
        let artifact = self
            .settings
            .limits
            .explain(compiled)
            .map_err(proposals::explain)
            .with_context(|| format!("can't compile {}", self.file))?;
        let mut page = Page::new(&self.file.plain());
        if is_component {
            // As the compiler took it apart.
            let translation = wasm_component_translate::translate(&wasm, request.features)?;
            let component = ComponentArtifact::parse(&artifact)?;
            for (number, module) in component.modules().iter().enumerate() {
                let wasm = translation.modules.get(number).context("a module without a binary")?;
                add(&mut page, &format!("module {number}"), wasm, module)?;
            }
            output.write(page.finish(component.whole().target()).as_bytes())?;
        } else {
            let artifact = Artifact::parse(&artifact)?;
            add(&mut page, "", &wasm, &artifact)?;
            output.write(page.finish(artifact.target()).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Adds a module to the page, with a title if there are several.
fn add(page: &mut Page, title: &str, wasm: &[u8], artifact: &Artifact<'_>) -> Result<()> {
    let functions = Disassembler::of(artifact)?.functions(artifact)?;
    let mut text = String::new();
    let lines = wasmprinter::Config::new()
        .offsets_and_lines(wasm, &mut text)
        .map_err(|error| wasm_runtime::Error::msg(format!("can't print the module: {error}")))?;
    page.add(title, lines, &functions, |offset| artifact.address_map().lookup(offset));
    Ok(())
}
