//! How to give WASI to a runtime of one's own: a table of functions by name, generated from the
//! list of all functions. The "runtime" here is a few manual calls.

use std::collections::BTreeMap;
use wasm_wasi::abi::{Errno, GuestMemory};
use wasm_wasi::{FsPerms, WasiCtx, calls, for_each_function};

/// The type of functions that a runtime calls: arguments are 64-bit numbers, as on the stack of an
/// interpreter.
type HostFunction = fn(&mut WasiCtx, &mut GuestMemory<'_>, &[u64]) -> Result<(), Errno>;

macro_rules! table {
    (
        common { $($common:ident($($cp:ident: $ct:ident),*);)* }
        preview1 { $($preview1:ident($($pp:ident: $pt:ident),*);)* }
        snapshot0 $snapshot0:tt
    ) => {
        fn functions() -> BTreeMap<&'static str, HostFunction> {
            let mut table = BTreeMap::<&'static str, HostFunction>::new();
            $(table.insert(stringify!($common), |ctx, memory, arguments| {
                let mut _arguments = arguments.iter().copied();
                $(let $cp = _arguments.next().unwrap_or_default() as $ct;)*
                calls::$common(ctx, memory, $($cp),*)
            });)*
            $(table.insert(stringify!($preview1), |ctx, memory, arguments| {
                let mut arguments = arguments.iter().copied();
                $(let $pp = arguments.next().unwrap_or_default() as $pt;)*
                calls::$preview1(ctx, memory, $($pp),*)
            });)*
            table
        }
    };
}
for_each_function!(table);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let functions = functions();
    println!("{} functions, besides proc_exit and proc_raise", functions.len());

    let mut wasi =
        WasiCtx::builder().inherit_stdout().preopened_dir(".", "/", FsPerms::ReadOnly)?.build();
    let mut bytes = vec![0; 65536];
    bytes[..8].copy_from_slice(b"\x10\0\0\0\x12\0\0\0");
    bytes[16..34].copy_from_slice(b"hello from memory\n");
    let mut memory = GuestMemory::new(&mut bytes);
    functions["fd_write"](&mut wasi, &mut memory, &[1, 0, 1, 8])?;

    functions["fd_readdir"](&mut wasi, &mut memory, &[3, 1024, 60000, 0, 8])?;
    println!("the directory took {} bytes", u32::from_le_bytes(bytes[8..12].try_into()?));
    Ok(())
}
