//! Structures and arrays: what refers to them from where, and what happens if there is no room.

use wasm_runtime::{
    Config, Engine, GcHeapOutOfMemory, Instance, Linker, Module, Result, Snapshot, Store,
    StoreLimits, StoreLimitsBuilder, Trap,
};

use super::support::{Alive, engines, guest};

fn call(store: &mut Store<impl Send + 'static>, instance: Instance, name: &str) -> Result<i32> {
    instance.get_typed_func::<(), i32>(&mut *store, name)?.call(&mut *store, ())
}

/// Instances of modules, each of which may import from those before it by their numbers.
fn instances(store: &mut Store<()>, texts: &[&str]) -> Result<Vec<Instance>> {
    let mut linker = Linker::new(store.engine());
    let mut made = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let module = Module::new(store.engine(), text)?;
        let instance = linker.instantiate(&mut *store, &module)?;
        linker.instance(&mut *store, &number.to_string(), instance)?;
        made.push(instance);
    }
    Ok(made)
}

/// Builds a list and a tree, most of whose nodes live, and adds everything up.
const GRAPHS: &str = r#"
    (type $list (struct (field i32) (field (ref null $list))))
    (rec
      (type $tree (sub (struct (field (mut (ref null $tree))) (field (mut (ref null $tree))))))
      (type $leaf (sub final $tree
        (struct (field (mut (ref null $tree))) (field (mut (ref null $tree))) (field i64)))))
    (type $refs (array (mut (ref null any))))
    (global $kept (mut (ref null $list)) (ref.null $list))
    (func (export "list") (result i32) (local $n i32) (local $list (ref null $list))
      (loop $next
        (local.set $list (struct.new $list (local.get $n) (local.get $list)))
        (drop (struct.new $list (i32.const 7) (ref.null $list)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 700))))
      (global.set $kept (local.get $list))
      (call $sum))
    (func $sum (result i32) (local $sum i32) (local $list (ref null $list))
      (local.set $list (global.get $kept))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (struct.get $list 0 (local.get $list))))
        (local.set $list (struct.get $list 1 (local.get $list)))
        (br_if $next (i32.eqz (ref.is_null (local.get $list)))))
      (local.get $sum))
    (func $tree (param $depth i32) (result (ref $tree)) (local $made (ref $tree))
      (if (i32.eqz (local.get $depth))
        (then (return (struct.new $leaf (ref.null $tree) (ref.null $tree) (i64.const 1)))))
      (local.set $made (struct.new_default $tree))
      (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
      (struct.set $tree 0 (local.get $made) (call $tree (local.get $depth)))
      (struct.set $tree 1 (local.get $made) (call $tree (local.get $depth)))
      (local.get $made))
    (func $count (param $tree (ref null $tree)) (result i32)
      (if (ref.is_null (local.get $tree)) (then (return (i32.const 0))))
      (if (ref.test (ref $leaf) (local.get $tree))
        (then (return (i32.wrap_i64
          (struct.get $leaf 2 (ref.cast (ref $leaf) (local.get $tree)))))))
      (i32.add (call $count (struct.get $tree 0 (local.get $tree)))
               (call $count (struct.get $tree 1 (local.get $tree)))))
    (func (export "tree") (result i32) (call $count (call $tree (i32.const 7))))
    (func (export "array") (result i32) (local $array (ref $refs)) (local $n i32) (local $sum i32)
      ;; Large enough to be made in the old space at once.
      (local.set $array (array.new_default $refs (i32.const 6000)))
      (loop $next
        (array.set $refs (local.get $array) (local.get $n)
          (struct.new $list (local.get $n) (ref.null $list)))
        (local.set $n (i32.add (local.get $n) (i32.const 100)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 6000))))
      (array.copy $refs $refs (local.get $array) (i32.const 1)
        (local.get $array) (i32.const 0) (i32.const 5999))
      (call $gc)
      (local.set $n (i32.const 1))
      (loop $next
        (local.set $sum (i32.add (local.get $sum)
          (struct.get $list 0 (ref.cast (ref $list)
            (array.get $refs (local.get $array) (local.get $n))))))
        (local.set $n (i32.add (local.get $n) (i32.const 100)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 6000))))
      (local.get $sum))
"#;

#[test]
fn graphs_stay_what_they_are() -> Result<()> {
    for engine in engines() {
        let (mut store, instance) = guest(&engine, GRAPHS);
        for _ in 0..2 {
            assert_eq!(call(&mut store, instance, "list")?, 699 * 700 / 2);
            assert_eq!(call(&mut store, instance, "tree")?, 1 << 7);
            assert_eq!(call(&mut store, instance, "array")?, 59 * 60 / 2 * 100);
        }
    }
    Ok(())
}

/// Globals, tables and segments that begin with objects.
#[test]
fn what_a_module_starts_with_is_found() -> Result<()> {
    const TEXT: &str = r#"
        (type $pair (struct (field (mut i32)) (field (ref null any))))
        (type $pairs (array (mut (ref null $pair))))
        (type $bytes (array (mut i8)))
        (type $funcs (array (ref null func)))
        (func $f) (func $g)
        (elem declare func $f $g)
        (global $one (ref $pair) (struct.new $pair (i32.const 1) (ref.null none)))
        (global $two (ref any) (struct.new $pair (i32.const 2) (global.get $one)))
        (global $bytes (ref $bytes) (array.new $bytes (i32.const 5) (i32.const 100)))
        (global $small (ref i31) (ref.i31 (i32.const -3)))
        (global $out (ref extern) (extern.convert_any (global.get $two)))
        (global $pairs (ref $pairs)
          (array.new_fixed $pairs 3 (global.get $one) (ref.null none) (global.get $one)))
        (global $funcs (ref $funcs)
          (array.new_fixed $funcs 3 (ref.func $f) (ref.null nofunc) (ref.func $g)))
        (table $table 5 (ref null any) (struct.new $pair (i32.const 4) (ref.null none)))
        (table $other 3 (ref null $pair))
        (elem $fresh (ref null $pair)
          (item (struct.new $pair (i32.const 10) (ref.null none)))
          (item (global.get $one))
          (item (struct.new_default $pair)))
        (elem (table $other) (i32.const 1) (ref null $pair)
          (item (struct.new $pair (i32.const 20) (ref.null none))))
        (func $value (param (ref null any)) (result i32)
          (struct.get $pair 0 (ref.cast (ref $pair) (local.get 0))))
        (func (export "globals") (result i32)
          (call $gc)
          (i32.add
            (i32.mul (i32.const 100) (call $value (global.get $one)))
            (i32.add
              (i32.mul (i32.const 10) (call $value (any.convert_extern (global.get $out))))
              (call $value (array.get $pairs (global.get $pairs) (i32.const 2))))))
        (func (export "same") (result i32)
          (call $gc)
          (i32.and
            (ref.eq (global.get $one) (array.get $pairs (global.get $pairs) (i32.const 2)))
            (ref.eq (global.get $one)
              (ref.cast (ref eq) (struct.get $pair 1 (ref.cast (ref $pair) (global.get $two)))))))
        (func (export "bytes") (result i32)
          (i32.add (i32.mul (array.len (global.get $bytes))
                            (array.get_u $bytes (global.get $bytes) (i32.const 99)))
            (i31.get_s (global.get $small))))
        (func (export "functions") (result i32)
          (i32.add (ref.is_null (array.get $funcs (global.get $funcs) (i32.const 1)))
            (ref.is_null (array.get $funcs (global.get $funcs) (i32.const 2)))))
        (func (export "tables") (result i32)
          (call $gc)
          ;; All elements are one object.
          (if (i32.eqz (ref.eq (ref.cast (ref eq) (table.get $table (i32.const 0)))
                               (ref.cast (ref eq) (table.get $table (i32.const 4)))))
            (then (unreachable)))
          (drop (table.grow $table (ref.i31 (i32.const 6)) (i32.const 2)))
          (table.fill $table (i32.const 1) (global.get $two) (i32.const 2))
          (table.copy $table $other (i32.const 3) (i32.const 1) (i32.const 1))
          (table.init $other $fresh (i32.const 0) (i32.const 0) (i32.const 1))
          (call $gc)
          (i32.add
            (i32.add (call $value (table.get $table (i32.const 2)))
                     (call $value (table.get $table (i32.const 3))))
            (i32.add (i31.get_u (ref.cast (ref i31) (table.get $table (i32.const 6))))
                     (call $value (table.get $other (i32.const 0))))))
        (func (export "segments") (result i32) (local $a (ref $pairs)) (local $b (ref $pairs))
          (local.set $a (array.new_elem $pairs $fresh (i32.const 0) (i32.const 3)))
          (call $gc)
          (local.set $b (array.new_default $pairs (i32.const 4)))
          (array.init_elem $pairs $fresh (local.get $b) (i32.const 1) (i32.const 0) (i32.const 3))
          (struct.set $pair 0 (array.get $pairs (local.get $a) (i32.const 2)) (i32.const 30))
          (i32.add
            (i32.add
              (ref.eq (array.get $pairs (local.get $a) (i32.const 0))
                      (array.get $pairs (local.get $b) (i32.const 1)))
              (ref.eq (array.get $pairs (local.get $a) (i32.const 0))
                      (array.get $pairs (local.get $a) (i32.const 2))))
            (struct.get $pair 0 (array.get $pairs (local.get $b) (i32.const 3)))))
        (func (export "dropped") (result i32)
          (elem.drop $fresh)
          (drop (array.new_elem $pairs $fresh (i32.const 0) (i32.const 0)))
          (array.len (array.new_elem $pairs $fresh (i32.const 0) (i32.const 1))))
    "#;
    for engine in engines() {
        let (mut store, instance) = guest(&engine, TEXT);
        for _ in 0..2 {
            assert_eq!(call(&mut store, instance, "globals")?, 121);
            assert_eq!(call(&mut store, instance, "same")?, 1);
            assert_eq!(call(&mut store, instance, "bytes")?, 497);
            assert_eq!(call(&mut store, instance, "functions")?, 1);
        }
        assert_eq!(call(&mut store, instance, "tables")?, 2 + 20 + 6 + 10);
        assert_eq!(call(&mut store, instance, "segments")?, 31);
        assert_eq!(call(&mut store, instance, "segments")?, 31);
        let error = call(&mut store, instance, "dropped").unwrap_err();
        assert_eq!(error.downcast::<Trap>()?, Trap::TableOutOfBounds);
    }
    Ok(())
}

/// The same types in several modules, in another order and with others in between.
#[test]
fn types_are_the_same_in_all_modules_of_a_store() -> Result<()> {
    const FIRST: &str = r#"(module
        (type $a (sub (struct (field i32))))
        (type $b (sub $a (struct (field i32) (field i64))))
        (global (export "a") (ref $a) (struct.new $a (i32.const 1)))
        (global (export "b") (ref $b) (struct.new $b (i32.const 2) (i64.const 3)))
        (table (export "t") 2 (ref null $b) (struct.new $b (i32.const 4) (i64.const 5)))
        (func (export "f") (result i32) (struct.get $b 0 (table.get 0 (i32.const 1)))))"#;
    const SECOND: &str = r#"(module
        (type $bytes (array i8))
        (type $a (sub (struct (field i32))))
        (type $c (sub $a (struct (field i32) (field f32))))
        (type $b (sub $a (struct (field i32) (field i64))))
        (import "0" "a" (global $a (ref null $a)))
        (import "0" "b" (global $b (ref $a)))
        (import "0" "t" (table $t 2 (ref null $b)))
        (func (export "f") (result i32)
          (table.set $t (i32.const 1) (struct.new $b (i32.const 9) (i64.const 9)))
          (i32.add
            (i32.add (ref.test (ref $b) (global.get $a))
                     (i32.mul (i32.const 10) (ref.test (ref $b) (global.get $b))))
            (i32.mul (i32.const 100)
              (i32.add (ref.test (ref $c) (global.get $b))
                       (struct.get $a 0 (table.get $t (i32.const 0))))))))"#;
    for engine in engines() {
        // Instances of the first round are used again in others, where types have other numbers.
        for order in [[0, 1].as_slice(), &[0, 1], &[2, 0, 1], &[2, 0, 1]] {
            let other = "(module (type (array i64)) (type (array i32)) (type (sub (struct))))";
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            let mut made = [None; 3];
            for number in order {
                let module = Module::new(&engine, [FIRST, SECOND, other][*number])?;
                let instance = linker.instantiate(&mut store, &module)?;
                linker.instance(&mut store, &number.to_string(), instance)?;
                made[*number] = Some(instance);
            }
            let [Some(first), Some(second), _] = made else { unreachable!() };
            assert_eq!(call(&mut store, first, "f")?, 4);
            assert_eq!(call(&mut store, second, "f")?, 410);
            assert_eq!(call(&mut store, first, "f")?, 9);
        }
        let refused = SECOND.replace("(global $b (ref $a))", "(global $b (ref $c))");
        let mut store = Store::new(&engine, ());
        let error = instances(&mut store, &[FIRST, &refused]).unwrap_err();
        assert!(format!("{error:?}").contains("incompatible import type"), "{error:?}");
    }
    Ok(())
}

/// Functions that objects refer to have other numbers in the next store.
#[test]
fn functions_in_objects_are_called() -> Result<()> {
    const TEXT: &str = r#"
        (type $f (func (result i32)))
        (type $box (struct (field (mut (ref null $f)))))
        (func $one (type $f) (i32.const 1))
        (func $two (type $f) (i32.const 2))
        (elem declare func $one $two)
        (func (export "call") (result i32) (local $box (ref $box))
          (local.set $box (struct.new $box (ref.func $two)))
          (call $gc)
          (i32.add
            (call_ref $f (struct.get $box 0 (local.get $box)))
            (block (result i32)
              (struct.set $box 0 (local.get $box) (ref.func $one))
              (call_ref $f (struct.get $box 0 (local.get $box))))))
        (func (export "null") (result i32)
          (call_ref $f (struct.get $box 0 (struct.new_default $box))))"#;
    for engine in engines() {
        for _ in 0..3 {
            let (mut store, instance) = guest(&engine, TEXT);
            assert_eq!(call(&mut store, instance, "call")?, 3);
            let error = call(&mut store, instance, "null").unwrap_err();
            assert_eq!(error.downcast::<Trap>()?, Trap::NullReference);
        }
    }
    Ok(())
}

#[test]
fn what_is_too_large_is_a_trap_and_a_full_heap_an_error() -> Result<()> {
    const TEXT: &str = r#"(module
        (type $longs (array (mut i64)))
        (type $list (array (mut (ref null $list))))
        (global $keep (mut (ref null $list)) (ref.null $list))
        (func (export "large") (result i32)
          (array.len (array.new_default $longs (i32.const -1))))
        (func (export "fill") (result i32) (local $new (ref $list))
          (loop $next
            (local.set $new (array.new_default $list (i32.const 1000)))
            (array.set $list (local.get $new) (i32.const 999) (global.get $keep))
            (global.set $keep (local.get $new))
            (br $next))
          (unreachable))
        (func (export "forget") (result i32) (global.set $keep (ref.null $list)) (i32.const 0))
        (func (export "small") (result i32) (array.len (array.new_default $list (i32.const 9)))))"#;
    let engine = Engine::default();
    let limits = StoreLimitsBuilder::new().memory_size(1 << 20).build();
    let mut store: Store<StoreLimits> = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let instance = Instance::new(&mut store, &Module::new(&engine, TEXT)?, &[])?;
    let error = call(&mut store, instance, "large").unwrap_err();
    assert_eq!(error.downcast::<Trap>()?, Trap::AllocationTooLarge);
    for _ in 0..2 {
        let error = call(&mut store, instance, "fill").unwrap_err();
        assert!(error.downcast_ref::<GcHeapOutOfMemory<()>>().is_some(), "{error:?}");
        assert!(store.gc_heap_capacity() <= 1 << 20);
        call(&mut store, instance, "forget")?;
        assert_eq!(call(&mut store, instance, "small")?, 9);
    }
    let large = "(module (type $a (array i64))
        (global (ref $a) (array.new $a (i64.const 0) (i32.const -1))))";
    let error = Instance::new(&mut store, &Module::new(&engine, large)?, &[]).unwrap_err();
    assert_eq!(error.downcast::<Trap>()?, Trap::AllocationTooLarge);
    Ok(())
}

/// Nothing is paid for types that nobody uses.
#[test]
fn a_store_without_objects_has_no_heap() -> Result<()> {
    let (store, _) = guest(&Engine::new(&Config::new())?, "(func (export \"f\"))");
    assert_eq!(store.gc_heap_capacity(), 0);
    let (mut store, _): (Store<Alive>, _) = guest(store.engine(), "(type (struct (field i32)))");
    assert_eq!(store.gc_heap_capacity(), 0);
    Snapshot::of_store(&mut store)?.restore(&mut store)?;
    assert_eq!(store.gc_heap_capacity(), 0);
    Ok(())
}

/// A module that declares no types of objects sees those of others, and values of the host. The
/// heap is made after it.
#[test]
fn casts_need_no_types_of_the_module() -> Result<()> {
    const TEXT: &str = r#"
        (func (export "kinds") (result i32) (local $value (ref any))
          (local.set $value (ref.as_non_null (any.convert_extern (call $make (i32.const 1)))))
          (call $gc)
          (i32.add
            (i32.add (ref.test (ref eq) (local.get $value))
                     (i32.mul (i32.const 10) (ref.test (ref struct) (local.get $value))))
            (i32.add
              (i32.mul (i32.const 100) (ref.test (ref eq) (ref.i31 (i32.const 5))))
              (i32.mul (i32.const 1000)
                (call $number (extern.convert_any (local.get $value)))))))"#;
    for engine in engines() {
        let (mut store, instance) = guest(&engine, TEXT);
        assert_eq!(call(&mut store, instance, "kinds")?, 1100);
    }
    Ok(())
}
