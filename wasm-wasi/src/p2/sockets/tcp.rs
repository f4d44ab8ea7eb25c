//! `wasi:sockets/tcp` and `tcp-create-socket`.

mod connection;
mod host;
pub(super) mod options;

use super::address::{family, from_host, local, remote};
use super::{SocketAddrUse, SocketError, SocketResult};
use crate::WasiCtx;
use crate::ctx::{Interest, Waiting};
use crate::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::p2::io::{Pollable, Readiness};
use crate::p2::state::Held;
use connection::{Connection, Half};
use rustix::net::{SocketFlags, SocketType, sockopt};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// How many connections wait to be accepted, unless the guest says something else.
const BACKLOG: i32 = 128;

/// The resource `tcp-socket`.
#[derive(Debug)]
pub struct TcpSocket {
    socket: Arc<Socket>,
    family: IpAddressFamily,
    backlog: i32,
    state: State,
}

/// The host's socket, which streams share.
#[derive(Debug)]
struct Socket {
    fd: OwnedFd,
    _held: Held,
}

#[derive(Debug)]
enum State {
    Unbound,
    /// What was started is done; it has to be finished.
    Binding,
    Bound,
    StartingToListen,
    Listening,
    Connecting,
    Connected(Arc<Connection>),
    Closed,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl TcpSocket {
    fn create(ctx: &WasiCtx, of: IpAddressFamily) -> SocketResult<Self> {
        if !ctx.p2.network.permits_tcp() {
            return Err(ErrorCode::AccessDenied.into());
        }
        let held = ctx.hold_descriptor()?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = rustix::net::socket_with(family(of), SocketType::STREAM, flags, None)?;
        if of == IpAddressFamily::Ipv6 {
            sockopt::set_ipv6_v6only(&fd, true)?;
        }
        Ok(Self::new(Socket { fd, _held: held }, of, State::Unbound))
    }

    fn new(socket: Socket, family: IpAddressFamily, state: State) -> Self {
        Self { socket: Arc::new(socket), family, backlog: BACKLOG, state }
    }

    fn start_bind(&mut self, ctx: &WasiCtx, address: IpSocketAddress) -> SocketResult<()> {
        match self.state {
            State::Unbound => {}
            State::Binding => return Err(ErrorCode::ConcurrencyConflict.into()),
            _ => return Err(ErrorCode::InvalidState.into()),
        }
        let address = local(address, self.family)?;
        permit(ctx, address, SocketAddrUse::TcpBind)?;
        // An address that was in use a short while ago can be bound again.
        sockopt::set_socket_reuseaddr(&self.socket, address.port() != 0)?;
        rustix::net::bind(&self.socket, &address).map_err(bind_error)?;
        self.state = State::Binding;
        Ok(())
    }

    fn finish_bind(&mut self) -> SocketResult<()> {
        match self.state {
            State::Binding => {
                self.state = State::Bound;
                Ok(())
            }
            _ => Err(ErrorCode::NotInProgress.into()),
        }
    }

    fn start_connect(&mut self, ctx: &WasiCtx, address: IpSocketAddress) -> SocketResult<()> {
        match self.state {
            State::Unbound | State::Bound => {}
            State::Binding | State::StartingToListen | State::Connecting => {
                return Err(ErrorCode::ConcurrencyConflict.into());
            }
            _ => return Err(ErrorCode::InvalidState.into()),
        }
        let address = remote(address, self.family)?;
        super::address::check_unicast(address)?;
        permit(ctx, address, SocketAddrUse::TcpConnect)?;
        match rustix::net::connect(&self.socket, &address) {
            Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {
                self.state = State::Connecting;
                Ok(())
            }
            Err(error) => {
                self.state = State::Closed;
                Err(connect_error(error))
            }
        }
    }

    fn finish_connect(&mut self) -> SocketResult<(Half, Half)> {
        if !matches!(self.state, State::Connecting) {
            return Err(ErrorCode::NotInProgress.into());
        }
        if !Waiting::is_ready(self.socket.as_fd(), Interest::Write)? {
            return Err(ErrorCode::WouldBlock.into());
        }
        if let Err(error) = sockopt::socket_error(&self.socket)? {
            self.state = State::Closed;
            return Err(connect_error(error));
        }
        Ok(self.connected())
    }

    /// The socket is connected from now on; returns the halves for reading and writing.
    fn connected(&mut self) -> (Half, Half) {
        let connection = Arc::new(Connection::new(Arc::clone(&self.socket)));
        self.state = State::Connected(Arc::clone(&connection));
        (Half::new(Arc::clone(&connection)), Half::new(connection))
    }

    fn start_listen(&mut self) -> SocketResult<()> {
        match self.state {
            State::Bound => {}
            State::Binding | State::StartingToListen | State::Connecting => {
                return Err(ErrorCode::ConcurrencyConflict.into());
            }
            _ => return Err(ErrorCode::InvalidState.into()),
        }
        rustix::net::listen(&self.socket, self.backlog)?;
        self.state = State::StartingToListen;
        Ok(())
    }

    fn finish_listen(&mut self) -> SocketResult<()> {
        match self.state {
            State::StartingToListen => {
                self.state = State::Listening;
                Ok(())
            }
            _ => Err(ErrorCode::NotInProgress.into()),
        }
    }

    fn accept(&mut self, ctx: &WasiCtx) -> SocketResult<(Self, Half, Half)> {
        if !matches!(self.state, State::Listening) {
            return Err(ErrorCode::InvalidState.into());
        }
        let held = ctx.hold_descriptor()?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let accept = || rustix::net::accept_with(&self.socket, flags);
        let fd = rustix::io::retry_on_intr(accept)?;
        let mut accepted = Self::new(Socket { fd, _held: held }, self.family, State::Closed);
        let (input, output) = accepted.connected();
        Ok((accepted, input, output))
    }

    fn local_address(&self) -> SocketResult<IpSocketAddress> {
        match self.state {
            State::Unbound | State::Binding | State::Closed => Err(ErrorCode::InvalidState.into()),
            _ => from_host(rustix::net::getsockname(&self.socket)?),
        }
    }

    fn remote_address(&self) -> SocketResult<IpSocketAddress> {
        if !matches!(self.state, State::Connected(_)) {
            return Err(ErrorCode::InvalidState.into());
        }
        let address = rustix::net::getpeername(&self.socket)?;
        from_host(address.ok_or(ErrorCode::InvalidState)?)
    }
}

impl Pollable for TcpSocket {
    fn readiness(&self) -> Readiness<'_> {
        match self.state {
            State::Listening => Readiness::Descriptor(self.socket.as_fd(), Interest::Read),
            State::Connecting => Readiness::Descriptor(self.socket.as_fd(), Interest::Write),
            _ => Readiness::Ready,
        }
    }
}

/// Fails if the host does not permit this use of an address.
fn permit(
    ctx: &WasiCtx,
    address: std::net::SocketAddr,
    purpose: SocketAddrUse,
) -> SocketResult<()> {
    let permitted = ctx.p2.network.permits(address, purpose);
    if permitted { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
}

fn bind_error(error: rustix::io::Errno) -> SocketError {
    match error {
        rustix::io::Errno::NOBUFS => ErrorCode::AddressInUse.into(),
        error => error.into(),
    }
}

/// There are no ports left, if the system does not have an address for its own end.
fn connect_error(error: rustix::io::Errno) -> SocketError {
    match error {
        rustix::io::Errno::ADDRNOTAVAIL => ErrorCode::AddressInUse.into(),
        error => error.into(),
    }
}
