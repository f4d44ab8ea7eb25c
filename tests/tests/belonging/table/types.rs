//! Types, values and references.

use wasm_runtime::{
    ArrayType, Engine, ExternType, FieldType, Finality, Func, FuncType, GlobalType, HeapType,
    Mutability, Ref, RefType, StorageType, StructType, TableType, TagType, Val, ValType,
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

fn storage(ty: &FuncType) -> StorageType {
    StorageType::from(reference(ty, true))
}

fn field(ty: &FuncType) -> FieldType {
    FieldType::new(Mutability::Const, storage(ty))
}

/// Open types of an engine, equal but for the engine.
fn structure(engine: &Engine) -> StructType {
    StructType::with_finality_and_supertype(engine, Finality::NonFinal, None, []).expect("a type")
}

fn array(engine: &Engine) -> ArrayType {
    let field = FieldType::new(Mutability::Const, StorageType::I8);
    ArrayType::with_finality_and_supertype(engine, Finality::NonFinal, None, field).expect("a type")
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "FuncType::with_finality_and_supertype",
        tries: |t| {
            fn new(
                engine: &Engine,
                supertype: Option<&FuncType>,
                params: Vec<ValType>,
                results: Vec<ValType>,
            ) -> FuncType {
                let open = Finality::NonFinal;
                FuncType::with_finality_and_supertype(engine, open, supertype, params, results)
                    .expect("a type")
            }
            t.engine(Panic, |o, k| {
                let open = new(&k.engine, None, vec![], vec![]);
                value(new(&o.kept.engine, Some(&open), vec![], vec![]))
            });
            t.engine(Panic, |o, k| value(new(&o.kept.engine, None, vec![val(&k.ty)], vec![])));
            t.engine(Panic, |o, k| value(new(&o.kept.engine, None, vec![], vec![val(&k.ty)])));
        },
    },
    Row {
        name: "StructType::new",
        tries: |t| {
            t.engine(Panic, |o, k| value(StructType::new(&o.kept.engine, [field(&k.ty)])));
        },
    },
    Row {
        name: "StructType::with_finality_and_supertype",
        tries: |t| {
            fn new(
                engine: &Engine,
                supertype: Option<&StructType>,
                fields: Vec<FieldType>,
            ) -> StructType {
                let last = Finality::Final;
                StructType::with_finality_and_supertype(engine, last, supertype, fields)
                    .expect("a type")
            }
            t.engine(Panic, |o, k| value(new(&o.kept.engine, Some(&structure(&k.engine)), vec![])));
            t.engine(Panic, |o, k| value(new(&o.kept.engine, None, vec![field(&k.ty)])));
        },
    },
    Row {
        name: "StructType::matches",
        tries: |t| t.engine(Panic, |o, k| structure(&o.kept.engine).matches(&structure(&k.engine))),
    },
    Row {
        name: "StructType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| {
                StructType::eq(&structure(&o.kept.engine), &structure(&k.engine))
            });
            t.engine(Nothing, |o, k| structure(&o.kept.engine) == structure(&k.engine));
        },
    },
    Row {
        name: "ArrayType::new",
        tries: |t| t.engine(Panic, |o, k| value(ArrayType::new(&o.kept.engine, field(&k.ty)))),
    },
    Row {
        name: "ArrayType::with_finality_and_supertype",
        tries: |t| {
            let last = Finality::Final;
            let new = ArrayType::with_finality_and_supertype;
            t.engine(Panic, move |o, k| {
                let bytes = FieldType::new(Mutability::Const, StorageType::I8);
                value(new(&o.kept.engine, last, Some(&array(&k.engine)), bytes))
            });
            t.engine(Panic, move |o, k| value(new(&o.kept.engine, last, None, field(&k.ty))));
        },
    },
    Row {
        name: "ArrayType::matches",
        tries: |t| t.engine(Panic, |o, k| array(&o.kept.engine).matches(&array(&k.engine))),
    },
    Row {
        name: "ArrayType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| ArrayType::eq(&array(&o.kept.engine), &array(&k.engine)));
            t.engine(Nothing, |o, k| array(&o.kept.engine) == array(&k.engine));
        },
    },
    Row {
        name: "FieldType::matches",
        tries: |t| t.engine(Panic, |o, k| field(&o.kept.ty).matches(&field(&k.ty))),
    },
    Row {
        name: "FieldType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| FieldType::eq(&field(&o.kept.ty), &field(&k.ty)));
            t.engine(Nothing, |o, k| field(&o.kept.ty) == field(&k.ty));
        },
    },
    Row {
        name: "StorageType::matches",
        tries: |t| t.engine(Panic, |o, k| storage(&o.kept.ty).matches(&storage(&k.ty))),
    },
    Row {
        name: "StorageType::eq",
        tries: |t| {
            t.engine(Panic, |o, k| StorageType::eq(&storage(&o.kept.ty), &storage(&k.ty)));
            t.engine(Nothing, |o, k| storage(&o.kept.ty) == storage(&k.ty));
        },
    },
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
        name: "TagType::default_value",
        tries: |t| {
            t.engine(Error, |o, k| TagType::new(k.ty.clone()).default_value(&mut o.store));
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
