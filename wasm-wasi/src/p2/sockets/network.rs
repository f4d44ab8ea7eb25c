//! What of the network the host permits.

use crate::WasiCtxBuilder;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What a guest wants to use an address for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketAddrUse {
    /// Bind a TCP socket to it.
    TcpBind,
    /// Connect a TCP socket to it.
    TcpConnect,
    /// Bind a UDP socket to it.
    UdpBind,
    /// Connect a UDP socket to it, so that it only sends there and receives from there.
    UdpConnect,
    /// Send a datagram to it.
    UdpOutgoingDatagram,
}

/// What a check of addresses may return: a `bool`, or a future of one as in Wasmtime.
pub trait SocketAddrCheckResult {
    /// Whether the use is permitted.
    fn permits(self) -> bool;
}

impl SocketAddrCheckResult for bool {
    fn permits(self) -> bool {
        self
    }
}

/// The future is polled once: if it is not ready at once, the use is not permitted.
impl SocketAddrCheckResult for Pin<Box<dyn Future<Output = bool> + Send + Sync>> {
    fn permits(self) -> bool {
        matches!(pin!(self).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(true))
    }
}

/// What of the network a guest may use.
#[derive(Clone)]
pub(crate) struct Permitted {
    check: Arc<dyn Fn(SocketAddr, SocketAddrUse) -> bool + Send + Sync>,
    tcp: bool,
    udp: bool,
    pub(super) lookup: bool,
}

/// Nothing.
impl Default for Permitted {
    fn default() -> Self {
        Self { check: Arc::new(|_, _| false), tcp: true, udp: true, lookup: false }
    }
}

impl Permitted {
    pub(super) fn permits(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        let protocol = match purpose {
            SocketAddrUse::TcpBind | SocketAddrUse::TcpConnect => self.tcp,
            SocketAddrUse::UdpBind
            | SocketAddrUse::UdpConnect
            | SocketAddrUse::UdpOutgoingDatagram => self.udp,
        };
        protocol && (self.check)(address, purpose)
    }

    pub(super) const fn permits_tcp(&self) -> bool {
        self.tcp
    }

    pub(super) const fn permits_udp(&self) -> bool {
        self.udp
    }
}

/// The network, for WASI 0.2.
impl WasiCtxBuilder {
    /// Permits a guest all addresses. It may only look up names if
    /// [`allow_ip_name_lookup`](WasiCtxBuilder::allow_ip_name_lookup) says so.
    pub fn inherit_network(&mut self) -> &mut Self {
        self.socket_addr_check(|_, _| true)
    }

    /// Sets the function that decides which addresses a guest may bind, connect to and send to. It
    /// is asked about each use, and replaces the one before. By default a guest may use none.
    ///
    /// ```
    /// use wasm_wasi::WasiCtxBuilder;
    /// use wasm_wasi::p2::SocketAddrUse;
    ///
    /// let mut builder = WasiCtxBuilder::new();
    /// builder.socket_addr_check(|address, purpose| {
    ///     purpose == SocketAddrUse::TcpConnect && address.ip().is_loopback()
    /// });
    /// ```
    pub fn socket_addr_check<R: SocketAddrCheckResult>(
        &mut self,
        check: impl Fn(SocketAddr, SocketAddrUse) -> R + Send + Sync + 'static,
    ) -> &mut Self {
        self.p2.network.check = Arc::new(move |address, purpose| check(address, purpose).permits());
        self
    }

    /// Whether a guest may look up names; not by default. That alone tells servers of names, and
    /// whoever listens, which ones it asks for.
    pub fn allow_ip_name_lookup(&mut self, enable: bool) -> &mut Self {
        self.p2.network.lookup = enable;
        self
    }

    /// Whether a guest may use UDP, with the addresses that are permitted; by default it may.
    pub fn allow_udp(&mut self, enable: bool) -> &mut Self {
        self.p2.network.udp = enable;
        self
    }

    /// Whether a guest may use TCP, with the addresses that are permitted; by default it may.
    pub fn allow_tcp(&mut self, enable: bool) -> &mut Self {
        self.p2.network.tcp = enable;
        self
    }
}
