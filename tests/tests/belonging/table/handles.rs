//! Functions, host values and instances.

use std::hash::DefaultHasher;

use wasm_runtime::{
    Caller, Extern, ExternRef, Func, FuncType, HeapType, Instance, Module, OwnedRooted, RefType,
    Result, Rooted, TypedFunc, Val, ValRaw, ValType,
};

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};
use crate::tries::{now, value};
use crate::world::Side;

/// The nullable reference to functions of one type.
pub(super) fn reference(ty: &FuncType) -> RefType {
    RefType::new(true, HeapType::ConcreteFunc(ty.clone()))
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "Extern::ty",
        tries: |t| {
            t.handle(Panic, |o, h| value(Extern::from(h.own).ty(&o.store)));
            t.handle(Panic, |o, h| value(Extern::from(h.global).ty(&o.store)));
            t.handle(Panic, |o, h| value(Extern::from(h.table).ty(&o.store)));
            t.handle(Panic, |o, h| value(Extern::from(h.memory).ty(&o.store)));
            t.handle(Panic, |o, h| value(Extern::from(h.tag).ty(&o.store)));
        },
    },
    Row {
        name: "Export::ty",
        tries: |t| {
            t.any_store(Panic, |o, store, h| {
                h.instance.exports(store).next().map(|export| export.ty(&o.store))
            });
        },
    },
    Row {
        name: "ExternRef::data",
        tries: |t| {
            t.handle(Panic, |o, h| value(h.value.data(&o.store).is_ok()));
            t.handle(Panic, |o, h| value(h.owned.data(&o.store).is_ok()));
        },
    },
    Row {
        name: "ExternRef::data_mut",
        tries: |t| {
            t.handle(Panic, |o, h| value(h.value.data_mut(&mut o.store).is_ok()));
            t.handle(Panic, |o, h| value(h.owned.data_mut(&mut o.store).is_ok()));
        },
    },
    Row {
        name: "Rooted::ref_eq",
        tries: |t| {
            t.handle(Panic, |o, h| Rooted::ref_eq(&o.store, &h.value, &o.handles.value));
            t.handle(Panic, |o, h| Rooted::ref_eq(&o.store, &o.handles.value, &h.value));
            t.handle(Panic, |o, h| Rooted::ref_eq(&o.store, &h.value, &h.value));
        },
    },
    Row {
        name: "Rooted::rooted_eq",
        tries: |t| t.handle(Nothing, |o, h| Rooted::rooted_eq(h.value, o.handles.value)),
    },
    Row {
        name: "Rooted::to_owned_rooted",
        tries: |t| t.handle(Panic, |o, h| h.value.to_owned_rooted(&mut o.store)),
    },
    Row {
        name: "Rooted::ref_hash",
        tries: |t| {
            t.handle(Panic, |o, h| h.value.ref_hash(&o.store, &mut DefaultHasher::new()));
        },
    },
    Row {
        name: "OwnedRooted::ref_hash",
        tries: |t| {
            t.handle(Panic, |o, h| h.owned.ref_hash(&o.store, &mut DefaultHasher::new()));
        },
    },
    Row {
        name: "OwnedRooted::ref_eq",
        tries: |t| {
            t.handle(Panic, |o, h| OwnedRooted::ref_eq(&o.store, &h.owned, &o.handles.owned));
            t.handle(Panic, |o, h| OwnedRooted::ref_eq(&o.store, &o.handles.owned, &h.value));
        },
    },
    Row {
        name: "OwnedRooted::to_rooted",
        tries: |t| t.handle(Panic, |o, h| value(h.owned.to_rooted(&mut o.store))),
    },
    Row {
        name: "Func::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(Func::new(&mut o.store, k.ty.clone(), |_, _, _| Ok(()))));
            // The result of such a function.
            t.handle(Error, |o, h| {
                let (engine, theirs) = (&o.kept.engine, Val::from(h.own));
                let ty = FuncType::new(engine, [], [ValType::FUNCREF]);
                let func = Func::new(&mut o.store, ty, move |_, _, results| {
                    results[0] = theirs;
                    Ok(())
                });
                func.call(&mut o.store, &[], &mut [Val::null_func_ref()])
            });
        },
    },
    Row {
        name: "Func::wrap",
        tries: |t| {
            // The result of such a function, in registers and in an array, to the host and to Wasm.
            t.handle(Error, |o, h| {
                let theirs = h.own;
                let func = Func::wrap(&mut o.store, move || theirs);
                func.typed::<(), Func>(&o.store)?.call(&mut o.store, ())
            });
            t.handle(Error, |o, h| {
                let theirs = h.value;
                let func =
                    Func::wrap(&mut o.store, move || -> Result<_> { Ok((1, Some(theirs), 2)) });
                let func = func.typed::<(), (i32, Option<Rooted<ExternRef>>, i32)>(&o.store)?;
                func.call(&mut o.store, ()).map(|_| ())
            });
            t.handle(Error, |o, h| {
                let theirs = h.own;
                let func = Func::wrap(&mut o.store, move || Some(theirs));
                let module = Module::new(
                    &o.kept.engine,
                    r#"(module (import "" "" (func (result funcref)))
                         (func (export "go") (drop (call 0))))"#,
                )?;
                let instance = Instance::new(&mut o.store, &module, &[func.into()])?;
                instance.get_typed_func::<(), ()>(&mut o.store, "go")?.call(&mut o.store, ())
            });
        },
    },
    Row {
        name: "Func::new_async",
        tries: |t| {
            t.engine(Panic, |o, k| {
                value(Func::new_async(&mut o.store, k.ty.clone(), |_, _, _| {
                    Box::new(async { Ok(()) })
                }))
            });
        },
    },
    Row {
        name: "Func::call_async",
        tries: |t| {
            let (params, null) = ([Val::I64(1)], Val::null_extern_ref());
            t.handle(Panic, |o, h| {
                now(h.own.call_async(&mut o.store, &params, &mut [Val::I64(0)]))
            });
            t.handle(Panic, |o, h| {
                now(h.host.call_async(&mut o.store, &params, &mut [Val::I64(0)]))
            });
            t.handle(Error, |o, h| {
                let take = *o.handles.take.func();
                now(take.call_async(&mut o.store, &[h.own.into(), null], &mut []))
            });
            t.handle(Error, |o, h| {
                let params = [Val::null_func_ref(), h.value.into()];
                let take = *o.handles.take.func();
                now(take.call_async(&mut o.store, &params, &mut []))
            });
        },
    },
    Row {
        name: "TypedFunc::call_async",
        tries: |t| {
            t.handle(Panic, |o, h| now(h.next.call_async(&mut o.store, 1)));
            t.handle(Panic, |o, h| now(h.take.call_async(&mut o.store, (None, None))));
            t.handle(Error, |o, h| {
                let take = o.handles.take;
                now(take.call_async(&mut o.store, (Some(h.own), None)))
            });
            t.handle(Error, |o, h| {
                let take = o.handles.take;
                now(take.call_async(&mut o.store, (None, Some(h.value))))
            });
        },
    },
    Row { name: "Func::ty", tries: |t| t.handle(Panic, |o, h| value(h.own.ty(&o.store))) },
    Row {
        name: "Func::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.own.matches_ty(&o.store, &o.kept.ty));
            t.engine(Panic, |o, k| o.handles.own.matches_ty(&o.store, &k.ty));
        },
    },
    Row {
        name: "Func::call",
        tries: |t| {
            t.handle(Panic, |o, h| h.own.call(&mut o.store, &[Val::I64(1)], &mut [Val::I64(0)]));
            t.handle(Panic, |o, h| h.host.call(&mut o.store, &[Val::I64(1)], &mut [Val::I64(0)]));
            let null = Val::null_extern_ref();
            t.handle(Error, |o, h| {
                o.handles.take.func().call(&mut o.store, &[h.own.into(), null], &mut [])
            });
            t.handle(Error, |o, h| {
                let params = [Val::null_func_ref(), h.value.into()];
                o.handles.take.func().call(&mut o.store, &params, &mut [])
            });
        },
    },
    Row {
        name: "Func::typed",
        tries: |t| t.handle(Panic, |o, h| h.next.func().typed::<i32, i32>(&o.store)),
    },
    Row {
        name: "Func::numeric",
        tries: |t| t.handle(Panic, |o, h| value(h.next.func().numeric(&o.store).is_some())),
    },
    Row {
        name: "Func::new_numeric",
        tries: |t| {
            t.engine(Error, |o, k| Func::new_numeric(&mut o.store, k.ty.clone(), |_, _| Ok(())));
        },
    },
    Row {
        name: "Func::new_numeric_async",
        tries: |t| {
            t.engine(Error, |o, k| {
                Func::new_numeric_async(&mut o.store, k.ty.clone(), |_, _| {
                    Box::new(async { Ok(()) })
                })
            });
        },
    },
    Row {
        name: "Func::new_unchecked",
        tries: |t| {
            t.engine(Panic, |o, k| {
                // SAFETY: nothing is read or written.
                value(unsafe { Func::new_unchecked(&mut o.store, k.ty.clone(), |_, _| Ok(())) })
            });
        },
    },
    Row {
        name: "Func::call_unchecked",
        tries: |t| {
            t.handle(Panic, |o, h| {
                // SAFETY: functions of other stores are not called.
                unsafe { h.next.func().call_unchecked(&mut o.store, &mut [ValRaw::i32(1)]) }
            });
        },
    },
    Row {
        name: "TypedFunc::new_unchecked",
        tries: |t| {
            t.handle(Panic, |o, h| {
                // SAFETY: the types are right.
                value(unsafe { TypedFunc::<i32, i32>::new_unchecked(&o.store, *h.next.func()) })
            });
        },
    },
    Row {
        name: "Func::to_raw",
        tries: |t| t.handle(Panic, |o, h| value(h.own.to_raw(&mut o.store))),
    },
    Row {
        name: "$ty::to_raw",
        tries: |t| {
            t.handle(Panic, |o, h| h.value.to_raw(&mut o.store));
            t.handle(Panic, |o, h| h.owned.to_raw(&mut o.store));
            t.handle(Panic, |o, h| h.any.to_raw(&mut o.store));
            t.handle(Panic, |o, h| h.exception.to_raw(&mut o.store));
        },
    },
    Row {
        name: "Val::to_raw",
        tries: |t| {
            t.handle(Panic, |o, h| Val::from(h.own).to_raw(&mut o.store));
            t.handle(Panic, |o, h| Val::from(h.value).to_raw(&mut o.store));
        },
    },
    Row {
        name: "Val::from_raw",
        tries: |t| {
            t.engine(Panic, |o, k| {
                let ty = ValType::Ref(reference(&k.ty));
                // SAFETY: null is of the type.
                value(unsafe { Val::from_raw(&mut o.store, ValRaw::null(), ty) })
            });
        },
    },
    Row {
        name: "NumericFunc::call",
        tries: |t| t.handle(Panic, |o, h| h.numeric.call(&mut o.store, &mut [1])),
    },
    Row {
        name: "NumericFunc::call_async",
        tries: |t| {
            t.handle(Panic, |o, h| now(h.numeric.call_async(&mut o.store, &mut [1])));
        },
    },
    Row {
        name: "NumericFunc::call_at_once",
        tries: |t| t.handle(Panic, |o, h| h.numeric.call_at_once(&mut o.store, &mut [1])),
    },
    Row {
        name: "TypedFunc::call",
        tries: |t| {
            t.handle(Panic, |o, h| h.next.call(&mut o.store, 1));
            t.handle(Panic, |o, h| h.take.call(&mut o.store, (None, None)));
            t.handle(Error, |o, h| o.handles.take.call(&mut o.store, (Some(h.own), None)));
            t.handle(Error, |o, h| o.handles.take.call(&mut o.store, (None, Some(h.value))));
        },
    },
    Row {
        name: "Instance::new_async",
        tries: |t| {
            t.engine(Error, |o, k| {
                let imports = [o.handles.host.into()];
                now(Instance::new_async(&mut o.store, &k.module, &imports))
            });
            t.store(Error, |o, store| {
                let imports = [o.handles.host.into()];
                now(Instance::new_async(store, &o.kept.module, &imports))
            });
            t.handle(Error, |o, h| {
                now(Instance::new_async(&mut o.store, &o.kept.module, &[h.own.into()]))
            });
        },
    },
    Row {
        name: "Instance::new",
        tries: |t| {
            t.engine(Error, |o, k| {
                let imports = [o.handles.host.into()];
                Instance::new(&mut o.store, &k.module, &imports)
            });
            t.store(Error, |o, store| {
                Instance::new(store, &o.kept.module, &[o.handles.host.into()])
            });
            t.handle(Error, |o, h| Instance::new(&mut o.store, &o.kept.module, &[h.host.into()]));
            t.handle(Error, |o, h| Instance::new(&mut o.store, &o.kept.module, &[h.own.into()]));
            // It is also of another kind, but the error for another store comes first.
            t.handle(Error, |o, h| Instance::new(&mut o.store, &o.kept.module, &[h.memory.into()]));
            t.handle(Error, |o, h| {
                let wat = r#"(module (import "" "" (memory 1)) (import "" "" (table 1 funcref)))"#;
                let module = Module::new(&o.kept.engine, wat)?;
                let imports = [o.handles.memory.into(), h.table.into()];
                Instance::new(&mut o.store, &module, &imports)
            });
            t.handle(Error, |o, h| {
                let wat = r#"(module (import "" "" (global (mut funcref))))"#;
                let module = Module::new(&o.kept.engine, wat)?;
                Instance::new(&mut o.store, &module, &[h.global.into()])
            });
        },
    },
    Row {
        name: "Instance::module",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.module(&o.store))),
    },
    Row {
        name: "Instance::exports",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.exports(&mut o.store).count())),
    },
    Row {
        name: "Instance::get_export",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.get_export(&mut o.store, "own"));
            t.handle(Panic, |o, h| h.instance.get_export(&mut o.store, "none"));
        },
    },
    Row {
        name: "Instance::get_module_export",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.get_module_export(&mut o.store, &o.kept.export));
            t.kept(Nothing, |o, k| o.handles.instance.get_module_export(&mut o.store, &k.export));
            t.ours(Nothing, |o| {
                o.handles.instance.get_module_export(&mut o.store, &o.kept.other_export)
            });
        },
    },
    Row {
        name: "Caller::get_module_export",
        tries: |t| {
            let probe = |o: &mut Side, export: wasm_runtime::ModuleExport| -> Result<bool> {
                let func = Func::wrap(&mut o.store, move |mut caller: Caller<'_, _>| {
                    i32::from(caller.get_module_export(&export).is_some())
                });
                let wat = r#"(module (import "" "" (func (result i32)))
                               (func (export "go") (result i32) (call 0)))"#;
                let module = Module::new(&o.kept.engine, wat)?;
                let instance = Instance::new(&mut o.store, &module, &[func.into()])?;
                let go = instance.get_typed_func::<(), i32>(&mut o.store, "go")?;
                Ok(go.call(&mut o.store, ())? != 0)
            };
            t.kept(Nothing, |o, k| probe(o, k.export.clone()).expect("the probe runs"));
            t.ours(Nothing, |o| probe(o, o.kept.export.clone()).expect("the probe runs"));
        },
    },
    Row {
        name: "Instance::get_func",
        tries: |t| t.handle(Panic, |o, h| h.instance.get_func(&mut o.store, "own")),
    },
    Row {
        name: "Instance::get_typed_func",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.get_typed_func::<i32, i32>(&mut o.store, "next"));
        },
    },
    Row {
        name: "Instance::get_table",
        tries: |t| t.handle(Panic, |o, h| h.instance.get_table(&mut o.store, "table")),
    },
    Row {
        name: "Instance::get_memory",
        tries: |t| t.handle(Panic, |o, h| h.instance.get_memory(&mut o.store, "memory")),
    },
    Row {
        name: "Instance::get_shared_memory",
        tries: |t| {
            t.handle(Panic, |o, h| value(h.instance.get_shared_memory(&mut o.store, "memory")));
        },
    },
    Row {
        name: "Instance::get_tag",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.get_tag(&mut o.store, "tag"))),
    },
    Row {
        name: "Instance::get_global",
        tries: |t| t.handle(Panic, |o, h| h.instance.get_global(&mut o.store, "global")),
    },
    Row {
        name: "items!::$list",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.globals(&mut o.store));
            t.handle(Panic, |o, h| h.instance.memories(&mut o.store));
            t.handle(Panic, |o, h| h.instance.tables(&mut o.store));
            t.handle(Panic, |o, h| h.instance.functions(&mut o.store));
        },
    },
    Row {
        name: "items!::$at",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.global_at(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.memory_at(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.table_at(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.func_at(&mut o.store, 0));
        },
    },
    Row {
        name: "items!::$named",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.global_named(&mut o.store, "global"));
            t.handle(Panic, |o, h| h.instance.memory_named(&mut o.store, "memory"));
            t.handle(Panic, |o, h| h.instance.table_named(&mut o.store, "table"));
            t.handle(Panic, |o, h| h.instance.func_named(&mut o.store, "own"));
        },
    },
    Row {
        name: "Instance::internals",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.internals(&o.store))),
    },
    Row {
        name: "Instance::data_segments",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.data_segments(&o.store).is_ok())),
    },
    Row {
        name: "Instance::element_segments",
        tries: |t| t.handle(Panic, |o, h| value(h.instance.element_segments(&o.store).is_ok())),
    },
];
