//! `wasi:sockets/udp` and `udp-create-socket`.

mod datagrams;
mod host;

pub use datagrams::{IncomingDatagramStream, OutgoingDatagramStream};

use super::address::{family, from_host, local, remote};
use super::{SocketAddrUse, SocketResult};
use crate::WasiCtx;
use crate::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::p2::io::{Pollable, Readiness};
use crate::p2::state::Held;
use rustix::net::{SocketFlags, SocketType, sockopt};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The resource `udp-socket`.
#[derive(Debug)]
pub struct UdpSocket {
    socket: Arc<Socket>,
    family: IpAddressFamily,
    state: State,
}

/// The host's socket, which streams share.
#[derive(Debug)]
struct Socket {
    fd: OwnedFd,
    /// How often streams were made: only the last ones work.
    generation: AtomicU64,
    _held: Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unbound,
    /// It is bound; that has to be finished.
    Binding,
    Bound,
    /// The streams only send there and receive from there.
    Connected(SocketAddr),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl UdpSocket {
    fn create(ctx: &WasiCtx, of: IpAddressFamily) -> SocketResult<Self> {
        if !ctx.p2.network.permits_udp() {
            return Err(ErrorCode::AccessDenied.into());
        }
        let held = ctx.hold_descriptor()?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = rustix::net::socket_with(family(of), SocketType::DGRAM, flags, None)?;
        if of == IpAddressFamily::Ipv6 {
            sockopt::set_ipv6_v6only(&fd, true)?;
        }
        let socket = Socket { fd, generation: AtomicU64::new(0), _held: held };
        Ok(Self { socket: Arc::new(socket), family: of, state: State::Unbound })
    }

    fn start_bind(&mut self, ctx: &WasiCtx, address: IpSocketAddress) -> SocketResult<()> {
        match self.state {
            State::Unbound => {}
            State::Binding => return Err(ErrorCode::ConcurrencyConflict.into()),
            State::Bound | State::Connected(_) => return Err(ErrorCode::InvalidState.into()),
        }
        let address = local(address, self.family)?;
        permit(ctx, address, SocketAddrUse::UdpBind)?;
        rustix::net::bind(&self.socket, &address)?;
        self.state = State::Binding;
        Ok(())
    }

    fn finish_bind(&mut self) -> SocketResult<()> {
        if self.state != State::Binding {
            return Err(ErrorCode::NotInProgress.into());
        }
        self.state = State::Bound;
        Ok(())
    }

    /// New streams; earlier ones work no more.
    fn stream(
        &mut self,
        ctx: &WasiCtx,
        peer: Option<IpSocketAddress>,
    ) -> SocketResult<(IncomingDatagramStream, OutgoingDatagramStream)> {
        if !matches!(self.state, State::Bound | State::Connected(_)) {
            return Err(ErrorCode::InvalidState.into());
        }
        let peer = peer.map(|peer| remote(peer, self.family)).transpose()?;
        if let Some(peer) = peer {
            permit(ctx, peer, SocketAddrUse::UdpConnect)?;
        }
        let generation = self.socket.generation.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(self.state, State::Connected(_)) {
            self.state = State::Bound;
            rustix::net::connect_unspec(&self.socket)?;
        }
        if let Some(peer) = peer {
            rustix::net::connect(&self.socket, &peer)?;
            self.state = State::Connected(peer);
        }
        let socket = || Arc::clone(&self.socket);
        Ok((
            IncomingDatagramStream::new(socket(), generation, peer),
            OutgoingDatagramStream::new(socket(), generation, self.family, peer),
        ))
    }

    fn local_address(&self) -> SocketResult<IpSocketAddress> {
        match self.state {
            State::Unbound | State::Binding => Err(ErrorCode::InvalidState.into()),
            _ => from_host(rustix::net::getsockname(&self.socket)?),
        }
    }

    fn remote_address(&self) -> SocketResult<IpSocketAddress> {
        match self.state {
            State::Connected(peer) => Ok(peer.into()),
            _ => Err(ErrorCode::InvalidState.into()),
        }
    }
}

/// What is started is done at once.
impl Pollable for UdpSocket {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

/// Fails if the host does not permit this use of an address.
fn permit(ctx: &WasiCtx, address: SocketAddr, purpose: SocketAddrUse) -> SocketResult<()> {
    let permitted = ctx.p2.network.permits(address, purpose);
    if permitted { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
}
