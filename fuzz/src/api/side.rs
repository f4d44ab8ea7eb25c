//! A store with its handles, and the comparison with its model.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wasm_runtime::{
    Extern, ExternRef, Func as RealFunc, Global, Instance, Memory, Ref, Rooted, Store, Table, Val,
};

use super::host::{Data, HostPanic};
use super::model::{Func, Outcome, State, Stop, Value};

/// What the host knows of a store: its handles, with the same indices as in the model.
pub(super) struct Side {
    /// Identifies the store.
    pub(super) uid: usize,
    /// The index of the engine.
    pub(super) engine: usize,
    /// The settings of the engine.
    pub(super) settings: usize,
    pub(super) model: State,
    pub(super) memories: Vec<Memory>,
    pub(super) tables: Vec<Table>,
    pub(super) globals: Vec<Global>,
    pub(super) instances: Vec<Instance>,
    pub(super) funcs: Vec<RealFunc>,
}

/// The names of an instance's functions, in the order of their kinds.
pub(super) const KINDS: [&str; 4] = ["k0", "k1", "k2", "k3"];

impl Side {
    pub(super) fn func(&self, store: &mut Store<Data>, func: Func) -> RealFunc {
        match func {
            Func::Guest { instance, kind } => self.instances[instance]
                .get_func(&mut *store, KINDS[kind])
                .expect("all export these"),
            Func::Host(place) => self.funcs[place],
            Func::Orphan(_) => unreachable!("nobody makes a reference to one"),
        }
    }

    /// The value of the store that corresponds to one of the model.
    pub(super) fn val(&self, store: &mut Store<Data>, value: Value) -> Val {
        match value {
            Value::I32(x) => Val::I32(x),
            Value::I64(x) => Val::I64(x),
            Value::F64(x) => Val::F64(x.to_bits()),
            Value::Func(func) => Val::FuncRef(func.map(|func| self.func(store, func))),
            Value::Extern(value) => Val::ExternRef(value.map(|value| extern_ref(store, value))),
        }
    }

    pub(super) fn ref_(&self, store: &mut Store<Data>, value: Value) -> Ref {
        self.val(store, value).ref_().expect("it is a reference")
    }

    /// Calls an export of an instance.
    pub(super) fn call(
        &self,
        store: &mut Store<Data>,
        instance: usize,
        name: &str,
        args: &[Value],
        results: usize,
    ) -> Outcome<Vec<Val>> {
        let func = self.instances[instance].get_func(&mut *store, name);
        let func = func.unwrap_or_else(|| panic!("there is an export `{name}`"));
        let args: Vec<Val> = args.iter().map(|value| self.val(store, *value)).collect();
        // Every other call uses static types, if there is code for them.
        let typed = self.model.globals.len() % 2 == 0;
        attempt(|| match (args.as_slice(), results) {
            ([Val::I32(a)], 1) if typed => {
                let Ok(func) = func.typed::<i32, i32>(&*store) else {
                    return untyped(store, func, &args, results);
                };
                Ok(vec![Val::I32(func.call(&mut *store, *a)?)])
            }
            ([Val::I32(a), Val::I32(b)], 0) if typed => {
                func.typed::<(i32, i32), ()>(&*store)?.call(&mut *store, (*a, *b))?;
                Ok(Vec::new())
            }
            ([Val::I32(a), Val::FuncRef(b)], 0) if typed => {
                func.typed::<(i32, Option<RealFunc>), ()>(&*store)?.call(&mut *store, (*a, *b))?;
                Ok(Vec::new())
            }
            _ => untyped(store, func, &args, results),
        })
    }

    /// Compares a value of the store with one of the model. Functions are distinguished by calling
    /// them.
    pub(super) fn assert_same(&self, store: &mut Store<Data>, found: &Val, expected: Value) {
        match (found, expected) {
            (Val::I32(a), Value::I32(b)) if *a == b => {}
            (Val::I64(a), Value::I64(b)) if *a == b => {}
            (Val::F64(a), Value::F64(b)) if *a == b.to_bits() => {}
            (Val::FuncRef(None), Value::Func(None)) => {}
            (Val::ExternRef(None), Value::Extern(None)) => {}
            (Val::FuncRef(Some(found)), Value::Func(Some(func))) => {
                let (kind, number) = self.model.function(func);
                let number = self.model.can_be_called(func).then_some(number);
                let seen = number_of(store, *found, kind);
                assert_eq!(seen, number, "the function is not {func:?} (kind {kind})");
            }
            (Val::ExternRef(Some(found)), Value::Extern(Some(value))) => {
                assert_eq!(extern_value(store, found), Some(value));
            }
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    /// Compares sizes, without reading contents.
    pub(super) fn assert_sizes(&self, store: &Store<Data>) {
        for (place, (memory, model)) in self.memories.iter().zip(&self.model.memories).enumerate() {
            assert_eq!(memory.size(store), model.pages, "pages of memory {place}");
        }
        for (place, (table, model)) in self.tables.iter().zip(&self.model.tables).enumerate() {
            assert_eq!(table.size(store), model.elements.len() as u64, "size of table {place}");
        }
    }

    /// Compares everything that can be observed.
    pub(super) fn assert_all(&self, store: &mut Store<Data>) {
        self.assert_sizes(store);
        for (place, (memory, model)) in self.memories.iter().zip(&self.model.memories).enumerate() {
            let found = memory.data(&*store);
            assert_eq!(found.len() as u64, model.pages << 16, "size of memory {place}");
            let mut next = 0;
            for (at, byte) in &model.bytes {
                let at = *at as usize;
                assert_zero(place, next, &found[next..at]);
                assert_eq!(found[at], *byte, "memory {place} differs at {at:#x}");
                next = at + 1;
            }
            assert_zero(place, next, &found[next..]);
        }
        for (place, (global, model)) in self.globals.iter().zip(&self.model.globals).enumerate() {
            super::trace::at(|| format!("(global {place})"));
            let found = global.get(&mut *store);
            self.assert_same(store, &found, *model);
        }
        for (place, (table, model)) in self.tables.iter().zip(&self.model.tables).enumerate() {
            for (index, expected) in model.elements.iter().enumerate() {
                super::trace::at(|| format!("(element {index} of table {place})"));
                let found = table.get(&mut *store, index as u64);
                let found = found.expect("the index is within the size").into();
                self.assert_same(store, &found, *expected);
            }
            let past = model.elements.len() as u64;
            assert!(table.get(&mut *store, past).is_none(), "table {place} has an element {past}");
        }
    }

    /// A handle to each item.
    pub(super) fn items(&self) -> Vec<Extern> {
        let mut items: Vec<Extern> = Vec::new();
        items.extend(self.memories.iter().map(|item| Extern::from(*item)));
        items.extend(self.tables.iter().map(|item| Extern::from(*item)));
        items.extend(self.globals.iter().map(|item| Extern::from(*item)));
        items.extend(self.funcs.iter().map(|item| Extern::from(*item)));
        items
    }
}

/// Checks that bytes of a memory are zero.
fn assert_zero(memory: usize, at: usize, bytes: &[u8]) {
    static ZEROS: [u8; 4096] = [0; 4096];
    for (place, bytes) in bytes.chunks(ZEROS.len()).enumerate() {
        if *bytes != ZEROS[..bytes.len()] {
            let place = at + place * ZEROS.len();
            let differs = bytes.iter().position(|byte| *byte != 0).expect("one is not zero");
            panic!("memory {memory} is not zero at {:#x}", place + differs);
        }
    }
}

fn untyped(
    store: &mut Store<Data>,
    func: RealFunc,
    args: &[Val],
    results: usize,
) -> wasm_runtime::Result<Vec<Val>> {
    let mut found = vec![Val::I32(0); results];
    func.call(store, args, &mut found)?;
    Ok(found)
}

/// Runs something that may end in any of the ways in which calls end.
pub(super) fn attempt<T>(run: impl FnOnce() -> wasm_runtime::Result<T>) -> Outcome<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => match error.downcast_ref() {
            Some(trap) => Err(Stop::Trap(*trap)),
            None => Err(Stop::Error),
        },
        Err(payload) if payload.is::<HostPanic>() => Err(Stop::Panic),
        Err(payload) => resume_unwind(payload),
    }
}

/// The number that the results of a function show; `None` if it is not of this kind.
fn number_of(store: &mut Store<Data>, func: RealFunc, kind: usize) -> Option<i32> {
    let number = match kind {
        0 => func.typed::<(), i32>(&*store).ok()?.call(&mut *store, ()).ok()?,
        1 => func.typed::<i64, f64>(&*store).ok()?.call(&mut *store, 5).ok()? as i32 - 5,
        2 => func.typed::<f64, i64>(&*store).ok()?.call(&mut *store, 5.5).ok()? as i32 - 5,
        _ => {
            let mut args = vec![Val::I32(1); 8];
            args.extend([Val::I64(9), Val::F64(0)]);
            let mut results = [Val::I64(0), Val::I32(0)];
            func.call(&mut *store, &args, &mut results).ok()?;
            assert_eq!(results[1].i32(), Some(2), "the arguments on the stack are right");
            results[0].unwrap_i64() as i32 - 9
        }
    };
    Some(number)
}

pub(super) fn extern_ref(store: &mut Store<Data>, value: u64) -> Rooted<ExternRef> {
    ExternRef::new(store, value).expect("there is room")
}

fn extern_value(store: &Store<Data>, found: &Rooted<ExternRef>) -> Option<u64> {
    found.data(store).ok()??.downcast_ref().copied()
}
