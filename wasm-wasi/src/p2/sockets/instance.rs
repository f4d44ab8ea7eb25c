//! `wasi:sockets/network` and `instance-network`: the resource that stands for the network.

use super::SocketError;
use crate::abi::Errno;
use crate::p2::WasiCtxView;
use crate::p2::bindings::sockets::{instance_network, network};
use crate::p2::io::IoError;
use crate::p2::runtime::{Resource, Result};

/// The resource `network`. What it permits is the context's.
#[derive(Clone, Copy, Debug)]
pub struct Network;

impl network::Host for WasiCtxView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> Result<network::ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        error: Resource<IoError>,
    ) -> Result<Option<network::ErrorCode>> {
        let error = self.table.get(&error)?;
        Ok(error.downcast_ref::<Errno>().map(|number| (*number).into()))
    }
}

impl network::HostNetwork for WasiCtxView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for WasiCtxView<'_> {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        Ok(self.table.push(Network)?)
    }
}
