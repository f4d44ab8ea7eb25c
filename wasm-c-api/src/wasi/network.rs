//! `wasi.h`: what a guest of WASI 0.2 has of the network.

#![allow(unsafe_code)]

use super::WasiConfig;

#[unsafe(no_mangle)]
extern "C" fn wasi_config_inherit_network(config: &mut WasiConfig) {
    config.builder.inherit_network();
}

#[unsafe(no_mangle)]
extern "C" fn wasi_config_allow_ip_name_lookup(config: &mut WasiConfig, enable: bool) {
    config.builder.allow_ip_name_lookup(enable);
}
