//! Arguments, environment, clocks, randomness, the end of a program.

use crate::guest::{Guest, call};
use std::time::Duration;
use wasm_wasi::abi::Errno;
use wasm_wasi::{I32Exit, SeededRandom, VirtualClock, WasiCtx, calls};

#[test]
fn arguments_and_environment_arrive_as_c_strings() {
    let mut guest = Guest::new(
        WasiCtx::builder()
            .arg("prog")
            .args(&["a b", "", "cut\0off"])
            .env("A", "1")
            .env("B", "x=y")
            .env("A", "2"),
    );
    call!(guest, args_sizes_get, 0, 4).unwrap();
    assert_eq!((guest.u32(0), guest.u32(4)), (4, 5 + 4 + 1 + 4));
    call!(guest, args_get, 64, 128).unwrap();
    assert_eq!(&guest.bytes[128..142], b"prog\0a b\0\0cut\0");
    assert_eq!([64, 68, 72, 76].map(|at| guest.u32(at)), [128, 133, 137, 138]);

    call!(guest, environ_sizes_get, 0, 4).unwrap();
    assert_eq!((guest.u32(0), guest.u32(4)), (2, 4 + 6));
    call!(guest, environ_get, 64, 128).unwrap();
    assert_eq!(&guest.bytes[128..138], b"A=2\0B=x=y\0");

    let end = u32::try_from(guest.bytes.len()).unwrap();
    assert_eq!(call!(guest, args_get, 64, end - 3), Err(Errno::Fault));
    assert_eq!(call!(guest, args_get, u32::MAX, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, args_sizes_get, end, 0), Err(Errno::Fault));
}

#[test]
fn nothing_is_given_by_itself() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    call!(guest, args_sizes_get, 0, 4).unwrap();
    assert_eq!(guest.u64(0), 0);
    call!(guest, environ_sizes_get, 0, 4).unwrap();
    assert_eq!(guest.u64(0), 0);
    assert_eq!(call!(guest, fd_prestat_get, 3, 0), Err(Errno::Badf));
    assert_eq!(guest.read(0, 10), Ok(vec![]));
    assert_eq!(guest.write(1, b"gone"), Ok(4));
}

#[test]
fn the_environment_can_be_inherited() {
    let mut guest = Guest::new(WasiCtx::builder().inherit_env().inherit_args());
    call!(guest, environ_sizes_get, 0, 4).unwrap();
    assert_eq!(guest.u32(0) as usize, std::env::vars_os().count());
    call!(guest, args_sizes_get, 0, 4).unwrap();
    assert_eq!(guest.u32(0) as usize, std::env::args_os().count());
}

#[test]
fn the_hosts_clocks_are_reported() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    for clock in 0..4 {
        call!(guest, clock_res_get, clock, 0).unwrap();
        assert!((1..=1_000_000_000).contains(&guest.u64(0)), "resolution of clock {clock}");
        call!(guest, clock_time_get, clock, 0, 0).unwrap();
        let first = guest.u64(0);
        call!(guest, clock_time_get, clock, u64::MAX, 0).unwrap();
        assert!(guest.u64(0) >= first, "clock {clock}");
    }
    assert_eq!(call!(guest, clock_time_get, 4, 0, 0), Err(Errno::Inval));
    assert_eq!(call!(guest, clock_res_get, u32::MAX, 0), Err(Errno::Inval));
}

#[test]
fn clocks_can_be_replaced() {
    let clock = VirtualClock::new(Duration::from_secs(1), Duration::from_nanos(1));
    let mut builder = WasiCtx::builder();
    builder.wall_clock(clock.clone()).monotonic_clock(clock.clone());
    // The builder reads the clock once, to count CPU time from there.
    let mut guest = Guest::new(&mut builder);
    call!(guest, clock_time_get, 0, 0, 0).unwrap();
    assert_eq!(guest.u64(0), 1_000_000_001);
    clock.pass(Duration::from_secs(1));
    call!(guest, clock_time_get, 1, 0, 0).unwrap();
    assert_eq!(guest.u64(0), 2_000_000_002);
    call!(guest, clock_time_get, 2, 0, 0).unwrap();
    assert_eq!(guest.u64(0), 1_000_000_003);
}

#[test]
fn randomness_can_be_replaced() {
    let bytes = |random: SeededRandom| {
        let mut guest = Guest::new(WasiCtx::builder().secure_random(random));
        call!(guest, random_get, 0, 100).unwrap();
        guest.bytes[..100].to_vec()
    };
    assert_eq!(bytes(SeededRandom::new(7)), bytes(SeededRandom::new(7)));
    assert_ne!(bytes(SeededRandom::new(7)), bytes(SeededRandom::new(8)));

    let mut guest =
        Guest::new(WasiCtx::builder().secure_random(|buffer: &mut [u8]| buffer.fill(9)));
    call!(guest, random_get, 0, 3).unwrap();
    assert_eq!(guest.bytes[..4], [9, 9, 9, 0]);
}

#[test]
fn the_systems_randomness_is_used() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    call!(guest, random_get, 0, 64).unwrap();
    assert_ne!(guest.bytes[..64], [0; 64]);
    assert_eq!(call!(guest, random_get, 1, u32::MAX), Err(Errno::Fault));
}

#[test]
fn programs_end_with_their_status() {
    let mut ctx = WasiCtx::builder().build();
    assert_eq!(calls::proc_exit(&mut ctx, 3), I32Exit(3));
    assert_eq!(calls::proc_exit(&mut ctx, u32::MAX).process_exit_code(), -1);
    assert_eq!(calls::proc_raise(&mut ctx, 6), Ok(Some(I32Exit(134))));
    assert_eq!(calls::proc_raise(&mut ctx, 17), Ok(None));
    assert_eq!(calls::proc_raise(&mut ctx, 19), Err(Errno::NotSup));
    assert_eq!(calls::proc_raise(&mut ctx, 31), Err(Errno::Inval));
    assert_eq!(I32Exit(2).to_string(), "the program ended with exit status 2");
}

#[test]
fn secrets_of_the_environment_are_not_shown() {
    let ctx = WasiCtx::builder().env("TOKEN", "hunter2").build();
    let text = format!("{ctx:?}");
    assert!(text.contains("TOKEN") && !text.contains("hunter2"), "{text}");
}
