//! WASI 0.2 in a linker.

use super::bindings::{LinkOptions, cli, clocks, filesystem, random, sockets};
use super::runtime::{Linker, Result};
use super::{Wasi, WasiView, io};

/// Defines all interfaces of WASI 0.2 in a linker, for stores without executor: the thread waits
/// where a guest does.
///
/// # Errors
///
/// If one of them is defined already.
pub fn add_to_linker_sync<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    add_to_linker_with_options_sync(linker, &LinkOptions::default())
}

/// As [`add_to_linker_sync`], with what is not stable yet if the options say so.
///
/// # Errors
///
/// If an interface is defined already.
pub fn add_to_linker_with_options_sync<T: WasiView + 'static>(
    linker: &mut Linker<T>,
    options: &LinkOptions,
) -> Result<()> {
    io::add_sync(linker)?;
    add_prompt(linker, options)
}

/// Defines all interfaces of WASI 0.2 in a linker, for asynchronous stores: the calls in which a
/// guest waits are futures.
///
/// # Errors
///
/// If one of them is defined already.
#[cfg(feature = "async")]
pub fn add_to_linker_async<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    add_to_linker_with_options_async(linker, &LinkOptions::default())
}

/// As [`add_to_linker_async`], with what is not stable yet if the options say so.
///
/// # Errors
///
/// If an interface is defined already.
#[cfg(feature = "async")]
pub fn add_to_linker_with_options_async<T: WasiView + 'static>(
    linker: &mut Linker<T>,
    options: &LinkOptions,
) -> Result<()> {
    io::add_async(linker)?;
    add_prompt(linker, options)
}

/// Everything that does not wait for others.
fn add_prompt<T: WasiView + 'static>(linker: &mut Linker<T>, options: &LinkOptions) -> Result<()> {
    let l = linker;
    clocks::timezone::add_to_linker::<T, Wasi>(l, &options.into(), T::ctx)?;
    clocks::monotonic_clock::add_to_linker::<T, Wasi>(l, T::ctx)?;
    clocks::wall_clock::add_to_linker::<T, Wasi>(l, T::ctx)?;
    random::random::add_to_linker::<T, Wasi>(l, T::ctx)?;
    random::insecure::add_to_linker::<T, Wasi>(l, T::ctx)?;
    random::insecure_seed::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::environment::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::exit::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::stdin::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::stdout::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::stderr::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::terminal_input::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::terminal_output::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::terminal_stdin::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::terminal_stdout::add_to_linker::<T, Wasi>(l, T::ctx)?;
    cli::terminal_stderr::add_to_linker::<T, Wasi>(l, T::ctx)?;
    filesystem::types::add_to_linker::<T, Wasi>(l, T::ctx)?;
    filesystem::preopens::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::network::add_to_linker::<T, Wasi>(l, &options.into(), T::ctx)?;
    sockets::instance_network::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::tcp::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::tcp_create_socket::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::udp::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::udp_create_socket::add_to_linker::<T, Wasi>(l, T::ctx)?;
    sockets::ip_name_lookup::add_to_linker::<T, Wasi>(l, T::ctx)?;
    Ok(())
}
