//! Reordering changes nothing but the order of what is pure; the CLIF itself is in `tests/clif`.

mod common;

use common::{TARGETS, parse, settings};
use wasm_translate::{ClifStage, clif};
use wasm_types::{DefinedFuncIndex, OptLevel, Tunables};

const MODULES: &[&str] = &[
    include_str!("modules/control.wat"),
    include_str!("modules/call.wat"),
    include_str!("modules/memory.wat"),
    include_str!("modules/memory64.wat"),
    include_str!("modules/table.wat"),
    include_str!("modules/references.wat"),
    include_str!("clif/reorder.wat"),
];

/// The functions of all modules, optimised: with the optimization and without.
fn pairs(target: &str, tunables: Tunables) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for text in MODULES {
        let wasm = wat::parse_str(text).unwrap();
        let parsed = parse(&wasm);
        for func in (0..parsed.module().num_defined_functions()).map(DefinedFuncIndex::new) {
            let one = |on| {
                let mut settings = settings(target);
                settings.tunables(tunables).reorder(on);
                clif(&parsed, &wasm, func, &settings, ClifStage::Optimized).unwrap()
            };
            pairs.push((one(true), one(false)));
        }
    }
    pairs
}

/// The lines of CLIF text by block, without comments and places in the source.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks = vec![Vec::new()];
    for line in text.lines() {
        // A place in the source may change: what a load may be folded into has the load's.
        let line = match line.strip_prefix('@') {
            Some(located) => located.trim_start_matches(|c: char| c.is_ascii_hexdigit()),
            None => line,
        };
        let line = line.split(';').next().unwrap().trim();
        if line.starts_with("block") {
            blocks.push(Vec::new());
        }
        blocks.last_mut().unwrap().push(line);
    }
    blocks
}

/// Whether a line has an effect, may trap or reads what may be written.
fn is_fixed(line: &str) -> bool {
    const OPCODES: &[&str] = &[
        "store", "call", "trap", "div", "rem", "spectre", "return", "jump", "br", "fcvt_to",
        "block",
    ];
    let load = line.contains("load") && !(line.contains("readonly") && line.contains("can_move"));
    let line = line.replace("notrap", "");
    load || OPCODES.iter().any(|opcode| line.contains(opcode))
}

#[test]
fn effects_keep_their_order_and_nothing_leaves_its_block() {
    for target in TARGETS {
        let pairs = pairs(target, Tunables::default());
        assert!(pairs.iter().any(|(on, off)| on != off), "{target}: nothing was reordered");
        for (on, off) in pairs {
            let (on_blocks, off_blocks) = (blocks(&on), blocks(&off));
            assert_eq!(on_blocks.len(), off_blocks.len());
            for (mut on, mut off) in on_blocks.into_iter().zip(off_blocks) {
                let fixed = |lines: &[&str]| -> Vec<String> {
                    lines.iter().filter(|line| is_fixed(line)).map(|line| (*line).into()).collect()
                };
                assert_eq!(fixed(&on), fixed(&off), "{target}");
                on.sort_unstable();
                off.sort_unstable();
                assert_eq!(on, off, "{target}");
            }
        }
    }
}

#[test]
fn without_the_optimiser_there_is_nothing_to_reorder() {
    let mut tunables = Tunables::default();
    tunables.opt_level = OptLevel::None;
    for (on, off) in pairs(TARGETS[0], tunables) {
        assert_eq!(on, off);
    }
}
