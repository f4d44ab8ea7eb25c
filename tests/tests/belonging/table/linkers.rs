//! Linkers, and modules with imports that were looked up.

use wasm_runtime::Func;

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};
use crate::tries::{now, value};
use crate::world::{Kept, import_func};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "Linker::define",
        tries: |t| {
            t.handle(Error, |o, h| o.kept.linker.define(&o.store, "x", "f", h.own).map(|_| ()));
            t.handle(Error, |o, h| o.kept.linker.define(&o.store, "x", "t", h.table).map(|_| ()));
            t.handle(Error, |o, h| o.kept.linker.define(&o.store, "x", "m", h.memory).map(|_| ()));
            t.handle(Error, |o, h| o.kept.linker.define(&o.store, "x", "g", h.global).map(|_| ()));
            t.any_store(Error, |o, store, _| {
                o.kept.linker.define(store, "x", "f", o.handles.own).map(|_| ())
            });
            t.engine(Error, |o, k| k.linker.define(&o.store, "x", "f", o.handles.own).map(|_| ()));
            // All of it is theirs, except the linker.
            t.store(Error, |o, store| {
                let func = Func::wrap(&mut *store, || {});
                o.kept.linker.define(store, "x", "f", func).map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::define_name",
        tries: |t| {
            t.handle(Error, |o, h| o.kept.linker.define_name(&o.store, "f", h.own).map(|_| ()));
            t.engine(Error, |o, k| k.linker.define_name(&o.store, "f", o.handles.own).map(|_| ()));
        },
    },
    Row {
        name: "Linker::func_new",
        tries: |t| {
            t.engine(Panic, |o, k| {
                o.kept.linker.func_new("x", "f", k.ty.clone(), |_, _, _| Ok(())).map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::func_new_unchecked",
        tries: |t| {
            t.engine(Panic, |o, k| {
                // SAFETY: a closure of this type reads nothing and writes nothing.
                unsafe {
                    let linker = &mut o.kept.linker;
                    linker.func_new_unchecked("x", "f", k.ty.clone(), |_, _| Ok(())).map(|_| ())
                }
            });
        },
    },
    Row {
        name: "Linker::func_new_numeric",
        tries: |t| {
            t.engine(Error, |o, k| {
                let linker = &mut o.kept.linker;
                linker.func_new_numeric("x", "f", k.ty.clone(), |_, _| Ok(())).map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::func_new_async",
        tries: |t| {
            t.engine(Panic, |o, k| {
                let linker = &mut o.kept.linker;
                linker
                    .func_new_async("x", "f", k.ty.clone(), |_, _, _| Box::new(async { Ok(()) }))
                    .map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::instance",
        tries: |t| {
            t.handle(Panic, |o, h| {
                o.kept.linker.instance(&mut o.store, "x", h.instance).map(|_| ())
            });
            t.engine(Error, |o, k| {
                k.linker.instance(&mut o.store, "x", o.handles.instance).map(|_| ())
            });
            t.store(Error, |o, store| {
                o.kept.linker.instance(store, "x", o.handles.instance).map(|_| ())
            });
            t.sibling_store(Panic, |o, store| {
                o.kept.linker.instance(store, "x", o.handles.instance).map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::module",
        tries: |t| {
            t.store(Panic, |o, store| o.kept.linker.module(store, "x", &o.kept.module).map(|_| ()));
            t.engine(Error, |o, k| o.kept.linker.module(&mut o.store, "x", &k.module).map(|_| ()));
            t.engine(Panic, |o, k| k.linker.module(&mut o.store, "x", &k.module).map(|_| ()));
            t.engine(Panic, |o, k| k.linker.module(&mut o.store, "x", &o.kept.module).map(|_| ()));
            t.sibling(Error, |o, k| k.bound.module(&mut o.store, "x", &k.importer).map(|_| ()));
        },
    },
    Row {
        name: "Linker::module_async",
        tries: |t| {
            t.store(Panic, |o, store| {
                now(o.kept.linker.module_async(store, "x", &o.kept.module)).map(|_| ())
            });
            t.engine(Error, |o, k| {
                now(o.kept.linker.module_async(&mut o.store, "x", &k.module)).map(|_| ())
            });
            t.engine(Panic, |o, k| {
                now(k.linker.module_async(&mut o.store, "x", &k.module)).map(|_| ())
            });
            t.engine(Panic, |o, k| {
                now(k.linker.module_async(&mut o.store, "x", &o.kept.module)).map(|_| ())
            });
            t.sibling(Error, |o, k| {
                now(k.bound.module_async(&mut o.store, "x", &k.importer)).map(|_| ())
            });
        },
    },
    Row {
        name: "Linker::define_unknown_imports_as_traps",
        tries: |t| {
            t.engine(Error, |o, k| {
                let module = import_func(&k.engine, "(param f64)")?;
                o.kept.linker.define_unknown_imports_as_traps(&module)
            });
            t.engine(Error, |o, k| k.linker.define_unknown_imports_as_traps(&o.kept.importer));
        },
    },
    Row {
        name: "Linker::define_unknown_imports_as_default_values",
        tries: |t| {
            t.engine(Error, |o, k| {
                let linker = &mut o.kept.linker;
                linker.define_unknown_imports_as_default_values(&mut o.store, &k.importer)
            });
            t.engine(Error, |o, k| {
                k.linker.define_unknown_imports_as_default_values(&mut o.store, &o.kept.importer)
            });
            t.store(Error, |o, store| {
                let Kept { linker, importer, .. } = &mut o.kept;
                linker.define_unknown_imports_as_default_values(store, importer)
            });
        },
    },
    Row {
        name: "Linker::instantiate",
        tries: |t| {
            t.engine(Error, |o, k| o.kept.linker.instantiate(&mut o.store, &k.module));
            t.engine(Error, |o, k| k.linker.instantiate(&mut o.store, &o.kept.module));
            t.engine(Error, |o, k| k.linker.instantiate(&mut o.store, &k.module));
            t.store(Error, |o, store| o.kept.linker.instantiate(store, &o.kept.module));
            t.sibling(Error, |o, k| k.bound.instantiate(&mut o.store, &k.importer));
            t.any_store(Error, |o, store, _| o.kept.bound.instantiate(store, &o.kept.importer));
        },
    },
    Row {
        name: "Linker::instantiate_async",
        tries: |t| {
            t.engine(Error, |o, k| now(o.kept.linker.instantiate_async(&mut o.store, &k.module)));
            t.engine(Error, |o, k| now(k.linker.instantiate_async(&mut o.store, &o.kept.module)));
            t.store(Error, |o, store| now(o.kept.linker.instantiate_async(store, &o.kept.module)));
            t.sibling(Error, |o, k| now(k.bound.instantiate_async(&mut o.store, &k.importer)));
            t.any_store(Error, |o, store, _| {
                now(o.kept.bound.instantiate_async(store, &o.kept.importer))
            });
        },
    },
    Row {
        name: "Linker::instantiate_pre",
        tries: |t| {
            t.engine(Error, |o, k| o.kept.linker.instantiate_pre(&k.module));
            t.engine(Error, |o, k| k.linker.instantiate_pre(&o.kept.module));
            // A type that has the same number as ours must not be mistaken for ours.
            t.engine(Error, |o, k| {
                let module = import_func(&o.kept.engine, "(param i64) (result i64)")?;
                k.linker.instantiate_pre(&module)
            });
        },
    },
    Row {
        name: "InstancePre::instantiate",
        tries: |t| {
            t.engine(Error, |o, k| k.pre.instantiate(&mut o.store));
            t.kept(Error, |o, k| k.bound_pre.instantiate(&mut o.store));
            t.store(Error, |o, store| o.kept.pre.instantiate(store));
            t.any_store(Error, |o, store, _| o.kept.bound_pre.instantiate(store));
        },
    },
    Row {
        name: "InstancePre::instantiate_async",
        tries: |t| {
            t.engine(Error, |o, k| now(k.pre.instantiate_async(&mut o.store)));
            t.kept(Error, |o, k| now(k.bound_pre.instantiate_async(&mut o.store)));
            t.store(Error, |o, store| now(o.kept.pre.instantiate_async(store)));
            t.any_store(Error, |o, store, _| now(o.kept.bound_pre.instantiate_async(store)));
        },
    },
    Row {
        name: "Linker::iter",
        tries: |t| {
            t.engine(Panic, |o, k| k.linker.iter(&mut o.store).next().is_some());
            t.engine(Panic, |o, k| k.bound.iter(&mut o.store).next().is_some());
            t.store(Panic, |o, store| value(o.kept.linker.iter(store).count()));
            t.sibling(Nothing, |o, k| k.bound.iter(&mut o.store).next().is_some());
            t.sibling_store(Nothing, |o, store| o.kept.bound.iter(store).next().is_some());
        },
    },
    Row {
        name: "Linker::get",
        tries: |t| {
            t.engine(Panic, |o, k| k.linker.get(&mut o.store, "host", "f"));
            t.engine(Panic, |o, k| k.linker.get(&mut o.store, "not", "there"));
            t.store(Panic, |o, store| o.kept.linker.get(store, "host", "f"));
            for name in ["f", "g"] {
                t.sibling(Error, |o, k| k.bound.get(&mut o.store, "store", name));
            }
        },
    },
    Row {
        name: "Linker::get_by_import",
        tries: |t| {
            t.engine(Panic, |o, k| {
                k.linker.get_by_import(&mut o.store, &k.module.imports().next().expect("an import"))
            });
            t.engine(Panic, |o, k| {
                let import = o.kept.module.imports().next().expect("an import");
                k.linker.get_by_import(&mut o.store, &import)
            });
            t.store(Panic, |o, store| {
                let import = o.kept.module.imports().next().expect("an import");
                o.kept.linker.get_by_import(store, &import)
            });
            t.engine(Nothing, |o, k| {
                let import = k.module.imports().next().expect("an import");
                o.kept.linker.get_by_import(&mut o.store, &import)
            });
            t.sibling(Nothing, |o, k| {
                let import = k.importer.imports().next().expect("an import");
                k.bound.get_by_import(&mut o.store, &import)
            });
        },
    },
    Row {
        name: "Linker::try_get_by_import",
        tries: |t| {
            t.store(Panic, |o, store| {
                let import = o.kept.module.imports().next().expect("an import");
                o.kept.linker.try_get_by_import(store, &import)
            });
            t.sibling(Nothing, |o, k| {
                let import = k.importer.imports().next().expect("an import");
                k.bound.try_get_by_import(&mut o.store, &import).expect("no error")
            });
        },
    },
    Row {
        name: "Linker::get_default",
        tries: |t| {
            t.engine(Panic, |o, k| k.linker.get_default(&mut o.store, "host"));
            t.engine(Panic, |o, k| k.bound.get_default(&mut o.store, "store"));
            t.store(Panic, |o, store| o.kept.linker.get_default(store, "host"));
            t.sibling(Error, |o, k| k.bound.get_default(&mut o.store, "store"));
        },
    },
    Row {
        name: "Linker::alias",
        tries: |t| {
            // Another name makes no difference.
            t.sibling(Error, |o, k| {
                let mut linker = k.bound.clone();
                linker.alias("store", "f", "x", "f").expect("a name");
                linker.alias_module("store", "y").expect("a name");
                let mut get = |module| linker.get(&mut o.store, module, "f");
                get("x").or_else(|_| get("y"))
            });
        },
    },
];
