//! Datagrams: they go to whom is permitted, and come from whom they say.

use crate::guest::Guest;
use crate::sockets::{V4, borrow, code, loopback, network};
use std::net::SocketAddr;
use wasm_component_run::Resource;
use wasm_wasi::WasiCtx;
use wasm_wasi::p2::bindings::sockets::network::ErrorCode;
use wasm_wasi::p2::bindings::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket as _, OutgoingDatagram,
};
use wasm_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasm_wasi::p2::{Network, UdpSocket};

/// Binds a socket to a free port.
pub(crate) fn bind(
    guest: &mut Guest,
    socket: &Resource<UdpSocket>,
    network: &Resource<Network>,
) -> Result<(), ErrorCode> {
    let mut view = guest.view();
    code(view.start_bind(borrow(socket), borrow(network), loopback(0)))?;
    code(view.finish_bind(borrow(socket)))
}

#[test]
fn datagrams_come_from_whom_they_say() {
    let mut guest = Guest::new(WasiCtx::builder().inherit_network());
    let network = network(&mut guest);
    let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = code(guest.view().create_udp_socket(V4)).unwrap();
    let early = guest.view().stream(borrow(&socket), None).map(drop);
    assert_eq!(code(early), Err(ErrorCode::InvalidState));
    bind(&mut guest, &socket, &network).unwrap();
    let mut view = guest.view();
    let own = SocketAddr::from(code(view.local_address(borrow(&socket))).unwrap());
    stranger.send_to(b"strange", own).unwrap();
    let peer_address = peer.local_addr().unwrap();
    let streams = code(view.stream(borrow(&socket), Some(peer_address.into()))).unwrap();
    peer.send_to(b"ping", own).unwrap();
    let received = loop {
        let some =
            code(HostIncomingDatagramStream::receive(&mut view, borrow(&streams.0), 10)).unwrap();
        if !some.is_empty() {
            break some;
        }
    };
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].data, b"ping");
    assert_eq!(SocketAddr::from(received[0].remote_address), peer_address);

    let to = |address: Option<SocketAddr>| OutgoingDatagram {
        data: b"pong".to_vec(),
        remote_address: address.map(Into::into),
    };
    // Nothing was permitted yet.
    let refused = HostOutgoingDatagramStream::send(&mut view, borrow(&streams.1), vec![to(None)]);
    assert!(refused.unwrap_err().downcast().is_err());
    assert!(
        code(HostOutgoingDatagramStream::check_send(&mut view, borrow(&streams.1))).unwrap() > 0
    );
    assert_eq!(
        code(HostOutgoingDatagramStream::send(&mut view, borrow(&streams.1), vec![to(None)])),
        Ok(1)
    );
    let mut buffer = [0; 10];
    assert_eq!(peer.recv(&mut buffer).unwrap(), 4);
    code(HostOutgoingDatagramStream::check_send(&mut view, borrow(&streams.1))).unwrap();
    let stranger = stranger.local_addr().unwrap();
    let refused =
        HostOutgoingDatagramStream::send(&mut view, borrow(&streams.1), vec![to(Some(stranger))]);
    assert_eq!(code(refused), Err(ErrorCode::InvalidArgument));
    // Only the last streams work.
    code(view.stream(borrow(&socket), None)).unwrap();
    assert_eq!(
        code(HostIncomingDatagramStream::receive(&mut view, borrow(&streams.0), 1)).map(drop),
        Err(ErrorCode::InvalidState)
    );
}
