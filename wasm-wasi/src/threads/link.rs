//! What a guest with threads imports.

use wasm_store::{Caller, Engine, Linker, Module, Result, SharedMemory, Store, bail, ensure};

use super::spawn::WasiThreadsCtx;
use crate::link::whole;

/// Defines `wasi.thread-spawn` in a linker, and a new shared memory for each memory that the module
/// imports. The closure returns the guest's threads in the store's data.
///
/// The function returns the number of the new thread, which is positive, or the negative of the
/// error number `EAGAIN` (6) if there can be no further thread.
///
/// # Errors
/// If the module imports a memory that is not shared, there is no room for a memory, or something
/// is defined already; then nothing is defined. If the module or the store is of another engine
/// than the linker.
pub fn add_to_linker<T: Clone + Send + 'static>(
    linker: &mut Linker<T>,
    store: &Store<T>,
    module: &Module,
    get: impl Fn(&mut T) -> &WasiThreadsCtx<T> + Copy + Send + Sync + 'static,
) -> Result<()> {
    // A module without an imported memory would otherwise pass unseen.
    for (what, engine) in [("module", module.engine()), ("store", store.engine())] {
        ensure!(
            Engine::same(linker.engine(), engine),
            "cross-`Engine` use is not supported: the {what} is of another engine than the linker; \
             make both with one `Engine`, or clones of it"
        );
    }
    whole(linker, |linker| {
        linker.func_wrap(
            "wasi",
            "thread-spawn",
            move |mut caller: Caller<'_, T>, argument: i32| -> i32 {
                let host = caller.data().clone();
                const EAGAIN: i32 = 6;
                get(caller.data_mut()).spawn(host, argument).unwrap_or(-EAGAIN)
            },
        )?;
        for import in module.imports() {
            let ty = import.ty();
            let Some(ty) = ty.memory() else { continue };
            if !ty.is_shared() {
                bail!(
                    "the module imports the memory `{}` of `{}`, which is not shared: a module with \
                     threads is made with `-pthread`, and linked with `--shared-memory`",
                    import.name(),
                    import.module(),
                );
            }
            let memory = SharedMemory::new(module.engine(), ty.clone())?;
            linker.define(store, import.module(), import.name(), memory)?;
        }
        Ok(())
    })
}
