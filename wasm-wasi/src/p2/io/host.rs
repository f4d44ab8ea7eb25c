//! The functions of `wasi:io`, those that may wait among them.

use super::pollable::{Source, delete};
use super::wait::{Host, is_ready};
use super::{
    DynInputStream, DynOutputStream, DynPollable, InputStream, OutputStream, StreamError,
    StreamResult,
};
use crate::p2::runtime::{Error, Resource, ResourceTable, Result};
use crate::p2::{WasiCtxView, bindings};
use bindings::io::{error, streams};
use bytes::Bytes;

/// How many bytes a guest gets or passes on at most at a time.
const CHUNK: u64 = 64 << 10;

/// How many bytes the functions that wait until they are written take.
const BLOCKING_WRITE: usize = 4096;

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

/// The result of a function of streams, as the guest gets it.
type Outcome<T> = (std::result::Result<T, streams::StreamError>,);

impl error::Host for WasiCtxView<'_> {}

impl error::HostError for WasiCtxView<'_> {
    fn to_debug_string(&mut self, error: Resource<super::IoError>) -> Result<String> {
        Ok(format!("{:?}", self.table.get(&error)?))
    }

    fn drop(&mut self, error: Resource<super::IoError>) -> Result<()> {
        self.table.delete(error)?;
        Ok(())
    }
}

/// The result for the guest; what it must not do ends its call.
fn outcome<T>(table: &mut ResourceTable, result: StreamResult<T>) -> Result<Outcome<T>> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(StreamError::Closed) => Err(streams::StreamError::Closed),
        Err(StreamError::LastOperationFailed(error)) => {
            Err(streams::StreamError::LastOperationFailed(table.push(error)?))
        }
        Err(StreamError::Trap(error)) => return Err(error),
    },))
}

fn chunk(length: u64) -> usize {
    usize::try_from(length.min(CHUNK)).unwrap_or(usize::MAX)
}

fn input<'a>(
    table: &'a mut ResourceTable,
    stream: &Input,
) -> StreamResult<&'a mut (dyn InputStream + 'static)> {
    Ok(&mut **table.get_mut(stream)?)
}

fn output<'a>(
    table: &'a mut ResourceTable,
    stream: &Output,
) -> StreamResult<&'a mut (dyn OutputStream + 'static)> {
    Ok(&mut **table.get_mut(stream)?)
}

/// Waits for one resource.
async fn wait_for(host: &mut impl Host, source: Source) -> StreamResult<()> {
    host.wait(&[source]).await.map(drop).map_err(StreamError::Trap)
}

// Pollables

pub(super) fn pollable_drop(view: WasiCtxView<'_>, pollable: Resource<DynPollable>) -> Result<()> {
    Ok(delete(view.table, pollable)?)
}

pub(super) fn pollable_ready(
    view: WasiCtxView<'_>,
    (pollable,): (Resource<DynPollable>,),
) -> Result<(bool,)> {
    let source = view.table.get(&pollable)?.source;
    Ok((is_ready(view, source)?,))
}

pub(super) async fn pollable_block(
    mut host: impl Host,
    (pollable,): (Resource<DynPollable>,),
) -> Result<()> {
    let source = host.view().table.get(&pollable)?.source;
    host.wait(&[source]).await?;
    Ok(())
}

pub(super) async fn poll(
    mut host: impl Host,
    (pollables,): (Vec<Resource<DynPollable>>,),
) -> Result<(Vec<u32>,)> {
    if pollables.is_empty() {
        return Err(Error::msg("`wasi:io/poll` was called with an empty list"));
    }
    let table = host.view().table;
    let sources = pollables.iter().map(|pollable| Ok(table.get(pollable)?.source));
    let sources = sources.collect::<Result<Vec<_>>>()?;
    Ok((host.wait(&sources).await?,))
}

// Input streams

pub(super) fn read(
    view: WasiCtxView<'_>,
    (stream, length): (Input, u64),
) -> Result<Outcome<Vec<u8>>> {
    let read = input(view.table, &stream).and_then(|stream| stream.read(chunk(length)));
    outcome(view.table, read.map(Vec::from))
}

pub(super) async fn blocking_read(
    mut host: impl Host,
    (stream, length): (Input, u64),
) -> Result<Outcome<Vec<u8>>> {
    let read = async {
        loop {
            let bytes = input(host.view().table, &stream)?.read(chunk(length))?;
            if !bytes.is_empty() || length == 0 {
                return Ok(Vec::from(bytes));
            }
            wait_for(&mut host, Source::of(&stream)).await?;
        }
    }
    .await;
    outcome(host.view().table, read)
}

pub(super) fn skip(view: WasiCtxView<'_>, (stream, length): (Input, u64)) -> Result<Outcome<u64>> {
    let skipped = input(view.table, &stream).and_then(|stream| stream.skip(chunk(length)));
    outcome(view.table, skipped.map(|count| count as u64))
}

pub(super) async fn blocking_skip(
    mut host: impl Host,
    (stream, length): (Input, u64),
) -> Result<Outcome<u64>> {
    let skipped = async {
        loop {
            let count = input(host.view().table, &stream)?.skip(chunk(length))?;
            if count > 0 || length == 0 {
                return Ok(count as u64);
            }
            wait_for(&mut host, Source::of(&stream)).await?;
        }
    }
    .await;
    outcome(host.view().table, skipped)
}

pub(super) fn input_subscribe(
    view: WasiCtxView<'_>,
    (stream,): (Input,),
) -> Result<(Resource<DynPollable>,)> {
    Ok((super::subscribe(view.table, Resource::<DynInputStream>::new_borrow(stream.rep()))?,))
}

// Output streams

pub(super) fn check_write(view: WasiCtxView<'_>, (stream,): (Output,)) -> Result<Outcome<u64>> {
    let permitted = output(view.table, &stream).and_then(permitted);
    outcome(view.table, permitted)
}

/// How many bytes a guest may write now: no more than are passed on at a time, whatever a stream of
/// the embedder's would take, as zeroes are allocated that the guest does not have.
fn permitted(stream: &mut (dyn OutputStream + 'static)) -> StreamResult<u64> {
    Ok((stream.check_write()? as u64).min(CHUNK))
}

pub(super) fn write(
    view: WasiCtxView<'_>,
    (stream, bytes): (Output, Vec<u8>),
) -> Result<Outcome<()>> {
    let written = output(view.table, &stream).and_then(|stream| stream.write(bytes.into()));
    outcome(view.table, written)
}

pub(super) fn write_zeroes(
    view: WasiCtxView<'_>,
    (stream, length): (Output, u64),
) -> Result<Outcome<()>> {
    let written = output(view.table, &stream).and_then(|stream| {
        // Only what was permitted is allocated.
        if length > permitted(stream)? {
            return Err(StreamError::trap("more was written than `check-write` permitted"));
        }
        stream.write_zeroes(usize::try_from(length).unwrap_or(usize::MAX))
    });
    outcome(view.table, written)
}

pub(super) fn flush(view: WasiCtxView<'_>, (stream,): (Output,)) -> Result<Outcome<()>> {
    let flushed = output(view.table, &stream).and_then(|stream| stream.flush());
    outcome(view.table, flushed)
}

pub(super) async fn blocking_flush(
    mut host: impl Host,
    (stream,): (Output,),
) -> Result<Outcome<()>> {
    let flushed = flush_all(&mut host, &stream).await;
    outcome(host.view().table, flushed)
}

pub(super) async fn blocking_write_and_flush(
    mut host: impl Host,
    (stream, bytes): (Output, Vec<u8>),
) -> Result<Outcome<()>> {
    let written = write_all(&mut host, &stream, bytes.into()).await;
    outcome(host.view().table, written)
}

pub(super) async fn blocking_write_zeroes_and_flush(
    mut host: impl Host,
    (stream, length): (Output, u64),
) -> Result<Outcome<()>> {
    let written = match usize::try_from(length) {
        Ok(length) if length <= BLOCKING_WRITE => {
            write_all(&mut host, &stream, vec![0; length].into()).await
        }
        _ => Err(too_long()),
    };
    outcome(host.view().table, written)
}

pub(super) fn splice(
    view: WasiCtxView<'_>,
    (target, source, length): (Output, Input, u64),
) -> Result<Outcome<u64>> {
    let spliced = splice_now(view.table, &target, &source, length);
    outcome(view.table, spliced)
}

pub(super) async fn blocking_splice(
    mut host: impl Host,
    (target, source, length): (Output, Input, u64),
) -> Result<Outcome<u64>> {
    let spliced = async {
        while output(host.view().table, &target)?.check_write()? == 0 {
            wait_for(&mut host, Source::of(&target)).await?;
        }
        loop {
            let count = splice_now(host.view().table, &target, &source, length)?;
            if count > 0 || length == 0 {
                return Ok(count);
            }
            wait_for(&mut host, Source::of(&source)).await?;
        }
    }
    .await;
    outcome(host.view().table, spliced)
}

pub(super) fn output_subscribe(
    view: WasiCtxView<'_>,
    (stream,): (Output,),
) -> Result<(Resource<DynPollable>,)> {
    Ok((super::subscribe(view.table, Resource::<DynOutputStream>::new_borrow(stream.rep()))?,))
}

fn splice_now(
    table: &mut ResourceTable,
    target: &Output,
    source: &Input,
    length: u64,
) -> StreamResult<u64> {
    let room = output(table, target)?.check_write()?;
    let bytes = input(table, source)?.read(room.min(chunk(length)))?;
    let count = bytes.len() as u64;
    if !bytes.is_empty() {
        output(table, target)?.write(bytes)?;
    }
    Ok(count)
}

async fn write_all(host: &mut impl Host, stream: &Output, mut bytes: Bytes) -> StreamResult<()> {
    if bytes.len() > BLOCKING_WRITE {
        return Err(too_long());
    }
    while !bytes.is_empty() {
        let target = output(host.view().table, stream)?;
        let permitted = target.check_write()?;
        if permitted == 0 {
            wait_for(host, Source::of(stream)).await?;
            continue;
        }
        target.write(bytes.split_to(permitted.min(bytes.len())))?;
    }
    flush_all(host, stream).await
}

async fn flush_all(host: &mut impl Host, stream: &Output) -> StreamResult<()> {
    output(host.view().table, stream)?.flush()?;
    while output(host.view().table, stream)?.check_write()? == 0 {
        wait_for(host, Source::of(stream)).await?;
    }
    Ok(())
}

fn too_long() -> StreamError {
    StreamError::trap("a call that writes and waits takes at most 4096 bytes")
}
