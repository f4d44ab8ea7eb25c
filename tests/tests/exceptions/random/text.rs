//! A program in the text format.

use std::fmt::Write as _;

use super::program::{Clause, FUNCTIONS, Program, Statement, TAGS, Way};

/// The types of the values of each tag.
const TYPES: [&str; TAGS] = ["i32", "i64", "i32 f64 i64 f32 i32", ""];

/// The module.
pub(crate) fn write(program: &Program) -> String {
    let mut text = String::from("(module\n(type $plain (func))\n");
    for (name, import) in
        [("say", "say"), ("host", "call"), ("context", "context"), ("swallow", "swallow")]
    {
        writeln!(text, r#"(import "host" "{import}" (func ${name} (param i32)))"#).unwrap();
    }
    for (tag, types) in TYPES.iter().enumerate() {
        writeln!(text, "(tag $t{tag} (param {types}))").unwrap();
    }
    let names: Vec<String> = (0..FUNCTIONS).map(|func| format!("$f{func}")).collect();
    writeln!(text, "(table funcref (elem {}))", names.join(" ")).unwrap();
    for (func, body) in program.functions.iter().enumerate() {
        writeln!(text, r#"(func $f{func} (export "f{func}")"#).unwrap();
        text.push_str("(local $x i32) (local $i i32)\n");
        text.push_str("(local $a i32) (local $b f32) (local $c i64) (local $d f64)\n");
        text.push_str("block $out\n");
        let mut writer = Writer { text: &mut text, blocks: 0 };
        writer.all(body);
        text.push_str("end)\n");
    }
    text.push(')');
    text
}

struct Writer<'t> {
    text: &'t mut String,
    blocks: usize,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").unwrap();
    }

    fn all(&mut self, statements: &[Statement]) {
        statements.iter().for_each(|statement| self.one(statement));
    }

    fn one(&mut self, statement: &Statement) {
        match statement {
            Statement::Say(number) => {
                self.line(&format!("(call $say (i32.add (local.get $x) (i32.const {number}000)))"));
            }
            Statement::Set(number) => self.line(&format!("(local.set $x (i32.const {number}))")),
            Statement::Throw(tag, value) => {
                let values = match tag {
                    0 => format!("(i32.const {value})"),
                    1 => format!("(i64.const {value})"),
                    2 => format!(
                        "(i32.const {value}) (f64.const 0.5) (i64.const -1) (f32.const 2) (i32.const 1)"
                    ),
                    _ => String::new(),
                };
                self.line(&format!("{values} throw $t{tag}"));
            }
            Statement::Call(way, func) => self.line(&match way {
                Way::Direct => format!("call $f{func}"),
                Way::Indirect => format!("(call_indirect (type $plain) (i32.const {func}))"),
                Way::Host => format!("(call $host (i32.const {func}))"),
                Way::HostContext => format!("(call $context (i32.const {func}))"),
                Way::HostSwallows => format!("(call $swallow (i32.const {func}))"),
                Way::Tail => format!("return_call $f{func}"),
                Way::TailIndirect => {
                    format!("(return_call_indirect (type $plain) (i32.const {func}))")
                }
            }),
            Statement::Trap => self.line("unreachable"),
            Statement::Table(body, clauses) => self.table(body, clauses),
            Statement::Legacy(number, body, clauses) => {
                self.line(&format!("try $try{number}"));
                self.all(body);
                for clause in clauses {
                    match clause.tag {
                        Some(tag) => {
                            self.line(&format!("catch $t{tag}"));
                            self.take_values(tag);
                        }
                        None => self.line("catch_all"),
                    }
                    self.all(&clause.handler);
                }
                self.line("end");
            }
            Statement::Delegate(body, to) => {
                self.blocks += 1;
                self.line("try");
                self.all(body);
                match to {
                    Some(number) => self.line(&format!("delegate $try{number}")),
                    None => self.line("delegate $out"),
                }
            }
            Statement::Rethrow(number) => self.line(&format!("rethrow $try{number}")),
        }
    }

    /// A block around the construct for each clause, with the handler behind it.
    fn table(&mut self, body: &[Statement], clauses: &[Clause]) {
        let number = self.blocks;
        self.blocks += 1;
        self.line(&format!("block $end{number}"));
        for (place, clause) in clauses.iter().enumerate().rev() {
            let types = clause.tag.map_or("", |tag| TYPES[tag]);
            self.line(&format!("block $h{number}_{place} (result {types})"));
        }
        let catches = clauses.iter().enumerate().map(|(place, clause)| match clause.tag {
            Some(tag) => format!("(catch $t{tag} $h{number}_{place})"),
            None => format!("(catch_all $h{number}_{place})"),
        });
        let catches: Vec<String> = catches.collect();
        self.line(&format!("try_table {}", catches.join(" ")));
        self.all(body);
        self.line(&format!("end br $end{number}"));
        for clause in clauses {
            self.line("end");
            if let Some(tag) = clause.tag {
                self.take_values(tag);
            }
            self.all(&clause.handler);
            self.line(&format!("br $end{number}"));
        }
        self.line("end");
    }

    /// Says what came with an exception, and of which tag it is.
    fn take_values(&mut self, tag: usize) {
        match tag {
            0 => self.line("local.set $i"),
            1 => self.line("i32.wrap_i64 local.set $i"),
            2 => {
                // All of them are right if the sum is the first one.
                self.line("local.set $a local.set $b local.set $c local.set $d");
                self.line("local.get $a i32.add local.get $b i32.trunc_f32_s i32.add");
                self.line("local.get $c i32.wrap_i64 i32.add");
                self.line("(i32.trunc_f64_s (f64.mul (local.get $d) (f64.const 2))) i32.add");
                self.line("(i32.sub (i32.const 3)) local.set $i");
            }
            _ => self.line("(local.set $i (i32.const 0))"),
        }
        self.line(&format!(
            "(call $say (i32.add (i32.mul (local.get $i) (i32.const 1000)) (i32.const {tag})))"
        ));
    }
}
