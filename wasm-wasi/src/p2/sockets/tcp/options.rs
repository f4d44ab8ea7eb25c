//! The options of a TCP socket.

use super::{State, TcpSocket};
use crate::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};
use crate::p2::sockets::SocketResult;
use rustix::net::sockopt;
use std::os::fd::AsFd;
use std::time::Duration;

/// The longest times that Linux accepts for keeping connections alive, in seconds.
const LONGEST: u64 = 32_767;

/// How often Linux tries at most.
const MOST: u32 = 127;

impl TcpSocket {
    pub(super) fn set_backlog(&mut self, value: u64) -> SocketResult<()> {
        check_positive(value)?;
        let value = i32::try_from(value).unwrap_or(i32::MAX);
        match self.state {
            State::Listening | State::StartingToListen => {
                rustix::net::listen(&self.socket, value)?;
            }
            State::Connecting | State::Connected(_) | State::Closed => {
                return Err(ErrorCode::InvalidState.into());
            }
            State::Unbound | State::Binding | State::Bound => {}
        }
        self.backlog = value;
        Ok(())
    }

    pub(super) fn keep_alive(&self) -> SocketResult<bool> {
        Ok(sockopt::socket_keepalive(&self.socket)?)
    }

    pub(super) fn set_keep_alive(&self, value: bool) -> SocketResult<()> {
        Ok(sockopt::set_socket_keepalive(&self.socket, value)?)
    }

    pub(super) fn idle_time(&self) -> SocketResult<u64> {
        Ok(nanoseconds(sockopt::tcp_keepidle(&self.socket)?))
    }

    pub(super) fn set_idle_time(&self, value: u64) -> SocketResult<()> {
        Ok(sockopt::set_tcp_keepidle(&self.socket, seconds(value)?)?)
    }

    pub(super) fn interval(&self) -> SocketResult<u64> {
        Ok(nanoseconds(sockopt::tcp_keepintvl(&self.socket)?))
    }

    pub(super) fn set_interval(&self, value: u64) -> SocketResult<()> {
        Ok(sockopt::set_tcp_keepintvl(&self.socket, seconds(value)?)?)
    }

    pub(super) fn count(&self) -> SocketResult<u32> {
        Ok(sockopt::tcp_keepcnt(&self.socket)?)
    }

    pub(super) fn set_count(&self, value: u32) -> SocketResult<()> {
        check_positive(value.into())?;
        Ok(sockopt::set_tcp_keepcnt(&self.socket, value.min(MOST))?)
    }

    pub(super) fn hop_limit(&self) -> SocketResult<u8> {
        hop_limit(&self.socket, self.family)
    }

    pub(super) fn set_hop_limit(&self, value: u8) -> SocketResult<()> {
        set_hop_limit(&self.socket, self.family, value)
    }
}

/// How many hops a packet goes.
pub(in crate::p2::sockets) fn hop_limit(
    socket: impl AsFd,
    family: IpAddressFamily,
) -> SocketResult<u8> {
    match family {
        IpAddressFamily::Ipv4 => Ok(u8::try_from(sockopt::ip_ttl(socket)?).unwrap_or(u8::MAX)),
        IpAddressFamily::Ipv6 => Ok(sockopt::ipv6_unicast_hops(socket)?),
    }
}

pub(in crate::p2::sockets) fn set_hop_limit(
    socket: impl AsFd,
    family: IpAddressFamily,
    value: u8,
) -> SocketResult<()> {
    check_positive(value.into())?;
    match family {
        IpAddressFamily::Ipv4 => sockopt::set_ip_ttl(socket, value.into())?,
        IpAddressFamily::Ipv6 => sockopt::set_ipv6_unicast_hops(socket, Some(value))?,
    }
    Ok(())
}

/// The size of a buffer as the guest has set it. Linux doubles what is set.
pub(in crate::p2::sockets) fn buffer_size(size: usize) -> u64 {
    let size = size as u64;
    if cfg!(any(target_os = "linux", target_os = "android")) { size / 2 } else { size }
}

/// The size of a buffer for the host.
pub(in crate::p2::sockets) fn host_buffer_size(size: u64) -> SocketResult<usize> {
    const LARGEST: u64 = i32::MAX as u64 / 2;
    check_positive(size)?;
    Ok(usize::try_from(size.min(LARGEST)).unwrap_or(usize::MAX))
}

fn check_positive(value: u64) -> SocketResult<()> {
    if value == 0 { Err(ErrorCode::InvalidArgument.into()) } else { Ok(()) }
}

/// A number of nanoseconds as whole seconds, at least one.
fn seconds(nanoseconds: u64) -> SocketResult<Duration> {
    check_positive(nanoseconds)?;
    Ok(Duration::from_secs(nanoseconds.div_ceil(1_000_000_000).min(LONGEST)))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
