//! The functions of `wasi:sockets/udp` and `udp-create-socket`.

use super::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};
use crate::p2::WasiCtxView;
use crate::p2::bindings::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::p2::bindings::sockets::udp::{self, IncomingDatagram, OutgoingDatagram};
use crate::p2::bindings::sockets::udp_create_socket;
use crate::p2::io::{DynPollable, subscribe};
use crate::p2::runtime::{Resource, Result};
use crate::p2::sockets::tcp::options::{buffer_size, hop_limit, host_buffer_size, set_hop_limit};
use crate::p2::sockets::{Network, SocketResult};
use rustix::net::sockopt;

type Handle = Resource<UdpSocket>;

impl udp_create_socket::Host for WasiCtxView<'_> {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Handle> {
        let socket = UdpSocket::create(self.ctx, family)?;
        Ok(self.table.push(socket)?)
    }
}

impl udp::Host for WasiCtxView<'_> {}

impl udp::HostUdpSocket for WasiCtxView<'_> {
    fn start_bind(
        &mut self,
        socket: Handle,
        network: Resource<Network>,
        address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.table.get_mut(&socket)?.start_bind(self.ctx, address)
    }

    fn finish_bind(&mut self, socket: Handle) -> SocketResult<()> {
        self.table.get_mut(&socket)?.finish_bind()
    }

    fn stream(
        &mut self,
        socket: Handle,
        peer: Option<IpSocketAddress>,
    ) -> SocketResult<(Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>)> {
        let (incoming, outgoing) = self.table.get_mut(&socket)?.stream(self.ctx, peer)?;
        let incoming = self.table.push_child(incoming, &socket)?;
        let outgoing = self.table.push_child(outgoing, &socket)?;
        Ok((incoming, outgoing))
    }

    fn local_address(&mut self, socket: Handle) -> SocketResult<IpSocketAddress> {
        self.table.get(&socket)?.local_address()
    }

    fn remote_address(&mut self, socket: Handle) -> SocketResult<IpSocketAddress> {
        self.table.get(&socket)?.remote_address()
    }

    fn address_family(&mut self, socket: Handle) -> Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.family)
    }

    fn unicast_hop_limit(&mut self, socket: Handle) -> SocketResult<u8> {
        let socket = self.table.get(&socket)?;
        hop_limit(&socket.socket, socket.family)
    }

    fn set_unicast_hop_limit(&mut self, socket: Handle, value: u8) -> SocketResult<()> {
        let socket = self.table.get(&socket)?;
        set_hop_limit(&socket.socket, socket.family, value)
    }

    fn receive_buffer_size(&mut self, socket: Handle) -> SocketResult<u64> {
        Ok(buffer_size(sockopt::socket_recv_buffer_size(&self.table.get(&socket)?.socket)?))
    }

    fn set_receive_buffer_size(&mut self, socket: Handle, value: u64) -> SocketResult<()> {
        let socket = &self.table.get(&socket)?.socket;
        Ok(sockopt::set_socket_recv_buffer_size(socket, host_buffer_size(value)?)?)
    }

    fn send_buffer_size(&mut self, socket: Handle) -> SocketResult<u64> {
        Ok(buffer_size(sockopt::socket_send_buffer_size(&self.table.get(&socket)?.socket)?))
    }

    fn set_send_buffer_size(&mut self, socket: Handle, value: u64) -> SocketResult<()> {
        let socket = &self.table.get(&socket)?.socket;
        Ok(sockopt::set_socket_send_buffer_size(socket, host_buffer_size(value)?)?)
    }

    fn subscribe(&mut self, socket: Handle) -> Result<Resource<DynPollable>> {
        Ok(subscribe(self.table, Resource::<UdpSocket>::new_borrow(socket.rep()))?)
    }

    fn drop(&mut self, socket: Handle) -> Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}

impl udp::HostIncomingDatagramStream for WasiCtxView<'_> {
    fn receive(
        &mut self,
        stream: Resource<IncomingDatagramStream>,
        most: u64,
    ) -> SocketResult<Vec<IncomingDatagram>> {
        self.table.get_mut(&stream)?.receive(most)
    }

    fn subscribe(
        &mut self,
        stream: Resource<IncomingDatagramStream>,
    ) -> Result<Resource<DynPollable>> {
        Ok(subscribe(self.table, Resource::<IncomingDatagramStream>::new_borrow(stream.rep()))?)
    }

    fn drop(&mut self, stream: Resource<IncomingDatagramStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl udp::HostOutgoingDatagramStream for WasiCtxView<'_> {
    fn check_send(&mut self, stream: Resource<OutgoingDatagramStream>) -> SocketResult<u64> {
        self.table.get_mut(&stream)?.check_send()
    }

    fn send(
        &mut self,
        stream: Resource<OutgoingDatagramStream>,
        datagrams: Vec<OutgoingDatagram>,
    ) -> SocketResult<u64> {
        self.table.get_mut(&stream)?.send(self.ctx, &datagrams)
    }

    fn subscribe(
        &mut self,
        stream: Resource<OutgoingDatagramStream>,
    ) -> Result<Resource<DynPollable>> {
        Ok(subscribe(self.table, Resource::<OutgoingDatagramStream>::new_borrow(stream.rep()))?)
    }

    fn drop(&mut self, stream: Resource<OutgoingDatagramStream>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
