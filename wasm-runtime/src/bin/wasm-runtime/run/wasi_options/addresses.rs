//! Addresses of the network that a component may use: `IP[/PREFIX][:PORT[-PORT]]`, with brackets
//! around an IPv6 address that has ports.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Addresses with a common prefix, and ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Addresses {
    ip: IpAddr,
    /// How many leading bits count.
    prefix: u32,
    ports: RangeInclusive<u16>,
}

impl Addresses {
    /// Whether an address is one of them. IPv4 addresses in the form of IPv6 ones are what they
    /// stand for.
    pub(super) fn contain(&self, address: SocketAddr) -> bool {
        let same = match (self.ip, address.ip().to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                leading(u32::from(a).into(), u32::from(b).into(), self.prefix, 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => leading(a.into(), b.into(), self.prefix, 128),
            _ => false,
        };
        same && self.ports.contains(&address.port())
    }
}

/// Whether two numbers of so many bits have the same leading ones.
fn leading(a: u128, b: u128, prefix: u32, bits: u32) -> bool {
    (a ^ b).checked_shr(bits - prefix).unwrap_or(0) == 0
}

impl FromStr for Addresses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (addresses, ports) = split(text)?;
        let (ip, prefix) = match addresses.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix)),
            None => (addresses, None),
        };
        let ip = ip.parse::<IpAddr>().map_err(|_| {
            "write an IP address, such as `127.0.0.1`, `10.0.0.0/8:443` or `[::1]:8000-8100`; names \
             are not looked up here"
                .to_owned()
        })?;
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => match prefix.parse() {
                Ok(prefix) if prefix <= bits => prefix,
                _ => return Err(format!("after the slash is a number of bits, at most {bits}")),
            },
        };
        let ports = match ports {
            None => 0..=u16::MAX,
            Some(ports) => {
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                match (first.parse(), last.parse()) {
                    (Ok(first), Ok(last)) if first <= last => first..=last,
                    _ => return Err("after the colon is a port, or two with `-`".to_owned()),
                }
            }
        };
        Ok(Self { ip, prefix, ports })
    }
}

/// Splits addresses and ports.
fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let Some((addresses, rest)) = rest.split_once(']') else {
            return Err("a bracket is not closed".to_owned());
        };
        return match rest.strip_prefix(':') {
            Some(ports) => Ok((addresses, Some(ports))),
            None if rest.is_empty() => Ok((addresses, None)),
            None => Err("after the bracket are a colon and ports".to_owned()),
        };
    }
    Ok(match text.split_once(':') {
        // With more than one colon it is an IPv6 address without ports.
        Some((addresses, ports)) if !ports.contains(':') => (addresses, Some(ports)),
        _ => (text, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contain(allowed: &str, address: &str) -> bool {
        let allowed: Addresses = allowed.parse().expect("addresses");
        allowed.contain(address.parse().expect("an address"))
    }

    #[test]
    fn prefixes_and_ports_limit() {
        for (allowed, address, yes) in [
            ("127.0.0.1", "127.0.0.1:80", true),
            ("127.0.0.1", "127.0.0.2:80", false),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("10.0.0.0/8:443", "10.9.8.7:443", true),
            ("10.0.0.0/8:443", "11.9.8.7:443", false),
            ("10.0.0.0/8", "[::ffff:10.1.2.3]:443", true),
            ("0.0.0.0/0", "1.2.3.4:5", true),
            ("0.0.0.0/0", "[::1]:5", false),
            ("::/0", "[2001:db8::1]:5", true),
            ("::1", "[::1]:5", true),
            ("[::1]:5-6", "[::1]:6", true),
            ("[::1]:5-6", "[::1]:7", false),
            ("[2001:db8::/32]:443", "[2001:db8:1::]:443", true),
            ("2001:db8::/32", "[2001:db9::]:443", false),
        ] {
            assert_eq!(contain(allowed, address), yes, "{allowed} {address}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "localhost", "1.2.3.4/33", "1.2.3.4:x", "1.2.3.4:6-5", "[::1", "[::1]5", "::1/129"]
        {
            assert!(text.parse::<Addresses>().is_err(), "{text}");
        }
    }
}
