//! Exceptions.

use wasm_runtime::{
    AsContextMut, Engine, ExnRef, ExnRefPre, ExnType, FuncType, HeapType, RefType, Val, ValType,
};

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};
use crate::tries::{now, value};

/// A type that names one of an engine.
fn naming(ty: &FuncType) -> ValType {
    RefType::new(true, HeapType::ConcreteFunc(ty.clone())).into()
}

fn numbers(engine: &Engine) -> ExnType {
    ExnType::new(engine, [ValType::I32]).expect("a type")
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "ExnType::new",
        tries: |t| t.engine(Panic, |o, k| value(ExnType::new(&o.kept.engine, [naming(&k.ty)]))),
    },
    Row {
        name: "ExnType::matches",
        tries: |t| t.engine(Panic, |o, k| numbers(&o.kept.engine).matches(&numbers(&k.engine))),
    },
    Row {
        name: "ExnType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| ExnType::eq(&numbers(&o.kept.engine), &numbers(&k.engine)));
            t.engine(Nothing, |o, k| numbers(&o.kept.engine) == numbers(&k.engine));
        },
    },
    Row {
        name: "ExnRefPre::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(ExnRefPre::new(&mut o.thrower, numbers(&k.engine))));
        },
    },
    Row {
        name: "ExnRef::new",
        tries: |t| {
            let null = Val::null_extern_ref();
            t.handle(Panic, |o, h| {
                ExnRef::new(&mut o.thrower, &h.exception_pre, &o.handles.exception_tag, &[null])
            });
            t.handle(Error, |o, h| {
                ExnRef::new(&mut o.thrower, &o.handles.exception_pre, &h.exception_tag, &[null])
            });
            t.handle(Error, |o, h| {
                let (pre, tag) = (&o.handles.exception_pre, &o.handles.exception_tag);
                ExnRef::new(&mut o.thrower, pre, tag, &[h.value.into()])
            });
        },
    },
    Row {
        name: "ExnRef::new_async",
        tries: |t| {
            let null = Val::null_extern_ref();
            t.handle(Panic, |o, h| {
                let (pre, tag) = (&h.exception_pre, &o.handles.exception_tag);
                now(ExnRef::new_async(&mut o.thrower, pre, tag, &[null]))
            });
            t.handle(Error, |o, h| {
                let (pre, tag) = (&o.handles.exception_pre, &h.exception_tag);
                now(ExnRef::new_async(&mut o.thrower, pre, tag, &[null]))
            });
            t.handle(Error, |o, h| {
                let (pre, tag) = (&o.handles.exception_pre, &o.handles.exception_tag);
                now(ExnRef::new_async(&mut o.thrower, pre, tag, &[h.value.into()]))
            });
        },
    },
    Row { name: "ExnRef::ty", tries: |t| t.handle(Panic, |o, h| h.exception.ty(&o.thrower)) },
    Row { name: "ExnRef::tag", tries: |t| t.handle(Panic, |o, h| h.exception.tag(&mut o.thrower)) },
    Row {
        name: "ExnRef::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.exception.matches_ty(&o.thrower, &HeapType::Exn));
            t.engine(Panic, |o, k| {
                let ty = HeapType::ConcreteExn(numbers(&k.engine));
                o.handles.exception.matches_ty(&o.thrower, &ty)
            });
        },
    },
    Row {
        name: "ExnRef::field",
        tries: |t| t.handle(Panic, |o, h| h.exception.field(&mut o.thrower, 0)),
    },
    Row {
        name: "ExnRef::fields",
        tries: |t| t.handle(Panic, |o, h| value(h.exception.fields(&mut o.thrower).is_ok())),
    },
    Row {
        name: "Store::throw",
        tries: |t| t.handle(Panic, |o, h| value(o.thrower.throw::<()>(h.exception).is_err())),
    },
    Row {
        name: "StoreContextMut::throw",
        tries: |t| {
            t.handle(Panic, |o, h| {
                value(o.thrower.as_context_mut().throw::<()>(h.exception).is_err())
            });
        },
    },
];
