//! States of instances: saved, restored, copied.

#![allow(unsafe_code)]

use wasm_runtime::Snapshot;

use crate::border::{self, Out, guarded};
use crate::error::{Failure, failure};
use crate::handles::InstanceHandle;
use crate::linker::CLinker;
use crate::store::ContextMut;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_snapshot_new(
    store: ContextMut<'_>,
    instances: *const InstanceHandle,
    count: usize,
    out: Out<'_, Box<Snapshot>>,
) -> Failure {
    // SAFETY: the header asks for so many instances.
    let instances = unsafe { border::slice(instances, count) };
    let function = "wasm_runtime_snapshot_new";
    let instances: Vec<_> = instances.iter().map(|handle| handle.expect(function)).collect();
    failure(guarded(|| Snapshot::take(store, &instances)), |snapshot| {
        out.write(Box::new(snapshot));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasm_runtime_snapshot_delete(snapshot: Option<Box<Snapshot>>) {
    drop(snapshot);
}

#[unsafe(no_mangle)]
extern "C" fn wasm_runtime_snapshot_count(snapshot: &Snapshot) -> usize {
    snapshot.instances().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_runtime_snapshot_restore(snapshot: &Snapshot, store: ContextMut<'_>) -> Failure {
    failure(guarded(|| snapshot.restore(store)), |()| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_snapshot_fork(
    snapshot: &Snapshot,
    store: ContextMut<'_>,
    linker: &CLinker,
    instances: *mut InstanceHandle,
) -> Failure {
    failure(guarded(|| snapshot.fork(store, &linker.linker)), |made| {
        for (index, instance) in made.into_iter().enumerate() {
            // SAFETY: the header asks for room for as many as the snapshot has.
            unsafe { instances.add(index).write(instance.into()) };
        }
    })
}
