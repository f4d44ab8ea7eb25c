//! `wasi:sockets`: what a guest may reach, addresses, TCP, UDP and the lookup of names.
//!
//! A guest reaches nothing unless the host says so: each address that it binds, connects to or
//! sends to is checked, also those that a lookup has returned.

mod address;
mod error;
mod instance;
mod lookup;
mod network;
mod tcp;
mod udp;

pub use error::{SocketError, SocketResult};
pub use instance::Network;
pub use lookup::ResolveAddressStream;
pub use network::{SocketAddrCheckResult, SocketAddrUse};
pub use tcp::TcpSocket;
pub use udp::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};

pub(crate) use network::Permitted;
