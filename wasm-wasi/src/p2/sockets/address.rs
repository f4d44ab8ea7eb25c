//! Addresses: those of the guest and those of the host, and which of them make sense.

use super::SocketResult;
use crate::p2::bindings::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use rustix::net::{AddressFamily, SocketAddrAny};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

impl From<IpSocketAddress> for SocketAddr {
    fn from(address: IpSocketAddress) -> Self {
        match address {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }) => {
                Self::V4(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
            }
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info, address, scope_id }) => {
                let (a, b, c, d, e, f, g, h) = address;
                let address = Ipv6Addr::new(a, b, c, d, e, f, g, h);
                Self::V6(SocketAddrV6::new(address, port, flow_info, scope_id))
            }
        }
    }
}

impl From<SocketAddr> for IpSocketAddress {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => {
                let [a, b, c, d] = v4.ip().octets();
                Self::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) })
            }
            SocketAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h] = v6.ip().segments();
                Self::Ipv6(Ipv6SocketAddress {
                    port: v6.port(),
                    flow_info: v6.flowinfo(),
                    address: (a, b, c, d, e, f, g, h),
                    scope_id: v6.scope_id(),
                })
            }
        }
    }
}

impl From<IpAddr> for IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self::Ipv4((a, b, c, d))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h] = v6.segments();
                Self::Ipv6((a, b, c, d, e, f, g, h))
            }
        }
    }
}

/// The family of the host's sockets.
pub(super) const fn family(family: IpAddressFamily) -> AddressFamily {
    match family {
        IpAddressFamily::Ipv4 => AddressFamily::INET,
        IpAddressFamily::Ipv6 => AddressFamily::INET6,
    }
}

/// An address of the host's sockets, which are of the internet.
pub(super) fn from_host(address: SocketAddrAny) -> SocketResult<IpSocketAddress> {
    Ok(SocketAddr::try_from(address)?.into())
}

/// An address that a socket of this family can be bound to.
pub(super) fn local(address: IpSocketAddress, family: IpAddressFamily) -> SocketResult<SocketAddr> {
    let address = SocketAddr::from(address);
    check_family(address, family)?;
    check_unicast(address)?;
    Ok(address)
}

/// An address that a socket of this family can send to.
pub(super) fn remote(
    address: IpSocketAddress,
    family: IpAddressFamily,
) -> SocketResult<SocketAddr> {
    let address = SocketAddr::from(address);
    check_family(address, family)?;
    if address.ip().is_unspecified() || address.port() == 0 {
        return Err(ErrorCode::InvalidArgument.into());
    }
    Ok(address)
}

/// Fails for an address that stands for several hosts.
pub(super) fn check_unicast(address: SocketAddr) -> SocketResult<()> {
    let several = match address.ip() {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_multicast(),
    };
    if several { Err(ErrorCode::InvalidArgument.into()) } else { Ok(()) }
}

/// Fails for an address of another family, in the disguise of this one, too: what is checked must
/// be what the system uses.
fn check_family(address: SocketAddr, family: IpAddressFamily) -> SocketResult<()> {
    let fits = match (address, family) {
        (SocketAddr::V4(_), IpAddressFamily::Ipv4) => true,
        (SocketAddr::V6(v6), IpAddressFamily::Ipv6) => {
            // Addresses that are IPv4's, in the form of today and in the one of before.
            v6.ip().to_ipv4_mapped().is_none() && !is_ipv4_compatible(v6.ip())
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(ErrorCode::InvalidArgument.into()) }
}

fn is_ipv4_compatible(address: &Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, _] = address.segments();
    [a, b, c, d, e, f] == [0; 6] && g != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> IpSocketAddress {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn addresses_stay_what_they_are() {
        for text in ["1.2.3.4:5", "[1:2:3:4:5:6:7:8]:9", "[fe80::1%3]:80"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(SocketAddr::from(IpSocketAddress::from(address)), address);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        use IpAddressFamily::{Ipv4, Ipv6};
        for (text, family) in [
            ("[::ffff:1.2.3.4]:5", Ipv6),
            ("[::1.2.3.4]:5", Ipv6),
            ("1.2.3.4:5", Ipv6),
            ("[::1]:5", Ipv4),
            ("0.0.0.0:5", Ipv4),
            ("[::]:5", Ipv6),
            ("1.2.3.4:0", Ipv4),
        ] {
            assert!(remote(of(text), family).is_err(), "{text}");
        }
        for (text, family) in
            [("224.0.0.1:5", Ipv4), ("255.255.255.255:5", Ipv4), ("[ff02::1]:5", Ipv6)]
        {
            assert!(local(of(text), family).is_err(), "{text}");
        }
        for (text, family) in [("127.0.0.1:5", Ipv4), ("[::1]:5", Ipv6)] {
            assert!(local(of(text), family).is_ok() && remote(of(text), family).is_ok());
        }
    }
}
