//! Connects to `wasm-store`: each function of [`calls`] becomes a host function.

#[cfg(feature = "async")]
mod asynchronous;

use crate::abi::{ChangingMemory, Errno, GuestMemory};
use crate::ctx::Waiting;
use crate::{I32Exit, WasiCtx, calls, for_each_function};
use wasm_store::{Caller, Error, Extern, Linker, Memory, Result, SharedMemory};

#[cfg(feature = "async")]
pub(crate) use asynchronous::{define_common_async, define_preview1_async, define_snapshot0_async};
#[cfg(feature = "threads")]
pub(crate) use shared::{define_common_shared, define_preview1_shared, define_snapshot0_shared};

/// Has a closure define things in a linker: all of them, or if that fails, none.
pub(crate) fn whole<T>(
    linker: &mut Linker<T>,
    define: impl FnOnce(&mut Linker<T>) -> Result<()>,
) -> Result<()> {
    let before = linker.clone();
    let defined = define(linker);
    if defined.is_err() {
        *linker = before;
    }
    defined
}

/// A function that defines a group of host functions, each of which runs its call by `$with`, with
/// what the closure returns.
macro_rules! definer {
    ($definer:ident, $source:path, $context:ty, $with:ident, { $($name:ident($($parameter:ident: $ty:ident),*);)* }) => {
        pub(crate) fn $definer<T: 'static>(
            linker: &mut Linker<T>,
            module: &str,
            get: impl Fn(&mut T) -> $context + Copy + Send + Sync + 'static,
        ) -> Result<()> {
            use $source as source;
            $(
                linker.func_wrap(
                    module,
                    stringify!($name),
                    move |mut caller: Caller<'_, T>, $($parameter: $ty),*| -> Result<u32> {
                        $with(&mut caller, get, stringify!($name), |ctx, memory| {
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
        definer!(define_listed, crate::calls, &mut WasiCtx, with_memory, $common);
        definer!(define_preview1, crate::calls, &mut WasiCtx, with_memory, $preview1);
        definer!(define_snapshot0, crate::calls::snapshot0, &mut WasiCtx, with_memory, $snapshot0);
    };
}

for_each_function!(definers);

// Here, since it uses the macro above.
#[cfg(feature = "threads")]
mod shared;

/// Defines the functions that all versions have in common.
pub(crate) fn define_common<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_listed(linker, module, get)?;
    define_ends(linker, module, move |data, end| end(get(data)))
}

/// Defines the functions that end a guest. The closure calls a function with the guest's context.
fn define_ends<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    with: impl Fn(&mut T, &dyn Fn(&mut WasiCtx) -> Result<u32>) -> Result<u32>
    + Copy
    + Send
    + Sync
    + 'static,
) -> Result<()> {
    linker.func_wrap(
        module,
        "proc_exit",
        move |mut caller: Caller<'_, T>, status: u32| -> Result<()> {
            let exit = |ctx: &mut WasiCtx| Err(Error::new(calls::proc_exit(ctx, status)));
            with(caller.data_mut(), &exit).map(|_: u32| ())
        },
    )?;
    linker.func_wrap(
        module,
        "proc_raise",
        move |mut caller: Caller<'_, T>, signal: u32| -> Result<u32> {
            with(caller.data_mut(), &|ctx| match calls::proc_raise(ctx, signal) {
                Ok(None) => Ok(0),
                Ok(Some(exit @ I32Exit(_))) => Err(Error::new(exit)),
                Err(error) => Ok(error.number().into()),
            })
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
    let memory = memory_of(caller, name)?;
    let mut ended = None;
    let outcome = loop {
        let waiter = caller.waiter();
        let begin = |waiting: &mut Waiting| waiting.begin(waiter, ended);
        let (outcome, waiting) = attempt(caller, &memory, &get, begin, &call);
        ended = waiting.ended();
        if ended.is_none() {
            break outcome;
        }
        // Either the guest ends here, or it has got more time, and continues to wait.
        caller.check_interruption()?;
    };
    Ok(number_of(outcome, name))
}

/// The memory through which a guest passes everything.
enum Exported {
    Own(Memory),
    Shared(SharedMemory),
}

fn memory_of<T: 'static>(caller: &mut Caller<'_, T>, name: &str) -> Result<Exported> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(Exported::Own(memory)),
        Some(Extern::SharedMemory(memory)) => Ok(Exported::Shared(memory)),
        _ => Err(no_memory(name)),
    }
}

/// Runs a call once.
fn attempt<'a, T: 'static>(
    caller: &'a mut Caller<'_, T>,
    memory: &Exported,
    get: impl Fn(&mut T) -> &mut WasiCtx,
    begin: impl FnOnce(&mut Waiting),
    call: impl Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno>,
) -> (Result<(), Errno>, &'a mut Waiting) {
    match memory {
        Exported::Shared(memory) => {
            let memory = Shared(memory);
            let mut memory = GuestMemory::copied(&memory);
            let ctx = get(caller.data_mut());
            begin(&mut ctx.waiting);
            let outcome = call(ctx, &mut memory);
            memory.finish();
            (outcome, &mut ctx.waiting)
        }
        Exported::Own(memory) => {
            let (bytes, data) = memory.data_and_store_mut(&mut *caller);
            let ctx = get(data);
            begin(&mut ctx.waiting);
            let outcome = call(ctx, &mut GuestMemory::new(bytes));
            (outcome, &mut ctx.waiting)
        }
    }
}

/// What the guest gets for a call.
#[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "only traces name it"))]
fn number_of(outcome: Result<(), Errno>, name: &str) -> u32 {
    #[cfg(feature = "tracing")]
    tracing::trace!(function = name, ?outcome, "call of WASI");
    outcome.err().map_or(0, |error| error.number().into())
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
