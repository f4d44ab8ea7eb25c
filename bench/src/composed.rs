//! Components on one of the two runtimes. This file is compiled once for each, and `api` is the
//! runtime's crate.

use std::hint::black_box;
use std::time::Instant;

use super::api::component::{Component, Func, InstancePre, Linker, TypedFunc, Val};
use super::api::{Engine, Store, StoreContextMut};

/// What is measured, in the order of the numbers for [`Composed::measure`], and how often.
pub(crate) const KINDS: [(&str, u32); 9] = [
    ("typed call of a function that does nothing", 200_000),
    ("typed call, `u32` → `u32`", 200_000),
    ("typed call, `string` of 16 bytes → `string`", 100_000),
    ("typed call, `list<u32>` of 1000 → `u32`", 20_000),
    ("typed call, → `list<u32>` of 1000", 20_000),
    ("call with `Val`s, `list<u32>` of 1000 → `u32`", 2_000),
    ("call of the host by a component, `u32` → `u32`", 500_000),
    ("call of a component by a component, nothing", 500_000),
    ("instantiation, in a store of its own", 2_000),
];

/// A component, made and looked up.
pub(crate) struct Composed {
    engine: Engine,
    store: Store<()>,
    pre: InstancePre<()>,
    nop: TypedFunc<(), ()>,
    id: TypedFunc<(u32,), (u32,)>,
    text: TypedFunc<(&'static str,), (String,)>,
    count: TypedFunc<(&'static [u32],), (u32,)>,
    list: TypedFunc<(), (Vec<u32>,)>,
    dynamic: Func,
    argument: Val,
    loops: [TypedFunc<(u32,), (u32,)>; 2],
}

static NUMBERS: [u32; 1000] = [7; 1000];

impl Composed {
    /// `argument` is a list of [`numbers`] as a value.
    pub(crate) fn new(engine: &Engine, argument: Val) -> Self {
        // Both sides get what one version of the text format makes of it.
        let wasm = wat::parse_str(WAT).expect("valid text");
        let component = Component::new(engine, wasm).expect("a valid component");
        let mut linker = Linker::new(engine);
        linker
            .root()
            .func_wrap("id", |_: StoreContextMut<'_, ()>, (n,): (u32,)| Ok((n,)))
            .expect("a new name");
        let pre = linker.instantiate_pre(&component).expect("all imports");
        let mut store = Store::new(engine, ());
        let instance = pre.instantiate(&mut store).expect("an instance");
        let mut func = |name: &str| instance.get_func(&mut store, name).expect("an export");
        let (nop, id, text, count) = (func("nop"), func("id"), func("text"), func("count"));
        let (list, loops) = (func("list"), ["loop-host", "loop-inner"].map(&mut func));
        Self {
            engine: engine.clone(),
            nop: nop.typed(&store).expect("this type"),
            id: id.typed(&store).expect("this type"),
            text: text.typed(&store).expect("this type"),
            count: count.typed(&store).expect("this type"),
            list: list.typed(&store).expect("this type"),
            dynamic: count,
            argument,
            loops: loops.map(|func| func.typed(&store).expect("this type")),
            store,
            pre,
        }
    }

    /// The time of one call, in seconds.
    pub(crate) fn measure(&mut self, kind: usize, count: u32) -> f64 {
        let store = &mut self.store;
        let start = Instant::now();
        match kind {
            0 => (0..count).for_each(|_| self.nop.call(&mut *store, ()).expect("no trap")),
            1 => (0..count).for_each(|n| {
                assert_eq!(self.id.call(&mut *store, (n,)).expect("no trap"), (n,));
            }),
            2 => (0..count).for_each(|_| {
                let argument = black_box("sixteen letters!");
                let (text,) = self.text.call(&mut *store, (argument,)).expect("no trap");
                assert_eq!(text.len(), 16);
            }),
            3 => (0..count).for_each(|_| {
                let argument = black_box(&NUMBERS[..]);
                assert_eq!(self.count.call(&mut *store, (argument,)).expect("no trap"), (1000,));
            }),
            4 => (0..count).for_each(|_| {
                let (list,) = self.list.call(&mut *store, ()).expect("no trap");
                assert_eq!(black_box(list).len(), 1000);
            }),
            5 => (0..count).for_each(|_| {
                let mut results = [Val::Bool(false)];
                let arguments = std::slice::from_ref(&self.argument);
                self.dynamic.call(&mut *store, arguments, &mut results).expect("no trap");
                assert_eq!(results, [Val::U32(1000)]);
            }),
            6 | 7 => {
                let func = &self.loops[kind - 6];
                assert_eq!(func.call(&mut *store, (count,)).expect("no trap"), (count,));
            }
            _ => (0..count).for_each(|_| {
                let mut store = Store::new(&self.engine, ());
                black_box(self.pre.instantiate(&mut store).expect("an instance"));
            }),
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

/// The numbers of the lists.
pub(crate) fn numbers() -> &'static [u32] {
    &NUMBERS
}

/// Two components, one in the other. Room in the memory is always the same.
const WAT: &str = r#"(component
    (import "id" (func $host (param "n" u32) (result u32)))
    (core func $host (canon lower (func $host)))
    (component $Inner
        (core module $M (func (export "nop")))
        (core instance $m (instantiate $M))
        (func (export "nop") (canon lift (core func $m "nop"))))
    (instance $inner (instantiate $Inner))
    (alias export $inner "nop" (func $inner-nop))
    (core func $inner (canon lower (func $inner-nop)))
    (core module $M
        (import "outside" "host" (func $host (param i32) (result i32)))
        (import "outside" "inner" (func $inner))
        (memory (export "memory") 2)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "nop"))
        (func (export "id") (param i32) (result i32) (local.get 0))
        (func (export "text") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0))
            (i32.store (i32.const 20) (local.get 1))
            (i32.const 16))
        (func (export "count") (param i32 i32) (result i32) (local.get 1))
        (func (export "list") (result i32)
            (i32.store (i32.const 16) (i32.const 8192))
            (i32.store (i32.const 20) (i32.const 1000))
            (i32.const 16))
        (func (export "loop-host") (param $count i32) (result i32)
            (local $n i32)
            (loop $again
                (local.set $n (i32.add (call $host (local.get $n)) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $n) (local.get $count))))
            (local.get $n))
        (func (export "loop-inner") (param $count i32) (result i32)
            (local $n i32)
            (loop $again
                (call $inner)
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $n) (local.get $count))))
            (local.get $n)))
    (core instance $m (instantiate $M (with "outside" (instance
        (export "host" (func $host))
        (export "inner" (func $inner))))))
    (func (export "nop") (canon lift (core func $m "nop")))
    (func (export "id") (param "n" u32) (result u32) (canon lift (core func $m "id")))
    (func (export "text") (param "text" string) (result string)
        (canon lift (core func $m "text") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (func (export "count") (param "list" (list u32)) (result u32)
        (canon lift (core func $m "count") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (func (export "list") (result (list u32))
        (canon lift (core func $m "list") (memory (core memory $m "memory"))))
    (func (export "loop-host") (param "count" u32) (result u32)
        (canon lift (core func $m "loop-host")))
    (func (export "loop-inner") (param "count" u32) (result u32)
        (canon lift (core func $m "loop-inner"))))"#;
