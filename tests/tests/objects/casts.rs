//! What errors say of casts that fail.

use wasm_runtime::{Instance, Module, Result, Store, Trap};

use crate::engines;

const TEXT: &str = r#"(module
  (type $shape (sub (struct (field i32))))
  (type $square (sub final $shape (struct (field i32))))
  (type $oblong (sub $shape (struct (field i32) (field i32))))
  (type $list (array i8))
  (type (struct (field f64)))
  (type $a (sub $shape (struct (field i32))))
  (type $b (sub $a (struct (field i32))))
  (type $c (sub $b (struct (field i32))))
  (type $d (sub $c (struct (field i32))))
  (type $e (sub $d (struct (field i32))))
  (type $f (sub $e (struct (field i32))))
  (type $deep (sub $f (struct (field i32))))
  (func $any (param $what i32) (result anyref)
    (block (block (block (block (block
      (br_table 0 1 2 3 4 (local.get $what)))
      (return (struct.new $square (i32.const 1))))
      (return (struct.new $oblong (i32.const 1) (i32.const 2))))
      (return (array.new_default $list (i32.const 3))))
      (return (ref.i31 (i32.const 4))))
    (ref.null any))
  (func (export "square") (param i32)
    (drop (ref.cast (ref $square) (call $any (local.get 0)))))
  (func (export "null or oblong") (param i32)
    (drop (ref.cast (ref null $oblong) (call $any (local.get 0)))))
  (func (export "deep") (param i32)
    (drop (ref.cast (ref $deep) (call $any (local.get 0)))))
  (func (export "list") (param i32)
    (drop (ref.cast (ref $list) (call $any (local.get 0)))))
  (func (export "unnamed") (param i32)
    (drop (ref.cast (ref 4) (call $any (local.get 0)))))
  (func (export "array") (param i32)
    (drop (ref.cast (ref array) (call $any (local.get 0)))))
  (func (export "i31") (param i32)
    (drop (ref.cast (ref i31) (call $any (local.get 0)))))
  (func (export "none") (param i32)
    (drop (ref.cast (ref none) (call $any (local.get 0)))))
  (func (export "shape to square") (param i32)
    (drop (ref.cast (ref $square)
      (ref.cast (ref null $shape) (call $any (local.get 0)))))))"#;

#[test]
fn failures_name_both_types() -> Result<()> {
    const NULL: &str = "cast of a null reference to a type without null";
    let cases = [
        ("square", 1, "cast to `(ref $square)` of a reference of type `(ref $oblong)`"),
        ("square", 2, "cast to `(ref $square)` of a reference of type `(ref $list)`"),
        ("square", 3, "cast to `(ref $square)` of a reference of type `(ref i31)`"),
        ("square", 4, NULL),
        (
            "null or oblong",
            0,
            "cast to `(ref null $oblong)` of a reference of type `(ref $square)`",
        ),
        ("deep", 1, "cast to `(ref $deep)` of a reference of type `(ref $oblong)`"),
        ("deep", 4, NULL),
        ("list", 0, "cast to `(ref $list)` of a reference of type `(ref $square)`"),
        ("unnamed", 0, "cast to `(ref (struct (field f64)))` of a reference of type"),
        ("array", 0, "cast to `(ref array)` of a reference of type `(ref $square)`"),
        ("i31", 2, "cast to `(ref i31)` of a reference of type `(ref $list)`"),
        ("none", 1, "cast to `(ref none)` of a reference of type `(ref $oblong)`"),
        ("shape to square", 1, "cast to `(ref $square)` of a reference of type `(ref $oblong)`"),
        ("shape to square", 2, "cast to `(ref null $shape)` of a reference of type `(ref $list)`"),
    ];
    for engine in engines() {
        let module = Module::new(&engine, TEXT)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        for (name, what, says) in cases {
            let cast = instance.get_typed_func::<i32, ()>(&mut store, name)?;
            let error = cast.call(&mut store, what).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::CastFailure), "{error:#}");
            assert!(format!("{error:#}").contains(says), "{error:#} does not say {says:?}");
        }
        for (name, what) in [("square", 0), ("null or oblong", 4), ("list", 2), ("i31", 3)] {
            instance.get_typed_func::<i32, ()>(&mut store, name)?.call(&mut store, what)?;
        }
    }
    Ok(())
}
