//! Arguments, environment and exit.

use crate::I32Exit;
use crate::p2::WasiCtxView;
use crate::p2::bindings::cli::{environment, exit};
use crate::p2::runtime::{Error, Result};

impl environment::Host for WasiCtxView<'_> {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.ctx.env.clone())
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        Ok(self.ctx.args.clone())
    }

    fn initial_cwd(&mut self) -> Result<Option<String>> {
        Ok(self.ctx.p2.initial_cwd.clone())
    }
}

impl exit::Host for WasiCtxView<'_> {
    fn exit(&mut self, status: std::result::Result<(), ()>) -> Result<()> {
        Err(Error::new(I32Exit(i32::from(status.is_err()))))
    }

    fn exit_with_code(&mut self, status: u8) -> Result<()> {
        Err(Error::new(I32Exit(status.into())))
    }
}
