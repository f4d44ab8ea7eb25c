//! Modules that do little else than make, change and cast objects, and throw and catch exceptions.
//!
//! wasm-smith chooses among all operators, so that of what depends on several of them together (a
//! cast to a supertype that is not the declared one, the second handler of a list) little is ever
//! executed. Here types, tags and locals are always the same, and functions do with them what the
//! bytes say. Whatever is found out goes into a number, which is a global that is exported.

use std::fmt::Write as _;

use arbitrary::{Result, Unstructured};

/// What all modules have.
const HEAD: &str = r#"
  (rec
    (type $s0 (sub (struct (field (mut i32)) (field (mut (ref null $s0))))))
    (type $s1 (sub $s0 (struct (field (mut i32)) (field (mut (ref null $s0))) (field (mut i64)))))
    (type $s2 (sub final $s1 (struct (field (mut i32)) (field (mut (ref null $s0)))
      (field (mut i64)) (field (mut i8)) (field (mut i16)))))
    (type $s3 (sub $s0 (struct (field (mut i32)) (field (mut (ref null $s0)))
      (field (mut anyref)) (field (mut f32)))))
    (type $a0 (sub (array (mut i8))))
    (type $a1 (sub final $a0 (array (mut i8))))
    (type $a2 (array (mut i16)))
    (type $a3 (array (mut (ref null $s0)))))
  (tag $t0)
  (tag $t1 (param i32))
  (tag $t2 (param i32))
  (tag $t3 (param (ref null $s0)))
  (global $number (export "number") (mut i32) (i32.const 1))
  (global $any (mut anyref) (ref.null any))
  (global $calls (mut i32) (i32.const 2000))
  (table $table 8 anyref)
  (data $bytes "some bytes for arrays")
  (func $note (param i32)
    (global.set $number (i32.add (local.get 0)
      (i32.mul (i32.rotl (global.get $number) (i32.const 5)) (i32.const 0x01000193)))))
  (func $object (param i32) (param (ref null $s0)) (result (ref $s0))
    (block $other
      (block $s3 (block $s2 (block $s1
        (br_table $s1 $s2 $s3 $other (i32.and (local.get 0) (i32.const 3))))
        (return (struct.new $s1 (local.get 0) (local.get 1) (i64.const -5))))
        (return (struct.new $s2 (local.get 0) (local.get 1) (i64.const 6)
          (local.get 0) (i32.const -3))))
      (return (struct.new $s3 (local.get 0) (local.get 1) (ref.i31 (local.get 0))
        (f32.const 1.5))))
    (struct.new $s0 (local.get 0) (local.get 1)))
"#;

/// What each function has.
const LOCALS: &str = "(local $any anyref) (local $a (ref null $a0)) (local $h (ref null $a2))
    (local $r (ref null $a3)) (local $e exnref) (local $x i32)";

/// The types that references are tested for and cast to.
const TYPES: [&str; 13] = [
    "$s0", "$s1", "$s2", "$s3", "$a0", "$a1", "$a2", "$a3", "i31", "struct", "array", "eq", "none",
];

/// How many functions there are. Each calls later ones only.
const FUNCTIONS: usize = 5;

/// The text of a module.
pub(super) fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let mut writer = Writer { u, text: format!("(module {HEAD}"), labels: 0, function: 0 };
    for function in 0..FUNCTIONS {
        writer.function = function;
        writer.labels = 0;
        let head = format!(
            "\n(func $f{function} (param $i i32) (param $s (ref null $s0)) (result i32) {LOCALS}"
        );
        writer.text += &head;
        writer.add(
            "(if (i32.eqz (global.get $calls)) (then (return (i32.const -9))))
            (global.set $calls (i32.sub (global.get $calls) (i32.const 1)))",
        );
        let most = writer.u.int_in_range(4..=12)?;
        writer.statements(most, 3)?;
        writer.text += "\n(i32.add (local.get $i) (local.get $x)))";
        let _ = write!(
            writer.text,
            "\n(func (export \"run{function}\") (param i32) (result i32)
              (call $f{function} (local.get 0) (call $object (local.get 0) (ref.null $s0))))"
        );
    }
    let mut text = writer.text;
    text.push(')');
    Ok(text)
}

struct Writer<'u, 'a> {
    u: &'u mut Unstructured<'a>,
    text: String,
    labels: u32,
    function: usize,
}

impl Writer<'_, '_> {
    fn add(&mut self, text: &str) {
        self.text.push('\n');
        self.text.push_str(text);
    }

    fn label(&mut self) -> u32 {
        self.labels += 1;
        self.labels
    }

    fn statements(&mut self, most: u32, depth: u32) -> Result<()> {
        for _ in 0..self.u.int_in_range(1..=most)? {
            self.statement(depth)?;
        }
        Ok(())
    }

    fn statement(&mut self, depth: u32) -> Result<()> {
        match self.u.int_in_range(0..=if depth == 0 { 15 } else { 21 })? {
            0 | 1 => self.make(),
            2 => self.read_fields(),
            3 => self.write_fields(),
            4 | 5 => self.test(),
            6 => self.branch_on_cast(),
            7 => self.cast(),
            8 => self.integers(),
            9 | 10 => self.array(),
            11 => self.places(),
            12 => self.throw(),
            13 if self.function + 1 < FUNCTIONS => self.call(),
            14 => {
                self.add(
                    "(call $note (ref.eq (local.get $s)
                      (struct.get $s0 1 (call $object (local.get $x) (local.get $s)))))",
                );
                Ok(())
            }
            13 | 15 => {
                let value = self.number()?;
                self.add(&format!("(local.set $i (i32.xor {value} (local.get $i)))"));
                Ok(())
            }
            16..=18 => self.catch(depth - 1),
            19 => {
                let value = self.number()?;
                self.add(&format!("(if (i32.and {value} (i32.const 1)) (then"));
                self.statements(3, depth - 1)?;
                self.add(") (else");
                self.statements(2, depth - 1)?;
                self.add("))");
                Ok(())
            }
            _ => {
                // A few times, counted in what nothing else writes to.
                let (label, times) = (self.label(), self.u.int_in_range(1..=4)?);
                self.add(&format!("(local.set $x (i32.const {times})) (loop $l{label}"));
                self.statements(3, 0)?;
                self.add(&format!(
                    "(br_if $l{label} (i32.gt_s (local.tee $x (i32.sub (local.get $x) \
                     (i32.const 1))) (i32.const 0))))"
                ));
                Ok(())
            }
        }
    }

    /// An integer.
    fn number(&mut self) -> Result<String> {
        Ok(match self.u.int_in_range(0..=4)? {
            0 => "(local.get $i)".into(),
            1 => "(global.get $number)".into(),
            2 => "(i32.sub (local.get $x) (local.get $i))".into(),
            _ => format!("(i32.const {})", self.u.arbitrary::<i32>()?),
        })
    }

    /// A reference to a structure, or null.
    fn structure(&mut self) -> Result<String> {
        Ok(match self.u.int_in_range(0..=7)? {
            0 => "(ref.null $s0)".into(),
            1 | 2 => "(local.get $s)".into(),
            3 => "(if (result (ref null $s0)) (ref.is_null (local.get $s))
                (then (local.get $s)) (else (struct.get $s0 1 (local.get $s))))"
                .into(),
            _ => format!("(call $object {} (local.get $s))", self.number()?),
        })
    }

    /// Any reference.
    fn any(&mut self) -> Result<String> {
        Ok(match self.u.int_in_range(0..=9)? {
            0 => "(local.get $any)".into(),
            1 => "(global.get $any)".into(),
            2 => format!("(ref.i31 {})", self.number()?),
            3 => "(local.get $a)".into(),
            4 => "(local.get $r)".into(),
            5 => "(local.get $h)".into(),
            6 => "(any.convert_extern (extern.convert_any (local.get $any)))".into(),
            7 => format!("(table.get $table (i32.and {} (i32.const 7)))", self.number()?),
            _ => self.structure()?,
        })
    }

    /// A type that a reference may have.
    fn ty(&mut self) -> Result<String> {
        let null = if self.u.arbitrary()? { "null " } else { "" };
        Ok(format!("(ref {null}{})", self.u.choose(&TYPES)?))
    }

    fn make(&mut self) -> Result<()> {
        let (local, value) = match self.u.int_in_range(0..=6)? {
            0..=2 => ("$s", self.structure()?),
            3 | 4 => ("$any", self.any()?),
            5 => {
                let ty = *self.u.choose(&["$a0", "$a1"])?;
                let (value, len) = (self.number()?, self.u.int_in_range(1..=20)?);
                match self.u.int_in_range(0..=2)? {
                    0 => ("$a", format!("(array.new {ty} {value} (i32.const {len}))")),
                    1 => (
                        "$a",
                        format!("(array.new_data {ty} $bytes (i32.const 1) (i32.const {len}))"),
                    ),
                    _ => ("$h", format!("(array.new_fixed $a2 2 {value} (i32.const -7))")),
                }
            }
            _ => {
                let (value, len) = (self.structure()?, self.u.int_in_range(1..=9)?);
                ("$r", format!("(array.new $a3 {value} (i32.const {len}))"))
            }
        };
        self.add(&format!("(local.set {local} {value})"));
        Ok(())
    }

    /// Does something with an object that a local refers to, mostly only if it is not null.
    fn guarded(&mut self, local: &str, text: &str) -> Result<()> {
        match self.u.ratio(1, 24)? {
            true => self.add(text),
            false => {
                self.add(&format!("(if (ref.is_null (local.get {local})) (then) (else {text}))"));
            }
        }
        Ok(())
    }

    fn read_fields(&mut self) -> Result<()> {
        let (ty, note) = *self.u.choose(&[
            ("$s1", "(i32.wrap_i64 (struct.get $s1 2 (ref.cast (ref $s1) (local.get $s))))"),
            ("$s2", "(struct.get_s $s2 3 (ref.cast (ref $s2) (local.get $s)))"),
            ("$s2", "(struct.get_u $s2 4 (ref.cast (ref $s2) (local.get $s)))"),
            ("$s2", "(struct.get_s $s2 4 (ref.cast (ref $s2) (local.get $s)))"),
            ("$s3", "(i32.trunc_sat_f32_s (struct.get $s3 3 (ref.cast (ref $s3) (local.get $s))))"),
            ("$s0", "(struct.get $s0 0 (local.get $s))"),
        ])?;
        self.add(&format!("(if (ref.test (ref {ty}) (local.get $s)) (then (call $note {note})))"));
        Ok(())
    }

    fn write_fields(&mut self) -> Result<()> {
        let (value, reference) = (self.number()?, self.structure()?);
        match self.u.int_in_range(0..=3)? {
            0 => self.guarded("$s", &format!("(struct.set $s0 0 (local.get $s) {value})")),
            1 => self.guarded("$s", &format!("(struct.set $s0 1 (local.get $s) {reference})")),
            2 => {
                self.add(&format!(
                    "(if (ref.test (ref $s2) (local.get $s)) (then
                      (struct.set $s2 3 (ref.cast (ref $s2) (local.get $s)) {value})))"
                ));
                Ok(())
            }
            _ => {
                let any = self.any()?;
                self.add(&format!(
                    "(if (ref.test (ref $s3) (local.get $s)) (then
                      (struct.set $s3 2 (ref.cast (ref $s3) (local.get $s)) {any})))"
                ));
                Ok(())
            }
        }
    }

    fn test(&mut self) -> Result<()> {
        let (ty, any) = (self.ty()?, self.any()?);
        self.add(&format!("(call $note (ref.test {ty} {any}))"));
        Ok(())
    }

    fn branch_on_cast(&mut self) -> Result<()> {
        let (ty, any, label) = (self.ty()?, self.any()?, self.label());
        let (operator, kept) = match self.u.arbitrary()? {
            true => ("br_on_cast", ty.as_str()),
            false => ("br_on_cast_fail", "anyref"),
        };
        self.add(&format!(
            "(block $d{label} (block $l{label} (result {kept})
                (local.set $any ({operator} $l{label} anyref {ty} {any}))
                (call $note (i32.const {label})) (br $d{label}))
              (local.set $any) (call $note (i32.const -{label})))"
        ));
        Ok(())
    }

    fn cast(&mut self) -> Result<()> {
        let ty = self.ty()?;
        let cast = format!("(local.set $any (ref.cast {ty} (local.get $any)))");
        match self.u.ratio(1, 12)? {
            true => self.add(&cast),
            false => self.add(&format!("(if (ref.test {ty} (local.get $any)) (then {cast}))")),
        }
        Ok(())
    }

    fn integers(&mut self) -> Result<()> {
        let any = match self.u.ratio(2, 3)? {
            true => format!("(ref.i31 {})", self.number()?),
            false => self.any()?,
        };
        let sign = *self.u.choose(&["s", "u"])?;
        self.add(&format!(
            "(local.set $any {any}) (if (ref.test (ref i31) (local.get $any)) (then
              (call $note (i31.get_{sign} (ref.cast (ref i31) (local.get $any))))))"
        ));
        Ok(())
    }

    fn array(&mut self) -> Result<()> {
        let (value, other, structure) = (self.number()?, self.number()?, self.structure()?);
        let count = self.u.int_in_range(0..=3)?;
        let place = self.u.int_in_range(0..=9)?;
        let local = match place {
            0..=5 => "$a",
            6 => "$h",
            _ => "$r",
        };
        let at = format!("(local.get {local}) (i32.rem_u {value} (array.len (local.get {local})))");
        let many = match place {
            3 => format!("(array.fill $a0 (local.get $a) (i32.const 1) {value}"),
            4 => "(array.copy $a0 $a0 (local.get $a) (i32.const 2) (local.get $a) (i32.const 1)"
                .to_owned(),
            5 => {
                "(array.init_data $a0 $bytes (local.get $a) (i32.const 0) (i32.const 2)".to_owned()
            }
            9 => format!("(array.fill $a3 (local.get $r) (i32.const 0) {structure}"),
            _ => {
                let one = match place {
                    0 => format!("(call $note (array.get_s $a0 {at}))"),
                    1 => format!("(call $note (array.get_u $a0 {at}))"),
                    2 => format!("(array.set $a0 {at} {other})"),
                    6 => format!("(call $note (array.get_s $a2 {at}))"),
                    7 => format!("(array.set $a3 {at} {structure})"),
                    _ => format!("(local.set $s (array.get $a3 {at}))"),
                };
                return self.guarded(local, &one);
            }
        };
        // Mostly within the array.
        let some = match self.u.ratio(1, 16)? {
            true => format!("{many} (i32.const {count}))"),
            false => format!(
                "(if (i32.gt_u (array.len (local.get {local})) (i32.const 5))
                  (then {many} (i32.const {count}))))"
            ),
        };
        self.guarded(local, &some)
    }

    /// Writes what is referred to elsewhere.
    fn places(&mut self) -> Result<()> {
        let (any, place) = (self.any()?, self.u.int_in_range(0..=7)?);
        let text = match self.u.arbitrary()? {
            true => format!("(global.set $any {any})"),
            false => format!("(table.set $table (i32.const {place}) {any})"),
        };
        self.add(&text);
        Ok(())
    }

    fn throw(&mut self) -> Result<()> {
        let (value, structure) = (self.number()?, self.structure()?);
        let throw = match self.u.int_in_range(0..=4)? {
            0 => "(throw $t0)".to_owned(),
            1 => format!("(throw $t1 {value})"),
            2 => format!("(throw $t2 {value})"),
            3 => format!("(throw $t3 {structure})"),
            _ => "(if (ref.is_null (local.get $e)) (then) (else (throw_ref (local.get $e))))"
                .to_owned(),
        };
        let condition = self.number()?;
        self.add(&format!("(if (i32.eqz (i32.and {condition} (i32.const 3))) (then {throw}))"));
        Ok(())
    }

    fn call(&mut self) -> Result<()> {
        let callee = self.u.int_in_range(self.function + 1..=FUNCTIONS - 1)?;
        let (value, structure) = (self.number()?, self.structure()?);
        self.add(&format!("(call $note (call $f{callee} {value} {structure}))"));
        Ok(())
    }

    /// Statements with a list of handlers, any of which may come first.
    fn catch(&mut self, depth: u32) -> Result<()> {
        let label = self.label();
        // What each leads to: a block with what its tag has, and the reference if it is asked for.
        let all = [
            ("catch $t0", "n", ""),
            ("catch $t1", "i", "i32"),
            ("catch $t2", "i", "i32"),
            ("catch $t3", "s", "(ref null $s0)"),
            ("catch_ref $t0", "e", "exnref"),
            ("catch_ref $t1", "ie", "i32 exnref"),
            ("catch_ref $t3", "se", "(ref null $s0) exnref"),
            ("catch_all", "n", ""),
            ("catch_all_ref", "e", "exnref"),
        ];
        let mut handlers = String::new();
        for _ in 0..self.u.int_in_range(1..=4)? {
            let (clause, block, _) = self.u.choose(&all)?;
            let _ = write!(handlers, " ({clause} $l{label}{block})");
        }
        self.add(&format!("(block $l{label}"));
        let blocks = [
            ("n", ""),
            ("i", "i32"),
            ("s", "(ref null $s0)"),
            ("e", "exnref"),
            ("ie", "i32 exnref"),
            ("se", "(ref null $s0) exnref"),
        ];
        for (name, results) in blocks.iter().rev() {
            match results.is_empty() {
                true => self.add(&format!("(block $l{label}{name}")),
                false => self.add(&format!("(block $l{label}{name} (result {results})")),
            }
        }
        self.add(&format!("(try_table{handlers}"));
        if self.u.arbitrary()? {
            self.throw()?;
        }
        self.statements(3, depth)?;
        self.throw()?;
        self.add(&format!(") (br $l{label}))"));
        for (place, (name, _)) in blocks.iter().enumerate() {
            let note = format!("(call $note (i32.const {})) (br $l{label})", 100 + place);
            let takes = match *name {
                "n" => "",
                "i" => "(call $note)",
                "s" => "(local.set $s)",
                "e" => "(local.set $e)",
                "ie" => "(local.set $e) (call $note)",
                _ => "(local.set $e) (local.set $s)",
            };
            let end = if place + 1 < blocks.len() { ")" } else { "" };
            self.add(&format!("{takes} {note}{end}"));
        }
        self.add(")");
        Ok(())
    }
}
