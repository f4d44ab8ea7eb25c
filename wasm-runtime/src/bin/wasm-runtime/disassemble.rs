//! Machine code as text, for any target.

use capstone::Capstone;
use capstone::arch::{self, BuildsCapstone as _, BuildsCapstoneExtraMode as _};
use wasm_artifact::Artifact;
use wasm_runtime::error::Context;
use wasm_runtime::{Result, bail};
use wasm_types::{DefinedFuncIndex, FuncIndex, demangle};

/// An instruction of the machine.
pub(crate) struct Instruction {
    /// Where it is in the text of the artifact.
    pub(crate) offset: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

/// A function and its instructions.
pub(crate) struct Function {
    pub(crate) index: u32,
    /// As in the source, if the module has names.
    pub(crate) name: Option<String>,
    pub(crate) instructions: Vec<Instruction>,
}

/// Reads machine code of one target.
pub(crate) struct Disassembler(Capstone);

impl Disassembler {
    /// For the target of an artifact.
    pub(crate) fn of(artifact: &Artifact<'_>) -> Result<Self> {
        let target = artifact.target();
        let capstone = Capstone::new();
        let capstone = match target.split('-').next().unwrap_or_default() {
            "x86_64" => capstone.x86().mode(arch::x86::ArchMode::Mode64).build(),
            "aarch64" => capstone.arm64().mode(arch::arm64::ArchMode::Arm).build(),
            machine if machine.starts_with("riscv64") => capstone
                .riscv()
                .mode(arch::riscv::ArchMode::RiscV64)
                .extra_mode([arch::riscv::ArchExtraMode::RiscVC].into_iter())
                .build(),
            "s390x" => capstone.sysz().mode(arch::sysz::ArchMode::Default).build(),
            other => bail!("this version can't read machine code for {other}"),
        };
        let mut capstone = capstone.map_err(unreadable)?;
        // Constants stand between instructions on some machines.
        capstone.set_skipdata(true).map_err(unreadable)?;
        Ok(Self(capstone))
    }

    /// The functions of an artifact.
    pub(crate) fn functions(&self, artifact: &Artifact<'_>) -> Result<Vec<Function>> {
        let counts = artifact.counts();
        let defined = counts.functions - counts.imported_functions;
        (0..defined).map(|number| self.function(artifact, number)).collect()
    }

    fn function(&self, artifact: &Artifact<'_>, number: u32) -> Result<Function> {
        let code = artifact.function_code(DefinedFuncIndex::new(number))?;
        let (start, len) = (code.offset as usize, code.len as usize);
        let bytes = start.checked_add(len).and_then(|end| artifact.text().get(start..end));
        let bytes = bytes.context("the artifact is damaged: code lies outside of it")?;
        let found = self.0.disasm_all(bytes, u64::from(code.offset)).map_err(unreadable)?;
        let instructions = found.iter().map(|one| Instruction {
            offset: one.address() as u32,
            bytes: one.bytes().to_vec(),
            text: match (one.mnemonic().unwrap_or("?"), one.op_str().unwrap_or_default()) {
                (name, "") => name.to_owned(),
                (name, operands) => format!("{name} {operands}"),
            },
        });
        let index = artifact.counts().imported_functions + number;
        let name = artifact.name(FuncIndex::new(index)).map(|name| demangle(name).into_owned());
        Ok(Function { index, name, instructions: instructions.collect() })
    }
}

fn unreadable(error: capstone::Error) -> wasm_runtime::Error {
    wasm_runtime::Error::msg(format!("can't read the machine code: {error}"))
}
