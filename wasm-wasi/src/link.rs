//! Connects to `wasm-store`: each function of [`calls`] becomes a host function.

use crate::abi::{ChangingMemory, Errno, GuestMemory};
use crate::{I32Exit, WasiCtx, calls, for_each_function};
use wasm_store::{Caller, Error, Extern, Linker, Result, SharedMemory};

/// A function that defines a group of host functions.
macro_rules! definer {
    ($definer:ident, $source:path, { $($name:ident($($parameter:ident: $ty:ident),*);)* }) => {
        pub(crate) fn $definer<T: 'static>(
            linker: &mut Linker<T>,
            module: &str,
            get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
        ) -> Result<()> {
            use $source as source;
            $(
                linker.func_wrap(
                    module,
                    stringify!($name),
                    move |mut caller: Caller<'_, T>, $($parameter: $ty),*| -> Result<u32> {
                        with_memory(&mut caller, get, stringify!($name), |ctx, memory| {
                            source::$name(ctx, memory, $($parameter),*)
                        })
                    },
                )?;
            )*
            Ok(())
        }
    };
}

macro_rules! definers {
    (common $common:tt preview1 $preview1:tt snapshot0 $snapshot0:tt) => {
        definer!(define_listed, crate::calls, $common);
        definer!(define_preview1, crate::calls, $preview1);
        definer!(define_snapshot0, crate::calls::snapshot0, $snapshot0);
    };
}

for_each_function!(definers);

/// Defines the functions that all versions have in common.
pub(crate) fn define_common<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_listed(linker, module, get)?;
    linker.func_wrap(
        module,
        "proc_exit",
        move |mut caller: Caller<'_, T>, status: u32| -> Result<()> {
            Err(Error::new(calls::proc_exit(get(caller.data_mut()), status)))
        },
    )?;
    linker.func_wrap(
        module,
        "proc_raise",
        move |mut caller: Caller<'_, T>, signal: u32| -> Result<u32> {
            match calls::proc_raise(get(caller.data_mut()), signal) {
                Ok(None) => Ok(0),
                Ok(Some(exit @ I32Exit(_))) => Err(Error::new(exit)),
                Err(error) => Ok(error.number().into()),
            }
        },
    )?;
    Ok(())
}

/// Runs a call with the caller's memory, and turns the result into a number. Whatever interrupts
/// the store's code ends a call that waits.
fn with_memory<T: 'static>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut WasiCtx,
    name: &str,
    call: impl Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno>,
) -> Result<u32> {
    let memory = match caller.get_export("memory") {
        Some(memory @ (Extern::Memory(_) | Extern::SharedMemory(_))) => memory,
        _ => return Err(no_memory(name)),
    };
    let mut ended = None;
    let outcome = loop {
        let waiter = caller.waiter();
        let (ctx, outcome) = match &memory {
            Extern::SharedMemory(memory) => {
                let memory = Shared(memory);
                let mut memory = GuestMemory::copied(&memory);
                let ctx = get(caller.data_mut());
                ctx.waiting.begin(waiter, ended);
                let outcome = call(ctx, &mut memory);
                memory.finish();
                (ctx, outcome)
            }
            Extern::Memory(memory) => {
                let (bytes, data) = memory.data_and_store_mut(&mut *caller);
                let ctx = get(data);
                ctx.waiting.begin(waiter, ended);
                let outcome = call(ctx, &mut GuestMemory::new(bytes));
                (ctx, outcome)
            }
            _ => return Err(no_memory(name)),
        };
        ended = ctx.waiting.ended();
        if ended.is_none() {
            break outcome;
        }
        // Either the guest ends here, or it has got more time, and continues to wait.
        caller.check_interruption()?;
    };
    #[cfg(feature = "tracing")]
    tracing::trace!(function = name, ?outcome, "call of WASI");
    Ok(outcome.err().map_or(0, |error| error.number().into()))
}

/// A memory that other threads may change.
struct Shared<'a>(&'a SharedMemory);

impl ChangingMemory for Shared<'_> {
    fn size(&self) -> usize {
        self.0.data_size()
    }

    fn read(&self, at: usize, to: &mut [u8]) -> bool {
        self.0.read(at, to).is_ok()
    }

    fn write(&self, at: usize, from: &[u8]) -> bool {
        self.0.write(at, from).is_ok()
    }
}

#[cold]
fn no_memory(name: &str) -> Error {
    Error::msg(format!(
        "the module that called the WASI function `{name}` does not export a memory named `memory`, \
         through which WASI passes all data; export it, as `wasm-ld` does by default"
    ))
}
