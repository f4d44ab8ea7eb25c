//! Sockets of programs: those that are permitted.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;

use wasm_runtime::wasi::WasiCtx;

use crate::host::{End, run, run_with};

/// Runs a program that may use the network.
fn run_networked(arguments: &[&str]) -> (End, String) {
    let mut builder = WasiCtx::builder();
    builder.arg("program").args(arguments).inherit_network().allow_ip_name_lookup(true);
    run_with("preview2", &mut builder)
}

#[test]
fn a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = String::new();
        stream.read_to_string(&mut question).unwrap();
        write!(stream, "{question} pong").unwrap();
    });
    let (end, output) = run_networked(&["connect", &address]);
    assert_eq!((end, output.as_str()), (End::Returned(Ok(())), "ping pong\n"));
    server.join().unwrap();
}

/// The program prints its port while it waits.
#[test]
fn a_listener() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "listen", "127.0.0.1:0"]).inherit_network();
    builder.stdout(std::fs::File::from(std::os::fd::OwnedFd::from(writer)));
    let ctx = crate::State::new(&mut builder);
    let server = thread::spawn(move || {
        let mut store = wasm_runtime::Store::new(crate::host::engine(), ctx);
        crate::host::start(&mut store, &crate::host::component("preview2")).unwrap()
    });
    let mut port = String::new();
    while !port.ends_with('\n') {
        let mut byte = [0];
        assert_eq!(reader.read(&mut byte).unwrap(), 1);
        port.push(byte[0].into());
    }
    let mut stream = TcpStream::connect(format!("127.0.0.1:{}", port.trim())).unwrap();
    stream.write_all(b"ping").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ping from 127.0.0.1");
    assert_eq!(server.join().unwrap(), Ok(()));
}

#[test]
fn a_datagram() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let mut question = [0; 10];
        let (length, from) = socket.recv_from(&mut question).unwrap();
        assert_eq!(&question[..length], b"ping");
        socket.send_to(b"pong", from).unwrap();
    });
    let (end, output) = run_networked(&["datagram", &address]);
    assert_eq!((end, output.as_str()), (End::Returned(Ok(())), "pong\n"));
    server.join().unwrap();
}

#[test]
fn a_name() {
    assert_eq!(run_networked(&["lookup", "localhost"]).1, "true\n");
    assert_eq!(run(&["lookup", "localhost"]).0, End::Returned(Err(())));
}

#[test]
fn nothing_without_permission() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for arguments in [["connect", &address], ["listen", "127.0.0.1:0"], ["datagram", &address]] {
        let (end, output) = run(&arguments);
        assert_eq!((end, output.as_str()), (End::Returned(Ok(())), "not permitted\n"));
    }
    // What is permitted is permitted to that address only.
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "connect", &address]);
    builder.socket_addr_check(move |address, _| address == other);
    assert_eq!(run_with("preview2", &mut builder).1, "not permitted\n");
}
