//! `wasi:sockets/ip-name-lookup`: the addresses of a name.
//!
//! The system's function for this waits, so a thread calls it. It ends by itself when the guest
//! does not care any more.

use super::{Network, SocketResult};
use crate::abi::Errno;
use crate::ctx::Interest;
use crate::p2::WasiCtxView;
use crate::p2::bindings::sockets::ip_name_lookup::{self, ErrorCode, IpAddress};
use crate::p2::io::{DynPollable, Pollable, Readiness, Signal, subscribe};
use crate::p2::runtime::{Resource, Result};
use crate::p2::state::Held;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// How many addresses a guest gets at most.
const MOST: usize = 256;

/// The resource `resolve-address-stream`.
#[derive(Debug)]
pub struct ResolveAddressStream(State);

#[derive(Debug)]
enum State {
    /// The thread has not answered yet.
    Asked {
        answer: Receiver<io::Result<Vec<IpAddr>>>,
        signal: Signal,
        /// Counts the descriptors of the signal, also when the thread has ended.
        _held: Held,
    },
    /// These addresses are left.
    Found(std::vec::IntoIter<IpAddr>),
    Failed(ErrorCode),
}

impl ip_name_lookup::Host for WasiCtxView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        self.table.get(&network)?;
        if !self.ctx.p2.network.lookup {
            return Err(ErrorCode::AccessDenied.into());
        }
        let state = match name.parse::<IpAddr>() {
            Ok(address) => State::Found(vec![address].into_iter()),
            Err(_) if !is_name(&name) => return Err(ErrorCode::InvalidArgument.into()),
            Err(_) => {
                let lookup = self.ctx.p2.hold_lookup();
                let lookup = lookup.ok_or(ErrorCode::TemporaryResolverFailure)?;
                let held = self.ctx.hold_descriptor();
                ask(name, lookup, held.map_err(|_| ErrorCode::TemporaryResolverFailure)?)?
            }
        };
        Ok(self.table.push(ResolveAddressStream(state))?)
    }
}

/// Whether this can be the name of a host: letters, digits, hyphens and underscores between dots.
/// Names in other scripts have to be in their ASCII form.
fn is_name(name: &str) -> bool {
    let whole = name.strip_suffix('.').unwrap_or(name);
    whole.len() <= 253
        && whole.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

fn ask(name: String, lookup: Held, held: Held) -> SocketResult<State> {
    let signal = Signal::new()?;
    let (waker, (sender, answer)) = (signal.waker(), channel());
    std::thread::Builder::new().name("wasi-lookup".to_owned()).spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let found = found.map(|all| {
            let mut addresses: Vec<IpAddr> = Vec::new();
            // Never IPv4 in the disguise of IPv6, and each once.
            for address in all.map(|address| address.ip().to_canonical()).take(MOST) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            addresses
        });
        // If nobody waits any more, nobody needs to know.
        let _ = sender.send(found);
        waker.wake();
        // A thread counts until it ends, whether or not somebody waits for it.
        drop(lookup);
    })?;
    Ok(State::Asked { answer, signal, _held: held })
}

impl ip_name_lookup::HostResolveAddressStream for WasiCtxView<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        let ResolveAddressStream(state) = self.table.get_mut(&stream)?;
        if let State::Asked { answer, .. } = state {
            *state = match answer.try_recv() {
                Err(TryRecvError::Empty) => return Err(ErrorCode::WouldBlock.into()),
                Err(TryRecvError::Disconnected) => {
                    State::Failed(ErrorCode::PermanentResolverFailure)
                }
                Ok(Ok(addresses)) => State::Found(addresses.into_iter()),
                Ok(Err(error)) => State::Failed(code(error)),
            };
        }
        match state {
            State::Found(addresses) => Ok(addresses.next().map(Into::into)),
            State::Failed(code) => Err((*code).into()),
            State::Asked { .. } => Err(ErrorCode::WouldBlock.into()),
        }
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Resource<DynPollable>> {
        Ok(subscribe(self.table, Resource::<ResolveAddressStream>::new_borrow(stream.rep()))?)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

/// The standard library passes on what the resolver says only as text: that it does not know a name
/// is the usual case.
fn code(error: io::Error) -> ErrorCode {
    match Errno::from(error) {
        Errno::NoMem | Errno::MFile | Errno::NFile => ErrorCode::OutOfMemory,
        Errno::Again => ErrorCode::TemporaryResolverFailure,
        _ => ErrorCode::NameUnresolvable,
    }
}

impl Pollable for ResolveAddressStream {
    fn readiness(&self) -> Readiness<'_> {
        match &self.0 {
            State::Asked { signal, .. } => Readiness::Descriptor(signal.as_fd(), Interest::Read),
            State::Found(_) | State::Failed(_) => Readiness::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_those_of_hosts() {
        for name in
            ["localhost", "a.example.", "xn--bcher-kva.example", "_dmarc.a-b.c", "10.0.0.300"]
        {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", ".", "a..b", "a b", "a/b", "bücher.example", "a\0b", long.as_str()] {
            assert!(!is_name(name), "{name}");
        }
    }
}
