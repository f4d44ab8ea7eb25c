//! The functions of `wasi:sockets/tcp` and `tcp-create-socket`.

use super::options::{buffer_size, host_buffer_size};
use super::{Half, State, TcpSocket};
use crate::p2::WasiCtxView;
use crate::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use crate::p2::bindings::sockets::tcp::{self, ShutdownType};
use crate::p2::bindings::sockets::tcp_create_socket;
use crate::p2::io::{DynInputStream, DynOutputStream, DynPollable, subscribe};
use crate::p2::runtime::{Resource, ResourceTable, Result};
use crate::p2::sockets::{Network, SocketResult};
use rustix::net::sockopt;

type Handle = Resource<TcpSocket>;
type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

impl tcp_create_socket::Host for WasiCtxView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Handle> {
        let socket = TcpSocket::create(self.ctx, family)?;
        Ok(self.table.push(socket)?)
    }
}

impl tcp::Host for WasiCtxView<'_> {}

/// The streams of a connection, as resources. The socket has to outlive them.
fn push(table: &mut ResourceTable, socket: &Handle, halves: (Half, Half)) -> SocketResult<Streams> {
    let input = table.push_child(halves.0.into_input(), socket)?;
    let output = table.push_child(halves.1.into_output(), socket)?;
    Ok((input, output))
}

impl tcp::HostTcpSocket for WasiCtxView<'_> {
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

    fn start_connect(
        &mut self,
        socket: Handle,
        network: Resource<Network>,
        address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        self.table.get_mut(&socket)?.start_connect(self.ctx, address)
    }

    fn finish_connect(&mut self, socket: Handle) -> SocketResult<Streams> {
        let halves = self.table.get_mut(&socket)?.finish_connect()?;
        push(self.table, &socket, halves)
    }

    fn start_listen(&mut self, socket: Handle) -> SocketResult<()> {
        self.table.get_mut(&socket)?.start_listen()
    }

    fn finish_listen(&mut self, socket: Handle) -> SocketResult<()> {
        self.table.get_mut(&socket)?.finish_listen()
    }

    fn accept(
        &mut self,
        socket: Handle,
    ) -> SocketResult<(Handle, Resource<DynInputStream>, Resource<DynOutputStream>)> {
        let (accepted, input, output) = self.table.get_mut(&socket)?.accept(self.ctx)?;
        let accepted = self.table.push(accepted)?;
        let (input, output) = push(self.table, &accepted, (input, output))?;
        Ok((accepted, input, output))
    }

    fn local_address(&mut self, socket: Handle) -> SocketResult<IpSocketAddress> {
        self.table.get(&socket)?.local_address()
    }

    fn remote_address(&mut self, socket: Handle) -> SocketResult<IpSocketAddress> {
        self.table.get(&socket)?.remote_address()
    }

    fn is_listening(&mut self, socket: Handle) -> Result<bool> {
        Ok(matches!(self.table.get(&socket)?.state, State::Listening))
    }

    fn address_family(&mut self, socket: Handle) -> Result<IpAddressFamily> {
        Ok(self.table.get(&socket)?.family)
    }

    fn set_listen_backlog_size(&mut self, socket: Handle, value: u64) -> SocketResult<()> {
        self.table.get_mut(&socket)?.set_backlog(value)
    }

    fn keep_alive_enabled(&mut self, socket: Handle) -> SocketResult<bool> {
        self.table.get(&socket)?.keep_alive()
    }

    fn set_keep_alive_enabled(&mut self, socket: Handle, value: bool) -> SocketResult<()> {
        self.table.get(&socket)?.set_keep_alive(value)
    }

    fn keep_alive_idle_time(&mut self, socket: Handle) -> SocketResult<u64> {
        self.table.get(&socket)?.idle_time()
    }

    fn set_keep_alive_idle_time(&mut self, socket: Handle, value: u64) -> SocketResult<()> {
        self.table.get(&socket)?.set_idle_time(value)
    }

    fn keep_alive_interval(&mut self, socket: Handle) -> SocketResult<u64> {
        self.table.get(&socket)?.interval()
    }

    fn set_keep_alive_interval(&mut self, socket: Handle, value: u64) -> SocketResult<()> {
        self.table.get(&socket)?.set_interval(value)
    }

    fn keep_alive_count(&mut self, socket: Handle) -> SocketResult<u32> {
        self.table.get(&socket)?.count()
    }

    fn set_keep_alive_count(&mut self, socket: Handle, value: u32) -> SocketResult<()> {
        self.table.get(&socket)?.set_count(value)
    }

    fn hop_limit(&mut self, socket: Handle) -> SocketResult<u8> {
        self.table.get(&socket)?.hop_limit()
    }

    fn set_hop_limit(&mut self, socket: Handle, value: u8) -> SocketResult<()> {
        self.table.get(&socket)?.set_hop_limit(value)
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
        Ok(subscribe(self.table, Resource::<TcpSocket>::new_borrow(socket.rep()))?)
    }

    fn shutdown(&mut self, socket: Handle, how: ShutdownType) -> SocketResult<()> {
        match &self.table.get(&socket)?.state {
            State::Connected(connection) => connection.shutdown(how),
            _ => Err(ErrorCode::InvalidState.into()),
        }
    }

    fn drop(&mut self, socket: Handle) -> Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
