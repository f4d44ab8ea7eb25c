//! Host functions that take words and a context.

use std::sync::Arc;

use wasm_runtime::{
    BoundFuncs, Engine, FuncType, ImportBinding, Instance, NumericDef, NumericFuncs, Result,
    ValType,
};

use super::Row;
use crate::tries::Expect::{Error, Panic};
use crate::tries::now;
use crate::world::{Data, Side};

fn def(engine: &Engine) -> Result<NumericDef<Data, ()>> {
    NumericDef::new(FuncType::new(engine, [ValType::I32], []), |_, (), _| Ok(()))
}

/// A list with one function, in a side's store.
fn bound(side: &mut Side) -> Result<BoundFuncs> {
    let engine = &side.kept.engine;
    NumericFuncs::new(engine, [def(engine)?])?.bind(&mut side.store, Arc::new(()))
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "NumericFuncs::new",
        tries: |t| t.engine(Error, |o, k| NumericFuncs::new(&o.kept.engine, [def(&k.engine)?])),
    },
    Row {
        name: "NumericFuncs::bind",
        tries: |t| {
            t.engine(Error, |o, k| {
                let list = NumericFuncs::new(&k.engine, [def(&k.engine)?])?;
                list.bind(&mut o.store, Arc::new(()))
            });
        },
    },
    Row {
        name: "BoundFuncs::func",
        tries: |t| {
            t.store(Panic, |o, store| Ok::<_, wasm_runtime::Error>(bound(o)?.func(store, 0)));
        },
    },
    Row {
        name: "Instance::with_bindings",
        tries: |t| {
            t.engine(Error, |o, k| {
                let bound = bound(o)?;
                let imports = [ImportBinding::Func(&bound, 0)];
                Instance::with_bindings(&mut o.store, &k.module, &imports)
            });
            t.store(Error, |o, store| {
                let bound = bound(o)?;
                let imports = [ImportBinding::Func(&bound, 0)];
                Instance::with_bindings(store, &o.kept.module, &imports)
            });
            t.handle(Error, |o, h| {
                let imports = [ImportBinding::Item(h.host.into())];
                Instance::with_bindings(&mut o.store, &o.kept.module, &imports)
            });
        },
    },
    Row {
        name: "Instance::with_bindings_async",
        tries: |t| {
            t.engine(Error, |o, k| {
                let bound = bound(o)?;
                let imports = [ImportBinding::Func(&bound, 0)];
                now(Instance::with_bindings_async(&mut o.store, &k.module, &imports))
            });
            t.store(Error, |o, store| {
                let bound = bound(o)?;
                let imports = [ImportBinding::Func(&bound, 0)];
                now(Instance::with_bindings_async(store, &o.kept.module, &imports))
            });
            t.handle(Error, |o, h| {
                let imports = [ImportBinding::Item(h.host.into())];
                now(Instance::with_bindings_async(&mut o.store, &o.kept.module, &imports))
            });
        },
    },
];
