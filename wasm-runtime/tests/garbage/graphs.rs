//! Random graphs of structures and arrays that compiled code makes, changes and looks at, compared
//! with a plain model of the same.

use proptest::prelude::*;
use wasm_runtime::{Config, Engine, Instance, OptLevel, Store};

use super::support::{Alive, guest};

/// How many places there are for references.
const PLACES: usize = 8;

/// The places are a table. Whatever does not have the right type is left alone.
const TEXT: &str = r#"
    (type $pair (sub (struct
      (field (mut (ref null any))) (field (mut i32)) (field (mut (ref null any))))))
    (type $triple (sub final $pair (struct
      (field (mut (ref null any))) (field (mut i32)) (field (mut (ref null any)))
      (field (mut i64)) (field (mut (ref null eq))))))
    (type $list (array (mut (ref null any))))
    (type $bytes (array (mut i8)))
    (table $t 8 (ref null any))
    (func (export "gc") (param i32 i32 i32 i32) (call $gc))
    (func (export "null") (param i32 i32 i32 i32) (table.set $t (local.get 0) (ref.null none)))
    (func (export "small") (param i32 i32 i32 i32)
      (table.set $t (local.get 0) (ref.i31 (local.get 1))))
    (func (export "pair") (param i32 i32 i32 i32)
      (table.set $t (local.get 0) (struct.new $pair
        (table.get $t (local.get 1)) (local.get 3) (table.get $t (local.get 2)))))
    (func (export "triple") (param i32 i32 i32 i32)
      (table.set $t (local.get 0) (struct.new $triple
        (table.get $t (local.get 1)) (local.get 3) (table.get $t (local.get 2))
        (i64.extend_i32_u (local.get 3)) (ref.null none))))
    (func (export "list") (param i32 i32 i32 i32)
      (table.set $t (local.get 0)
        (array.new $list (table.get $t (local.get 1)) (local.get 3))))
    (func (export "bytes") (param i32 i32 i32 i32)
      (table.set $t (local.get 0) (array.new $bytes (local.get 2) (local.get 3))))
    (func (export "first") (param i32 i32 i32 i32)
      (block $no (result (ref null any))
        (struct.set $pair 0 (br_on_cast_fail $no (ref null any) (ref $pair)
          (table.get $t (local.get 0))) (table.get $t (local.get 1)))
        (return))
      (drop))
    (func (export "last") (param i32 i32 i32 i32)
      (block $no (result (ref null any))
        (struct.set $triple 4
          (br_on_cast_fail $no (ref null any) (ref $triple) (table.get $t (local.get 0)))
          (block $eq (result (ref null eq))
            (br_on_cast $eq (ref null any) (ref null eq) (table.get $t (local.get 1)))
            (unreachable)))
        (return))
      (drop))
    (func (export "element") (param i32 i32 i32 i32)
      (local $list (ref null $list))
      (if (ref.test (ref $list) (table.get $t (local.get 0)))
        (then
          (local.set $list (ref.cast (ref $list) (table.get $t (local.get 0))))
          (if (i32.lt_u (local.get 3) (array.len (local.get $list)))
            (then (array.set $list (local.get $list) (local.get 3)
              (table.get $t (local.get 1))))))))
    (func (export "fill") (param i32 i32 i32 i32)
      (local $list (ref null $list))
      (if (ref.test (ref $list) (table.get $t (local.get 0)))
        (then
          (local.set $list (ref.cast (ref $list) (table.get $t (local.get 0))))
          (if (i32.lt_u (local.get 3) (array.len (local.get $list)))
            (then (array.fill $list (local.get $list) (local.get 3)
              (table.get $t (local.get 1))
              (i32.sub (array.len (local.get $list)) (local.get 3))))))))
    (func (export "copy") (param i32 i32 i32 i32)
      (local $to (ref null $list)) (local $from (ref null $list))
      (if (i32.and (ref.test (ref $list) (table.get $t (local.get 0)))
                   (ref.test (ref $list) (table.get $t (local.get 1))))
        (then
          (local.set $to (ref.cast (ref $list) (table.get $t (local.get 0))))
          (local.set $from (ref.cast (ref $list) (table.get $t (local.get 1))))
          (if (i32.and
                (i32.lt_u (local.get 3) (array.len (local.get $to)))
                (i32.le_u (i32.sub (array.len (local.get $to)) (local.get 3))
                          (array.len (local.get $from))))
            (then (array.copy $list $list
              (local.get $to) (local.get 3) (local.get $from) (i32.const 0)
              (i32.sub (array.len (local.get $to)) (local.get 3))))))))
    (func (export "follow") (param i32 i32 i32 i32)
      (local $any (ref null any))
      (local.set $any (table.get $t (local.get 1)))
      (block $no
        (if (ref.test (ref $triple) (local.get $any))
          (then
            (br_if $no (i32.ne (i32.rem_u (local.get 3) (i32.const 3)) (i32.const 2)))
            (table.set $t (local.get 0)
              (struct.get $triple 4 (ref.cast (ref $triple) (local.get $any))))
            (return))))
      (if (ref.test (ref $pair) (local.get $any))
        (then
          (if (i32.and (local.get 3) (i32.const 1))
            (then (table.set $t (local.get 0)
              (struct.get $pair 2 (ref.cast (ref $pair) (local.get $any)))))
            (else (table.set $t (local.get 0)
              (struct.get $pair 0 (ref.cast (ref $pair) (local.get $any))))))
          (return)))
      (if (ref.test (ref $list) (local.get $any))
        (then
          (if (i32.lt_u (local.get 3) (array.len (ref.cast (ref $list) (local.get $any))))
            (then (table.set $t (local.get 0)
              (array.get $list (ref.cast (ref $list) (local.get $any)) (local.get 3))))))))
    (func (export "kind") (param i32) (result i32)
      (local $any (ref null any))
      (local.set $any (table.get $t (local.get 0)))
      (if (ref.is_null (local.get $any)) (then (return (i32.const 0))))
      (if (ref.test (ref i31) (local.get $any)) (then (return (i32.const 1))))
      (if (ref.test (ref $triple) (local.get $any)) (then (return (i32.const 3))))
      (if (ref.test (ref struct) (local.get $any)) (then (return (i32.const 2))))
      (if (ref.test (ref $bytes) (local.get $any)) (then (return (i32.const 5))))
      (if (ref.test (ref $list) (local.get $any)) (then (return (i32.const 4))))
      (i32.const -1))
    (func (export "number") (param i32) (result i32)
      (local $any (ref null any)) (local $bytes (ref null $bytes))
      (local.set $any (table.get $t (local.get 0)))
      (if (ref.is_null (local.get $any)) (then (return (i32.const 0))))
      (block $i31 (result (ref i31))
        (block $pair (result (ref $pair))
          (block $bytes (result (ref $bytes))
            (br_on_cast $i31 (ref null any) (ref i31) (local.get $any))
            (br_on_cast $pair (ref null any) (ref $pair))
            (br_on_cast $bytes (ref null any) (ref $bytes))
            (return (array.len (ref.cast (ref array)))))
          (local.set $bytes)
          (if (i32.eqz (array.len (local.get $bytes))) (then (return (i32.const 0))))
          (return (i32.add
            (i32.mul (i32.const 256) (array.len (local.get $bytes)))
            (array.get_u $bytes (local.get $bytes)
              (i32.sub (array.len (local.get $bytes)) (i32.const 1))))))
        (return (struct.get $pair 1)))
      (i31.get_u))
    (func (export "same") (param i32 i32) (result i32)
      (ref.eq (ref.cast (ref null eq) (table.get $t (local.get 0)))
              (ref.cast (ref null eq) (table.get $t (local.get 1)))))
"#;

/// What is done, with up to three places and a number.
type Step = (&'static str, [usize; 3], u32);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Reference {
    Null,
    Small(u32),
    Object(usize),
}

use Reference::{Null, Object, Small};

#[derive(Debug)]
enum Thing {
    Pair(u32, [Reference; 2]),
    Triple(u32, [Reference; 3]),
    List(Vec<Reference>),
    Bytes(u8, u32),
}

#[derive(Default)]
struct Model {
    things: Vec<Thing>,
    places: Vec<Reference>,
}

impl Model {
    fn make(&mut self, place: usize, thing: Thing) {
        self.places[place] = Object(self.things.len());
        self.things.push(thing);
    }

    fn list(&mut self, place: usize) -> Option<&mut Vec<Reference>> {
        let Object(number) = self.places[place] else { return None };
        let Thing::List(list) = &mut self.things[number] else { return None };
        Some(list)
    }

    fn run(&mut self, (step, [to, a, b], number): Step) {
        let [target, first, second] = [to, a, b].map(|place| self.places[place]);
        let start = number as usize;
        match step {
            "gc" => {}
            "null" => self.places[to] = Null,
            "small" => self.places[to] = Small(a as u32),
            "pair" => self.make(to, Thing::Pair(number, [first, second])),
            "triple" => self.make(to, Thing::Triple(number, [first, second, Null])),
            "list" => self.make(to, Thing::List(vec![first; start])),
            "bytes" => self.make(to, Thing::Bytes(b as u8, number)),
            "first" => {
                if let Object(object) = target
                    && let Thing::Pair(_, [field, _]) | Thing::Triple(_, [field, ..]) =
                        &mut self.things[object]
                {
                    *field = first;
                }
            }
            "last" => {
                if let Object(object) = target
                    && let Thing::Triple(_, [.., field]) = &mut self.things[object]
                {
                    *field = first;
                }
            }
            "element" => {
                if let Some(element) = self.list(to).and_then(|list| list.get_mut(start)) {
                    *element = first;
                }
            }
            "fill" => {
                if let Some(elements) = self.list(to).and_then(|list| list.get_mut(start..)) {
                    elements.fill(first);
                }
            }
            "copy" => {
                let Some(from) = self.list(a).cloned() else { return };
                let elements = self.list(to).and_then(|list| list.get_mut(start..));
                if let Some(elements) = elements.filter(|elements| elements.len() <= from.len()) {
                    elements.copy_from_slice(&from[..elements.len()]);
                }
            }
            _ => {
                let Object(object) = first else { return };
                let odd = start % 2;
                self.places[to] = match &self.things[object] {
                    Thing::Triple(_, fields) if start % 3 == 2 => fields[2],
                    Thing::Triple(_, [one, two, _]) | Thing::Pair(_, [one, two]) => {
                        [*one, *two][odd]
                    }
                    Thing::List(list) => list.get(start).copied().unwrap_or(self.places[to]),
                    Thing::Bytes(..) => self.places[to],
                };
            }
        }
    }

    fn kind_and_number(&self, place: usize) -> (i32, u32) {
        match self.places[place] {
            Null => (0, 0),
            Small(number) => (1, number),
            Object(object) => match &self.things[object] {
                Thing::Pair(number, _) => (2, *number),
                Thing::Triple(number, _) => (3, *number),
                Thing::List(list) => (4, list.len() as u32),
                Thing::Bytes(_, 0) => (5, 0),
                Thing::Bytes(byte, len) => (5, len * 256 + u32::from(*byte)),
            },
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let names = prop_oneof![
        2 => Just("gc"),
        1 => Just("null"),
        2 => Just("small"),
        8 => Just("pair"),
        6 => Just("triple"),
        4 => Just("list"),
        3 => Just("bytes"),
        6 => Just("first"),
        4 => Just("last"),
        6 => Just("element"),
        2 => Just("fill"),
        4 => Just("copy"),
        8 => Just("follow"),
    ];
    let places = [0..PLACES, 0..PLACES, 0..PLACES];
    let number = prop_oneof![8 => 0..8u32, 2 => 0..200u32, 1 => 4000..9000u32];
    (names, places, number)
}

fn check(engine: &Engine, steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut store, instance) = guest(engine, TEXT);
    let mut model = Model { things: Vec::new(), places: vec![Null; PLACES] };
    for step in steps {
        let (name, [to, a, b], number) = *step;
        let func = instance.get_typed_func::<(i32, i32, i32, i32), ()>(&mut store, name).unwrap();
        func.call(&mut store, (to as i32, a as i32, b as i32, number as i32)).unwrap();
        model.run(*step);
        let other = (to + 1 + b) % PLACES;
        for place in [to, other] {
            let found = ask(&mut store, instance, place);
            prop_assert_eq!(found, model.kind_and_number(place), "{:?}", step);
        }
        let func = instance.get_typed_func::<(i32, i32), i32>(&mut store, "same").unwrap();
        let same = func.call(&mut store, (to as i32, other as i32)).unwrap() != 0;
        prop_assert_eq!(same, model.places[to] == model.places[other], "{:?}", step);
    }
    Ok(())
}

fn ask(store: &mut Store<Alive>, instance: Instance, place: usize) -> (i32, u32) {
    let [kind, number] = ["kind", "number"].map(|name| {
        let func = instance.get_typed_func::<i32, i32>(&mut *store, name).unwrap();
        func.call(&mut *store, place as i32).unwrap()
    });
    (kind, number.cast_unsigned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn graphs_are_what_their_model_is(
        steps in proptest::collection::vec(step(), 1..300),
        zeal in any::<bool>(),
        level in prop_oneof![Just(OptLevel::None), Just(OptLevel::Speed)],
    ) {
        let mut config = Config::new();
        config.gc_zeal(zeal).cranelift_opt_level(level);
        check(&Engine::new(&config).unwrap(), &steps)?;
    }
}
