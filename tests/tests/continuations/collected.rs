//! Continuations and the collector: what they hold stays, and what nobody refers to goes.

use wasm_runtime::{Engine, Val};

use super::{Kind, config, instantiate, run, store};

#[test]
fn what_a_suspended_stack_holds_moves_with_it() {
    // Each of many generators holds a list on its stack, which grows while others run.
    run(
        r#"(module
          (type $list (struct (field i32) (field (ref null $list))))
          (type $f (func (param i32))) (type $k (cont $f))
          (type $g (func)) (type $l (cont $g))
          (type $queue (array (mut (ref null $l))))
          (tag $yield) (tag $done (param (ref null $list)))
          (func $f (param $n i32) (local $list (ref null $list)) (local $i i32)
            (loop $more
              (local.set $list (struct.new $list
                (i32.mul (local.get $n) (local.get $i)) (local.get $list)))
              (suspend $yield)
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $i) (i32.const 20))))
            (suspend $done (local.get $list)))
          (elem declare func $f)
          (func $sum (param $list (ref null $list)) (result i32) (local $sum i32)
            (block $end
              (loop $more
                (br_if $end (ref.is_null (local.get $list)))
                (local.set $sum (i32.add (local.get $sum)
                  (struct.get $list 0 (local.get $list))))
                (local.set $list (struct.get $list 1 (local.get $list)))
                (br $more)))
            (local.get $sum))
          (func (export "run") (param $n i32) (result i32)
            (local $queue (ref $queue)) (local $i i32) (local $left i32) (local $sum i32)
            (local $c (ref null $l)) (local $list (ref null $list))
            (local.set $queue (array.new_default $queue (local.get $n)))
            (local.set $left (local.get $n))
            (loop $fill
              (array.set $queue (local.get $queue) (local.get $i)
                (cont.bind $k $l (local.get $i) (cont.new $k (ref.func $f))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $fill (i32.lt_u (local.get $i) (local.get $n))))
            (loop $round
              (local.set $i (i32.const 0))
              (loop $each
                (local.set $c (array.get $queue (local.get $queue) (local.get $i)))
                (if (i32.eqz (ref.is_null (local.get $c))) (then
                  (block $next
                    (block $yields (result (ref $l))
                      (block $ends (result (ref null $list) (ref $l))
                        (resume $l (on $yield $yields) (on $done $ends) (local.get $c))
                        (unreachable))
                      (drop) (local.set $list)
                      (local.set $sum (i32.add (local.get $sum) (call $sum (local.get $list))))
                      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                      (array.set $queue (local.get $queue) (local.get $i) (ref.null $l))
                      (br $next))
                    (local.set $c)
                    (array.set $queue (local.get $queue) (local.get $i) (local.get $c)))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
              (br_if $round (local.get $left)))
            (local.get $sum)))"#,
        // Each list has the sum n * (0 + ... + 19).
        &[(1, 0), (10, 45 * 190), (60, 1770 * 190)],
    );
}

#[test]
fn references_are_passed_in_all_ways() {
    // As arguments, bound and not, as values of suspensions and as results, with a collection in
    // between.
    run(
        r#"(module
          (type $box (struct (field i32)))
          (type $f (func (param (ref $box) (ref $box) i32) (result (ref $box) i32 (ref $box))))
          (type $k (cont $f))
          (type $g (func (param i32) (result (ref $box) i32 (ref $box)))) (type $l (cont $g))
          (type $r (func (param (ref $box)) (result (ref $box) i32 (ref $box)))) (type $m (cont $r))
          (type $r0 (func (result (ref $box) i32 (ref $box)))) (type $m0 (cont $r0))
          (tag $swap (param (ref $box) i32) (result (ref $box)))
          (func $new (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
          (func $litter (local $i i32)
            (loop $more
              (drop (call $new (local.get $i)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $i) (i32.const 50)))))
          (func $f (type $f) (param $a (ref $box)) (param $b (ref $box)) (param $n i32)
              (result (ref $box) i32 (ref $box))
            (local $c (ref null $box))
            (call $litter)
            (local.set $c (suspend $swap (local.get $a) (local.get $n)))
            (call $litter)
            (ref.as_non_null (local.get $c)) (local.get $n) (local.get $b))
          (elem declare func $f)
          (func (export "run") (param $n i32) (result i32)
            (local $c (ref null $m)) (local $x (ref null $box)) (local $y (ref null $box))
            (local $i i32)
            (cont.new $k (ref.func $f))
            (local.set $i (i32.const 0))
            (block $on (param (ref $k)) (result (ref $box) i32 (ref $m)) (local.set $i (i32.const 1))
              (call $bind)
              (call $keep)
              (call $litter)
              (local.get $n)
              (call $kept)
              (resume $l (on $swap $on))
              (unreachable))
            (local.set $c) (local.set $i) (local.set $x)
            (call $litter)
            (local.set $i (i32.add (local.get $i) (struct.get $box 0 (local.get $x))))
            (resume $m0 (call $again (call $new (i32.const 1000)) (local.get $c)))
            (local.set $y)
            (local.set $i (i32.add (local.get $i)))
            (local.set $x)
            (i32.add (local.get $i)
              (i32.add (struct.get $box 0 (local.get $x)) (struct.get $box 0 (local.get $y)))))
          (func $bind (param $c (ref $k)) (result (ref $l))
            (cont.bind $k $l (call $new (i32.const 10)) (call $new (i32.const 100))
              (local.get $c)))
          (func $again (param $b (ref $box)) (param $c (ref null $m)) (result (ref $m0))
            (local $d (ref null $m0))
            (local.set $d (cont.bind $m $m0 (local.get $b) (local.get $c)))
            (call $litter)
            (ref.as_non_null (local.get $d)))
          (global $kept (mut (ref null $l)) (ref.null $l))
          (func $keep (param (ref $l)) (global.set $kept (local.get 0)))
          (func $kept (result (ref $l)) (ref.as_non_null (global.get $kept))))"#
            .replace("(local.set $i (i32.add (local.get $i)))", "local.get $i i32.add local.set $i")
            .as_str(),
        // 10 + n, then 1000, n and 100
        &[(0, 1110), (5, 1120)],
    );
}

/// Makes continuations and forgets them: begun (1), bound (2), or neither (0).
const DROPPED: &str = r#"(module
  (type $f (func (param i32))) (type $k (cont $f))
  (type $g (func)) (type $l (cont $g))
  (tag $t)
  (func $f (param i32) (suspend $t))
  (elem declare func $f)
  (global $last (mut (ref null $l)) (ref.null $l))
  (func (export "drop") (param $kind i32) (param $n i32)
    (loop $more
      (block $next
        (block $on (result (ref $l))
          (if (i32.eqz (local.get $kind)) (then
            (drop (cont.new $k (ref.func $f))) (br $next)))
          (if (i32.eq (local.get $kind) (i32.const 2)) (then
            (global.set $last (cont.bind $k $l (i32.const 1) (cont.new $k (ref.func $f))))
            (br $next)))
          (resume $k (on $t $on) (i32.const 1) (cont.new $k (ref.func $f)))
          (br $next))
        (global.set $last))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $more (local.get $n))))
  (func (export "use") (resume $l (global.get $last))))"#;

fn plain() -> Kind {
    Kind { engine: Engine::new(&config()).unwrap(), timed: false }
}

#[test]
fn a_million_that_are_dropped_leave_nothing_behind() {
    let (mut store, instance) = instantiate(&plain(), DROPPED).unwrap();
    let drop = instance.get_typed_func::<(i32, i32), ()>(&mut store, "drop").unwrap();
    for kind in [0, 2, 1] {
        drop.call(&mut store, (kind, 10_000)).unwrap();
        store.gc(None).unwrap();
        let before = resident();
        drop.call(&mut store, (kind, 1_000_000)).unwrap();
        store.gc(None).unwrap();
        let grown = resident().saturating_sub(before);
        assert!(grown < 64 << 20, "{grown} bytes are left of kind {kind}");
    }
    // The last one is still there.
    let last = instance.get_typed_func::<(), ()>(&mut store, "use").unwrap();
    last.call(&mut store, ()).unwrap();
}

/// How many bytes of the process are in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn unfinished_ones_go_with_their_store() {
    let kind = plain();
    for _ in 0..200 {
        let (mut store, instance) = instantiate(&kind, DROPPED).unwrap();
        let drop = instance.get_typed_func::<(i32, i32), ()>(&mut store, "drop").unwrap();
        drop.call(&mut store, (1, 100)).unwrap();
    }
    // As many stacks are mapped as the engine keeps, and few more.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    assert!(maps < 20_000, "{maps} mappings are left");
}

#[test]
fn the_host_keeps_one_alive() {
    let kind = plain();
    let text = r#"(module
      (type $f (func (result i32))) (type $k (cont $f))
      (tag $t)
      (func $f (result i32) (suspend $t) (i32.const 42))
      (elem declare func $f)
      (global (export "cont") (mut (ref null cont)) (ref.null cont))
      (global $typed (mut (ref null $k)) (ref.null $k))
      (func (export "make") (result (ref null cont))
        (block $on (result (ref $k))
          (resume $k (on $t $on) (cont.new $k (ref.func $f))) (unreachable))
        (global.set $typed)
        (global.get $typed))
      (func (export "forget") (global.set $typed (ref.null $k)))
      (func (export "take") (param (ref null cont)) (result i32) (ref.is_null (local.get 0))))"#;
    let (mut store, instance) = instantiate(&kind, text).unwrap();
    let mut results = [Val::I32(0)];
    let make = instance.get_func(&mut store, "make").unwrap();
    make.call(&mut store, &[], &mut results).unwrap();
    let made = results[0];
    assert!(made.unwrap_contref().is_some() && made.ref_().unwrap().is_cont());
    assert!(made.ty(&store).unwrap().matches(&wasm_runtime::RefType::CONTREF.into()));
    instance.get_typed_func::<(), ()>(&mut store, "forget").unwrap().call(&mut store, ()).unwrap();
    store.gc(None).unwrap();
    let take = instance.get_func(&mut store, "take").unwrap();
    take.call(&mut store, &[made], &mut results).unwrap();
    assert_eq!(results[0].unwrap_i32(), 0);
    take.call(&mut store, &[Val::null_cont_ref()], &mut results).unwrap();
    assert_eq!(results[0].unwrap_i32(), 1);
    let global = instance.get_global(&mut store, "cont").unwrap();
    global.set(&mut store, made).unwrap();
    assert!(global.get(&mut store).unwrap_contref().is_some());
}

#[test]
fn there_are_no_snapshots_of_them() {
    let kind = plain();
    let text = r#"(module
      (type $f (func)) (type $k (cont $f)) (func $f) (elem declare func $f)
      (global $g (mut (ref null $k)) (ref.null $k))
      (func (export "make") (global.set $g (cont.new $k (ref.func $f))))
      (func (export "use") (resume $k (global.get $g)))
      (func (export "forget") (global.set $g (ref.null $k))))"#;
    let mut config = config();
    config.internals(wasm_runtime::Internals::Writable);
    let kind = Kind { engine: Engine::new(&config).unwrap(), ..kind };
    let module = wasm_runtime::Module::new(&kind.engine, text).unwrap();
    let mut store = store(&kind, ());
    let instance = wasm_runtime::Instance::new(&mut store, &module, &[]).unwrap();
    let call = |store: &mut wasm_runtime::Store<()>, name: &str| {
        instance.get_typed_func::<(), ()>(&mut *store, name).unwrap().call(store, ()).unwrap();
    };
    let empty = wasm_runtime::Snapshot::take(&mut store, &[instance]).unwrap();
    call(&mut store, "make");
    let error = wasm_runtime::Snapshot::take(&mut store, &[instance]).unwrap_err();
    assert!(format!("{error:?}").contains("no snapshot of a continuation"), "{error:?}");
    call(&mut store, "use");
    call(&mut store, "make");
    empty.restore(&mut store).unwrap();
    call(&mut store, "make");
    call(&mut store, "use");
    call(&mut store, "forget");
    wasm_runtime::Snapshot::take(&mut store, &[instance]).unwrap();
}
