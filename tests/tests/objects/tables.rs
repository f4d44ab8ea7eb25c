//! Tables of objects beside collections of what is new: whoever writes to a table, what it refers
//! to stays.

use wasm_runtime::{Instance, Module, Result, RootScope, Store, TypedFunc};

use crate::engines;

const TEXT: &str = r#"(module
  (type $box (struct (field i32)))
  (table $table (export "table") 5000 (ref null $box))
  (table $other 700 (ref null $box))
  (func (export "set") (param $at i32) (param $value i32)
    (table.set $table (local.get $at) (struct.new $box (local.get $value))))
  (func (export "clear") (param $at i32)
    (table.set $table (local.get $at) (ref.null $box)))
  (func (export "fill") (param $at i32) (param $value i32) (param $count i32)
    (table.fill $table (local.get $at) (struct.new $box (local.get $value)) (local.get $count)))
  ;; Copies through the other table, from a part of which it comes.
  (func (export "copy") (param $to i32) (param $from i32) (param $count i32)
    (table.copy $other $table (i32.const 30) (local.get $from) (local.get $count))
    (call $litter (i32.const 2))
    (table.copy $table $other (local.get $to) (i32.const 30) (local.get $count)))
  (func (export "grow") (param $value i32) (param $count i32) (result i32)
    (table.grow $table (struct.new $box (local.get $value)) (local.get $count)))
  (func (export "get") (param $at i32) (result i32) (local $box (ref null $box))
    (local.set $box (table.get $table (local.get $at)))
    (if (result i32) (ref.is_null (local.get $box))
      (then (i32.const -1))
      (else (struct.get $box 0 (local.get $box)))))
  (func $litter (export "litter") (param $count i32)
    (loop $again
      (drop (struct.new $box (local.get $count)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))"#;

#[test]
fn what_a_table_refers_to_survives() -> Result<()> {
    for (place, engine) in engines().into_iter().enumerate() {
        let module = Module::new(&engine, TEXT)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let table = instance.get_table(&mut store, "table").unwrap();
        let two = |store: &mut Store<()>, name| -> Result<TypedFunc<(i32, i32), ()>> {
            instance.get_typed_func(store, name)
        };
        let set = two(&mut store, "set")?;
        let clear = instance.get_typed_func::<i32, ()>(&mut store, "clear")?;
        let fill = instance.get_typed_func::<(i32, i32, i32), ()>(&mut store, "fill")?;
        let copy = instance.get_typed_func::<(i32, i32, i32), ()>(&mut store, "copy")?;
        let grow = instance.get_typed_func::<(i32, i32), i32>(&mut store, "grow")?;
        let get = instance.get_typed_func::<i32, i32>(&mut store, "get")?;
        let litter = instance.get_typed_func::<i32, ()>(&mut store, "litter")?;

        // Where everything moves at each object, a few of them take as long as all others.
        let (steps, litters) = if place == 1 { (20, 3) } else { (250, 3000) };
        let mut model = vec![-1; 5000];
        let mut seed = 1_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            (seed >> 33) as usize % below
        };
        for step in 0..steps {
            let at = random(model.len() - 600);
            let (from, count) = (random(model.len() - 600), random(600));
            match random(8) {
                0 | 1 => {
                    model[at] = step;
                    set.call(&mut store, (at as i32, step))?;
                }
                2 => {
                    model[at] = -1;
                    clear.call(&mut store, at as i32)?;
                }
                3 => {
                    model[at..at + count].fill(step);
                    fill.call(&mut store, (at as i32, step, count as i32))?;
                }
                4 => {
                    model.copy_within(from..from + count, at);
                    copy.call(&mut store, (at as i32, from as i32, count as i32))?;
                }
                5 if model.len() < 12_000 => {
                    let old = grow.call(&mut store, (step, count as i32))?;
                    assert_eq!(old as usize, model.len());
                    model.resize(model.len() + count, step);
                }
                6 => {
                    model[at] = model[from];
                    let mut scope = RootScope::new(&mut store);
                    let value = table.get(&mut scope, from as u64).unwrap();
                    table.set(&mut scope, at as u64, value)?;
                }
                _ => {
                    let value = model[from];
                    model[at..at + count].fill(value);
                    let mut scope = RootScope::new(&mut store);
                    let value = table.get(&mut scope, from as u64).unwrap();
                    table.fill(&mut scope, at as u64, value, count as u64)?;
                }
            }
            litter.call(&mut store, 1 + random(litters) as i32)?;
            assert_eq!(get.call(&mut store, at as i32)?, model[at], "element {at} at {step}");
        }
        for (at, value) in model.iter().enumerate() {
            assert_eq!(get.call(&mut store, at as i32)?, *value, "element {at}");
        }
    }
    Ok(())
}
