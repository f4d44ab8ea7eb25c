//! Connects to `wasm-store` for guests with threads: the context is locked for each call, and is
//! free for other threads while a call waits.

use super::{Exported, Shared, define_ends, memory_of, number_of};
use crate::abi::{Errno, GuestMemory};
use crate::{SharedWasiCtx, WasiCtx, for_each_function};
use wasm_store::{Caller, Linker, Result, Woken};

macro_rules! definers {
    (common $common:tt preview1 $preview1:tt snapshot0 $snapshot0:tt) => {
        definer!(define_listed_shared, crate::calls, &SharedWasiCtx, with_memory_shared, $common);
        definer!(
            define_preview1_shared,
            crate::calls,
            &SharedWasiCtx,
            with_memory_shared,
            $preview1
        );
        definer!(
            define_snapshot0_shared,
            crate::calls::snapshot0,
            &SharedWasiCtx,
            with_memory_shared,
            $snapshot0
        );
    };
}

for_each_function!(definers);

/// As [`define_common`](super::define_common).
pub(crate) fn define_common_shared<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    get: impl Fn(&mut T) -> &SharedWasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define_listed_shared(linker, module, get)?;
    define_ends(linker, module, move |data, end| get(data).with(end))
}

/// Runs a call with the caller's memory. Where it would wait, it ends, the context is unlocked, and
/// the call is repeated when what it waits for has come, unless another thread was faster.
fn with_memory_shared<T: 'static>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &SharedWasiCtx,
    name: &str,
    call: impl Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> Result<(), Errno>,
) -> Result<u32> {
    let memory = memory_of(caller, name)?;
    let (mut ended, mut is_over) = (None, false);
    loop {
        let waiter = caller.waiter();
        let shared = get(caller.data_mut()).clone();
        let once_more = ended.take();
        let attempt = |ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>| {
            ctx.waiting.begin_postponing(waiter.clone(), once_more, is_over);
            let outcome = call(ctx, memory);
            let ended = ctx.waiting.ended();
            (outcome, ended, ctx.waiting.take_postponed())
        };
        let (outcome, now, postponed) = match &memory {
            Exported::Shared(memory) => {
                let memory = Shared(memory);
                let mut memory = GuestMemory::copied(&memory);
                let done = shared.with(|ctx| attempt(ctx, &mut memory));
                memory.finish();
                done
            }
            Exported::Own(memory) => {
                let mut memory = GuestMemory::new(memory.data_mut(&mut *caller));
                shared.with(|ctx| attempt(ctx, &mut memory))
            }
        };
        ended = now;
        if ended.is_none() {
            return Ok(number_of(outcome, name));
        }
        let woken = match postponed {
            Some(postponed) => postponed.wait_here(&waiter)?,
            None => Woken::Interrupted,
        };
        is_over = woken == Woken::TimedOut;
        if woken == Woken::Interrupted {
            // Either the guest ends here, or it has got more time, and continues to wait.
            caller.check_interruption()?;
        }
    }
}
