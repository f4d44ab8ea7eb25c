//! `wasi:io` in a linker. Its functions that may wait need the store, not only the guest's context:
//! so they are bound here, for stores with and without an executor.

use super::host;
#[cfg(feature = "async")]
use super::wait::Yielding;
use super::wait::{Blocking, Call, run_blocking};
use super::{DynInputStream, DynOutputStream, DynPollable};
use crate::p2::runtime::{Linker, Resource, ResourceType, Result, StoreContextMut};
use crate::p2::{VERSION, Wasi, WasiView, bindings};

/// Defines the resources and functions of `wasi:io`. The macro takes how a function that may wait
/// is defined.
macro_rules! define {
    ($linker:ident, $T:ident, $waiting:ident) => {{
        bindings::io::error::add_to_linker::<$T, Wasi>($linker, $T::ctx)?;

        let mut poll = $linker.instance(&format!("wasi:io/poll@{VERSION}"))?;
        poll.resource(
            "pollable",
            ResourceType::host::<DynPollable>(),
            |mut store: StoreContextMut<'_, $T>, rep| {
                host::pollable_drop(store.data_mut().ctx(), Resource::new_own(rep))
            },
        )?;
        prompt!(poll, $T, "[method]pollable.ready", pollable_ready);
        $waiting!(poll, $T, "[method]pollable.block", pollable_block);
        $waiting!(poll, $T, "poll", poll);

        let mut streams = $linker.instance(&format!("wasi:io/streams@{VERSION}"))?;
        streams.resource(
            "input-stream",
            ResourceType::host::<DynInputStream>(),
            |mut store: StoreContextMut<'_, $T>, rep| {
                let stream = Resource::<DynInputStream>::new_own(rep);
                store.data_mut().ctx().table.delete(stream)?;
                Ok(())
            },
        )?;
        streams.resource(
            "output-stream",
            ResourceType::host::<DynOutputStream>(),
            |mut store: StoreContextMut<'_, $T>, rep| {
                let stream = Resource::<DynOutputStream>::new_own(rep);
                store.data_mut().ctx().table.delete(stream)?;
                Ok(())
            },
        )?;
        prompt!(streams, $T, "[method]input-stream.read", read);
        $waiting!(streams, $T, "[method]input-stream.blocking-read", blocking_read);
        prompt!(streams, $T, "[method]input-stream.skip", skip);
        $waiting!(streams, $T, "[method]input-stream.blocking-skip", blocking_skip);
        prompt!(streams, $T, "[method]input-stream.subscribe", input_subscribe);
        prompt!(streams, $T, "[method]output-stream.check-write", check_write);
        prompt!(streams, $T, "[method]output-stream.write", write);
        $waiting!(
            streams,
            $T,
            "[method]output-stream.blocking-write-and-flush",
            blocking_write_and_flush
        );
        prompt!(streams, $T, "[method]output-stream.flush", flush);
        $waiting!(streams, $T, "[method]output-stream.blocking-flush", blocking_flush);
        prompt!(streams, $T, "[method]output-stream.subscribe", output_subscribe);
        prompt!(streams, $T, "[method]output-stream.write-zeroes", write_zeroes);
        $waiting!(
            streams,
            $T,
            "[method]output-stream.blocking-write-zeroes-and-flush",
            blocking_write_zeroes_and_flush
        );
        prompt!(streams, $T, "[method]output-stream.splice", splice);
        $waiting!(streams, $T, "[method]output-stream.blocking-splice", blocking_splice);
        Ok(())
    }};
}

/// A function that never waits.
macro_rules! prompt {
    ($instance:ident, $T:ident, $name:literal, $function:ident) => {
        $instance.func_wrap($name, |mut store: StoreContextMut<'_, $T>, parameters| {
            host::$function(store.data_mut().ctx(), parameters)
        })?;
    };
}

/// A function that makes the thread wait.
macro_rules! blocking {
    ($instance:ident, $T:ident, $name:literal, $function:ident) => {
        $instance.func_wrap($name, |store: StoreContextMut<'_, $T>, parameters| {
            run_blocking(host::$function(Call::<_, Blocking>::new(store), parameters))
        })?;
    };
}

/// A function that is a future.
#[cfg(feature = "async")]
macro_rules! yielding {
    ($instance:ident, $T:ident, $name:literal, $function:ident) => {
        $instance.func_wrap_async($name, |store: StoreContextMut<'_, $T>, parameters| {
            Box::new(host::$function(Call::<_, Yielding>::new(store), parameters))
        })?;
    };
}

/// Defines `wasi:io` for stores without executor.
pub(crate) fn add_sync<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    define!(linker, T, blocking)
}

/// Defines `wasi:io` for asynchronous stores.
#[cfg(feature = "async")]
pub(crate) fn add_async<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    define!(linker, T, yielding)
}
