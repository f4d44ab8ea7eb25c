//! A context is anything that implements the trait. It may return another store each time it is
//! queried.

use std::cell::Cell;

use proptest::prelude::*;
use wasm_runtime::{
    AsContext, AsContextMut, Engine, Extern, FuncType, Store, StoreContext, StoreContextMut,
    ValType,
};

use crate::tries::quietly;
use crate::world::{Data, Side, import_func};

/// Two stores. Each query gets the store that the next of the answers selects.
struct Fickle<'a> {
    stores: [&'a mut Store<Data>; 2],
    answers: &'a [bool],
    queries: Cell<usize>,
}

impl Fickle<'_> {
    fn next(&self) -> usize {
        let queries = self.queries.replace(self.queries.get() + 1);
        usize::from(self.answers.get(queries).copied().unwrap_or_default())
    }
}

impl AsContext for Fickle<'_> {
    type Data = Data;

    fn as_context(&self) -> StoreContext<'_, Data> {
        self.stores[self.next()].as_context()
    }
}

impl AsContextMut for Fickle<'_> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Data> {
        let next = self.next();
        self.stores[next].as_context_mut()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_is_another_each_time_gets_nothing_wrong(
        answers in prop::collection::vec(any::<bool>(), 1..8),
        same_engine in any::<bool>(),
    ) {
        let engine = Engine::default();
        let other = if same_engine { engine.clone() } else { Engine::default() };
        let mut ours = Side::new(&engine, ValType::I64, 0, false).expect("a side");
        let mut theirs = Side::new(&other, ValType::FUNCREF, 0, false).expect("a side");
        let module = import_func(&engine, "(param f64)").expect("a module");
        let import = module.imports().next().expect("an import");
        let ty = FuncType::new(&engine, [], []);

        // An item that exists afterwards belongs to one of the stores. If it is in our linker, it
        // belongs to our engine.
        let mut got: Vec<Extern> = Vec::new();
        let mut linker = ours.kept.bound.clone();
        for run in 0..6 {
            let stores = [&mut ours.store, &mut theirs.store];
            let fickle = Fickle { stores, answers: &answers, queries: Cell::new(0) };
            let kept = &ours.kept;
            let found = quietly(|| -> Vec<Extern> {
                match run {
                    0 => kept.linker.iter(fickle).map(|(_, _, item)| item).collect(),
                    1 => kept.linker.get_by_import(fickle, &import).into_iter().collect(),
                    2 => kept.linker.get_default(fickle, "host").map(Extern::from).into_iter().collect(),
                    3 => ty.default_value(fickle).map(Extern::from).into_iter().collect(),
                    4 => {
                        let _ = linker.define_unknown_imports_as_default_values(fickle, &module);
                        Vec::new()
                    }
                    _ => {
                        let func = ours.handles.instance.get_typed_func::<i32, i32>(fickle, "next");
                        func.map(|func| Extern::from(*func.func())).into_iter().collect()
                    }
                }
            });
            got.extend(found.unwrap_or_default());
        }
        for item in got {
            let is_ours = quietly(|| item.ty(&ours.store)).is_some();
            prop_assert!(is_ours || same_engine, "something of our engine entered a store of another");
        }
        ours.check().expect("our side works");
        theirs.check().expect("their side works");
    }
}
