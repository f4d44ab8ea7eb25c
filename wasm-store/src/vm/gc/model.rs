//! Random graphs of objects, compared with a plain model of the same after each step.

#![allow(unsafe_code)]

mod records;

use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use self::records::{PAIR, Records, WIDE};
use super::heap::{Growth, Heap, NoRoom, Roots};
use super::object::{ARRAY_HEAD, HEADER_SIZE, NULL};
use super::tracer::Tracer;
use super::types::ObjectType;
use crate::Error;

/// The rest of the store: references, and a limit.
struct Rest {
    roots: Vec<u32>,
    limit: usize,
    /// How often references are found and growth is allowed before both are errors; `None` if they
    /// never are.
    fails_after: Option<u32>,
}

impl Rest {
    fn check(&mut self) -> Result<(), Error> {
        match &mut self.fails_after {
            Some(0) => return Err(Error::msg("the rest of the store fails")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }
}

impl Roots for Rest {
    fn find(&mut self) -> Result<(), Error> {
        self.check()
    }

    fn trace(&mut self, tracer: &mut Tracer<'_>) {
        for root in &mut self.roots {
            // SAFETY: the references are of the heap under test.
            unsafe { tracer.place(root) };
        }
    }
}

impl Growth for Rest {
    fn may_grow(&mut self, _current: usize, desired: usize) -> Result<bool, Error> {
        self.check()?;
        Ok(desired <= self.limit)
    }

    fn grow_failed(&mut self, error: Error) -> Result<(), Error> {
        panic!("the test has memory: {error}")
    }
}

/// A value of the host that is counted.
struct Counted {
    number: usize,
    alive: Arc<AtomicUsize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the model knows of an object.
#[derive(Clone, Debug)]
enum Object {
    /// A structure with a number that is no reference, and two references.
    Pair(u32, [Reference; 2]),
    /// A large structure, with references far from each other.
    Wide([Reference; 3]),
    List(Vec<Reference>),
    Bytes(usize, u8),
    Value(usize),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Reference {
    Null,
    Small(u32),
    Object(usize),
}

struct Model {
    heap: Heap,
    records: Records,
    rest: Rest,
    objects: Vec<Object>,
    /// What the roots refer to.
    roots: Vec<Reference>,
    pair: u32,
    wide: u32,
    list: u32,
    bytes: u32,
    alive: Arc<AtomicUsize>,
}

#[derive(Clone, Debug)]
enum Step {
    Pair { number: u32, from: [usize; 2] },
    Wide { from: [usize; 3] },
    List { len: usize, from: usize },
    Bytes { len: usize, byte: u8 },
    Value,
    Copy { from: usize },
    Small { value: u32 },
    Write { object: usize, field: usize, from: usize },
    Drop { root: usize },
    Read { object: usize, field: usize },
    Collect,
    Minor,
    PutOff { on: bool },
    Fail { after: Option<u32> },
}

fn step() -> impl Strategy<Value = Step> {
    let number = any::<usize>;
    prop_oneof![
        6 => (0..9u32, [number(), number()]).prop_map(|(number, from)| Step::Pair { number, from }),
        2 => [number(), number(), number()].prop_map(|from| Step::Wide { from }),
        2 => (prop_oneof![0..40usize, 4000..6000usize], number())
            .prop_map(|(len, from)| Step::List { len, from }),
        2 => (prop_oneof![0..100usize, 16_000..20_000usize], any::<u8>())
            .prop_map(|(len, byte)| Step::Bytes { len, byte }),
        3 => Just(Step::Value),
        1 => number().prop_map(|from| Step::Copy { from }),
        1 => (0..1u32 << 31).prop_map(|value| Step::Small { value }),
        8 => (number(), number(), number())
            .prop_map(|(object, field, from)| Step::Write { object, field, from }),
        6 => number().prop_map(|root| Step::Drop { root }),
        4 => (number(), number()).prop_map(|(object, field)| Step::Read { object, field }),
        1 => Just(Step::Collect),
        3 => Just(Step::Minor),
        1 => any::<bool>().prop_map(|on| Step::PutOff { on }),
        1 => proptest::option::of(0..4u32).prop_map(|after| Step::Fail { after }),
    ]
}

impl Model {
    fn new(zeal: bool, limit: usize) -> Self {
        let mut heap = Heap::new(zeal).unwrap();
        let records = Records::new();
        let pair = heap.number_of_struct(NonNull::from(&*records.pair)).unwrap();
        let wide = heap.number_of_struct(NonNull::from(&*records.wide)).unwrap();
        let list = heap.number_of_array(NonNull::from(&*records.list)).unwrap();
        let bytes = heap.number_of_array(NonNull::from(&*records.bytes)).unwrap();
        Self {
            heap,
            records,
            rest: Rest { roots: Vec::new(), limit, fails_after: None },
            objects: Vec::new(),
            roots: Vec::new(),
            pair,
            wide,
            list,
            bytes,
            alive: Arc::default(),
        }
    }

    /// A root, by a number of any size.
    fn pick(&self, number: usize) -> Option<usize> {
        (!self.roots.is_empty()).then(|| number % self.roots.len())
    }

    fn picked(&self, number: usize) -> (Reference, usize) {
        self.pick(number).map_or((Reference::Null, usize::MAX), |place| (self.roots[place], place))
    }

    fn root_bits(&self, place: usize) -> u32 {
        self.rest.roots.get(place).copied().unwrap_or(NULL)
    }

    fn push(&mut self, reference: Reference, bits: u32) {
        self.roots.push(reference);
        self.rest.roots.push(bits);
    }

    fn made(&mut self, object: Object, made: Result<u32, NoRoom>) {
        match made {
            Ok(bits) => {
                self.objects.push(object);
                self.push(Reference::Object(self.objects.len() - 1), bits);
            }
            Err(NoRoom::Full(_)) => assert!(self.rest.limit < usize::MAX),
            Err(NoRoom::Failed(error)) => self.failed(Err(error)),
        }
    }

    /// What may fail does so only because of the rest of the store.
    fn failed(&self, result: Result<(), Error>) {
        if let Err(error) = result {
            assert!(self.rest.fails_after == Some(0), "{error}");
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Pair { number, from } => {
                let picked = from.map(|from| self.picked(from));
                let made = self.heap.new_object(&mut self.rest, self.pair, 0);
                if let Ok(object) = made {
                    let fields = picked.map(|(_, place)| self.root_bits(place));
                    // SAFETY: just made.
                    unsafe {
                        self.heap.space.set_word(object + PAIR[0], fields[0]);
                        self.heap.space.set_word(object + 8, number);
                        self.heap.space.set_word(object + PAIR[1], fields[1]);
                    }
                }
                self.made(Object::Pair(number, picked.map(|(reference, _)| reference)), made);
            }
            Step::Wide { from } => {
                let picked = from.map(|from| self.picked(from));
                let made = self.heap.new_object(&mut self.rest, self.wide, 0);
                if let Ok(object) = made {
                    for word in 1..201 {
                        let place = WIDE.iter().position(|offset| *offset == word * 4);
                        // What is no reference may look like one.
                        let bits = place.map_or(8 * word, |place| self.root_bits(picked[place].1));
                        // SAFETY: just made.
                        unsafe { self.heap.space.set_word(object + word * 4, bits) };
                    }
                }
                self.made(Object::Wide(picked.map(|(reference, _)| reference)), made);
            }
            Step::List { len, from } => {
                let (reference, place) = self.picked(from);
                let made = self.heap.new_object(&mut self.rest, self.list, len as u32);
                if let Ok(object) = made {
                    let bits = self.root_bits(place);
                    for element in 0..len as u32 {
                        // SAFETY: just made.
                        unsafe {
                            self.heap.space.set_word(object + ARRAY_HEAD + element * 4, bits);
                        }
                    }
                }
                self.made(Object::List(vec![reference; len]), made);
            }
            Step::Bytes { len, byte } => {
                let made = self.heap.new_object(&mut self.rest, self.bytes, len as u32);
                if let Ok(object) = made {
                    let start = object + ARRAY_HEAD;
                    // SAFETY: just made.
                    unsafe { self.heap.space.fill(start..start + len as u32, byte) };
                }
                self.made(Object::Bytes(len, byte), made);
            }
            Step::Value => {
                let number = self.objects.len();
                let value = Box::new(Counted { number, alive: Arc::clone(&self.alive) });
                self.alive.fetch_add(1, Ordering::Relaxed);
                let made = self.heap.new_value(&mut self.rest, value);
                self.made(Object::Value(number), made.map_err(|(_, error)| error));
            }
            Step::Copy { from } => {
                if let Some(from) = self.pick(from) {
                    self.push(self.roots[from], self.rest.roots[from]);
                }
            }
            Step::Small { value } => self.push(Reference::Small(value), value << 1 | 1),
            Step::Write { object, field, from } => self.write(object, field, from),
            Step::Drop { root } => {
                if let Some(root) = self.pick(root) {
                    self.roots.swap_remove(root);
                    self.rest.roots.swap_remove(root);
                }
            }
            Step::Read { object, field } => self.read(object, field),
            Step::Collect => {
                let collected = self.heap.collect(&mut self.rest);
                self.failed(collected);
                drop(self.heap.take_dead());
            }
            Step::Minor if self.heap.is_put_off() => {}
            Step::Minor => {
                let collected = self.heap.minor(&mut self.rest);
                self.failed(collected);
            }
            Step::PutOff { on: true } => self.heap.put_off(),
            Step::PutOff { on: false } => {
                if self.heap.is_put_off() {
                    self.heap.resume();
                }
            }
            Step::Fail { after } => self.rest.fails_after = after,
        }
    }

    /// The place of a field of the object of a root.
    fn field(&mut self, root: usize, field: usize) -> Option<(&mut Reference, u32, u32)> {
        let root = self.pick(root)?;
        let Reference::Object(number) = self.roots[root] else { return None };
        let bits = self.rest.roots[root];
        match &mut self.objects[number] {
            Object::Pair(_, fields) => {
                let field = field % 2;
                Some((&mut fields[field], bits, bits + PAIR[field]))
            }
            Object::Wide(fields) => {
                let field = field % 3;
                Some((&mut fields[field], bits, bits + WIDE[field]))
            }
            Object::List(list) if !list.is_empty() => {
                let field = field % list.len();
                Some((&mut list[field], bits, bits + ARRAY_HEAD + field as u32 * 4))
            }
            _ => None,
        }
    }

    fn write(&mut self, object: usize, field: usize, from: usize) {
        let (reference, place) = self.picked(from);
        let bits = self.root_bits(place);
        let Some((known, object, place)) = self.field(object, field) else { return };
        *known = reference;
        // SAFETY: the object is there.
        unsafe {
            self.heap.before_write(object);
            self.heap.space.set_word(place, bits);
        }
    }

    fn read(&mut self, object: usize, field: usize) {
        let Some((known, _, place)) = self.field(object, field) else { return };
        let known = *known;
        // SAFETY: the object is there.
        let bits = unsafe { self.heap.space.word(place) };
        self.push(known, bits);
    }

    fn type_of(&self, object: &Object) -> ObjectType {
        let Records { pair, wide, list, bytes } = &self.records;
        match object {
            Object::Pair(..) => ObjectType::Struct(NonNull::from(&**pair)),
            Object::Wide(_) => ObjectType::Struct(NonNull::from(&**wide)),
            Object::List(_) => ObjectType::Array(NonNull::from(&**list)),
            Object::Bytes(..) => ObjectType::Array(NonNull::from(&**bytes)),
            Object::Value(_) => ObjectType::HostValue,
        }
    }

    /// Compares everything that can be reached. Returns how many values of the host that are.
    fn compare(&self) -> usize {
        let mut places = HashMap::new();
        let mut open: Vec<(Reference, u32)> =
            self.roots.iter().copied().zip(self.rest.roots.iter().copied()).collect();
        let mut values = 0;
        while let Some((reference, bits)) = open.pop() {
            let number = match reference {
                Reference::Null => {
                    assert_eq!(bits, NULL);
                    continue;
                }
                Reference::Small(value) => {
                    assert_eq!(bits, value << 1 | 1);
                    continue;
                }
                Reference::Object(number) => number,
            };
            // One object is in one place.
            if let Some(known) = places.insert(number, bits) {
                assert_eq!(known, bits);
                continue;
            }
            // SAFETY: the object is there.
            let word = |offset: u32| unsafe { self.heap.space.word(bits + offset) };
            assert_eq!(self.heap.type_of(bits), Some(self.type_of(&self.objects[number])));
            match &self.objects[number] {
                Object::Wide(fields) => {
                    open.extend((0..3).map(|field| (fields[field], word(WIDE[field]))));
                }
                Object::Pair(data, fields) => {
                    assert_eq!(word(8), *data);
                    open.extend((0..2).map(|field| (fields[field], word(PAIR[field]))));
                }
                Object::List(list) => {
                    assert_eq!(word(HEADER_SIZE), list.len() as u32);
                    let words = (0..).map(|element| word(ARRAY_HEAD + element * 4));
                    open.extend(list.iter().copied().zip(words));
                }
                Object::Bytes(len, byte) => {
                    assert_eq!(word(HEADER_SIZE), *len as u32);
                    for element in 0..*len / 4 {
                        let bytes = word(ARRAY_HEAD + element as u32 * 4).to_le_bytes();
                        assert_eq!(bytes, [*byte; 4]);
                    }
                }
                Object::Value(value) => {
                    let found = self.heap.value(bits).unwrap();
                    assert_eq!(found.downcast_ref::<Counted>().unwrap().number, *value);
                    values += 1;
                }
            }
        }
        let mut distinct: Vec<u32> = places.values().copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), places.len());
        values
    }

    /// At the end, exactly what can be reached is there.
    fn finish(mut self) {
        self.rest.fails_after = None;
        while self.heap.is_put_off() {
            self.heap.resume();
        }
        self.heap.collect(&mut self.rest).unwrap();
        drop(self.heap.take_dead());
        let values = self.compare();
        assert_eq!(self.heap.values.count(), values);
        assert_eq!(self.alive.load(Ordering::Relaxed), values);
        self.rest.roots.clear();
        self.heap.collect(&mut self.rest).unwrap();
        assert_eq!(self.heap.space.old.used(), 0);
        drop(self.heap);
        assert_eq!(self.alive.load(Ordering::Relaxed), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_heap_is_what_its_model_is(
        steps in proptest::collection::vec(step(), 1..800),
        limit in prop_oneof![3 => Just(usize::MAX), 1 => 128usize << 10..2 << 20],
    ) {
        let mut model = Model::new(false, limit);
        for (number, step) in steps.into_iter().enumerate() {
            model.run(step);
            if number % 128 == 0 {
                model.compare();
            }
        }
        model.compare();
        model.finish();
    }

    #[test]
    fn moving_everything_all_the_time_changes_nothing(
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let mut model = Model::new(true, usize::MAX);
        for (number, step) in steps.into_iter().enumerate() {
            model.run(step);
            if number % 8 == 0 {
                model.compare();
            }
        }
        model.finish();
    }
}

/// Most objects are soon forgotten: the heap stays as small as what lives.
#[test]
fn what_is_forgotten_takes_no_room() {
    let mut model = Model::new(false, 4 << 20);
    for number in 0..300_000 {
        model.run(Step::Value);
        if number % 1000 != 0 {
            model.run(Step::Drop { root: model.roots.len() - 1 });
        }
        drop(model.heap.take_dead());
    }
    assert_eq!(model.roots.len(), 300);
    assert!(model.heap.capacity() <= 4 << 20);
    model.finish();
}

/// A minor collection leaves less room than there was. If the growth that follows it fails, no more
/// is made than there is room for.
#[test]
fn growth_that_fails_after_a_collection_leaves_room_for_what_is_made() {
    for succeeds in 0..4 {
        let mut model = Model::new(false, usize::MAX);
        for number in 0..20_000 {
            // Everything is kept, and from time to time a request is an error.
            model.rest.fails_after = (number % 512 < 8).then_some(succeeds);
            model.run(Step::Value);
        }
        model.finish();
    }
}

/// A heap that is full says so, and works again when something is forgotten.
#[test]
fn a_full_heap_says_so() {
    let mut model = Model::new(false, 1 << 20);
    let mut made = 0;
    loop {
        let before = model.objects.len();
        model.run(Step::Bytes { len: 5000, byte: 1 });
        if model.objects.len() == before {
            break;
        }
        made += 1;
    }
    assert!((60..210).contains(&made), "{made} objects were made");
    model.compare();
    model.run(Step::Drop { root: 0 });
    model.run(Step::Drop { root: 0 });
    let before = model.objects.len();
    model.run(Step::Bytes { len: 5000, byte: 1 });
    assert_eq!(model.objects.len(), before + 1);
    model.finish();
}
