//! Sockets that the host hands over.

use crate::guest::{Guest, call};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use wasm_wasi::WasiCtx;
use wasm_wasi::abi::{Errno, FdFlags};

const SOCKET: u32 = 3;

#[test]
fn connections_are_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut guest = Guest::new(WasiCtx::builder().preopened_socket(listener).unwrap());
    assert_eq!(guest.fdstat(SOCKET).unwrap().0, 6);
    // Directories come before sockets, so the C library's search for directories ends here.
    assert_eq!(call!(guest, fd_prestat_get, SOCKET, 0), Err(Errno::Badf));
    let nonblock = u32::from(FdFlags::NONBLOCK.bits());
    call!(guest, fd_fdstat_set_flags, SOCKET, nonblock).unwrap();
    assert_eq!(call!(guest, sock_accept, SOCKET, 0, 0), Err(Errno::Again));
    assert_eq!(call!(guest, sock_accept, SOCKET, 1, 0), Err(Errno::Inval));

    let mut client = TcpStream::connect(address).unwrap();
    call!(guest, fd_fdstat_set_flags, SOCKET, 0).unwrap();
    call!(guest, sock_accept, SOCKET, 0, 0).unwrap();
    let connection = guest.u32(0);
    client.write_all(b"ping").unwrap();
    assert_eq!(guest.read(connection, 10), Ok(b"ping".to_vec()));
    assert_eq!(guest.write(connection, b"pong"), Ok(4));
    call!(guest, sock_shutdown, connection, 2).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "pong");
}

#[test]
fn messages_are_received_and_sent() {
    let (host, socket) = UnixDatagram::pair().unwrap();
    let mut guest = Guest::new(WasiCtx::builder().preopened_socket(socket).unwrap());
    assert_eq!(guest.fdstat(SOCKET).unwrap().0, 5);
    host.send(b"message").unwrap();
    let (at, count) = guest.buffers(&[(2000, 2), (3000, 2)]);
    call!(guest, sock_recv, SOCKET, at, count, 1, 0, 4).unwrap();
    assert_eq!((guest.u32(0), guest.bytes[4]), (4, 1));
    call!(guest, sock_recv, SOCKET, at, count, 0, 0, 4).unwrap();
    assert_eq!((&guest.bytes[2000..2002], &guest.bytes[3000..3002]), (&b"me"[..], &b"ss"[..]));
    assert_eq!(call!(guest, sock_recv, SOCKET, at, count, 4, 0, 4), Err(Errno::Inval));
    call!(guest, sock_send, SOCKET, at, count, 0, 0).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(host.recv(&mut buffer).unwrap(), 4);
    assert_eq!(&buffer[..4], b"mess");
    assert_eq!(call!(guest, sock_send, SOCKET, at, count, 1, 0), Err(Errno::NotSup));
}

#[test]
fn a_closed_connection_is_an_error() {
    let (host, socket) = UnixStream::pair().unwrap();
    let mut guest = Guest::new(WasiCtx::builder().preopened_socket(socket).unwrap());
    drop(host);
    assert_eq!(guest.write(SOCKET, b"x"), Err(Errno::Pipe));
    assert_eq!(guest.read(SOCKET, 1), Ok(vec![]));
}

#[test]
fn other_descriptors_are_no_sockets() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    assert_eq!(call!(guest, sock_shutdown, 1, 3), Err(Errno::NotSock));
    assert_eq!(call!(guest, sock_shutdown, 99, 3), Err(Errno::Badf));
    assert_eq!(call!(guest, sock_accept, 1, 0, 0), Err(Errno::NotSock));
    assert_eq!(call!(guest, sock_send, 1, 0, 0, 0, 0), Err(Errno::NotSock));
    assert_eq!(call!(guest, sock_recv, 0, 0, 0, 0, 0, 0), Err(Errno::NotSock));
    let file = std::fs::File::open("/dev/null").unwrap();
    assert!(WasiCtx::builder().preopened_socket(file).is_err());
}
