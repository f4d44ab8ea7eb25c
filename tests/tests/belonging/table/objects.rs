//! Garbage-collected values.

use wasm_runtime::{AnyRef, ExternRef, GlobalType, HeapType, Mutability, ValType};
use wasm_runtime::{Global, RefType, Table, TableType};

use super::Row;
use crate::tries::Expect::{Error, Panic};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "AnyRef::convert_extern",
        tries: |t| t.handle(Panic, |o, h| AnyRef::convert_extern(&mut o.store, h.value)),
    },
    Row {
        name: "ExternRef::convert_any",
        tries: |t| t.handle(Panic, |o, h| ExternRef::convert_any(&mut o.store, h.any)),
    },
    Row {
        name: "$ty::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.matches_ty(&o.store, &HeapType::Any));
            t.engine(Panic, |o, k| {
                let ty = HeapType::ConcreteFunc(k.ty.clone());
                o.handles.any.matches_ty(&o.store, &ty)
            });
        },
    },
    Row {
        name: "downcast!::$is",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.is_i31(&o.store));
            t.handle(Panic, |o, h| h.any.is_eqref(&o.store));
        },
    },
    Row {
        name: "downcast!::$get",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.as_i31(&o.store));
            // Into a global and a table.
            t.handle(Error, |o, h| {
                let ty = GlobalType::new(ValType::ANYREF, Mutability::Const);
                Global::new(&mut o.store, ty, h.any.into())
            });
            t.handle(Error, |o, h| {
                let ty = TableType::new(RefType::ANYREF, 1, None);
                Table::new(&mut o.store, ty, h.any.into())
            });
        },
    },
    Row {
        name: "downcast!::$unwrap",
        tries: |t| t.handle(Panic, |o, h| h.any.unwrap_i31(&o.store)),
    },
];
