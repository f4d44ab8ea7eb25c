//! Garbage-collected values.

use wasm_runtime::{
    AnyRef, ArrayRef, ArrayRefPre, ExternRef, Func, Global, GlobalType, HeapType, Mutability,
    RefType, Rooted, StructRef, StructRefPre, Table, TableType, Val, ValType,
};

use super::Row;
use crate::tries::Expect::{Error, Panic};
use crate::tries::{now, value};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "AnyRef::convert_extern",
        tries: |t| t.handle(Panic, |o, h| AnyRef::convert_extern(&mut o.store, h.value)),
    },
    Row {
        name: "ExternRef::convert_any",
        tries: |t| {
            t.handle(Panic, |o, h| ExternRef::convert_any(&mut o.store, h.any));
            t.handle(Panic, |o, h| ExternRef::convert_any(&mut o.store, h.structure.into()));
        },
    },
    Row {
        name: "$ty::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.matches_ty(&o.store, &HeapType::Any));
            t.handle(Panic, |o, h| h.structure.to_eqref().matches_ty(&o.store, &HeapType::Any));
            t.engine(Panic, |o, k| {
                let ty = HeapType::ConcreteFunc(k.ty.clone());
                o.handles.any.matches_ty(&o.store, &ty)
            });
            t.engine(Panic, |o, k| {
                let ty = HeapType::ConcreteStruct(k.struct_ty.clone());
                o.handles.structure.to_anyref().matches_ty(&o.store, &ty)
            });
        },
    },
    Row {
        name: "downcast!::$is",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.is_i31(&o.store));
            t.handle(Panic, |o, h| h.any.is_eqref(&o.store));
            t.handle(Panic, |o, h| h.structure.to_anyref().is_struct(&o.store));
            t.handle(Panic, |o, h| h.array.to_eqref().is_array(&o.store));
        },
    },
    Row {
        name: "downcast!::$get",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.as_i31(&o.store));
            t.handle(Panic, |o, h| h.structure.to_eqref().as_struct(&o.store));
            // Into a global, a table and a function.
            t.handle(Error, |o, h| {
                let ty = GlobalType::new(ValType::ANYREF, Mutability::Const);
                Global::new(&mut o.store, ty, h.structure.into())
            });
            t.handle(Error, |o, h| {
                let ty = TableType::new(RefType::ANYREF, 1, None);
                Table::new(&mut o.store, ty, h.any.into())
            });
            t.handle(Error, |o, h| {
                let take = Func::wrap(&mut o.store, |_: Rooted<StructRef>| {});
                take.typed::<Rooted<StructRef>, ()>(&o.store)?.call(&mut o.store, h.structure)
            });
        },
    },
    Row {
        name: "downcast!::$unwrap",
        tries: |t| {
            t.handle(Panic, |o, h| h.any.unwrap_i31(&o.store));
            t.handle(Panic, |o, h| h.array.to_anyref().unwrap_array(&o.store));
        },
    },
    Row {
        name: "StructRefPre::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(StructRefPre::new(&mut o.store, k.struct_ty.clone())));
        },
    },
    Row {
        name: "StructRef::new",
        tries: |t| {
            t.kept(Panic, |o, k| StructRef::new(&mut o.store, &k.struct_pre, &[Val::I64(0)]));
            t.handle(Error, |o, h| {
                StructRef::new(&mut o.store, &o.kept.struct_pre, &[h.own.into()])
            });
        },
    },
    Row {
        name: "StructRef::new_async",
        tries: |t| {
            t.kept(Panic, |o, k| {
                now(StructRef::new_async(&mut o.store, &k.struct_pre, &[Val::I64(0)]))
            });
            t.handle(Error, |o, h| {
                now(StructRef::new_async(&mut o.store, &o.kept.struct_pre, &[h.own.into()]))
            });
        },
    },
    Row { name: "StructRef::ty", tries: |t| t.handle(Panic, |o, h| h.structure.ty(&o.store)) },
    Row {
        name: "StructRef::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.structure.matches_ty(&o.store, &o.kept.struct_ty));
            t.engine(Panic, |o, k| o.handles.structure.matches_ty(&o.store, &k.struct_ty));
        },
    },
    Row {
        name: "StructRef::fields",
        tries: |t| t.handle(Panic, |o, h| h.structure.fields(&mut o.store).map(|it| it.len())),
    },
    Row {
        name: "StructRef::field",
        tries: |t| t.handle(Panic, |o, h| h.structure.field(&mut o.store, 0)),
    },
    Row {
        name: "StructRef::set_field",
        tries: |t| {
            t.handle(Panic, |o, h| h.structure.set_field(&mut o.store, 0, Val::I64(0)));
            t.handle(Error, |o, h| {
                o.handles.structure.set_field(&mut o.store, 0, h.structure.into())
            });
        },
    },
    Row {
        name: "ArrayRefPre::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(ArrayRefPre::new(&mut o.store, k.array_ty.clone())));
        },
    },
    Row {
        name: "ArrayRef::new",
        tries: |t| {
            t.kept(Panic, |o, k| ArrayRef::new(&mut o.store, &k.array_pre, &Val::I32(0), 1));
            t.handle(Error, |o, h| {
                ArrayRef::new(&mut o.store, &o.kept.array_pre, &h.value.into(), 1)
            });
        },
    },
    Row {
        name: "ArrayRef::new_fixed",
        tries: |t| {
            t.kept(Panic, |o, k| ArrayRef::new_fixed(&mut o.store, &k.array_pre, &[Val::I32(0)]));
            t.handle(Error, |o, h| {
                ArrayRef::new_fixed(&mut o.store, &o.kept.array_pre, &[h.value.into()])
            });
        },
    },
    Row {
        name: "ArrayRef::new_from_i8_slice",
        tries: |t| {
            t.kept(Panic, |o, k| ArrayRef::new_from_i8_slice(&mut o.store, &k.array_pre, &[1]));
        },
    },
    Row {
        name: "ArrayRef::new_async",
        tries: |t| {
            t.kept(Panic, |o, k| {
                now(ArrayRef::new_async(&mut o.store, &k.array_pre, &Val::I32(0), 1))
            });
            t.handle(Error, |o, h| {
                now(ArrayRef::new_async(&mut o.store, &o.kept.array_pre, &h.value.into(), 1))
            });
        },
    },
    Row {
        name: "ArrayRef::new_fixed_async",
        tries: |t| {
            t.kept(Panic, |o, k| {
                now(ArrayRef::new_fixed_async(&mut o.store, &k.array_pre, &[Val::I32(0)]))
            });
            t.handle(Error, |o, h| {
                now(ArrayRef::new_fixed_async(&mut o.store, &o.kept.array_pre, &[h.value.into()]))
            });
        },
    },
    Row {
        name: "ArrayRef::new_from_i8_slice_async",
        tries: |t| {
            t.kept(Panic, |o, k| {
                now(ArrayRef::new_from_i8_slice_async(&mut o.store, &k.array_pre, &[1]))
            });
        },
    },
    Row {
        name: "ArrayRef::copy_to_i8_slice",
        tries: |t| t.handle(Panic, |o, h| h.array.copy_to_i8_slice(&mut o.store, &mut [0])),
    },
    Row { name: "ArrayRef::ty", tries: |t| t.handle(Panic, |o, h| h.array.ty(&o.store)) },
    Row {
        name: "ArrayRef::matches_ty",
        tries: |t| {
            t.handle(Panic, |o, h| h.array.matches_ty(&o.store, &o.kept.array_ty));
            t.engine(Panic, |o, k| o.handles.array.matches_ty(&o.store, &k.array_ty));
        },
    },
    Row { name: "ArrayRef::len", tries: |t| t.handle(Panic, |o, h| h.array.len(&o.store)) },
    Row {
        name: "ArrayRef::elems",
        tries: |t| t.handle(Panic, |o, h| h.array.elems(&mut o.store).map(|it| it.len())),
    },
    Row { name: "ArrayRef::get", tries: |t| t.handle(Panic, |o, h| h.array.get(&mut o.store, 0)) },
    Row {
        name: "ArrayRef::set",
        tries: |t| {
            t.handle(Panic, |o, h| h.array.set(&mut o.store, 0, Val::I32(0)));
            t.handle(Error, |o, h| o.handles.array.set(&mut o.store, 0, h.value.into()));
        },
    },
];
