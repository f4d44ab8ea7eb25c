//! Random programs of continuations, as Wasm.

use std::fmt::Write as _;

use super::program::{Program, SLOTS, Statement, TAGS};

use Statement as S;

impl Program {
    /// The text of the module.
    pub fn text(&self) -> String {
        text(&self.0)
    }
}

fn text(program: &[Vec<S>]) -> String {
    let mut text = String::from(
        r#"(module
          (import "host" "host" (func $host (param i32) (result i32)))
          (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
          (type $box (struct (field i32)))
          (tag $e (param i32))
          (tag $t3 (result i32))
          (table $slots 4 (ref null $k))
          (global $steps (export "steps") (mut i32) (i32.const 0))
          (func $step (result i32)
            (global.set $steps (i32.sub (global.get $steps) (i32.const 1)))
            (i32.lt_s (global.get $steps) (i32.const 0)))
        "#,
    );
    for tag in 0..TAGS {
        writeln!(text, "(tag $t{tag} (param i32) (result i32 (ref null $k)))").unwrap();
    }
    for (number, body) in program.iter().enumerate() {
        writeln!(
            text,
            "(elem declare func $f{number})
             (func (export \"f{number}\") (param i32) (result i32)
               (call $f{number} (local.get 0) (ref.null $k)))
             (func $f{number} (type $f) (param $acc i32) (param $c (ref null $k)) (result i32)
             (local $box (ref null $box)) (local $old (ref null $box))
             {}",
            receive(number % SLOTS)
        )
        .unwrap();
        body.iter().for_each(|statement| write_statement(&mut text, statement));
        text.push_str("(local.get $acc))\n");
    }
    text + ")"
}

/// Puts the continuation that was handed over, if one was, in a place.
fn receive(slot: usize) -> String {
    format!(
        "(if (i32.eqz (ref.is_null (local.get $c))) (then
           (table.set $slots (i32.const {slot}) (local.get $c))))"
    )
}

fn write_statement(text: &mut String, statement: &S) {
    if !matches!(statement, S::End) {
        text.push_str("(if (call $step) (then (return (local.get $acc))))\n");
    }
    match statement {
        S::Add(n) => write!(
            text,
            "(local.set $acc (i32.add (i32.mul (local.get $acc) (i32.const 31)) (i32.const {n})))"
        ),
        S::Call(f) => {
            write!(text, "(local.set $acc (call $f{f} (local.get $acc) (ref.null $k)))")
        }
        S::Host => write!(text, "(local.set $acc (call $host (local.get $acc)))"),
        S::Suspend(tag) => write!(
            text,
            "(suspend $t{tag} (local.get $acc)) local.set $c local.set $acc {}",
            receive(tag % SLOTS)
        ),
        S::Switch(slot) => write!(
            text,
            "(local.set $c (table.get $slots (i32.const {slot})))
             (table.set $slots (i32.const {slot}) (ref.null $k))
             (if (i32.eqz (ref.is_null (local.get $c))) (then
               (switch $k $t3 (local.get $acc) (local.get $c)) local.set $c local.set $acc {}))",
            receive(*slot)
        ),
        S::New(slot, f) => {
            write!(text, "(table.set $slots (i32.const {slot}) (cont.new $k (ref.func $f{f})))")
        }
        S::Bind(slot) => write!(
            text,
            "(local.set $c (table.get $slots (i32.const {slot})))
             (if (i32.eqz (ref.is_null (local.get $c))) (then
               (table.set $slots (i32.const {slot}) (cont.bind $k $k (local.get $c)))))"
        ),
        S::Throw => write!(text, "(throw $e (local.get $acc))"),
        S::Keep => write!(
            text,
            "(local.set $old (local.get $box))
             (local.set $box (struct.new $box (local.get $acc)))
             (if (i32.eqz (ref.is_null (local.get $old))) (then (local.set $acc
               (i32.xor (local.get $acc) (struct.get $box 0 (local.get $old))))))"
        ),
        S::Unbox => write!(
            text,
            "(if (i32.eqz (ref.is_null (local.get $box))) (then (local.set $acc
               (i32.add (local.get $acc) (struct.get $box 0 (local.get $box))))))"
        ),
        S::Try(_) => {
            write!(text, "(block $tried (block $caught (result i32) (try_table (catch $e $caught)")
        }
        S::End => {
            write!(text, ") (br $tried)) local.get $acc i32.add local.set $acc)")
        }
        S::Resume(slot, tags) | S::ResumeThrow(slot, tags) => {
            let (with, null) = match statement {
                S::Resume(..) => ("resume $k", "(ref.null $k)"),
                _ => ("resume_throw $k $e", ""),
            };
            let handler = |tag: &usize| match *tag {
                TAGS => format!("(on $t{TAGS} switch)"),
                tag => format!("(on $t{tag} $h{tag})"),
            };
            let handlers: String = tags.iter().map(handler).collect();
            let labels = || tags.iter().filter(|tag| **tag != TAGS);
            let opens: String =
                labels().map(|tag| format!("(block $h{tag} (result i32 (ref $k))")).collect();
            write!(
                text,
                "(local.set $c (table.get $slots (i32.const {slot})))
                 (table.set $slots (i32.const {slot}) (ref.null $k))
                 (block $done (br_if $done (ref.is_null (local.get $c)))
                 {opens}
                 ({with} {handlers} (local.get $acc) {null} (local.get $c))
                 local.get $acc i32.xor local.set $acc (br $done)"
            )
            .unwrap();
            for tag in labels().collect::<Vec<_>>().into_iter().rev() {
                write!(
                    text,
                    ") (local.set $c) local.get $acc i32.add i32.const {tag} i32.add local.set $acc
                     (table.set $slots (i32.const {slot}) (local.get $c)) (br $done)"
                )
                .unwrap();
            }
            write!(text, ")")
        }
    }
    .unwrap();
    text.push('\n');
}
