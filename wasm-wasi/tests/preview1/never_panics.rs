//! Each function returns, whatever numbers a guest passes, and whatever is in its memory.

use crate::guest::Guest;
use proptest::prelude::*;
use std::time::Duration;
use tempfile::tempdir;
use wasm_wasi::abi::GuestMemory;
use wasm_wasi::{
    DirPerms, FilePerms, MemoryInputPipe, MemoryOutputPipe, VirtualClock, WasiCtx, calls,
    for_each_function,
};

/// A call with random parameters.
type Call = fn(&mut Guest, &mut dyn FnMut() -> u64) -> bool;

macro_rules! argument {
    (u32, $next:expr) => {
        $next() as u32
    };
    (u64, $next:expr) => {
        $next()
    };
}

macro_rules! list {
    (
        common { $($common:ident($($cp:ident: $ct:ident),*);)* }
        preview1 { $($preview1:ident($($pp:ident: $pt:ident),*);)* }
        snapshot0 { $($snapshot0:ident($($sp:ident: $st:ident),*);)* }
    ) => {
        const CALLS: &[(&str, Call)] = &[
            $((stringify!($common), |guest, _next| {
                $(let $cp = argument!($ct, _next);)*
                let mut memory = GuestMemory::new(&mut guest.bytes);
                calls::$common(&mut guest.ctx, &mut memory, $($cp),*).is_ok()
            }),)*
            $((stringify!($preview1), |guest, next| {
                $(let $pp = argument!($pt, next);)*
                let mut memory = GuestMemory::new(&mut guest.bytes);
                calls::$preview1(&mut guest.ctx, &mut memory, $($pp),*).is_ok()
            }),)*
            $((concat!("snapshot0::", stringify!($snapshot0)), |guest, next| {
                $(let $sp = argument!($st, next);)*
                let mut memory = GuestMemory::new(&mut guest.bytes);
                calls::snapshot0::$snapshot0(&mut guest.ctx, &mut memory, $($sp),*).is_ok()
            }),)*
        ];
    };
}
for_each_function!(list);

#[test]
fn the_list_is_complete() {
    // The two functions that end a program are not in the list.
    let preview1 = CALLS.iter().filter(|(name, _)| !name.starts_with("snapshot0")).count();
    assert_eq!(preview1 + 2, 46);
}

/// Numbers that matter: small ones, which are descriptors, flags and addresses, those at the end of
/// the memory, and extremes. None can make a file grow to gigabytes.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 0_u64..8,
        4 => 0_u64..300,
        3 => 4080_u64..4110,
        1 => Just(u64::from(u32::MAX)),
        1 => Just(u64::MAX),
        1 => Just(i64::MAX as u64),
        1 => (0_u32..64).prop_map(|shift| u64::MAX << shift),
    ]
}

/// Bytes that sometimes look like records and paths.
fn memory() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::collection::vec(0_u8..8, 8),
        2 => proptest::collection::vec(any::<u8>(), 8),
        1 => Just(b"file\0\0\0\0".to_vec()),
        1 => Just(b"../dir/.".to_vec()),
        1 => Just(b"link/new".to_vec()),
        1 => Just(b"dir/link".to_vec()),
    ];
    proptest::collection::vec(piece, 512).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_calls_in_any_order(
        bytes in memory(),
        calls in proptest::collection::vec(
            (0..CALLS.len(), proptest::collection::vec(number(), 12)),
            1..80,
        ),
    ) {
        let dir = tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "data").unwrap();
        std::fs::create_dir(dir.path().join("dir")).unwrap();
        std::os::unix::fs::symlink("../file", dir.path().join("dir/link")).unwrap();
        std::os::unix::fs::symlink("dir", dir.path().join("link")).unwrap();
        let clock = VirtualClock::new(Duration::ZERO, Duration::from_nanos(1));
        // Nobody is at the other end: a call that waits for it, for ever, returns at once.
        let (socket, _) = std::os::unix::net::UnixStream::pair().unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut builder = WasiCtx::builder();
        builder
            .args(&["a", "b"])
            .env("C", "d")
            .stdin(MemoryInputPipe::new("input"))
            .stdout(MemoryOutputPipe::new(100))
            .monotonic_clock(clock.clone())
            .wall_clock(clock)
            .preopened_socket(socket)
            .unwrap()
            .preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all())
            .unwrap();
        let mut guest = Guest { ctx: builder.build(), bytes };
        for (call, numbers) in calls {
            let mut numbers = numbers.into_iter();
            CALLS[call].1(&mut guest, &mut || numbers.next().unwrap_or(0));
        }
    }
}
