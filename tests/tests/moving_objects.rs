//! Programs that make objects compute the same whether objects stay where they are or all move
//! whenever one is made, and wherever the code keeps references meanwhile.

use std::fmt::Write as _;
use std::sync::Arc;

use wasm_runtime::{Config, CraneliftCompiler, Engine, Instance, Module, Result, Store};
use wasm_translate::Settings;

/// How many programs there are.
const PROGRAMS: u64 = 80;

/// How many locals a function has that are references; the first two are its parameters.
const REFERENCES: u32 = 6;

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % u64::from(end)) as u32
    }
}

/// Writes the body of a function. Its locals are `$r0` and so on, `$t` for what is looked at, and
/// the numbers `$i` and `$j`.
struct Body {
    random: Random,
    text: String,
    /// How many more constructs there may be.
    left: u32,
}

impl Body {
    /// A reference, which may be null.
    fn reference(&mut self, depth: u32) -> String {
        let choices = if depth == 0 || self.left == 0 { 2 } else { 9 };
        self.left = self.left.saturating_sub(1);
        match self.random.below(choices) {
            0 => "(ref.null none)".into(),
            1 => format!("(local.get $r{})", self.random.below(REFERENCES)),
            2 | 3 => self.node(depth - 1),
            4 => "(struct.new_default $node)".into(),
            5 => {
                let (a, b) = (self.reference(depth - 1), self.reference(depth - 1));
                format!("(call $other {a} {b})")
            }
            6 => {
                // An array of up to 4096 elements, some of which are too large to be made in
                // place.
                let (value, len) = (self.reference(depth - 1), 1 << self.random.below(13));
                format!(
                    "(array.get $nodes (array.new $nodes {value} (i32.const {len}))
                      (i32.const {}))",
                    self.random.below(len)
                )
            }
            7 => {
                let values: Vec<String> = (0..3).map(|_| self.reference(depth - 1)).collect();
                format!(
                    "(array.get $nodes (array.new_fixed $nodes 3 {}) (i32.const {}))",
                    values.join(" "),
                    self.random.below(3)
                )
            }
            _ => {
                let (condition, a) = (self.number(depth - 1), self.reference(depth - 1));
                let b = self.reference(depth - 1);
                format!("(if (result (ref null $node)) {condition} (then {a}) (else {b}))")
            }
        }
    }

    /// A new object with fields.
    fn node(&mut self, depth: u32) -> String {
        let (value, a, b) = (self.number(depth), self.reference(depth), self.reference(depth));
        match self.random.below(4) {
            0 => {
                let other = self.number(depth);
                format!("(struct.new $large {value} {a} {b} (f64.const 1) {other} {a} {b} {a} {b})")
            }
            _ => format!("(struct.new $node {value} {a} {b})"),
        }
    }

    fn number(&mut self, depth: u32) -> String {
        match self.random.below(4) {
            0 => format!("(i32.const {})", self.random.below(100)),
            1 => "(local.get $i)".into(),
            _ => {
                let object = self.reference(depth.saturating_sub(1));
                format!(
                    "(if (result i32) (ref.is_null (local.tee $t {object})) (then (i32.const 3))
                      (else (struct.get $node $value (local.get $t))))"
                )
            }
        }
    }

    fn statement(&mut self, depth: u32, loops: u32) {
        match self.random.below(if depth == 0 { 4 } else { 7 }) {
            0..=2 => {
                let value = self.reference(3);
                let local = self.random.below(REFERENCES);
                writeln!(self.text, "(local.set $r{local} {value})").unwrap();
            }
            3 => {
                let (object, value) = (self.reference(1), self.reference(2));
                let field = if self.random.below(2) == 0 { "$left" } else { "$right" };
                writeln!(
                    self.text,
                    "(if (i32.eqz (ref.is_null (local.tee $t {object})))
                      (then (struct.set $node {field} (local.get $t) {value})))"
                )
                .unwrap();
            }
            4 if loops < 2 => {
                let counter = if loops == 0 { "$i" } else { "$j" };
                let rounds = 1 + self.random.below(4);
                writeln!(self.text, "(local.set {counter} (i32.const {rounds}))\n(loop").unwrap();
                self.statements(depth - 1, loops + 1);
                writeln!(
                    self.text,
                    "(br_if 0 (local.tee {counter} (i32.sub (local.get {counter}) (i32.const 1)))))"
                )
                .unwrap();
            }
            5 => {
                let condition = self.number(2);
                writeln!(self.text, "(if {condition} (then").unwrap();
                self.statements(depth - 1, loops);
                writeln!(self.text, ") (else").unwrap();
                self.statements(depth - 1, loops);
                writeln!(self.text, "))").unwrap();
            }
            _ => {
                writeln!(self.text, "(block").unwrap();
                self.statements(depth - 1, loops);
                let condition = self.number(2);
                writeln!(self.text, "(br_if 0 {condition})").unwrap();
                self.statements(depth - 1, loops);
                writeln!(self.text, ")").unwrap();
            }
        }
    }

    fn statements(&mut self, depth: u32, loops: u32) {
        for _ in 0..1 + self.random.below(3) {
            self.statement(depth, loops);
        }
    }
}

/// A program, which is the same for the same number.
fn program(seed: u64) -> String {
    let mut text = String::from(
        "(module
          (rec
            (type $node (sub (struct (field $value (mut i32)) (field $left (mut (ref null $node)))
              (field $right (mut (ref null $node))))))
            (type $large (sub final $node (struct (field (mut i32)) (field (mut (ref null $node)))
              (field (mut (ref null $node))) (field f64) (field i32)
              (field (ref null $node)) (field (ref null $node)) (field (ref null $node))
              (field (ref null $node))))))
          (type $nodes (array (mut (ref null $node))))
          (global $calls (mut i32) (i32.const 40))
          (func $sum (param $n (ref null $node)) (param $depth i32) (result i32)
            (if (i32.or (ref.is_null (local.get $n)) (i32.eqz (local.get $depth)))
              (then (return (i32.const 1))))
            (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
            (i32.add (struct.get $node $value (local.get $n))
              (i32.add (ref.test (ref $large) (local.get $n))
                (i32.add
                  (i32.mul (i32.const 3)
                    (call $sum (struct.get $node $left (local.get $n)) (local.get $depth)))
                  (i32.mul (i32.const 5)
                    (call $sum (struct.get $node $right (local.get $n)) (local.get $depth)))))))",
    );
    let mut random = Random(seed);
    for name in ["other", "run"] {
        let seed = u64::from(random.below(u32::MAX));
        let mut body = Body { random: Random(seed), text: String::new(), left: 150 };
        body.statements(3, 0);
        body.statements(3, 0);
        write!(
            text,
            "(func ${name} (param $r0 (ref null $node)) (param $r1 (ref null $node))
              (result (ref null $node)) (local $t (ref null $node)) (local $i i32) (local $j i32)"
        )
        .unwrap();
        for local in 2..REFERENCES {
            write!(text, " (local $r{local} (ref null $node))").unwrap();
        }
        // Functions call themselves, but not forever.
        text += "(if (i32.lt_s (global.get $calls) (i32.const 0)) (then (return (local.get $r0))))
            (global.set $calls (i32.sub (global.get $calls) (i32.const 1)))\n";
        text += &body.text;
        text += "(struct.new $node (i32.const 0) (struct.new $node (i32.const 1) (local.get $r0)
            (local.get $r1)) (struct.new $node (i32.const 2) (local.get $r2)
            (struct.new $node (i32.const 3) (local.get $r3)
              (struct.new $node (i32.const 4) (local.get $r4) (local.get $r5))))))\n";
    }
    text + "(func (export \"run\") (result i32)
            (call $sum (call $run (ref.null none) (struct.new_default $node)) (i32.const 9))))"
}

fn engine(zeal: bool, save_when_full: bool) -> Result<Engine> {
    let adjust = move |settings: &mut Settings| _ = settings.save_when_full(save_when_full);
    let mut config = Config::new();
    // SAFETY: an optimization leaves what the code does as it is.
    let compiler = unsafe { CraneliftCompiler::new().adjust(adjust) };
    config.compiler(Arc::new(compiler)).cranelift_debug_verifier(true).gc_zeal(zeal);
    Engine::new(&config)
}

#[test]
fn programs_compute_the_same_while_everything_moves() -> Result<()> {
    let engines = [engine(false, true)?, engine(true, true)?, engine(true, false)?];
    let mut different = std::collections::HashSet::new();
    for seed in 0..PROGRAMS {
        let wasm = wat::parse_str(program(seed))?;
        let mut sums = Vec::new();
        for engine in &engines {
            let module = Module::new(engine, &wasm)?;
            let mut store = Store::new(engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
            sums.push(run.call(&mut store, ())?);
        }
        assert!(sums.iter().all(|sum| *sum == sums[0]), "program {seed}: {sums:?}");
        different.insert(sums[0]);
    }
    assert!(different.len() > PROGRAMS as usize / 2, "the programs compute something");
    Ok(())
}
