//! The machine code of another machine, read by a disassembler (Capstone, which knows all four
//! instruction sets and is built into the test).
//!
//! There is data between instructions: jump tables and constants. So the code is read along its
//! control flow. It starts at the entry of a function, and at each address that according to the
//! address map comes from an operator: these include the targets of jump tables.

use std::collections::BTreeSet;

use capstone::Capstone;
use capstone::arch::{BuildsCapstone as _, BuildsCapstoneExtraMode as _};
use capstone::prelude::*;
use wasm_artifact::Artifact;

use crate::Target;

/// The result of reading the code of an artifact.
#[derive(Default, Debug)]
pub(crate) struct Summary {
    pub(crate) instructions: usize,
    pub(crate) calls: usize,
    /// Bytes that no instruction was found to lead to.
    pub(crate) data: usize,
}

/// Where the code continues after an instruction.
#[derive(Debug)]
enum Flow {
    Next,
    /// At the next instruction, or at another address.
    Branch(u64),
    Jump(u64),
    Call(u64),
    /// At no known address: returns, jumps through registers, traps.
    End,
}

/// Reads the code of every function.
///
/// All bytes that are reached must be instructions of the machine. Jumps stay in their function or
/// go to the start of another one, and calls go to the start of a function.
pub(crate) fn check(target: &Target, artifact: &Artifact<'_>) -> Summary {
    let machine = Machine::new(target.arch);
    let text = artifact.text();
    let functions = crate::functions(artifact);
    let starts: BTreeSet<u64> = functions.iter().map(|code| code.offset.into()).collect();
    let mapped: Vec<(u64, u32)> = artifact
        .address_map()
        .iter()
        .map(|entry| (u64::from(entry.offset), entry.wasm_offset))
        .collect();
    let mut summary = Summary::default();
    for code in &functions {
        let range = u64::from(code.offset)..u64::from(code.offset) + u64::from(code.len);
        let mut pending = vec![range.start];
        let from = mapped.partition_point(|(offset, _)| *offset < range.start);
        let roots = mapped[from..].iter().take_while(|(offset, _)| *offset < range.end);
        pending.extend(
            roots.filter(|(_, wasm_offset)| *wasm_offset != u32::MAX).map(|(offset, _)| *offset),
        );
        let mut seen = BTreeSet::new();
        let mut covered = 0;
        while let Some(mut at) = pending.pop() {
            while seen.insert(at) {
                assert!(range.contains(&at), "code runs out of its function to {at:#x}");
                let bytes = &text[at as usize..range.end as usize];
                let (len, flow) = machine.read(bytes, at).unwrap_or_else(|| {
                    let start = &bytes[..bytes.len().min(8)];
                    panic!("at {at:#x} in {range:x?} stands no instruction: {start:x?}")
                });
                summary.instructions += 1;
                covered += len;
                let elsewhere = |to| {
                    assert!(
                        starts.contains(&to),
                        "at {at:#x}: {to:#x} is the start of no function"
                    );
                };
                match flow {
                    Flow::Next => {}
                    Flow::Branch(to) => pending.push(to),
                    Flow::Call(to) => {
                        summary.calls += 1;
                        elsewhere(to);
                    }
                    Flow::Jump(to) => {
                        if range.contains(&to) && to != range.start {
                            pending.push(to);
                        } else {
                            elsewhere(to);
                        }
                        break;
                    }
                    Flow::End => break,
                }
                at += len as u64;
            }
        }
        summary.data += (code.len as usize).saturating_sub(covered);
    }
    summary
}

/// A disassembler, and the meaning of its mnemonics.
struct Machine {
    arch: &'static str,
    capstone: Capstone,
}

impl Machine {
    fn new(arch: &'static str) -> Self {
        let capstone = Capstone::new();
        let capstone = match arch {
            "x86_64" => capstone.x86().mode(arch::x86::ArchMode::Mode64).build(),
            "aarch64" => capstone.arm64().mode(arch::arm64::ArchMode::Arm).build(),
            "riscv64" => capstone
                .riscv()
                .mode(arch::riscv::ArchMode::RiscV64)
                .extra_mode([arch::riscv::ArchExtraMode::RiscVC].into_iter())
                .build(),
            "s390x" => capstone.sysz().mode(arch::sysz::ArchMode::Default).build(),
            _ => panic!("no disassembler for {arch}"),
        };
        Self { arch, capstone: capstone.expect("the disassembler is built with this machine") }
    }

    /// The length of the first instruction, and where it leads.
    fn read(&self, bytes: &[u8], at: u64) -> Option<(usize, Flow)> {
        // On these machines an all-zero instruction always traps, and no disassembler has a
        // mnemonic for it.
        if matches!(self.arch, "riscv64" | "s390x") && bytes.starts_with(&[0, 0]) {
            return Some((2, Flow::End));
        }
        let instructions = self.capstone.disasm_count(bytes, at, 1).ok()?;
        let instruction = instructions.first()?;
        let name = instruction.mnemonic()?;
        let operands: Vec<&str> =
            instruction.op_str().unwrap_or_default().split(", ").map(str::trim).collect();
        let last = operands.last().copied().unwrap_or_default();
        let flow = match self.arch {
            "x86_64" => x86(name, number(last)),
            "aarch64" => aarch64(name, number(last)),
            "riscv64" => self.riscv64(name, &operands, at, bytes),
            _ => s390x(name, number(last)),
        };
        Some((instruction.bytes().len(), flow))
    }

    /// Targets are relative. Distant ones take two instructions: the first adds the upper part to
    /// the program counter.
    fn riscv64(&self, name: &str, operands: &[&str], at: u64, bytes: &[u8]) -> Flow {
        let relative = || {
            let last = operands.last().copied().unwrap_or_default();
            at.wrapping_add_signed(number_signed(last).expect("a branch has a distance"))
        };
        match name {
            "auipc" => self.riscv64_pair(operands, at, bytes).unwrap_or(Flow::Next),
            "j" | "c.j" => Flow::Jump(relative()),
            "jal" => Flow::Call(relative()),
            "beq" | "bne" | "blt" | "bge" | "bltu" | "bgeu" | "beqz" | "bnez" | "bltz" | "bgez"
            | "blez" | "bgtz" | "c.beqz" | "c.bnez" => Flow::Branch(relative()),
            "jr" | "c.jr" | "ret" | "unimp" | "c.unimp" | "ebreak" | "c.ebreak" => Flow::End,
            "jalr" if operands.first() == Some(&"zero") => Flow::End,
            _ => Flow::Next,
        }
    }

    /// `auipc` with the `jalr` or `jr` after it, if there is one for the same register. The pair is
    /// reported at the first instruction; then a jump ends the code there.
    fn riscv64_pair(&self, operands: &[&str], at: u64, bytes: &[u8]) -> Option<Flow> {
        let [register, upper] = operands else { return None };
        let rest = self.capstone.disasm_count(bytes.get(4..)?, at + 4, 1).ok()?;
        let next = rest.first()?;
        let text = next.op_str()?;
        // `jalr ra, 8(t0)`, `jalr ra, t0, 8`, `jalr t0`, `jr 8(t0)` and so on.
        let words: Vec<&str> = text.split([',', ' ', '(', ')']).filter(|w| !w.is_empty()).collect();
        if !matches!(next.mnemonic()?, "jalr" | "jr") || !words.contains(register) {
            return None;
        }
        let lower = words.iter().find_map(|word| number_signed(word)).unwrap_or(0);
        // Twenty bits, signed.
        let upper = (number_signed(upper)? << 44) >> 32;
        let to = at.wrapping_add_signed(upper).wrapping_add_signed(lower);
        let links = next.mnemonic()? == "jalr" && words.first() != Some(&"zero");
        Some(if links { Flow::Call(to) } else { Flow::Jump(to) })
    }
}

fn x86(name: &str, target: Option<u64>) -> Flow {
    match (name, target) {
        ("jmp", Some(to)) => Flow::Jump(to),
        ("call", Some(to)) => Flow::Call(to),
        ("jmp" | "ret" | "ud2", _) => Flow::End,
        (_, Some(to)) if name.starts_with('j') => Flow::Branch(to),
        _ => Flow::Next,
    }
}

fn aarch64(name: &str, target: Option<u64>) -> Flow {
    match (name, target) {
        ("b", Some(to)) => Flow::Jump(to),
        ("bl", Some(to)) => Flow::Call(to),
        ("br" | "ret" | "udf" | "brk", _) => Flow::End,
        ("cbz" | "cbnz" | "tbz" | "tbnz", Some(to)) => Flow::Branch(to),
        (_, Some(to)) if name.starts_with("b.") => Flow::Branch(to),
        _ => Flow::Next,
    }
}

fn s390x(name: &str, target: Option<u64>) -> Flow {
    // Compare and branch: `crj`, `cgrjne`, `clgijl` and so on.
    let compares = ["cr", "cgr", "clr", "clgr", "ci", "cgi", "cli", "clgi"];
    let compares_and_branches = || {
        compares.iter().any(|start| name.strip_prefix(start).is_some_and(|s| s.starts_with('j')))
    };
    match (name, target) {
        ("j" | "jg", Some(to)) => Flow::Jump(to),
        ("brasl", Some(to)) => Flow::Call(to),
        ("br", _) => Flow::End,
        (_, Some(to)) if name.starts_with('j') || compares_and_branches() => Flow::Branch(to),
        _ => Flow::Next,
    }
}

/// `0x12`, `#0x12` or `18`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim_start_matches('#');
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn number_signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => Some(-number(rest)?.cast_signed()),
        None => Some(number(text)?.cast_signed()),
    }
}
