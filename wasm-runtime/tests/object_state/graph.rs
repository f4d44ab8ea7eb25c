//! A guest with a graph of objects, and a model of it.

use wasm_runtime::{Config, Engine, Instance, Linker, Module, Result, Store};

/// How many places refer to objects.
pub(crate) const SLOTS: usize = 6;

/// How many references an object has at most.
pub(crate) const FIELDS: usize = 3;

const DEPTH: i32 = 5;

/// The guest. Its objects are nodes, leaves (which are nodes with one field more), lists of three
/// and arrays of bytes. `hash` follows everything that a slot leads to, so many steps.
pub(crate) const GUEST: &str = r#"(module
    (type $f (func (result i32)))
    (rec
        (type $node (sub (struct
            (field $id (mut i32)) (field $next (mut (ref null $node))) (field $other (mut anyref))
            (field $f (mut (ref null $f))))))
        (type $leaf (sub final $node (struct
            (field (mut i32)) (field (mut (ref null $node))) (field (mut anyref))
            (field (mut (ref null $f))) (field $far i64)))))
    (type $list (array (mut anyref)))
    (type $bytes (array (mut i8)))
    (table $t (export "slots") 6 anyref)
    (global $last (export "last_node") (mut (ref null $node)) (ref.null $node))
    (elem $e (ref $node)
        (struct.new $node (i32.const 77) (ref.null $node) (ref.i31 (i32.const 5)) (ref.null $f)))
    (elem declare func $one $two)
    (func $one (type $f) (i32.const 100))
    (func $two (type $f) (i32.const 200))
    (func (export "node") (param $slot i32) (param $id i32)
        (global.set $last (struct.new $node
            (local.get $id) (ref.null $node) (ref.null any) (ref.null $f)))
        (table.set $t (local.get $slot) (global.get $last)))
    (func (export "leaf") (param $slot i32) (param $id i32)
        (table.set $t (local.get $slot) (struct.new $leaf
            (local.get $id) (ref.null $node) (ref.null any) (ref.func $two)
            (i64.extend_i32_s (local.get $id)))))
    (func (export "list") (param $slot i32) (param $id i32)
        (table.set $t (local.get $slot) (array.new $list (ref.i31 (local.get $id)) (i32.const 3))))
    (func (export "bytes") (param $slot i32) (param $id i32)
        (table.set $t (local.get $slot) (array.new $bytes (local.get $id) (i32.const 9))))
    (func (export "number") (param $slot i32) (param $id i32)
        (table.set $t (local.get $slot) (ref.i31 (local.get $id))))
    (func (export "segment") (param $slot i32) (param i32)
        (table.init $t $e (local.get $slot) (i32.const 0) (i32.const 1)))
    (func (export "last") (param $slot i32) (param i32)
        (table.set $t (local.get $slot) (global.get $last)))
    (func (export "clear") (param $slot i32) (param i32)
        (table.set $t (local.get $slot) (ref.null any)))
    (func (export "copy") (param $slot i32) (param $from i32)
        (table.set $t (local.get $slot) (table.get $t (local.get $from))))
    ;; Whatever is not there, or of another type, changes nothing.
    (func (export "link") (param $slot i32) (param $field i32) (param $to i32)
        (local $value anyref) (local $node (ref null $node))
        (local.set $value (table.get $t (local.get $to)))
        (if (ref.test (ref $list) (table.get $t (local.get $slot)))
            (then
                (array.set $list (ref.cast (ref $list) (table.get $t (local.get $slot)))
                    (local.get $field) (local.get $value))
                (return)))
        (local.set $node (block $node (result (ref $node))
            (drop (br_on_cast $node anyref (ref $node) (table.get $t (local.get $slot))))
            (return)))
        (if (i32.eqz (local.get $field))
            (then
                (if (ref.test (ref null $node) (local.get $value))
                    (then (struct.set $node $next (local.get $node)
                        (ref.cast (ref null $node) (local.get $value))))))
            (else (struct.set $node $other (local.get $node) (local.get $value))))
        (if (i32.eq (local.get $field) (i32.const 2))
            (then (struct.set $node $f (local.get $node) (ref.func $one)))))
    (func (export "set") (param $slot i32) (param $id i32) (local $object anyref)
        (local.set $object (table.get $t (local.get $slot)))
        (if (ref.test (ref $node) (local.get $object))
            (then (struct.set $node $id (ref.cast (ref $node) (local.get $object))
                (local.get $id))))
        (if (ref.test (ref $bytes) (local.get $object))
            (then (array.set $bytes (ref.cast (ref $bytes) (local.get $object))
                (i32.const 8) (local.get $id)))))
    (func (export "follow") (param $slot i32) (param $field i32) (param $to i32)
        (table.set $t (local.get $to)
            (call $field (table.get $t (local.get $slot)) (local.get $field))))
    (func $field (param $object anyref) (param $field i32) (result anyref)
        (if (ref.test (ref $list) (local.get $object))
            (then (return (array.get $list (ref.cast (ref $list) (local.get $object))
                (local.get $field)))))
        (if (ref.test (ref $node) (local.get $object))
            (then
                (if (i32.eqz (local.get $field))
                    (then (return (struct.get $node $next
                        (ref.cast (ref $node) (local.get $object))))))
                (return (struct.get $node $other (ref.cast (ref $node) (local.get $object))))))
        (ref.null any))
    (func (export "churn") (param $count i32) (param i32) (local $list (ref null $node))
        (loop $again
            (local.set $list (struct.new $node
                (local.get $count) (local.get $list) (ref.null any) (ref.null $f)))
            (br_if $again (i32.gt_s
                (local.tee $count (i32.sub (local.get $count) (i32.const 1))) (i32.const 0)))))
    (func $mix (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 31)) (local.get 1)))
    (func $hash (param $object anyref) (param $depth i32) (result i32)
        (local $node (ref null $node)) (local $h i32)
        (if (ref.is_null (local.get $object)) (then (return (i32.const 7))))
        (if (ref.test (ref i31) (local.get $object))
            (then (return (call $mix (i32.const 11)
                (i31.get_s (ref.cast (ref i31) (local.get $object)))))))
        (if (ref.test (ref $bytes) (local.get $object))
            (then (return (call $mix
                (array.get_u $bytes (ref.cast (ref $bytes) (local.get $object)) (i32.const 0))
                (array.get_u $bytes (ref.cast (ref $bytes) (local.get $object)) (i32.const 8))))))
        (if (i32.eqz (local.get $depth)) (then (return (i32.const 3))))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (if (ref.test (ref $list) (local.get $object))
            (then (return (call $mix (call $mix
                (call $hash (call $field (local.get $object) (i32.const 0)) (local.get $depth))
                (call $hash (call $field (local.get $object) (i32.const 1)) (local.get $depth)))
                (call $hash (call $field (local.get $object) (i32.const 2)) (local.get $depth))))))
        (local.set $node (ref.cast (ref $node) (local.get $object)))
        (local.set $h (i32.const 17))
        (if (ref.test (ref $leaf) (local.get $object))
            (then (local.set $h (i32.wrap_i64
                (struct.get $leaf $far (ref.cast (ref $leaf) (local.get $object)))))))
        (local.set $h (call $mix (local.get $h) (struct.get $node $id (local.get $node))))
        (local.set $h (call $mix (local.get $h)
            (call $hash (struct.get $node $next (local.get $node)) (local.get $depth))))
        (local.set $h (call $mix (local.get $h)
            (call $hash (struct.get $node $other (local.get $node)) (local.get $depth))))
        (if (i32.eqz (ref.is_null (struct.get $node $f (local.get $node))))
            (then (local.set $h (call $mix (local.get $h)
                (call_ref $f (struct.get $node $f (local.get $node)))))))
        (local.get $h))
    (func (export "hash") (param $slot i32) (param $depth i32) (result i32)
        (call $hash (table.get $t (local.get $slot)) (local.get $depth)))
    (func (export "init")
        (table.set $t (i32.const 0) (struct.new $leaf (i32.const 1) (global.get $last)
            (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 3))
            (ref.func $one) (i64.const -1)))))"#;

/// A reference of the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reference {
    Null,
    Number(i32),
    Object(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Node,
    Leaf,
    List,
    Bytes,
}

#[derive(Clone, Debug)]
struct Object {
    kind: Kind,
    id: i32,
    /// What the last of the bytes was set to.
    set: i32,
    fields: [Reference; FIELDS],
    func: i32,
}

/// What the guest is to have.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    objects: Vec<Object>,
    slots: [Reference; SLOTS],
    last: Reference,
}

impl Model {
    pub(crate) fn new() -> Self {
        let mut this =
            Self { objects: Vec::new(), slots: [Reference::Null; SLOTS], last: Reference::Null };
        let Reference::Object(segment) = this.add(Kind::Node, 77) else { unreachable!() };
        this.objects[segment].fields[1] = Reference::Number(5);
        this
    }

    fn add(&mut self, kind: Kind, id: i32) -> Reference {
        let fields = match kind {
            Kind::List => [Reference::Number(id); FIELDS],
            _ => [Reference::Null; FIELDS],
        };
        let func = if kind == Kind::Leaf { 200 } else { 0 };
        self.objects.push(Object { kind, id, set: id, fields, func });
        Reference::Object(self.objects.len() - 1)
    }

    pub(crate) fn make(&mut self, slot: usize, kind: Kind, id: i32) {
        self.slots[slot] = self.add(kind, id);
        if kind == Kind::Node {
            self.last = self.slots[slot];
        }
    }

    pub(crate) fn number(&mut self, slot: usize, id: i32) {
        self.slots[slot] = Reference::Number(id);
    }

    pub(crate) fn segment(&mut self, slot: usize) {
        self.slots[slot] = Reference::Object(0);
    }

    pub(crate) fn last(&mut self, slot: usize) {
        self.slots[slot] = self.last;
    }

    pub(crate) fn clear(&mut self, slot: usize) {
        self.slots[slot] = Reference::Null;
    }

    pub(crate) fn copy(&mut self, slot: usize, from: usize) {
        self.slots[slot] = self.slots[from];
    }

    pub(crate) fn link(&mut self, slot: usize, field: usize, to: usize) {
        let value = self.slots[to];
        let is_node = match value {
            Reference::Null => true,
            Reference::Number(_) => false,
            Reference::Object(object) => {
                matches!(self.objects[object].kind, Kind::Node | Kind::Leaf)
            }
        };
        let Reference::Object(object) = self.slots[slot] else { return };
        let object = &mut self.objects[object];
        match object.kind {
            Kind::Bytes => {}
            Kind::List => object.fields[field] = value,
            Kind::Node | Kind::Leaf => {
                match field {
                    0 if is_node => object.fields[0] = value,
                    0 => {}
                    _ => object.fields[1] = value,
                }
                if field == 2 {
                    object.func = 100;
                }
            }
        }
    }

    pub(crate) fn set(&mut self, slot: usize, id: i32) {
        if let Reference::Object(object) = self.slots[slot] {
            let object = &mut self.objects[object];
            match object.kind {
                Kind::Node | Kind::Leaf => object.id = id,
                Kind::Bytes => object.set = id,
                Kind::List => {}
            }
        }
    }

    pub(crate) fn follow(&mut self, slot: usize, field: usize, to: usize) {
        self.slots[to] = match self.slots[slot] {
            Reference::Object(object) => {
                let object = &self.objects[object];
                match object.kind {
                    Kind::Bytes => Reference::Null,
                    Kind::List => object.fields[field],
                    Kind::Node | Kind::Leaf => object.fields[field.min(1)],
                }
            }
            _ => Reference::Null,
        };
    }

    fn hash(&self, reference: Reference, depth: i32) -> i32 {
        let mix = |h: i32, x: i32| h.wrapping_mul(31).wrapping_add(x);
        let object = match reference {
            Reference::Null => return 7,
            Reference::Number(number) => return mix(11, number),
            Reference::Object(object) => object,
        };
        let Object { kind, id, set, fields, func } = &self.objects[object];
        if *kind == Kind::Bytes {
            return mix(id & 0xff, set & 0xff);
        }
        if depth == 0 {
            return 3;
        }
        let below = |field: usize| self.hash(fields[field], depth - 1);
        if *kind == Kind::List {
            return mix(mix(below(0), below(1)), below(2));
        }
        // What is not changed tells leaves.
        let first = if *kind == Kind::Leaf { self.far(object) } else { 17 };
        let mut h = mix(mix(mix(first, *id), below(0)), below(1));
        if *func != 0 {
            h = mix(h, *func);
        }
        h
    }

    /// The immutable field of a leaf, which is the number that it was made with.
    fn far(&self, object: usize) -> i32 {
        self.objects[object].set
    }
}

/// A store with the guest, and what it is to have.
pub(crate) struct World {
    pub(crate) store: Store<()>,
    pub(crate) instance: Instance,
    pub(crate) model: Model,
}

impl World {
    pub(crate) fn new(module: &Module) -> Result<Self> {
        let mut store = Store::new(module.engine(), ());
        let instance = Linker::new(module.engine()).instantiate(&mut store, module)?;
        Ok(Self { store, instance, model: Model::new() })
    }

    pub(crate) fn call(&mut self, name: &str, a: usize, b: i32) -> Result<()> {
        let func = self.instance.get_typed_func::<(i32, i32), ()>(&mut self.store, name)?;
        func.call(&mut self.store, (a as i32, b))
    }

    pub(crate) fn call_three(&mut self, name: &str, a: usize, b: usize, c: usize) -> Result<()> {
        let func = self.instance.get_typed_func::<(i32, i32, i32), ()>(&mut self.store, name)?;
        func.call(&mut self.store, (a as i32, b as i32, c as i32))
    }

    pub(crate) fn hashes(&mut self) -> Result<Vec<i32>> {
        let hash = self.instance.get_typed_func::<(i32, i32), i32>(&mut self.store, "hash")?;
        (0..SLOTS).map(|slot| hash.call(&mut self.store, (slot as i32, DEPTH))).collect()
    }

    /// Compares everything with the model.
    pub(crate) fn check(&mut self) -> Result<()> {
        let expected: Vec<_> =
            self.model.slots.iter().map(|it| self.model.hash(*it, DEPTH)).collect();
        assert_eq!(self.hashes()?, expected, "{:?}", self.model);
        Ok(())
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config.wasm_gc(true).wasm_function_references(true);
    config
}

/// An engine that moves everything whenever it can, and one that does not.
pub(crate) fn engines() -> [Engine; 2] {
    [true, false].map(|zeal| Engine::new(config().gc_zeal(zeal)).unwrap())
}
