//! Types, values and references.

use wasm_runtime::{
    ExternType, Func, FuncType, GlobalType, HeapType, Mutability, Ref, RefType, TableType, Val,
    ValType,
};

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};
use crate::tries::value;

fn heap(ty: &FuncType) -> HeapType {
    HeapType::ConcreteFunc(ty.clone())
}

fn reference(ty: &FuncType, nullable: bool) -> RefType {
    RefType::new(nullable, heap(ty))
}

fn val(ty: &FuncType) -> ValType {
    reference(ty, true).into()
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "FuncType::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(FuncType::new(&o.kept.engine, [val(&k.ty)], [])));
            t.engine(Panic, |o, k| value(FuncType::new(&o.kept.engine, [], [val(&k.ty)])));
            t.engine(Panic, |o, k| {
                value(FuncType::new(&k.engine, [ValType::I32, val(&o.kept.ty)], []))
            });
        },
    },
    Row {
        name: "FuncType::matches",
        tries: |t| {
            t.engine(Panic, |o, k| o.kept.ty.matches(&k.ty));
            t.engine(Panic, |o, k| k.ty.matches(&o.kept.ty));
        },
    },
    Row {
        name: "FuncType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| FuncType::eq(&o.kept.ty, &k.ty));
            t.engine(Nothing, |o, k| o.kept.ty == k.ty);
            // The same as text, and with the same number.
            t.engine(Nothing, |o, k| {
                FuncType::new(&o.kept.engine, [], []) == FuncType::new(&k.engine, [], [])
            });
        },
    },
    Row {
        name: "HeapType::matches",
        tries: |t| t.engine(Panic, |o, k| heap(&o.kept.ty).matches(&heap(&k.ty))),
    },
    Row {
        name: "HeapType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| HeapType::eq(&heap(&o.kept.ty), &heap(&k.ty)));
            t.engine(Nothing, |o, k| heap(&o.kept.ty) == heap(&k.ty));
        },
    },
    Row {
        name: "RefType::matches",
        tries: |t| {
            for (a, b) in [(true, true), (true, false), (false, true)] {
                t.engine(Panic, |o, k| reference(&o.kept.ty, a).matches(&reference(&k.ty, b)));
            }
        },
    },
    Row {
        name: "RefType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| {
                RefType::eq(&reference(&o.kept.ty, true), &reference(&k.ty, false))
            });
            t.engine(Nothing, |o, k| reference(&o.kept.ty, true) == reference(&k.ty, true));
        },
    },
    Row {
        name: "ValType::matches",
        tries: |t| t.engine(Panic, |o, k| val(&o.kept.ty).matches(&val(&k.ty))),
    },
    Row {
        name: "ValType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| ValType::eq(&val(&o.kept.ty), &val(&k.ty)));
            t.engine(Nothing, |o, k| val(&o.kept.ty) == val(&k.ty));
        },
    },
    Row {
        name: "FuncType::default_value",
        tries: |t| {
            t.engine(Error, |o, k| FuncType::new(&k.engine, [], []).default_value(&mut o.store))
        },
    },
    Row {
        name: "GlobalType::default_value",
        tries: |t| {
            t.engine(Error, |o, k| {
                GlobalType::new(val(&k.ty), Mutability::Const).default_value(&mut o.store)
            });
        },
    },
    Row {
        name: "TableType::default_value",
        tries: |t| {
            t.engine(Error, |o, k| {
                TableType::new(reference(&k.ty, true), 1, None).default_value(&mut o.store)
            });
        },
    },
    Row {
        name: "ExternType::default_value",
        tries: |t| {
            t.engine(Error, |o, k| {
                let ty = FuncType::new(&k.engine, [ValType::F32], []);
                ExternType::from(ty).default_value(&mut o.store)
            });
            t.engine(Error, |o, k| {
                let ty = GlobalType::new(val(&k.ty), Mutability::Var);
                ExternType::from(ty).default_value(&mut o.store)
            });
            t.engine(Error, |o, k| {
                let ty = TableType::new64(reference(&k.ty, true), 1, None);
                ExternType::from(ty).default_value(&mut o.store)
            });
        },
    },
    Row {
        name: "Val::ty",
        tries: |t| {
            t.handle(Panic, |o, h| Val::from(h.own).ty(&o.store));
            t.handle(Panic, |o, h| Val::from(h.value).ty(&o.store));
        },
    },
    Row {
        name: "Val::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| Val::from(h.own).matches_ty(&o.store, &ValType::FUNCREF));
            t.handle(Panic, |o, h| Val::from(h.value).matches_ty(&o.store, &ValType::EXTERNREF));
            t.engine(Panic, |o, k| Val::from(o.handles.own).matches_ty(&o.store, &val(&k.ty)));
            // The same where neither belongs to the other.
            t.handle(Panic, |o, h| Val::from(h.own).matches_ty(&o.store, &ValType::I32));
            t.engine(Panic, |o, k| Val::I32(0).matches_ty(&o.store, &val(&k.ty)));
        },
    },
    Row {
        name: "Ref::ty",
        tries: |t| {
            t.handle(Panic, |o, h| Ref::from(h.own).ty(&o.store));
            t.handle(Panic, |o, h| Ref::from(h.value).ty(&o.store));
        },
    },
    Row {
        name: "Ref::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| Ref::from(h.own).matches_ty(&o.store, &RefType::FUNCREF));
            t.engine(Panic, |o, k| {
                Ref::Func(None::<Func>).matches_ty(&o.store, &reference(&k.ty, true))
            });
        },
    },
];
