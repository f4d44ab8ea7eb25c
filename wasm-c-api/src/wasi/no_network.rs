//! As `network.rs`, in a library without components: modules have no network, whatever is set.

#![allow(unsafe_code)]

use super::WasiConfig;

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_network(_config: &mut WasiConfig) {}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_allow_ip_name_lookup(_config: &mut WasiConfig, _enable: bool) {}
