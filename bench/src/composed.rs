//! Components on one of the two runtimes. This file is compiled once for each, and `api` is the
//! runtime's crate.

use std::hint::black_box;
use std::time::Instant;

use super::api::component::{Component, Func, InstancePre, Linker, TypedFunc, Val};
use super::api::{Engine, Store, StoreContextMut};

/// What is measured, in the order of the numbers for [`Composed::measure`], and how often.
pub(crate) const KINDS: [(&str, u32); 12] = [
    ("typed call of a function that does nothing", 200_000),
    ("typed call, `u32` → `u32`", 200_000),
    ("typed call, `string` of 16 bytes → `string`", 100_000),
    ("typed call, `list<u32>` of 1000 → `u32`", 20_000),
    ("typed call, → `list<u32>` of 1000", 20_000),
    ("call with `Val`s, `list<u32>` of 1000 → `u32`", 2_000),
    ("the same, ours with a `Val::NumberList`", 2_000),
    ("call with `Val`s, → `list<u32>` of 1000", 2_000),
    ("call of the host by a component, `u32` → `u32`", 500_000),
    ("call of a component by a component, nothing", 500_000),
    ("instantiation, in a store of its own", 2_000),
    ("the same, of a component that imports 32 functions", 2_000),
];

/// A component, made and looked up.
pub(crate) struct Composed {
    engine: Engine,
    store: Store<()>,
    pre: InstancePre<()>,
    importing: InstancePre<()>,
    nop: TypedFunc<(), ()>,
    id: TypedFunc<(u32,), (u32,)>,
    text: TypedFunc<(&'static str,), (String,)>,
    count: TypedFunc<(&'static [u32],), (u32,)>,
    list: TypedFunc<(), (Vec<u32>,)>,
    dynamic: [Func; 2],
    /// The same list twice: as all can pass it, and as one side can best.
    arguments: [Val; 2],
    loops: [TypedFunc<(u32,), (u32,)>; 2],
}

static NUMBERS: [u32; 1000] = [7; 1000];

impl Composed {
    /// `list` is a list of [`numbers`] as a value.
    pub(crate) fn new(engine: &Engine, list: Val) -> Self {
        // Both sides get what one version of the text format makes of it.
        let wasm = wat::parse_str(WAT).expect("valid text");
        let component = Component::new(engine, wasm).expect("a valid component");
        let mut linker = Linker::new(engine);
        linker
            .root()
            .func_wrap("id", |_: StoreContextMut<'_, ()>, (n,): (u32,)| Ok((n,)))
            .expect("a new name");
        let numbers = NUMBERS.iter().map(|number| Val::U32(*number));
        let arguments = [Val::List(numbers.collect()), list];
        let pre = linker.instantiate_pre(&component).expect("all imports");
        let mut store = Store::new(engine, ());
        let instance = pre.instantiate(&mut store).expect("an instance");
        let mut func = |name: &str| instance.get_func(&mut store, name).expect("an export");
        let (nop, id, text, count) = (func("nop"), func("id"), func("text"), func("count"));
        let (list, loops) = (func("list"), ["loop-host", "loop-callee"].map(&mut func));
        Self {
            engine: engine.clone(),
            nop: nop.typed(&store).expect("this type"),
            id: id.typed(&store).expect("this type"),
            text: text.typed(&store).expect("this type"),
            count: count.typed(&store).expect("this type"),
            list: list.typed(&store).expect("this type"),
            dynamic: [count, list],
            arguments,
            importing: importing(engine),
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
            5 | 6 => (0..count).for_each(|_| {
                let mut results = [Val::Bool(false)];
                let arguments = std::slice::from_ref(&self.arguments[kind - 5]);
                self.dynamic[0].call(&mut *store, arguments, &mut results).expect("no trap");
                assert_eq!(results, [Val::U32(1000)]);
            }),
            7 => (0..count).for_each(|_| {
                let mut results = [Val::Bool(false)];
                self.dynamic[1].call(&mut *store, &[], &mut results).expect("no trap");
                black_box(results);
            }),
            8 | 9 => {
                let func = &self.loops[kind - 8];
                assert_eq!(func.call(&mut *store, (count,)).expect("no trap"), (count,));
            }
            _ => {
                let pre = if kind == 10 { &self.pre } else { &self.importing };
                (0..count).for_each(|_| {
                    let mut store = Store::new(&self.engine, ());
                    black_box(pre.instantiate(&mut store).expect("an instance"));
                })
            }
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

/// A component that imports many functions, as those of WASI do, and does nothing with them.
fn importing(engine: &Engine) -> InstancePre<()> {
    let mut linker = Linker::new(engine);
    let (mut imports, mut lowered, mut wanted, mut given) = Default::default();
    for number in 0..32 {
        let add = |to: &mut String, text: String| to.push_str(&text);
        add(&mut imports, format!(r#"(import "f{number}" (func $f{number} (param "n" u32)))"#));
        add(&mut lowered, format!("(core func $c{number} (canon lower (func $f{number})))"));
        add(&mut wanted, format!(r#"(import "outside" "f{number}" (func (param i32)))"#));
        add(&mut given, format!(r#"(export "f{number}" (func $c{number}))"#));
        let func = |_: StoreContextMut<'_, ()>, (_,): (u32,)| Ok(());
        linker.root().func_wrap(&format!("f{number}"), func).expect("a new name");
    }
    let wat = format!(
        r#"(component {imports} {lowered} (core module $M {wanted})
        (core instance (instantiate $M (with "outside" (instance {given})))))"#
    );
    let wasm = wat::parse_str(wat).expect("valid text");
    let component = Component::new(engine, wasm).expect("a valid component");
    linker.instantiate_pre(&component).expect("all imports")
}

/// The numbers of the lists.
pub(crate) fn numbers() -> &'static [u32] {
    &NUMBERS
}

/// Two components beside each other, of which one calls the other, and one around them: who is in
/// the same component as its caller can't be called by it. Room in the memory is always the same.
const WAT: &str = r#"(component
    (import "id" (func $host (param "n" u32) (result u32)))
    (component $Callee
        (core module $M (func (export "nop")))
        (core instance $m (instantiate $M))
        (func (export "nop") (canon lift (core func $m "nop"))))
    (component $Caller
        (import "host" (func $host (param "n" u32) (result u32)))
        (import "callee" (func $callee))
        (core func $host (canon lower (func $host)))
        (core func $callee (canon lower (func $callee)))
        (core module $M
            (import "outside" "host" (func $host (param i32) (result i32)))
            (import "outside" "callee" (func $callee))
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
            (func (export "loop-callee") (param $count i32) (result i32)
                (local $n i32)
                (loop $again
                    (call $callee)
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (local.get $count))))
                (local.get $n)))
        (core instance $m (instantiate $M (with "outside" (instance
            (export "host" (func $host))
            (export "callee" (func $callee))))))
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
        (func (export "loop-callee") (param "count" u32) (result u32)
            (canon lift (core func $m "loop-callee"))))
    (instance $callee (instantiate $Callee))
    (instance $caller (instantiate $Caller
        (with "host" (func $host))
        (with "callee" (func $callee "nop"))))
    (export "nop" (func $caller "nop"))
    (export "id" (func $caller "id"))
    (export "text" (func $caller "text"))
    (export "count" (func $caller "count"))
    (export "list" (func $caller "list"))
    (export "loop-host" (func $caller "loop-host"))
    (export "loop-callee" (func $caller "loop-callee")))"#;
