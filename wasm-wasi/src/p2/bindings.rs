//! The types of WASI 0.2, and the traits of its interfaces, made of their WIT by `bindgen!`.
//!
//! A world that includes interfaces of WASI takes these instead of types of its own:
//!
//! ```ignore
//! wasm_runtime::component::bindgen!({
//!     path: "wit",
//!     with: { "wasi": wasm_wasi::p2::bindings },
//! });
//! ```
//!
//! [`sync::Command`] is a program in a store without executor, `Command` one in an asynchronous
//! store (feature `async`).

#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "made of WIT")]

mod imports {
    wasm_component_run::bindgen!({
        path: "wit",
        world: "imports",
        crate: wasm_component_run,
        imports: { default: trappable },
        trappable_error_type: {
            "wasi:filesystem/types.error-code" => crate::p2::FsError,
            "wasi:sockets/network.error-code" => crate::p2::SocketError,
        },
        with: {
            "wasi:io/error.error": crate::p2::IoError,
            "wasi:io/poll.pollable": crate::p2::DynPollable,
            "wasi:io/streams.input-stream": crate::p2::DynInputStream,
            "wasi:io/streams.output-stream": crate::p2::DynOutputStream,
            "wasi:cli/terminal-input.terminal-input": crate::p2::TerminalInput,
            "wasi:cli/terminal-output.terminal-output": crate::p2::TerminalOutput,
            "wasi:filesystem/types.descriptor": crate::p2::Descriptor,
            "wasi:filesystem/types.directory-entry-stream": crate::p2::ReaddirIterator,
            "wasi:sockets/network.network": crate::p2::Network,
            "wasi:sockets/tcp.tcp-socket": crate::p2::TcpSocket,
            "wasi:sockets/udp.udp-socket": crate::p2::UdpSocket,
            "wasi:sockets/udp.incoming-datagram-stream": crate::p2::IncomingDatagramStream,
            "wasi:sockets/udp.outgoing-datagram-stream": crate::p2::OutgoingDatagramStream,
            "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::p2::ResolveAddressStream,
        },
    });
}

mod configuration {
    wasm_component_run::bindgen!({
        path: "wit",
        world: "configuration",
        crate: wasm_component_run,
        imports: { default: trappable },
    });
}

mod key_values {
    wasm_component_run::bindgen!({
        path: "wit",
        world: "key-values",
        crate: wasm_component_run,
        imports: { default: trappable },
        with: { "wasi:keyvalue/store.bucket": crate::p2::keyvalue::bucket::Bucket },
    });
}

pub use configuration::wasi::config;
pub use imports::LinkOptions;
pub use imports::wasi::*;
pub use key_values::wasi::keyvalue;

/// Programs in stores without executor, with the same types.
pub mod sync {
    mod command {
        wasm_component_run::bindgen!({
            path: "wit",
            world: "command",
            crate: wasm_component_run,
            with: { "wasi": crate::p2::bindings },
        });
    }

    pub use super::LinkOptions;
    pub use super::{cli, clocks, filesystem, io, random, sockets};
    pub use command::{Command, CommandIndices, CommandPre, exports};
}

#[cfg(feature = "async")]
mod command {
    wasm_component_run::bindgen!({
        path: "wit",
        world: "command",
        crate: wasm_component_run,
        exports: { default: async },
        with: { "wasi": crate::p2::bindings },
    });
}

#[cfg(feature = "async")]
pub use command::{Command, CommandIndices, CommandPre, exports};
