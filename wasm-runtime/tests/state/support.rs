//! A guest with one of everything that calls can change.

use std::any::Any;

use wasm_runtime::{
    Engine, ExternRef, HostState, Instance, Linker, Memory, Module, Result, Snapshot, Store, Val,
};

/// A module with one of everything that calls can change.
pub(crate) const EVERYTHING: &str = r#"(module
    (memory $a (export "a") 2)
    (memory $b (export "b") 0)
    (table $t (export "t") 4 funcref)
    (table $x (export "x") 1 externref)
    (global $g (export "g") (mut i64) (i64.const 7))
    (global $f (export "f") (mut funcref) (ref.null func))
    (global $v (mut v128) (v128.const i64x2 1 2))
    (data $image (memory $a) (i32.const 65530) "hello, world")
    (data $passive "passive")
    (elem $one (table $t) (i32.const 1) func $one)
    (elem $later funcref (ref.func $two) (ref.func $one))
    (type $i (func (result i32)))
    (func $one (result i32) (i32.const 1))
    (func $two (result i32) (i32.const 2))
    (func $hidden (export "hidden") (result i64) (global.get $g))
    (func (export "store") (param i32 i32) (i32.store8 $a (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32) (i32.load8_u $a (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow $a (local.get 0)))
    (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "store_b") (param i32 i32) (i32.store8 $b (local.get 0) (local.get 1)))
    (func (export "load_b") (param i32) (result i32) (i32.load8_u $b (local.get 0)))
    (func (export "set_g") (param i64) (global.set $g (local.get 0)))
    (func (export "set_f") (global.set $f (ref.func $two)))
    (func (export "call_f") (result i32)
        (table.set $t (i32.const 0) (global.get $f)) (call_indirect $t (type $i) (i32.const 0)))
    (func (export "call_t") (param i32) (result i32) (call_indirect $t (type $i) (local.get 0)))
    (func (export "grow_t") (param i32) (result i32)
        (table.grow $t (ref.func $two) (local.get 0)))
    (func (export "init_t") (param i32)
        (table.init $t $later (local.get 0) (i32.const 0) (i32.const 2)))
    (func (export "drop_later") (elem.drop $later))
    (func (export "init_a") (param i32)
        (memory.init $a $passive (local.get 0) (i32.const 0) (i32.const 7)))
    (func (export "drop_passive") (data.drop $passive))
    (func (export "fill") (param i32 i32 i32)
        (memory.fill $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fail") (call_indirect $t (type $i) (i32.const 3)) (unreachable))
)"#;

pub(crate) struct Guest {
    pub(crate) store: Store<()>,
    pub(crate) instance: Instance,
}

impl Guest {
    pub(crate) fn new() -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, EVERYTHING).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Self { store, instance }
    }

    pub(crate) fn fork(snapshot: &Snapshot) -> Result<Self> {
        let mut store = Store::new(snapshot.engine(), ());
        let instances = snapshot.fork(&mut store, &Linker::new(snapshot.engine()))?;
        Ok(Self { store, instance: instances[0] })
    }

    pub(crate) fn call(&mut self, name: &str, params: &[i32]) -> Result<i32> {
        let func = self.instance.get_func(&mut self.store, name).unwrap();
        let params: Vec<_> = params.iter().map(|param| Val::I32(*param)).collect();
        let count = func.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); count];
        func.call(&mut self.store, &params, &mut results)?;
        Ok(results.first().map_or(0, |value| match value {
            Val::I64(value) => *value as i32,
            value => value.unwrap_i32(),
        }))
    }

    pub(crate) fn memory(&mut self, name: &str) -> Memory {
        self.instance.get_memory(&mut self.store, name).unwrap()
    }

    pub(crate) fn set_g(&mut self, value: i64) {
        let global = self.instance.get_global(&mut self.store, "g").unwrap();
        global.set(&mut self.store, Val::I64(value)).unwrap();
    }
}

/// Changes everything that can be changed.
pub(crate) fn disturb(guest: &mut Guest) {
    guest.call("store", &[0, 99]).unwrap();
    guest.call("store", &[65_531, 99]).unwrap();
    assert_eq!(guest.call("grow", &[3]).unwrap(), 2);
    guest.call("fill", &[4 << 16, 0xaa, 1 << 16]).unwrap();
    assert_eq!(guest.call("grow_b", &[1]).unwrap(), 0);
    guest.call("store_b", &[65_535, 5]).unwrap();
    guest.set_g(-1);
    guest.call("set_f", &[]).unwrap();
    assert_eq!(guest.call("call_f", &[]).unwrap(), 2);
    assert_eq!(guest.call("grow_t", &[2]).unwrap(), 4);
    guest.call("init_t", &[0]).unwrap();
    guest.call("drop_later", &[]).unwrap();
    guest.call("drop_passive", &[]).unwrap();
    assert!(guest.call("fail", &[]).is_err());
    let value = ExternRef::new(&mut guest.store, 1u8).unwrap();
    let table = guest.instance.get_table(&mut guest.store, "x").unwrap();
    table.set(&mut guest.store, 0, value.into()).unwrap();
}

/// Checks that everything is as in a new instance.
pub(crate) fn check_pristine(guest: &mut Guest) {
    let a = guest.memory("a");
    let mut expected = vec![0; 2 << 16];
    expected[65_530..65_542].copy_from_slice(b"hello, world");
    assert!(a.data(&guest.store) == expected);
    assert_eq!(guest.memory("b").data_size(&guest.store), 0);
    assert!(guest.call("load", &[2 << 16]).is_err(), "beyond the memory");
    assert!(guest.call("load_b", &[0]).is_err());
    assert_eq!(guest.call("hidden", &[]).unwrap(), 7);
    let table = guest.instance.get_table(&mut guest.store, "t").unwrap();
    assert_eq!(table.size(&guest.store), 4);
    assert!(guest.call("call_t", &[0]).is_err());
    assert_eq!(guest.call("call_t", &[1]).unwrap(), 1);
    assert!(guest.call("call_t", &[4]).is_err());
    let externs = guest.instance.get_table(&mut guest.store, "x").unwrap();
    assert!(externs.get(&mut guest.store, 0).unwrap().is_null());
    let global = guest.instance.get_global(&mut guest.store, "f").unwrap();
    assert!(matches!(global.get(&mut guest.store), Val::FuncRef(None)));
    // Segments that were dropped exist again.
    let before = Snapshot::of_store(&mut guest.store).unwrap();
    guest.call("init_a", &[100]).unwrap();
    assert_eq!(&guest.memory("a").data(&guest.store)[100..107], b"passive");
    guest.call("init_t", &[2]).unwrap();
    assert_eq!(guest.call("call_t", &[2]).unwrap(), 2);
    before.restore(&mut guest.store).unwrap();
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) count: u32,
    pub(crate) refuse: bool,
}

impl HostState for Host {
    type Saved = u32;

    fn save(&mut self) -> Result<u32> {
        Ok(self.count)
    }

    fn restore(&mut self, saved: &u32) -> Result<()> {
        wasm_runtime::ensure!(!self.refuse, "refused");
        self.count = *saved;
        Ok(())
    }

    fn copy_extern(value: &(dyn Any + Send + Sync)) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(value.downcast_ref::<String>()?.clone()))
    }
}
