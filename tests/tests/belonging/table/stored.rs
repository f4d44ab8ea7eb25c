//! Globals, tags, tables and memories.

use wasm_runtime::{
    Global, GlobalType, Memory, Mutability, Ref, RefType, Table, TableType, Tag, TagType, Val,
    ValType,
};

use super::Row;
use super::handles::reference;
use crate::tries::Expect::{Error, Panic};
use crate::tries::{now, value};
use crate::world::Side;

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "Global::new",
        tries: |t| {
            t.engine(Error, |o, k| {
                let ty = GlobalType::new(reference(&k.ty).into(), Mutability::Var);
                Global::new(&mut o.store, ty, Val::null_func_ref())
            });
            t.handle(Error, |o, h| {
                let ty = GlobalType::new(ValType::FUNCREF, Mutability::Var);
                Global::new(&mut o.store, ty, h.own.into())
            });
            t.handle(Error, |o, h| {
                let ty = GlobalType::new(ValType::EXTERNREF, Mutability::Const);
                Global::new(&mut o.store, ty, h.value.into())
            });
        },
    },
    Row {
        name: "Tag::new",
        tries: |t| {
            t.engine(Error, |o, k| Tag::new(&mut o.store, &TagType::new(k.ty.clone())));
        },
    },
    Row { name: "Tag::ty", tries: |t| t.handle(Panic, |o, h| value(h.tag.ty(&o.store))) },
    Row {
        name: "Tag::eq",
        tries: |t| {
            t.handle(Panic, |o, h| value(Tag::eq(&h.tag, &o.handles.tag, &o.store)));
            t.handle(Panic, |o, h| value(Tag::eq(&o.handles.tag, &h.tag, &o.store)));
            t.handle(Panic, |o, h| value(Tag::eq(&h.tag, &h.tag, &o.store)));
        },
    },
    Row { name: "Global::ty", tries: |t| t.handle(Panic, |o, h| value(h.global.ty(&o.store))) },
    Row {
        name: "Global::get",
        tries: |t| t.handle(Panic, |o, h| value(h.global.get(&mut o.store))),
    },
    Row {
        name: "Global::set",
        tries: |t| {
            t.handle(Panic, |o, h| h.global.set(&mut o.store, Val::null_func_ref()));
            t.handle(Error, |o, h| o.handles.global.set(&mut o.store, h.own.into()));
        },
    },
    Row { name: "Global::word", tries: |t| t.handle(Panic, |o, h| value(h.global.word(&o.store))) },
    Row {
        name: "Global::set_word",
        tries: |t| t.handle(Panic, |o, h| h.global.set_word(&mut o.store, 1)),
    },
    Row {
        name: "Table::new",
        tries: |t| {
            t.engine(Error, |o, k| {
                let ty = TableType::new(reference(&k.ty), 1, None);
                Table::new(&mut o.store, ty, Ref::Func(None))
            });
            t.handle(Error, |o, h| {
                let ty = TableType::new(RefType::FUNCREF, 1, None);
                Table::new(&mut o.store, ty, h.host.into())
            });
            t.handle(Error, |o, h| {
                let ty = TableType::new64(RefType::EXTERNREF, 1, None);
                Table::new(&mut o.store, ty, h.value.into())
            });
        },
    },
    Row { name: "Table::ty", tries: |t| t.handle(Panic, |o, h| value(h.table.ty(&o.store))) },
    Row { name: "Table::get", tries: |t| t.handle(Panic, |o, h| h.table.get(&mut o.store, 0)) },
    Row {
        name: "Table::set",
        tries: |t| {
            t.handle(Panic, |o, h| h.table.set(&mut o.store, 1, Ref::Func(None)));
            t.handle(Error, |o, h| o.handles.table.set(&mut o.store, 1, h.own.into()));
        },
    },
    Row { name: "Table::size", tries: |t| t.handle(Panic, |o, h| value(h.table.size(&o.store))) },
    Row {
        name: "Table::grow",
        tries: |t| {
            t.handle(Panic, |o, h| h.table.grow(&mut o.store, 1, Ref::Func(None)));
            t.handle(Error, |o, h| o.handles.table.grow(&mut o.store, 1, h.own.into()));
        },
    },
    Row {
        name: "Table::new_async",
        tries: |t| {
            t.engine(Error, |o, k| {
                let ty = TableType::new(reference(&k.ty), 1, None);
                now(Table::new_async(&mut o.store, ty, Ref::Func(None)))
            });
            t.handle(Error, |o, h| {
                let ty = TableType::new(RefType::FUNCREF, 1, None);
                now(Table::new_async(&mut o.store, ty, h.host.into()))
            });
        },
    },
    Row {
        name: "Table::grow_async",
        tries: |t| {
            t.handle(Panic, |o, h| now(h.table.grow_async(&mut o.store, 1, Ref::Func(None))));
            t.handle(Error, |o, h| {
                let table = o.handles.table;
                now(table.grow_async(&mut o.store, 1, h.own.into()))
            });
        },
    },
    Row {
        name: "Table::fill",
        tries: |t| {
            t.handle(Panic, |o, h| h.table.fill(&mut o.store, 1, Ref::Func(None), 1));
            t.handle(Error, |o, h| o.handles.table.fill(&mut o.store, 1, h.host.into(), 1));
        },
    },
    Row {
        name: "Table::copy",
        tries: |t| {
            t.handle(Panic, |o, h| Table::copy(&mut o.store, &h.table, 1, &o.handles.table, 0, 1));
            t.handle(Panic, |o, h| Table::copy(&mut o.store, &o.handles.table, 1, &h.table, 0, 1));
            t.handle(Panic, |o, h| Table::copy(&mut o.store, &h.table, 1, &h.table, 0, 1));
        },
    },
    Row { name: "Memory::ty", tries: |t| t.handle(Panic, |o, h| value(h.memory.ty(&o.store))) },
    Row {
        name: "Memory::read",
        tries: |t| t.handle(Panic, |o, h| h.memory.read(&o.store, 0, &mut [0])),
    },
    Row {
        name: "Memory::write",
        tries: |t| t.handle(Panic, |o, h| h.memory.write(&mut o.store, 0, &[1])),
    },
    Row {
        name: "Memory::data",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.data(&o.store).len())),
    },
    Row {
        name: "Memory::data_mut",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.data_mut(&mut o.store).len())),
    },
    Row {
        name: "Memory::data_and_store_mut",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.data_and_store_mut(&mut o.store).0.len())),
    },
    Row {
        name: "Memory::data_and_attachment",
        tries: |t| {
            t.handle(Panic, |o, h| {
                value(h.memory.data_and_attachment::<u8, _>(&mut o.store).0.len())
            });
        },
    },
    Row {
        name: "Memory::data_and_other_mut",
        tries: |t| {
            let both = |o: &mut Side, from: &Memory, to: &Memory| {
                value(from.data_and_other_mut(to, &mut o.store).is_some())
            };
            t.handle(Panic, |o, h| both(o, &h.memory, &o.handles.memory.clone()));
            t.handle(Panic, |o, h| both(o, &o.handles.memory.clone(), &h.memory));
            t.handle(Panic, |o, h| both(o, &h.memory, &h.memory));
        },
    },
    Row {
        name: "Memory::data_ptr",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.data_ptr(&o.store))),
    },
    Row {
        name: "Memory::data_size",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.data_size(&o.store))),
    },
    Row { name: "Memory::size", tries: |t| t.handle(Panic, |o, h| value(h.memory.size(&o.store))) },
    Row {
        name: "Memory::page_size",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.page_size(&o.store))),
    },
    Row {
        name: "Memory::page_size_log2",
        tries: |t| t.handle(Panic, |o, h| value(h.memory.page_size_log2(&o.store))),
    },
    Row {
        name: "Memory::grow_async",
        tries: |t| t.handle(Panic, |o, h| now(h.memory.grow_async(&mut o.store, 0))),
    },
    Row { name: "Memory::grow", tries: |t| t.handle(Panic, |o, h| h.memory.grow(&mut o.store, 0)) },
];
