//! `array.copy` and `array.fill` of a few elements, which code does in place if it knows how many:
//! the same as what the store does for any number.

use wasm_runtime::{Engine, Instance, Module, Result, Store, Trap, WasmParams, WasmResults};

use crate::engines;

/// How many elements the arrays have.
const COUNT: u32 = 70;

/// A module for one type of elements: `value` makes one of an `i32`, `back` the other way.
fn text(element: &str, get: &str, value: &str, back: &str, counts: &[u32]) -> String {
    let mut text = format!(
        r#"(module
        (type $box (struct (field i32)))
        (type $a (array (mut {element})))
        (global $a (mut (ref null $a)) (ref.null $a))
        (func $value (param i32) (result {result}) {value})
        (func (export "start") (local $at i32)
          (global.set $a (array.new $a (call $value (i32.const 0)) (i32.const {COUNT})))
          (loop $again
            (array.set $a (global.get $a) (local.get $at) (call $value (local.get $at)))
            (br_if $again (i32.lt_u
              (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const {COUNT})))))
        (func (export "sum") (result i64) (local $at i32) (local $sum i64)
          (loop $again
            (local.set $sum (i64.add
              (i64.mul (local.get $sum) (i64.const 6364136223846793005))
              (i64.extend_i32_u (block (result i32)
                ({get} $a (global.get $a) (local.get $at)) {back}))))
            (br_if $again (i32.lt_u
              (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const {COUNT}))))
          (local.get $sum))
        (func $array (param $null i32) (result (ref null $a))
          (select (result (ref null $a)) (ref.null $a) (global.get $a) (local.get $null)))
        (func (export "copy") (param $to i32) (param $from i32) (param $null i32) (param i32)
          (array.copy $a $a
            (call $array (i32.and (local.get $null) (i32.const 1))) (local.get $to)
            (call $array (i32.and (local.get $null) (i32.const 2))) (local.get $from)
            (local.get 3)))
        (func (export "fill") (param $to i32) (param $from i32) (param $null i32) (param i32)
          (array.fill $a (call $array (local.get $null)) (local.get $to)
            (call $value (local.get $from)) (local.get 3)))"#,
        result = if matches!(element, "i8" | "i16") { "i32" } else { element },
    );
    for count in counts {
        text.push_str(&format!(
            r#"
        (func (export "copy{count}") (param $to i32) (param $from i32) (param $null i32)
          (array.copy $a $a
            (call $array (i32.and (local.get $null) (i32.const 1))) (local.get $to)
            (call $array (i32.and (local.get $null) (i32.const 2))) (local.get $from)
            (i32.const {count})))
        (func (export "fill{count}") (param $to i32) (param $from i32) (param $null i32)
          (array.fill $a (call $array (local.get $null)) (local.get $to)
            (call $value (local.get $from)) (i32.const {count})))"#
        ));
    }
    text.push(')');
    text
}

struct Side {
    store: Store<()>,
    instance: Instance,
}

impl Side {
    fn new(engine: &Engine, module: &Module) -> Result<Self> {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, module, &[])?;
        let mut side = Self { store, instance };
        side.call::<(), ()>("start", ())?;
        Ok(side)
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R> {
        self.instance.get_typed_func(&mut self.store, name)?.call(&mut self.store, params)
    }

    /// The trap that a call ends with, and what is in the array afterwards.
    fn outcome<P: WasmParams>(&mut self, name: &str, params: P) -> Result<(Option<Trap>, i64)> {
        let trap = match self.call::<P, ()>(name, params) {
            Ok(()) => None,
            Err(error) => Some(error.downcast::<Trap>()?),
        };
        Ok((trap, self.call("sum", ())?))
    }
}

#[test]
fn few_elements_are_written_as_many_are() -> Result<()> {
    let boxed = "(struct.get $box 0 (ref.as_non_null))";
    let kinds = [
        ("i8", "array.get_u", "(local.get 0)", ""),
        ("i16", "array.get_s", "(i32.mul (local.get 0) (i32.const 257))", ""),
        ("i32", "array.get", "(i32.mul (local.get 0) (i32.const 0x1010101))", ""),
        (
            "i64",
            "array.get",
            "(i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 35))",
            "(i64.const 35) i64.shr_u i32.wrap_i64",
        ),
        ("f32", "array.get", "(f32.convert_i32_s (local.get 0))", "i32.trunc_f32_s"),
        ("f64", "array.get", "(f64.convert_i32_s (local.get 0))", "i32.trunc_f64_s"),
        ("v128", "array.get", "(i32x4.splat (local.get 0))", "i32x4.extract_lane 3"),
        ("(ref null $box)", "array.get", "(struct.new $box (local.get 0))", boxed),
        ("anyref", "array.get", "(ref.i31 (local.get 0))", "(ref.cast i31ref) i31.get_u"),
    ];
    let counts: Vec<u32> = (0..=9).chain([15, 16, 17, 24, 31, 33, 63, 64, 65]).collect();
    let places = [
        (0, 0, 0),
        (3, 1, 0),
        (1, 3, 0),
        (5, 40, 0),
        (COUNT as i32 - 2, 0, 0),
        (0, COUNT as i32 - 2, 0),
        (COUNT as i32, COUNT as i32, 0),
        (-1, 0, 0),
        (0, -1, 0),
        (0, 0, 1),
        (0, 0, 2),
        (-1, -1, 3),
    ];
    for engine in engines() {
        for (element, get, value, back) in kinds {
            let module = Module::new(&engine, text(element, get, value, back, &counts))?;
            for count in &counts {
                let (mut few, mut many) =
                    (Side::new(&engine, &module)?, Side::new(&engine, &module)?);
                for name in ["copy", "fill"] {
                    for (to, from, null) in places {
                        let in_place = few.outcome(&format!("{name}{count}"), (to, from, null))?;
                        let called = many.outcome(name, (to, from, null, *count as i32))?;
                        let case = format!("{name} {count} of {element}: {to}, {from}, {null}");
                        assert_eq!(in_place, called, "{case}");
                    }
                }
            }
        }
    }
    Ok(())
}
