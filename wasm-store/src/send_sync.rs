//! What can be sent to another thread, or be used by several: checked when the tests are compiled.

use crate::{
    Caller, Config, Engine, Error, Extern, ExternRef, ForkPre, Func, FuncType, Global, Instance,
    InstancePre, InterruptHandle, Linker, Memory, Module, Rooted, SharedMemory, Snapshot,
    SnapshotBuilder, Store, StoreContext, StoreContextMut, Table, Transaction, Trap, TypedFunc,
    Val, ValType, WasmBacktrace,
};

const fn both<T: Send + Sync>() {}

const fn sent<T: Send>() {}

const _: () = {
    both::<(Config, Engine, Error, Module, Trap, WasmBacktrace)>();
    both::<(Extern, Func, Global, Instance, Memory, SharedMemory, Table, TypedFunc<(), ()>)>();
    both::<(ExternRef, Rooted<ExternRef>, Val, ValType, FuncType)>();
    both::<(Caller<'_, ()>, Store<()>, StoreContext<'_, ()>, StoreContextMut<'_, ()>)>();
    // Whatever the data: a linker holds none.
    both::<(InstancePre<()>, InstancePre<*mut u8>, Linker<()>, Linker<*mut u8>)>();
    both::<InterruptHandle>();
    sent::<crate::UpdateDeadline>();
    both::<(Snapshot, SnapshotBuilder, ForkPre<()>, ForkPre<*mut u8>, Transaction<'_, ()>)>();
};
