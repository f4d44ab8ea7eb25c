//! Connects to `wasm-store` for calls that may wait: functions that wait for something become host
//! functions that are futures, all others stay what they are.

use super::{attempt, define_ends, memory_of, number_of, with_memory};
use crate::abi::{Errno, GuestMemory};
use crate::ctx::{Postponed, Waiting};
use crate::{WasiCtx, for_each_function};
use wasm_store::{Caller, Linker, Result, Woken};

/// Defines a function that waits for nothing.
macro_rules! now {
    ($name:ident, $linker:ident, $module:ident, $get:ident, ($($parameter:ident: $ty:ident),*)) => {
        $linker.func_wrap(
            $module,
            stringify!($name),
            move |mut caller: Caller<'_, T>, $($parameter: $ty),*| -> Result<u32> {
                with_memory(&mut caller, $get, stringify!($name), |ctx, memory| {
                    source::$name(ctx, memory, $($parameter),*)
                })
            },
        )?
    };
}

/// Defines a function that may wait.
macro_rules! later {
    ($name:ident, $linker:ident, $module:ident, $get:ident, ($($parameter:ident: $ty:ident),*)) => {
        $linker.func_wrap_async(
            $module,
            stringify!($name),
            move |mut caller: Caller<'_, T>, ($($parameter,)*): ($($ty,)*)| {
                Box::new(async move {
                    with_memory_async(&mut caller, $get, stringify!($name), move |ctx, memory| {
                        source::$name(ctx, memory, $($parameter),*)
                    })
                    .await
                })
            },
        )?
    };
}

/// Defines a function: those that may wait are named here.
macro_rules! define {
    (fd_read, $($rest:tt)*) => { later!(fd_read, $($rest)*) };
    (fd_write, $($rest:tt)*) => { later!(fd_write, $($rest)*) };
    (poll_oneoff, $($rest:tt)*) => { later!(poll_oneoff, $($rest)*) };
    (sock_accept, $($rest:tt)*) => { later!(sock_accept, $($rest)*) };
    (sock_recv, $($rest:tt)*) => { later!(sock_recv, $($rest)*) };
    (sock_send, $($rest:tt)*) => { later!(sock_send, $($rest)*) };
    ($name:ident, $($rest:tt)*) => { now!($name, $($rest)*) };
}

/// A function that defines a group of host functions.
macro_rules! definer {
    ($definer:ident, $source:path, { $($name:ident($($parameter:ident: $ty:ident),*);)* }) => {
        pub(crate) fn $definer<T: Send + 'static>(
            linker: &mut Linker<T>,
            module: &str,
            get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
        ) -> Result<()> {
            use $source as source;
            $(define!($name, linker, module, get, ($($parameter: $ty),*));)*
            Ok(())
        }
    };
}

macro_rules! definers {
    (common $common:tt preview1 $preview1:tt snapshot0 $snapshot0:tt) => {
        definer!(define_listed_async, crate::calls, $common);
        definer!(define_preview1_async, crate::calls, $preview1);
        definer!(define_snapshot0_async, crate::calls::snapshot0, $snapshot0);
    };
}

for_each_function!(definers);

/// As [`define_common`](super::define_common).
pub(crate) fn define_common_async<T: Send + 'static>(
    linker: &mut Linker<T>,
    module: &str,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_listed_async(linker, module, get)?;
    define_ends(linker, module, move |data, end| end(get(data)))
}

/// As [`with_memory`], and lets other futures run where the call waits. The call is repeated when
/// what it waits for has come. Meanwhile nothing else uses the guest's context or memory, unless
/// that is shared.
async fn with_memory_async<T: Send + 'static>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Sync,
    name: &str,
    call: impl Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno> + Copy + Send + Sync,
) -> Result<u32> {
    let memory = memory_of(caller, name)?;
    let (mut ended, mut is_over) = (None, false);
    loop {
        let waiter = caller.waiter();
        let begin = {
            let waiter = waiter.clone();
            |waiting: &mut Waiting| waiting.begin_postponing(waiter, ended, is_over)
        };
        let (outcome, waiting) = attempt(caller, &memory, get, begin, call);
        ended = waiting.ended();
        if ended.is_none() {
            return Ok(number_of(outcome, name));
        }
        let postponed: Option<Postponed> = waiting.take_postponed();
        let woken = match postponed {
            Some(postponed) => match postponed.wait(&waiter).await {
                Ok(woken) => woken,
                Err(error) => return Ok(number_of(Err(error.into()), name)),
            },
            None => Woken::Interrupted,
        };
        is_over = woken == Woken::TimedOut;
        if woken == Woken::Interrupted {
            // Either the guest ends here, or it has got more time, and continues to wait.
            caller.check_interruption_async().await?;
        }
    }
}
