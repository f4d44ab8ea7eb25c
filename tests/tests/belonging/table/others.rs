//! Modules, snapshots, transactions, hooks and observers.

use std::mem;
use std::time::Duration;

use wasm_runtime::component::Component;
use wasm_runtime::{GuestProfiler, Module, Snapshot};

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};
use crate::tries::{now, value};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "Module::same",
        tries: |t| {
            t.kept(Nothing, |o, k| Module::same(&o.kept.module, &k.module));
            t.ours(Nothing, |o| Module::same(&o.kept.module, &o.kept.importer));
        },
    },
    Row {
        name: "Snapshot::take",
        tries: |t| {
            t.handle(Error, |o, h| Snapshot::take(&mut o.store, &[h.instance]));
            t.handle(Error, |o, h| Snapshot::take(&mut o.store, &[o.handles.instance, h.instance]));
        },
    },
    Row {
        name: "SnapshotBuilder::instances",
        tries: |t| {
            t.handle(Error, |o, h| {
                let mut builder = Snapshot::builder();
                builder.instances(&[h.instance, o.handles.instance]).take(&mut o.store)
            });
        },
    },
    Row {
        name: "SnapshotBuilder::take",
        tries: |t| {
            t.any_store(Error, |o, store, _| {
                Snapshot::builder().instances(&[o.handles.instance]).take(store)
            });
        },
    },
    Row {
        name: "SnapshotBuilder::take_with_host",
        tries: |t| {
            // The host's data is not saved, either: the check of the side notices that.
            t.handle(Error, |o, h| {
                Snapshot::builder().instances(&[h.instance]).take_with_host(&mut o.store)
            });
        },
    },
    Row {
        name: "Snapshot::restore",
        tries: |t| {
            t.kept(Error, |o, k| k.snapshot.restore(&mut o.store));
            t.kept(Error, |o, k| k.host_snapshot.restore(&mut o.store));
            t.ours(Error, |o| o.kept.host_snapshot.restore(&mut o.store));
            t.any_store(Error, |o, store, _| o.kept.snapshot.restore(store));
        },
    },
    Row {
        name: "Snapshot::fork",
        tries: |t| {
            t.engine(Error, |o, k| k.snapshot.fork(&mut o.store, &k.linker));
            t.engine(Error, |o, k| k.snapshot.fork(&mut o.store, &o.kept.linker));
            t.engine(Error, |o, k| o.kept.snapshot.fork(&mut o.store, &k.linker));
            // No module says to which engine it belongs.
            t.engine(Error, |o, k| k.host_snapshot.fork(&mut o.store, &k.linker));
            t.engine(Error, |o, k| k.host_snapshot.fork(&mut o.store, &o.kept.linker));
            t.store(Error, |o, store| o.kept.snapshot.fork(store, &o.kept.linker));
        },
    },
    Row {
        name: "Snapshot::fork_pre",
        tries: |t| {
            t.engine(Error, |o, k| o.kept.snapshot.fork_pre(&k.linker));
            t.engine(Error, |o, k| k.host_snapshot.fork_pre(&o.kept.linker));
        },
    },
    Row {
        name: "ForkPre::fork",
        tries: |t| {
            t.engine(Error, |o, k| k.fork_pre.fork(&mut o.store));
            t.engine(Error, |o, k| k.host_snapshot.fork_pre(&k.linker)?.fork(&mut o.store));
            t.store(Error, |o, store| o.kept.fork_pre.fork(store));
            // The items in the linker belong to another store.
            t.any_store(Error, |o, store, _| {
                let instance = o.kept.bound.instantiate(&mut o.store, &o.kept.importer)?;
                Snapshot::take(&mut o.store, &[instance])?.fork(store, &o.kept.bound)
            });
        },
    },
    Row {
        name: "Snapshot::fork_async",
        tries: |t| {
            t.engine(Error, |o, k| now(k.snapshot.fork_async(&mut o.store, &k.linker)));
            t.engine(Error, |o, k| now(k.snapshot.fork_async(&mut o.store, &o.kept.linker)));
            t.engine(Error, |o, k| now(o.kept.snapshot.fork_async(&mut o.store, &k.linker)));
            // No module says to which engine it belongs.
            t.engine(Error, |o, k| now(k.host_snapshot.fork_async(&mut o.store, &k.linker)));
            t.engine(Error, |o, k| now(k.host_snapshot.fork_async(&mut o.store, &o.kept.linker)));
            t.store(Error, |o, store| now(o.kept.snapshot.fork_async(store, &o.kept.linker)));
        },
    },
    Row {
        name: "ForkPre::fork_async",
        tries: |t| {
            t.engine(Error, |o, k| now(k.fork_pre.fork_async(&mut o.store)));
            t.engine(Error, |o, k| {
                now(k.host_snapshot.fork_pre(&k.linker)?.fork_async(&mut o.store))
            });
            t.store(Error, |o, store| now(o.kept.fork_pre.fork_async(store)));
            // The items in the linker belong to another store.
            t.any_store(Error, |o, store, _| {
                let instance = o.kept.bound.instantiate(&mut o.store, &o.kept.importer)?;
                let pre = Snapshot::take(&mut o.store, &[instance])?.fork_pre(&o.kept.bound)?;
                now(pre.fork_async(store))
            });
        },
    },
    Row {
        name: "Snapshot::state",
        tries: |t| {
            t.handle(Error, |o, h| o.kept.snapshot.state(h.instance));
            t.kept(Error, |o, k| k.snapshot.state(o.handles.instance));
        },
    },
    Row {
        name: "Transaction::rollback",
        tries: |t| {
            // The store under a transaction can be swapped with another.
            t.any_store(Error, |o, store, _| {
                let mut transaction = o.store.begin()?;
                mem::swap(&mut *transaction, store);
                let result = transaction.rollback();
                mem::swap(&mut o.store, store);
                result
            });
        },
    },
    Row {
        name: "Store::remove_call_hook",
        tries: |t| t.handle(Panic, |o, h| o.store.remove_call_hook(h.hook)),
    },
    Row {
        name: "Store::import_shims",
        tries: |t| t.handle(Panic, |o, h| value(o.store.import_shims(h.instance))),
    },
    Row {
        name: "GuestProfiler::new",
        tries: |t| {
            t.engine(Error, |o, k| {
                let modules =
                    [("a".to_string(), o.kept.module.clone()), ("b".to_string(), k.module.clone())];
                GuestProfiler::new(&o.kept.engine, "guest", Duration::from_secs(1), modules)
            });
        },
    },
    Row {
        name: "GuestProfiler::new_component",
        tries: |t| {
            t.engine(Error, |o, k| {
                let text = "(component (core module $m) (core instance (instantiate $m)))";
                let component = Component::new(&k.engine, text)?;
                let second = Duration::from_secs(1);
                GuestProfiler::new_component(&o.kept.engine, "guest", second, component, [])
            });
        },
    },
];
