//! `wasm-runtime objdump`: the machine code in an artifact.

use std::borrow::Cow;
use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use wasm_artifact::Artifact;
use wasm_runtime::error::Context;
use wasm_runtime::{Escaped, NamePattern, Result, bail};

use crate::disassemble::{Disassembler, Function};
use crate::input::{self, Input, Opened};
use crate::output;
use crate::source::Source;

const LONG: &str = "\
Show the machine code in an artifact, instruction by instruction.

FILE is an artifact made by `wasm-runtime compile`, of a module or a component, for any target. `objdump -d` of the system reads
it, too, if it knows the target.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime objdump program.cwasm
  wasm-runtime objdump program.cwasm --filter 'parse_*' --traps
  wasm-runtime objdump program.cwasm --addresses --bytes --address-map";

/// Show the machine code in an artifact.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Objdump {
    /// The artifact; `-` for standard input.
    file: Source,

    /// Shows only functions whose names match. In a pattern `*` stands for any characters and `?`
    /// for one. Functions without names have those of the form `func[3]`.
    #[arg(long, value_name = "PATTERN")]
    filter: Option<NamePattern>,

    /// Shows where in the text each instruction is.
    #[arg(long)]
    addresses: bool,

    /// Shows the bytes of each instruction.
    #[arg(long)]
    bytes: bool,

    /// Shows which place in the module the code comes from.
    #[arg(long)]
    address_map: bool,

    /// Shows which instructions can trap, and how.
    #[arg(long)]
    traps: bool,
}

impl Objdump {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        match input::open_any(&self.file)? {
            Opened::Module(input) => {
                let bytes = self.compiled(&input)?;
                let artifact = Artifact::parse(&bytes).with_context(|| self.file.to_string())?;
                self.show(&artifact, "")?;
            }
            #[cfg(feature = "component")]
            Opened::Component(input) => {
                let bytes = self.compiled(&input)?;
                let component = wasm_artifact::ComponentArtifact::parse(&bytes)
                    .with_context(|| self.file.to_string())?;
                for (number, module) in component.modules().iter().enumerate() {
                    self.show(module, &format!("module[{number}]::"))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The bytes of an artifact.
    fn compiled<'a>(&self, input: &'a Input) -> Result<Cow<'a, [u8]>> {
        let Input::Artifact(_) = input else {
            bail!(
                "{} is not compiled yet: `wasm-runtime compile` makes an artifact of it, and \
                 `wasm-runtime explore` shows it beside its code",
                self.file
            )
        };
        input.bytes(&self.file)
    }

    /// Shows the functions of a module, each name behind a prefix.
    fn show(&self, artifact: &Artifact<'_>, prefix: &str) -> Result<()> {
        let disassembler = Disassembler::of(artifact)?;
        for function in disassembler.functions(artifact)? {
            let name = function.name.clone().unwrap_or_else(|| format!("func[{}]", function.index));
            if self.filter.as_ref().is_none_or(|filter| filter.matches(&name)) {
                output::text(prefix)?;
                output::text(&self.shown(artifact, &function, &name)?)?;
            }
        }
        Ok(())
    }

    fn shown(&self, artifact: &Artifact<'_>, function: &Function, name: &str) -> Result<String> {
        let mut text = format!("wasm[{}]::{}:\n", function.index, Escaped::new(name));
        let (mut place, map, traps) = (None, artifact.address_map(), artifact.traps());
        for instruction in &function.instructions {
            let offset = instruction.offset;
            let found = map.lookup(offset);
            if self.address_map && found != place {
                place = found;
                if let Some(wasm) = found {
                    let _ = writeln!(text, "  ;; module offset {wasm:#x}");
                }
            }
            text.push_str("  ");
            if self.addresses {
                let _ = write!(text, "{offset:8x}:  ");
            }
            if self.bytes {
                let bytes: Vec<_> =
                    instruction.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let _ = write!(text, "{:<32}", bytes.join(" "));
            }
            text.push_str(&instruction.text);
            if self.traps
                && let Some(trap) = traps.lookup(offset)?
            {
                let _ = write!(text, "    ;; trap: {trap}");
            }
            text.push('\n');
        }
        text.push('\n');
        Ok(text)
    }
}
