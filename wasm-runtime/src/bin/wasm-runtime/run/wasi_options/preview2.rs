//! What a component may use of WASI 0.2 beyond the usual.

use std::str::FromStr;

use wasm_runtime::component::Linker;
use wasm_runtime::wasi::WasiCtxBuilder;
use wasm_runtime::wasi::p2::bindings::LinkOptions;
use wasm_runtime::wasi::p2::config::{self, WasiConfigVariables};
use wasm_runtime::wasi::p2::keyvalue::{self, WasiKeyValueCtx, WasiKeyValueCtxBuilder};
use wasm_runtime::wasi::p2::{self, SocketAddrUse};
use wasm_runtime::{Escaped, Result, Store, bail};

use super::super::Host;
use super::addresses::Addresses;
use super::switch::is_on;

/// What was chosen for components.
#[derive(Default)]
pub(crate) struct Preview2 {
    network: Network,
    /// The values of `wasi:config`, if it is there.
    config: Option<Vec<(String, String)>>,
    /// The values of `wasi:keyvalue`, if it is there.
    key_values: Option<Vec<(String, String)>>,
    link: LinkOptions,
    max_random_size: Option<u64>,
    max_resources: Option<usize>,
    hostcall_fuel: Option<usize>,
}

/// What of the network a component may use.
#[derive(Clone)]
struct Network {
    all: bool,
    some: Vec<Addresses>,
    tcp: bool,
    udp: bool,
    lookup: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self { all: false, some: Vec::new(), tcp: true, udp: true, lookup: false }
    }
}

impl Preview2 {
    /// Sets what a name says. False if there is no such name.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) -> Result<bool> {
        match name {
            "inherit-network" => self.network.all = is_on(name, value)?,
            "allow-address" => self.network.some.push(parsed(name, value)?),
            "tcp" => self.network.tcp = is_on(name, value)?,
            "udp" => self.network.udp = is_on(name, value)?,
            "allow-ip-name-lookup" => self.network.lookup = is_on(name, value)?,
            "config" => set(&mut self.config, is_on(name, value)?),
            "config-var" => self.config.get_or_insert_default().push(pair(name, value)?),
            "keyvalue" => set(&mut self.key_values, is_on(name, value)?),
            "keyvalue-in-memory-data" => {
                self.key_values.get_or_insert_default().push(pair(name, value)?);
            }
            "network-error-code" => {
                self.link.network_error_code(is_on(name, value)?);
            }
            "max-random-size" => self.max_random_size = Some(parsed(name, value)?),
            "max-resources" => self.max_resources = Some(parsed(name, value)?),
            "hostcall-fuel" => self.hostcall_fuel = Some(parsed(name, value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Gives a context what was chosen.
    pub(super) fn build(&self, builder: &mut WasiCtxBuilder) {
        let network = self.network.clone();
        builder.allow_tcp(network.tcp).allow_udp(network.udp).allow_ip_name_lookup(network.lookup);
        if network.all {
            builder.inherit_network();
        } else if !network.some.is_empty() {
            builder.socket_addr_check(move |address, purpose| {
                // Who sends datagrams must have a port to send from.
                let sender = purpose == SocketAddrUse::UdpBind
                    && address.port() == 0
                    && address.ip().is_unspecified();
                sender || network.some.iter().any(|allowed| allowed.contain(address))
            });
        }
        if let Some(bytes) = self.max_random_size {
            builder.max_random_size(bytes);
        }
    }

    /// Defines WASI 0.2, with what was chosen.
    pub(crate) fn define(&self, linker: &mut Linker<Host>) -> Result<()> {
        p2::add_to_linker_with_options_sync(linker, &self.link)?;
        if self.config.is_some() {
            config::add_to_linker(linker, Host::config)?;
        }
        if self.key_values.is_some() {
            keyvalue::add_to_linker(linker, Host::key_values)?;
        }
        Ok(())
    }

    /// Gives a store what was chosen.
    pub(crate) fn furnish(self, store: &mut Store<Host>) {
        if let Some(fuel) = self.hostcall_fuel {
            store.set_hostcall_fuel(fuel);
        }
        let resources = &mut store.data_mut().resources;
        if let Some(max) = self.max_resources {
            resources.table.set_max_capacity(max);
        }
        resources.config = self.config.unwrap_or_default().into_iter().collect();
        let values = self.key_values.unwrap_or_default();
        resources.key_values = WasiKeyValueCtxBuilder::new().in_memory_data(values).build();
    }

    /// What lets a component import this, if something does.
    pub(crate) fn hint(&self, import: &str) -> Option<&'static str> {
        let hint = if import.starts_with("wasi:config/") && self.config.is_none() {
            "`-S config` lets it import `wasi:config`"
        } else if import.starts_with("wasi:keyvalue/") && self.key_values.is_none() {
            "`-S keyvalue` lets it import `wasi:keyvalue`"
        } else if import.starts_with("wasi:http/") {
            "it imports `wasi:http`, which is not supported"
        } else if import.starts_with("wasi:") && import.contains("@0.3.") {
            "it imports WASI 0.3, which is not supported"
        } else {
            return None;
        };
        Some(hint)
    }
}

/// The resources that a component has of WASI, and the values that it is given.
pub(crate) struct Resources {
    pub(crate) table: wasm_runtime::component::ResourceTable,
    pub(crate) config: WasiConfigVariables,
    pub(crate) key_values: WasiKeyValueCtx,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            table: Default::default(),
            config: WasiConfigVariables::new(),
            key_values: WasiKeyValueCtx::builder().build(),
        }
    }
}

/// What is cloned is the data of a program with threads, which is no component and has none.
impl Clone for Resources {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Makes an interface be there, with the values that it has, or not.
fn set(values: &mut Option<Vec<(String, String)>>, on: bool) {
    if on {
        values.get_or_insert_default();
    } else {
        *values = None;
    }
}

/// A value that a name must have.
fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &str, value: Option<&str>) -> Result<T> {
    let Some(value) = value else { bail!("-S {name} needs a value: `-S {name}=…`") };
    match value.parse() {
        Ok(value) => Ok(value),
        Err(error) => bail!("-S {name}={}: {error}", Escaped::new(value)),
    }
}

/// A value that consists of a name and a value.
fn pair(name: &str, value: Option<&str>) -> Result<(String, String)> {
    match value.and_then(|value| value.split_once('=')) {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => bail!("-S {name} needs a name and a value: `-S {name}=NAME=VALUE`"),
    }
}
