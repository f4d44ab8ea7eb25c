//! What must be refused: items, values, types and modules that are used where they do not belong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arbitrary::{Result, Unstructured};
use wasm_runtime::{
    Extern, ExternRef, Func, FuncType, Global, GlobalType, HeapType, Instance, Linker, Mutability,
    Ref, RefType, Rooted, Snapshot, Store, Table, TableType, Val, ValType,
};

use super::guest::{KINDS, Kind};
use super::host::Data;
use super::local::pick;
use super::side::extern_ref;
use super::trace;
use super::world::{Stored, World};

/// Runs something that must be refused: by an error, or by a panic that says what does not belong.
#[track_caller]
pub(super) fn refused<T>(run: impl FnOnce() -> wasm_runtime::Result<T>) {
    let result = trace::quietly(|| catch_unwind(AssertUnwindSafe(run)));
    match result {
        Ok(Err(error)) => assert!(!error.to_string().is_empty()),
        Ok(Ok(_)) => panic!("it was accepted"),
        Err(payload) => {
            let text = match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
                (Some(text), _) => text.as_str(),
                (_, Some(text)) => text,
                _ => "",
            };
            let known = [
                "wrong store",
                "wrong engine",
                "another store",
                "cross-`",
                "different engine",
                "another engine",
            ];
            assert!(known.iter().any(|known| text.contains(known)), "it panics with {text:?}");
        }
    }
}

/// `None` counts as refused.
fn none<T>(found: Option<T>) -> wasm_runtime::Result<T> {
    found.ok_or_else(|| wasm_runtime::Error::msg("there is none"))
}

/// Something that must be refused, after which nothing has changed.
pub(super) fn step(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    match u.int_in_range(0..=5_u32)? {
        0 => with_stray(u, world),
        1 | 2 => with_another_store(u, world),
        _ => with_another_engine(u, world),
    }
}

/// Uses items of stores that are gone.
fn with_stray(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(place) = pick(u, world.strays.len())? else { return Ok(()) };
    let item = world.strays[place].clone();
    let Some(s) = pick(u, world.stores.len())? else { return Ok(()) };
    let Stored { store, side } = &mut world.stores[s];
    trace::step(|| format!("an item of a store that is gone in store {}: {item:?}", side.uid));
    use_item(u, store, item)?;
    side.assert_sizes(store);
    Ok(())
}

/// Uses an item in a store that it does not belong to.
fn use_item(u: &mut Unstructured<'_>, store: &mut Store<Data>, item: Extern) -> Result<()> {
    let case = u.int_in_range(0..=7_u32)?;
    trace::step(|| format!("  by case {case}"));
    match item {
        Extern::Memory(memory) => match case {
            0 => refused(|| Ok(memory.ty(&*store))),
            1 => refused(|| Ok(memory.size(&*store))),
            2 => refused(|| Ok(memory.read(&*store, 0, &mut [0])?)),
            3 => refused(|| Ok(memory.write(&mut *store, 0, &[0])?)),
            4 => refused(|| memory.grow(&mut *store, 0)),
            5 => refused(|| Ok(memory.data(&*store).len())),
            6 => refused(|| Ok(memory.data_mut(&mut *store).len())),
            _ => refused(|| Ok(memory.data_and_store_mut(&mut *store).0.len())),
        },
        Extern::Table(table) => match case {
            0 => refused(|| Ok(table.ty(&*store))),
            1 => refused(|| Ok(table.size(&*store))),
            2 => refused(|| none(table.get(&mut *store, 0))),
            3 => refused(|| table.set(&mut *store, 0, Ref::Func(None))),
            4 => refused(|| table.grow(&mut *store, 0, Ref::Func(None))),
            5 => refused(|| table.fill(&mut *store, 0, Ref::Extern(None), 0)),
            _ => refused(|| Table::copy(&mut *store, &table, 0, &table, 0, 0)),
        },
        Extern::Global(global) => match case {
            0..=2 => refused(|| Ok(global.ty(&*store))),
            3..=5 => refused(|| Ok(global.get(&mut *store))),
            _ => refused(|| global.set(&mut *store, Val::I64(0))),
        },
        Extern::Func(func) => match case {
            0 => refused(|| Ok(func.ty(&*store))),
            1 => refused(|| func.call(&mut *store, &[], &mut [Val::I32(0)])),
            2 => refused(|| func.typed::<(), i32>(&*store)),
            3 => {
                let ty = FuncType::new(store.engine(), [], []);
                refused(|| Ok(func.matches_ty(&*store, &ty)));
            }
            4 => refused(|| Val::FuncRef(Some(func)).ty(&*store)),
            5 => refused(|| Ref::Func(Some(func)).matches_ty(&*store, &RefType::FUNCREF)),
            _ => use_reference(u, store, Some(func), None)?,
        },
        #[allow(unreachable_patterns)]
        _ => {}
    }
    Ok(())
}

/// Uses a reference in a store that it does not belong to.
fn use_reference(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    func: Option<Func>,
    value: Option<Rooted<ExternRef>>,
) -> Result<()> {
    let case = u.int_in_range(0..=9_u32)?;
    trace::step(|| format!("  its reference by case {case}"));
    let (val, element, null) = match func {
        Some(func) => (Val::FuncRef(Some(func)), RefType::FUNCREF, Ref::Func(None)),
        None => (Val::ExternRef(value), RefType::EXTERNREF, Ref::Extern(None)),
    };
    let reference = val.ref_().expect("it is a reference");
    let mut table = || Table::new(&mut *store, TableType::new(element.clone(), 1, Some(3)), null);
    match case {
        0..=2 => {
            // The store may have no room for a table.
            let Ok(table) = table() else { return Ok(()) };
            match case {
                0 => refused(|| table.set(&mut *store, 0, reference)),
                1 => refused(|| table.grow(&mut *store, 1, reference)),
                _ => refused(|| table.fill(&mut *store, 0, reference, 1)),
            }
        }
        3 => refused(|| Table::new(&mut *store, TableType::new(element, 1, None), reference)),
        4 => {
            let ty = GlobalType::new(ValType::Ref(element), Mutability::Const);
            refused(|| Global::new(&mut *store, ty, val));
        }
        5 => {
            let ty = GlobalType::new(ValType::Ref(element), Mutability::Var);
            let null = Val::default_for_ty(ty.content()).expect("it may be null");
            let global = Global::new(&mut *store, ty, null).expect("null is of the type");
            refused(|| global.set(&mut *store, val));
        }
        // As an argument of a host function, and as its result.
        6 => {
            let ty = FuncType::new(store.engine(), [ValType::Ref(element)], []);
            let takes = Func::new(&mut *store, ty, |_, _, _| panic!("it was called"));
            refused(|| takes.call(&mut *store, &[val], &mut []));
        }
        7 => {
            let ty = FuncType::new(store.engine(), [], [ValType::Ref(element)]);
            let gives = Func::new(&mut *store, ty, move |_, _, results| {
                results[0] = val;
                Ok(())
            });
            refused(|| gives.call(&mut *store, &[], &mut [Val::I32(0)]));
        }
        8 => match func {
            Some(func) => {
                let takes =
                    Func::wrap(&mut *store, |_: Option<Func>| -> () { panic!("it was called") });
                let takes = takes.typed::<Option<Func>, ()>(&*store).expect("it is of the type");
                refused(|| takes.call(&mut *store, Some(func)));
            }
            None => {
                let takes = Func::wrap(&mut *store, |_: Option<Rooted<ExternRef>>| -> () {
                    panic!("it was called")
                });
                let takes = takes.typed::<Option<Rooted<ExternRef>>, ()>(&*store);
                let takes = takes.expect("it is of the type");
                refused(|| takes.call(&mut *store, value));
            }
        },
        _ => match func {
            Some(func) => {
                let gives = Func::wrap(&mut *store, move || Some(func));
                let gives = gives.typed::<(), Option<Func>>(&*store).expect("it is of the type");
                refused(|| gives.call(&mut *store, ()));
            }
            None => {
                let gives = Func::wrap(&mut *store, move || value);
                let gives = gives.typed::<(), Option<Rooted<ExternRef>>>(&*store);
                let gives = gives.expect("it is of the type");
                refused(|| gives.call(&mut *store, ()));
            }
        },
    }
    Ok(())
}

/// Uses things of one store in another.
fn with_another_store(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let count = world.stores.len();
    if count < 2 {
        return Ok(());
    }
    let a = u.choose_index(count)?;
    let b = (a + 1 + u.choose_index(count - 1)?) % count;
    let case = u.int_in_range(0..=9_u32)?;
    let [of, target] = world.stores.get_disjoint_mut([a, b]).expect("they are two");
    trace::step(|| {
        format!("something of store {} in store {}, case {case}", of.side.uid, target.side.uid)
    });
    let store = &mut target.store;
    match case {
        0..=3 => {
            let items = of.side.items();
            let Some(item) = pick(u, items.len())? else { return Ok(()) };
            use_item(u, store, items[item].clone())?;
        }
        4 => {
            let value = extern_ref(&mut of.store, 5);
            if u.arbitrary()? {
                refused(|| value.data(&*store).map(|data| data.is_some()));
                refused(|| Ok(Rooted::ref_eq(&*store, &value, &value)?));
            } else {
                use_reference(u, store, None, Some(value))?;
            }
        }
        5 => {
            let Some(i) = pick(u, of.side.instances.len())? else { return Ok(()) };
            let instance = of.side.instances[i];
            let func = instance.get_func(&mut of.store, "k0").expect("all export it");
            refused(|| func.call(&mut *store, &[], &mut [Val::I32(0)]));
            let typed = func.typed::<(), i32>(&of.store).expect("it is of the type");
            refused(|| typed.call(&mut *store, ()));
            use_reference(u, store, Some(func), None)?;
        }
        6 => {
            let Some(i) = pick(u, of.side.instances.len())? else { return Ok(()) };
            let instance = of.side.instances[i];
            match u.int_in_range(0..=4_u32)? {
                0 => refused(|| none(instance.get_func(&mut *store, "k0"))),
                1 => refused(|| none(instance.get_export(&mut *store, "m"))),
                2 => refused(|| Ok(instance.module(&*store).name().is_some())),
                3 => refused(|| Ok(instance.exports(&mut *store).len())),
                _ => refused(|| Snapshot::take(&mut *store, &[instance])),
            }
        }
        7 => {
            // As an import of a module that belongs to the other store's engine.
            let Some(i) = pick(u, of.side.instances.len())? else { return Ok(()) };
            let engine = &mut world.engines[target.side.engine];
            let kind = *u.choose(&[Kind::User, Kind::Failing])?;
            let module = engine.module(u, world.artifacts, kind)?;
            let host = engine.base.get(&mut *store, "host", "call").expect("it is defined");
            let model = &of.side.model.instances[i];
            let mut list: Vec<Extern> = vec![
                host,
                of.side.memories[model.memory].into(),
                of.side.tables[model.funcs].into(),
                of.side.tables[model.values].into(),
                of.side.globals[model.global].into(),
            ];
            list.truncate(if kind == Kind::Failing { 3 } else { 5 });
            refused(|| Instance::new(&mut *store, &module, &list));
        }
        8 => {
            let items = of.side.items();
            let Some(item) = pick(u, items.len())? else { return Ok(()) };
            let mut linker: Linker<Data> = Linker::new(store.engine());
            refused(|| linker.define(&*store, "a", "b", items[item].clone()).map(|_| ()));
            assert!(linker.get(&mut *store, "a", "b").is_err());
        }
        _ => {
            let Some(i) = pick(u, of.side.instances.len())? else { return Ok(()) };
            let mut linker: Linker<Data> = Linker::new(store.engine());
            let instance = of.side.instances[i];
            refused(|| linker.instance(&mut *store, "a", instance).map(|_| ()));
            // An item of the first store, requested with the second.
            linker = Linker::new(of.store.engine());
            linker.instance(&mut of.store, "a", instance).expect("the names are free");
            refused(|| linker.get(&mut *store, "a", "m"));
        }
    }
    Ok(())
}

/// Uses things of one engine in another.
fn with_another_engine(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let count = world.engines.len();
    let Some(s) = pick(u, world.stores.len())? else { return Ok(()) };
    if count < 2 {
        return Ok(());
    }
    let Stored { store, side } = &mut world.stores[s];
    let other = (side.engine + 1 + u.choose_index(count - 1)?) % count;
    let case = u.int_in_range(0..=15_u32)?;
    trace::step(|| format!("something of engine {other} in store {}, case {case}", side.uid));
    let kind = *u.choose(&KINDS)?;
    let module = world.engines[other].module(u, world.artifacts, kind)?;
    let own = world.engines[side.engine].module(u, world.artifacts, kind)?;
    let engine = &world.engines[other];
    let mut linker = engine.base.clone();
    linker.func_wrap("", "", |x: f64| x as i64).expect("the name is free");
    let ty = FuncType::new(&engine.engine, [ValType::I64], [ValType::F64]);
    let concrete = RefType::new(true, HeapType::ConcreteFunc(ty.clone()));
    match case {
        0 => refused(|| linker.get(&mut *store, "host", "call")),
        1 => refused(|| none(linker.iter(&mut *store).next().map(|_| ()))),
        2 => {
            let import = module.imports().next().expect("all import something");
            refused(|| none(linker.get_by_import(&mut *store, &import)));
        }
        3 => refused(|| linker.get_default(&mut *store, "")),
        4 => {
            let name = *u.choose(&["", "host"])?;
            refused(|| linker.get_default(&mut *store, name));
        }
        5 => refused(|| linker.define_unknown_imports_as_default_values(&mut *store, &module)),
        6 => refused(|| linker.define_unknown_imports_as_default_values(&mut *store, &own)),
        7 => {
            let mut linker: Linker<Data> = Linker::new(store.engine());
            refused(|| linker.define_unknown_imports_as_traps(&module));
        }
        8 => refused(|| {
            linker
                .module(&mut *store, "x", if u.ratio(1, 2) == Ok(true) { &module } else { &own })
                .map(|_| ())
        }),
        9 => {
            let Some(i) = pick(u, side.instances.len())? else { return Ok(()) };
            refused(|| linker.instance(&mut *store, "x", side.instances[i]).map(|_| ()));
        }
        10 => {
            let items = side.items();
            let Some(item) = pick(u, items.len())? else { return Ok(()) };
            refused(|| linker.define(&*store, "x", "y", items[item].clone()).map(|_| ()));
        }
        11 => {
            let list: Vec<Extern> = side.items().into_iter().take(module.imports().len()).collect();
            refused(|| Instance::new(&mut *store, &module, &list));
        }
        12 => refused(|| Ok(Func::new(&mut *store, ty, |_, _, _| Ok(())))),
        13 => {
            let mut linker: Linker<Data> = Linker::new(store.engine());
            refused(|| linker.func_new("a", "b", ty, |_, _, _| Ok(())).map(|_| ()));
        }
        14 => {
            let ty = GlobalType::new(ValType::Ref(concrete), Mutability::Var);
            refused(|| Global::new(&mut *store, ty, Val::FuncRef(None)));
        }
        _ => {
            refused(|| Table::new(&mut *store, TableType::new(concrete, 1, None), Ref::Func(None)))
        }
    }
    Ok(())
}
