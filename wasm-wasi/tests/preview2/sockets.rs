//! Sockets: what is permitted works, and nothing else does.

use crate::guest::Guest;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use wasm_component_run::Resource;
use wasm_wasi::WasiCtx;
use wasm_wasi::p2::bindings::sockets::instance_network::Host as _;
use wasm_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasm_wasi::p2::bindings::sockets::tcp::{HostTcpSocket as _, ShutdownType};
use wasm_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasm_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasm_wasi::p2::{Network, SocketAddrUse, SocketResult, StreamError, TcpSocket};

pub(crate) const V4: IpAddressFamily = IpAddressFamily::Ipv4;

pub(crate) fn code<T>(result: SocketResult<T>) -> Result<T, ErrorCode> {
    result.map_err(|error| error.downcast().unwrap())
}

pub(crate) fn network(guest: &mut Guest) -> Resource<Network> {
    guest.view().instance_network().unwrap()
}

pub(crate) fn borrow<T: 'static>(resource: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(resource.rep())
}

pub(crate) fn loopback(port: u16) -> IpSocketAddress {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()
}

/// Repeats a call that does not wait until it has a result.
fn finish<T>(mut call: impl FnMut() -> SocketResult<T>) -> Result<T, ErrorCode> {
    loop {
        match code(call()) {
            Err(ErrorCode::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(1)),
            result => return result,
        }
    }
}

fn connect(guest: &mut Guest, address: SocketAddr) -> Result<Resource<TcpSocket>, ErrorCode> {
    let network = network(guest);
    let socket = code(guest.view().create_tcp_socket(V4))?;
    code(guest.view().start_connect(borrow(&socket), network, address.into()))?;
    Ok(socket)
}

#[test]
fn nothing_is_permitted_by_default() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut guest = Guest::new(&mut WasiCtx::builder());
    let address = listener.local_addr().unwrap();
    assert_eq!(connect(&mut guest, address).map(drop), Err(ErrorCode::AccessDenied));
    let network = network(&mut guest);
    let mut view = guest.view();
    let socket = code(view.create_tcp_socket(V4)).unwrap();
    let bound = view.start_bind(borrow(&socket), borrow(&network), loopback(0));
    assert_eq!(code(bound), Err(ErrorCode::AccessDenied));
    let socket = code(view.create_udp_socket(V4)).unwrap();
    let bound = crate::datagrams::bind(&mut guest, &socket, &network);
    assert_eq!(bound, Err(ErrorCode::AccessDenied));
}

#[test]
fn protocols_can_be_switched_off() {
    let mut builder = WasiCtx::builder();
    builder.inherit_network().allow_tcp(false).allow_udp(false);
    let mut guest = Guest::new(&mut builder);
    let mut view = guest.view();
    assert_eq!(code(view.create_tcp_socket(V4)).map(drop), Err(ErrorCode::AccessDenied));
    assert_eq!(code(view.create_udp_socket(V4)).map(drop), Err(ErrorCode::AccessDenied));
}

#[test]
fn each_use_of_an_address_is_checked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let permitted = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut builder = WasiCtx::builder();
    let uses = Arc::clone(&seen);
    builder.socket_addr_check(move |address, purpose| {
        uses.lock().unwrap().push((address, purpose));
        address == permitted && purpose == SocketAddrUse::TcpConnect
    });
    let mut guest = Guest::new(&mut builder);
    connect(&mut guest, permitted).unwrap();
    let other = other.local_addr().unwrap();
    assert_eq!(connect(&mut guest, other).map(drop), Err(ErrorCode::AccessDenied));
    let connect = SocketAddrUse::TcpConnect;
    assert_eq!(*seen.lock().unwrap(), [(permitted, connect), (other, connect)]);
}

/// As in Wasmtime, a check may be a future; one that waits permits nothing.
#[test]
fn checks_may_be_futures() {
    use std::pin::Pin;
    type Answer = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut builder = WasiCtx::builder();
    builder.socket_addr_check(|_, _| Box::pin(std::future::ready(true)) as Answer);
    connect(&mut Guest::new(&mut builder), address).unwrap();
    builder.socket_addr_check(|_, _| Box::pin(std::future::pending()) as Answer);
    let refused = connect(&mut Guest::new(&mut builder), address).map(drop);
    assert_eq!(refused, Err(ErrorCode::AccessDenied));
}

#[test]
fn a_connection_carries_data_both_ways() {
    let mut guest = Guest::new(WasiCtx::builder().inherit_network());
    let network = network(&mut guest);
    let mut view = guest.view();
    let listener = code(view.create_tcp_socket(V4)).unwrap();
    assert_eq!(code(view.start_listen(borrow(&listener))), Err(ErrorCode::InvalidState));
    code(view.start_bind(borrow(&listener), borrow(&network), loopback(0))).unwrap();
    code(view.finish_bind(borrow(&listener))).unwrap();
    assert_eq!(code(view.finish_bind(borrow(&listener))), Err(ErrorCode::NotInProgress));
    code(view.start_listen(borrow(&listener))).unwrap();
    code(view.finish_listen(borrow(&listener))).unwrap();
    assert!(view.is_listening(borrow(&listener)).unwrap());
    let refused = view.accept(borrow(&listener)).map(drop);
    assert_eq!(code(refused), Err(ErrorCode::WouldBlock));
    let address = code(view.local_address(borrow(&listener))).unwrap();

    let client = code(view.create_tcp_socket(V4)).unwrap();
    code(view.start_connect(borrow(&client), borrow(&network), address)).unwrap();
    let (input, output) = finish(|| view.finish_connect(borrow(&client))).unwrap();
    let (server, server_input, server_output) = finish(|| view.accept(borrow(&listener))).unwrap();
    let (peer, own) =
        (code(view.remote_address(borrow(&server))), code(view.local_address(borrow(&client))));
    assert_eq!(SocketAddr::from(peer.unwrap()), SocketAddr::from(own.unwrap()));

    let mut transfer = |from: &Resource<_>, to: &Resource<_>, text: &'static str| {
        let from: &mut wasm_wasi::p2::DynOutputStream = guest.table.get_mut(from).unwrap();
        from.write(text.into()).unwrap();
        from.flush().unwrap();
        let to: &mut wasm_wasi::p2::DynInputStream = guest.table.get_mut(to).unwrap();
        let mut all = Vec::new();
        while all.len() < text.len() {
            all.extend(to.read(100).unwrap());
        }
        assert_eq!(all, text.as_bytes());
    };
    transfer(&output, &server_input, "ping");
    transfer(&server_output, &input, "pong");

    code(guest.view().shutdown(borrow(&client), ShutdownType::Send)).unwrap();
    let closed = guest.table.get_mut(&output).unwrap().write("more".into());
    assert!(matches!(closed, Err(StreamError::Closed)));
    let end = loop {
        match guest.table.get_mut(&server_input).unwrap().read(100) {
            Ok(bytes) => assert!(bytes.is_empty()),
            Err(error) => break error,
        }
    };
    assert!(matches!(end, StreamError::Closed));
}

#[test]
fn a_connection_that_nobody_takes_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut guest = Guest::new(WasiCtx::builder().inherit_network());
    let refused = connect(&mut guest, address).and_then(|socket| {
        let mut view = guest.view();
        finish(|| view.finish_connect(borrow(&socket))).map(drop)
    });
    assert_eq!(refused, Err(ErrorCode::ConnectionRefused));
}

#[test]
fn options_are_what_was_set() {
    let mut guest = Guest::new(WasiCtx::builder().inherit_network());
    let mut view = guest.view();
    let socket = code(view.create_tcp_socket(V4)).unwrap();
    let at = || borrow(&socket);
    code(view.set_hop_limit(at(), 42)).unwrap();
    assert_eq!(code(view.hop_limit(at())), Ok(42));
    code(view.set_keep_alive_enabled(at(), true)).unwrap();
    assert_eq!(code(view.keep_alive_enabled(at())), Ok(true));
    code(view.set_keep_alive_idle_time(at(), 1)).unwrap();
    assert_eq!(code(view.keep_alive_idle_time(at())), Ok(1_000_000_000));
    code(view.set_keep_alive_count(at(), u32::MAX)).unwrap();
    code(view.set_receive_buffer_size(at(), 40_000)).unwrap();
    assert_eq!(code(view.receive_buffer_size(at())), Ok(40_000));
    code(view.set_send_buffer_size(at(), u64::MAX)).unwrap();
    let invalid = Err(ErrorCode::InvalidArgument);
    assert_eq!(code(view.set_hop_limit(at(), 0)), invalid);
    assert_eq!(code(view.set_keep_alive_interval(at(), 0)), invalid);
    assert_eq!(code(view.set_listen_backlog_size(at(), 0)), invalid);
    assert_eq!(code(view.set_receive_buffer_size(at(), 0)), invalid);
}
