//! Tables beside the code of another machine: what they contain, in its byte order, and that the
//! code finds them by their distance.

use capstone::Capstone;
use capstone::arch::{BuildsCapstone as _, BuildsCapstoneExtraMode as _};
use capstone::prelude::*;
use wasm_artifact::Artifact;
use wasm_types::abi::NO_TYPE_ID;
use wasm_types::{FuncIndex, TableIndex, TextItemKind};

use crate::Target;

/// Two tables, one with an import in it. The function that calls comes first, far away from them.
pub(crate) fn module() -> Vec<u8> {
    let mut text = String::from(
        r#"(module
          (type $t (func (param i32) (result i32)))
          (type $u (func (result i32)))
          (import "" "f" (func $import (type $t)))
          (table $a 4 funcref) (elem (table $a) (i32.const 0) func $one $import $two)
          (table $b funcref (elem $two $two))
          (func (export "a") (param i32) (result i32)
            (call_indirect $a (type $t) (i32.const 1) (local.get 0)))
          (func (export "b") (param i32) (result i32)
            (call_indirect $b (type $u) (local.get 0)))
          (func $one (type $t) (local.get 0))
          (func $two (type $u) (i32.const 2))"#,
    );
    for number in 0..2000 {
        text += &format!(
            "(func (param i64) (result i64) (i64.div_u (local.get 0) (i64.const {number})))"
        );
    }
    wat::parse_str(text + ")").unwrap()
}

/// Checks the tables of the module above.
pub(crate) fn check(target: &Target, artifact: &Artifact<'_>) {
    let items: Vec<_> = artifact.text_items().unwrap().map(Result::unwrap).collect();
    let functions = crate::functions(artifact);
    let thunk = items[0];
    assert_eq!(thunk.kind, TextItemKind::ImportThunk(FuncIndex::new(0)));
    let [one, two] = [2, 3].map(|number| functions[number].offset);
    let expected =
        [vec![(one, 0), (thunk.offset, 0), (two, 1), (0, NO_TYPE_ID)], vec![(two, 1), (two, 1)]];
    let text = artifact.text();
    for (number, expected) in expected.into_iter().enumerate() {
        let table = items[1 + number];
        assert_eq!(table.kind, TextItemKind::Table(TableIndex::new(number as u32)));
        let start = table.offset as usize;
        assert_eq!(start % 8, 0);
        assert!(start > 2 * 4096, "not in the page of the calls, nor in the next one");
        let bytes = &text[start..start + table.len as usize];
        let words: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|word| {
                let word = word.try_into().unwrap();
                if target.big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
            })
            .collect();
        let found: Vec<(u32, u32)> = words
            .chunks_exact(2)
            .map(|words| match words[1] {
                NO_TYPE_ID => (words[0], words[1]),
                number => (table.offset.wrapping_add(words[0]), number),
            })
            .collect();
        assert_eq!(found, expected, "table {number} for {}", target.arch);
        let caller = functions[number];
        let code = &text[caller.offset as usize..(caller.offset + caller.len) as usize];
        let addresses = addresses(target.arch, code, caller.offset.into());
        assert!(
            addresses.contains(&u64::from(table.offset)),
            "for {}: {addresses:x?} are referred to, {start:x} is not",
            target.arch
        );
    }
}

/// The addresses that code computes from the program counter.
fn addresses(arch: &str, code: &[u8], at: u64) -> Vec<u64> {
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
    let capstone = capstone.unwrap();
    let instructions = capstone.disasm_all(code, at).unwrap();
    let instructions: Vec<(u64, usize, &str, &str)> = instructions
        .iter()
        .map(|one| (one.address(), one.len(), one.mnemonic().unwrap(), one.op_str().unwrap()))
        .collect();
    let mut found = Vec::new();
    for (place, (address, len, name, operands)) in instructions.iter().enumerate() {
        let last = operands.rsplit(", ").next().unwrap_or_default();
        let next = instructions.get(place + 1).map(|(.., name, operands)| (*name, *operands));
        match (arch, *name) {
            // lea rax, [rip + 0x123]
            ("x86_64", "lea") => {
                let distance = operands.split_once("[rip ").map(|(_, distance)| distance);
                let distance = distance.map(|text| signed(&text.replace([' ', ']'], "")));
                let end = address + *len as u64;
                found.extend(distance.map(|distance| end.wrapping_add_signed(distance)));
            }
            ("s390x", "larl") => found.push(signed(last) as u64),
            // adrp x0, #0x1000; add x0, x0, #0x123
            ("aarch64", "adrp") => {
                let (_, operands) = next.filter(|(name, _)| *name == "add").expect("a pair");
                let rest = operands.rsplit(", ").next().unwrap();
                found.push((signed(last) + signed(rest)) as u64);
            }
            // auipc a0, 1; addi a0, a0, -0x123
            ("riscv64", "auipc") => {
                let (name, operands) = next.expect("a pair");
                let rest = match name {
                    "addi" => signed(operands.rsplit(", ").next().unwrap()),
                    "mv" => 0,
                    _ => panic!("{name} {operands} after auipc"),
                };
                let upper = (signed(last) << 44) >> 32;
                found.push(address.wrapping_add_signed(upper).wrapping_add_signed(rest));
            }
            _ => {}
        }
    }
    found
}

/// `-0x12`, `+0x12`, `#0x12` or `18`.
fn signed(text: &str) -> i64 {
    let text = text.trim_start_matches(['#', '+']);
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let number = match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    sign * number.unwrap_or_else(|error| panic!("{text}: {error}"))
}
