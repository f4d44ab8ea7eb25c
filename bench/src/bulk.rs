//! `memory.copy` and `memory.fill`, with the number of bytes in a variable.

use std::fmt::Write as _;

use crate::alternate::alternate;
use crate::ours::runtime as ours;
use crate::report::Row;
use crate::theirs::runtime as theirs;

/// The numbers of bytes.
const LENGTHS: [u32; 4] = [8, 60, 500, 4000];

/// How many operators are executed for a measurement.
const COUNT: i32 = 100_000;

fn guest() -> Vec<u8> {
    let mut text = String::from("(module (memory 1) (global $len (mut i32) (i32.const 0))");
    for len in LENGTHS {
        let operators = [
            ("copy", "(memory.copy (i32.const 100) (i32.const 20000) (global.get $len))"),
            ("fill", "(memory.fill (i32.const 100) (local.get 0) (global.get $len))"),
        ];
        for (name, operator) in operators {
            let _ = write!(
                text,
                "(func (export \"{name}{len}\") (param i32)
                   (global.set $len (i32.const {len}))
                   (loop $again
                     {operator}
                     (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
            );
        }
    }
    text.push(')');
    wat::parse_str(&text).expect("the text is right")
}

pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let (a, b) = (ours::Runtime::new(true), theirs::Runtime::new(true));
    let wasm = guest();
    let ((_, module_a), (_, module_b)) = (a.compile(&wasm), b.compile(&wasm));
    let each = |time: f64| time / f64::from(COUNT);
    let mut rows = Vec::new();
    for name in ["copy", "fill"] {
        for len in LENGTHS {
            let function = format!("{name}{len}");
            rows.push(alternate(
                &format!("`memory.{name}`, {len} bytes"),
                rounds,
                || each(a.timed(&module_a, &function, COUNT)),
                || each(b.timed(&module_b, &function, COUNT)),
            ));
        }
    }
    rows
}
