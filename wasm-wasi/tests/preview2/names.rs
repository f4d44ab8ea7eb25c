//! The lookup of names.

use crate::guest::Guest;
use std::net::Ipv4Addr;
use wasm_component_run::Resource;
use wasm_wasi::WasiCtx;
use wasm_wasi::p2::SocketResult;
use wasm_wasi::p2::bindings::sockets::instance_network::Host as _;
use wasm_wasi::p2::bindings::sockets::ip_name_lookup::{
    ErrorCode, Host as _, HostResolveAddressStream as _, IpAddress,
};

fn code<T>(result: SocketResult<T>) -> Result<T, ErrorCode> {
    result.map_err(|error| error.downcast().unwrap())
}

fn lookup(guest: &mut Guest, name: &str) -> Result<Vec<IpAddress>, ErrorCode> {
    let mut view = guest.view();
    let network = view.instance_network().unwrap();
    let stream = code(view.resolve_addresses(network, name.to_owned()))?;
    let mut found = Vec::new();
    loop {
        match code(view.resolve_next_address(Resource::new_borrow(stream.rep()))) {
            Ok(Some(address)) => found.push(address),
            Ok(None) => return Ok(found),
            Err(ErrorCode::WouldBlock) => {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn names_are_looked_up_only_if_the_host_permits_it() {
    let mut guest = Guest::new(WasiCtx::builder().inherit_network());
    for name in ["localhost", "127.0.0.1"] {
        assert_eq!(lookup(&mut guest, name).map(drop), Err(ErrorCode::AccessDenied));
    }
    let mut guest = Guest::new(WasiCtx::builder().allow_ip_name_lookup(true));
    assert!(!lookup(&mut guest, "localhost").unwrap().is_empty());
    let found = lookup(&mut guest, "192.0.2.7").unwrap();
    let [IpAddress::Ipv4((a, b, c, d))] = found[..] else { panic!("{found:?}") };
    assert_eq!(Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(192, 0, 2, 7));
    for name in ["", "a b", "a/../b"] {
        assert_eq!(lookup(&mut guest, name).map(drop), Err(ErrorCode::InvalidArgument));
    }
}

/// The signal of a lookup is kept until somebody asks for the answer.
#[test]
fn lookups_that_nobody_asks_after_count_as_descriptors() {
    let mut builder = WasiCtx::builder();
    builder.allow_ip_name_lookup(true).max_descriptors(8);
    let mut guest = Guest::new(&mut builder);
    let mut view = guest.view();
    let network = view.instance_network().unwrap().rep();
    let mut lookups = Vec::new();
    let mut look_up = |lookups: &mut Vec<_>| {
        let name = "localhost".to_owned();
        let stream = view.resolve_addresses(Resource::new_borrow(network), name);
        code(stream).map(|stream| lookups.push(stream))
    };
    while look_up(&mut lookups).is_ok() {
        assert!(lookups.len() <= 8);
    }
    assert_eq!(look_up(&mut lookups), Err(ErrorCode::TemporaryResolverFailure));
}
