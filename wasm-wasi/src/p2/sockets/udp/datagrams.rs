//! The streams of datagrams of a UDP socket.

use super::{Socket, permit};
use crate::WasiCtx;
use crate::ctx::{Interest, Waiting};
use crate::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use crate::p2::bindings::sockets::udp::{IncomingDatagram, OutgoingDatagram};
use crate::p2::io::{Pollable, Readiness};
use crate::p2::runtime::Error;
use crate::p2::sockets::address::{from_host, remote};
use crate::p2::sockets::{SocketAddrUse, SocketError, SocketResult};
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, SendFlags};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How many datagrams are received or sent at most at a time.
const MOST: usize = 16;

/// No datagram is longer.
const LONGEST: usize = 65_535;

/// The resource `incoming-datagram-stream`.
#[derive(Debug)]
pub struct IncomingDatagramStream {
    socket: Arc<Socket>,
    generation: u64,
    peer: Option<SocketAddr>,
}

/// The resource `outgoing-datagram-stream`.
#[derive(Debug)]
pub struct OutgoingDatagramStream {
    socket: Arc<Socket>,
    generation: u64,
    family: IpAddressFamily,
    peer: Option<SocketAddr>,
    /// How many datagrams were permitted, and not sent yet.
    permitted: usize,
}

impl Socket {
    /// Fails if other streams were made since.
    fn check_generation(&self, generation: u64) -> SocketResult<()> {
        let is_last = self.generation.load(Ordering::Relaxed) == generation;
        if is_last { Ok(()) } else { Err(ErrorCode::InvalidState.into()) }
    }
}

impl IncomingDatagramStream {
    pub(super) const fn new(
        socket: Arc<Socket>,
        generation: u64,
        peer: Option<SocketAddr>,
    ) -> Self {
        Self { socket, generation, peer }
    }

    pub(super) fn receive(&mut self, most: u64) -> SocketResult<Vec<IncomingDatagram>> {
        self.socket.check_generation(self.generation)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(MOST);
        let mut received = Vec::new();
        let mut buffer = vec![0; if most > 0 { LONGEST } else { 0 }];
        // What others have sent before the socket was connected does not count as a result.
        for _ in 0..MOST {
            if received.len() == most {
                break;
            }
            let flags = RecvFlags::DONTWAIT;
            let next =
                retry_on_intr(|| rustix::net::recvfrom(&self.socket, &mut buffer[..], flags));
            let (length, from) = match next {
                Ok((length, _, Some(from))) => (length, from),
                Ok((_, _, None)) => continue,
                Err(rustix::io::Errno::AGAIN) => break,
                // What came before an error is the result.
                Err(_) if !received.is_empty() => break,
                Err(error) => return Err(error.into()),
            };
            let remote_address = from_host(from)?;
            if self.peer.is_none_or(|peer| peer == SocketAddr::from(remote_address)) {
                received.push(IncomingDatagram { data: buffer[..length].to_vec(), remote_address });
            }
        }
        Ok(received)
    }
}

impl Pollable for IncomingDatagramStream {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Descriptor(self.socket.as_fd(), Interest::Read)
    }
}

impl OutgoingDatagramStream {
    pub(super) const fn new(
        socket: Arc<Socket>,
        generation: u64,
        family: IpAddressFamily,
        peer: Option<SocketAddr>,
    ) -> Self {
        Self { socket, generation, family, peer, permitted: 0 }
    }

    pub(super) fn check_send(&mut self) -> SocketResult<u64> {
        self.socket.check_generation(self.generation)?;
        let is_ready = Waiting::is_ready(self.socket.as_fd(), Interest::Write)?;
        self.permitted = if is_ready { MOST } else { 0 };
        Ok(self.permitted as u64)
    }

    pub(super) fn send(
        &mut self,
        ctx: &WasiCtx,
        datagrams: &[OutgoingDatagram],
    ) -> SocketResult<u64> {
        if datagrams.len() > self.permitted {
            return Err(SocketError::trap(Error::msg(
                "more datagrams were sent than `check-send` permitted",
            )));
        }
        self.permitted = 0;
        self.socket.check_generation(self.generation)?;
        let mut sent = 0;
        for datagram in datagrams {
            match self.send_one(ctx, datagram) {
                Ok(true) => sent += 1,
                Ok(false) => break,
                // What was sent before an error is the result.
                Err(_) if sent > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    /// Sends one, or returns `false` if there is no room for it.
    fn send_one(&self, ctx: &WasiCtx, datagram: &OutgoingDatagram) -> SocketResult<bool> {
        let OutgoingDatagram { data, remote_address } = datagram;
        let given = remote_address.map(|address| remote(address, self.family)).transpose()?;
        let target = match (self.peer, given) {
            (Some(peer), None) => peer,
            (Some(peer), Some(given)) if peer == given => peer,
            (None, Some(given)) => given,
            _ => return Err(ErrorCode::InvalidArgument.into()),
        };
        permit(ctx, target, SocketAddrUse::UdpOutgoingDatagram)?;
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let result = retry_on_intr(|| match self.peer {
            // Some systems refuse an address where the socket is connected.
            Some(_) => rustix::net::send(&self.socket, data, flags),
            None => rustix::net::sendto(&self.socket, data, flags, &target),
        });
        match result {
            Ok(_) => Ok(true),
            Err(rustix::io::Errno::AGAIN) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Pollable for OutgoingDatagramStream {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Descriptor(self.socket.as_fd(), Interest::Write)
    }
}
