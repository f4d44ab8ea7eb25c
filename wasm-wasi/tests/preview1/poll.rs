//! Waiting.

use crate::guest::{Guest, ROOT, call};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use wasm_wasi::abi::{Errno, FdFlags, GuestMemory, OpenFlags, Rights};
use wasm_wasi::{MemoryInputPipe, VirtualClock, WasiCtx, calls};

const IN: u32 = 4096;
const OUT: u32 = 8192;

#[derive(Debug, PartialEq, Eq)]
struct Event {
    user_data: u64,
    error: u16,
    kind: u8,
    bytes: u64,
    hangup: bool,
}

fn event(user_data: u64, error: Errno, kind: u8, bytes: u64) -> Event {
    Event { user_data, error: error.number(), kind, bytes, hangup: false }
}

fn clock(user_data: u64, clock: u32, timeout: u64, flags: u16) -> [u8; 48] {
    let mut record = [0; 48];
    record[0..8].copy_from_slice(&user_data.to_le_bytes());
    record[16..20].copy_from_slice(&clock.to_le_bytes());
    record[24..32].copy_from_slice(&timeout.to_le_bytes());
    record[40..42].copy_from_slice(&flags.to_le_bytes());
    record
}

fn fd(user_data: u64, kind: u8, fd: u32) -> [u8; 48] {
    let mut record = [0; 48];
    record[0..8].copy_from_slice(&user_data.to_le_bytes());
    record[8] = kind;
    record[16..20].copy_from_slice(&fd.to_le_bytes());
    record
}

fn poll(guest: &mut Guest, subscriptions: &[[u8; 48]]) -> Result<Vec<Event>, Errno> {
    guest.put(IN, &subscriptions.concat());
    let count = u32::try_from(subscriptions.len()).unwrap();
    call!(guest, poll_oneoff, IN, OUT, count, 0)?;
    Ok(events(guest))
}

fn events(guest: &Guest) -> Vec<Event> {
    (0..guest.u32(0))
        .map(|i| OUT + 32 * i)
        .map(|at| Event {
            user_data: guest.u64(at),
            error: u16::try_from(guest.u32(at + 8) & 0xffff).unwrap(),
            kind: guest.bytes[at as usize + 10],
            bytes: guest.u64(at + 16),
            hangup: guest.bytes[at as usize + 24] == 1,
        })
        .collect()
}

#[test]
fn sleeping_takes_its_time() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    for id in [0, 1] {
        let start = Instant::now();
        let events = poll(&mut guest, &[clock(7, id, 20_000_000, 0)]).unwrap();
        assert_eq!(events, [event(7, Errno::Success, 0, 0)]);
        assert!(start.elapsed() >= Duration::from_millis(20));
        call!(guest, clock_time_get, id, 0, 0).unwrap();
        let deadline = guest.u64(0) + 20_000_000;
        poll(&mut guest, &[clock(7, id, deadline, 1)]).unwrap();
        call!(guest, clock_time_get, id, 0, 0).unwrap();
        assert!(guest.u64(0) >= deadline);
        // A time in the past ends the wait at once, whatever else is awaited.
        let events = poll(&mut guest, &[clock(1, id, u64::MAX, 0), clock(2, id, 0, 1)]).unwrap();
        assert_eq!(events, [event(2, Errno::Success, 0, 0)]);
    }
}

#[test]
fn a_virtual_clock_does_not_wait() {
    let time = VirtualClock::new(Duration::ZERO, Duration::ZERO);
    let mut guest = Guest::new(WasiCtx::builder().monotonic_clock(time.clone()).wall_clock(time));
    let start = Instant::now();
    let hour = 3_600_000_000_000;
    let events = poll(&mut guest, &[clock(1, 1, hour, 0), clock(2, 1, 2 * hour, 0)]).unwrap();
    assert_eq!(events, [event(1, Errno::Success, 0, 0)]);
    call!(guest, clock_time_get, 1, 0, 0).unwrap();
    assert_eq!(guest.u64(0), hour);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn descriptors_say_when_they_are_ready() {
    let dir = tempfile::tempdir().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtx::builder();
    builder
        .stdin(std::fs::File::from(OwnedFd::from(reader)))
        .preopened_dir_with(
            dir.path(),
            "/",
            wasm_wasi::DirPerms::all(),
            wasm_wasi::FilePerms::all(),
        )
        .unwrap();
    let mut guest = Guest::new(&mut builder);
    let waiting = [fd(1, 1, 0), clock(2, 1, 10_000_000, 0)];
    assert_eq!(poll(&mut guest, &waiting), Ok(vec![event(2, Errno::Success, 0, 0)]));
    writer.write_all(b"abc").unwrap();
    assert_eq!(poll(&mut guest, &waiting), Ok(vec![event(1, Errno::Success, 1, 3)]));
    assert_eq!(guest.read(0, 10), Ok(b"abc".to_vec()));
    drop(writer);
    let closed = Event { hangup: true, ..event(1, Errno::Success, 1, 0) };
    assert_eq!(poll(&mut guest, &waiting), Ok(vec![closed]));

    let file = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.write(file, b"12345").unwrap();
    guest.seek(file, 2, 0).unwrap();
    let both = [fd(3, 1, file), fd(4, 2, file), clock(5, 1, u64::MAX, 0)];
    let expected = [event(3, Errno::Success, 1, 3), event(4, Errno::Success, 2, 0)];
    assert_eq!(poll(&mut guest, &both).unwrap(), expected);
    let output = [fd(6, 2, 1), fd(7, 2, 2)];
    let expected = [event(6, Errno::Success, 2, 0), event(7, Errno::Success, 2, 0)];
    assert_eq!(poll(&mut guest, &output).unwrap(), expected);
}

#[test]
fn a_writer_in_another_thread_ends_the_wait() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stdin = std::fs::File::from(OwnedFd::from(reader));
    let mut guest = Guest::new(WasiCtx::builder().stdin(stdin));
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.write_all(b"x").unwrap();
        writer
    });
    assert_eq!(poll(&mut guest, &[fd(1, 1, 0)]), Ok(vec![event(1, Errno::Success, 1, 1)]));
    thread.join().unwrap();
}

#[test]
fn a_file_is_ready_whatever_it_was_opened_for() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "12345").unwrap();
    let mut guest = Guest::in_dir(dir.path());
    for (rights, left) in
        [(Rights::FD_READ, 5), (Rights::FD_WRITE, 0), (Rights::FD_READ | Rights::FD_WRITE, 5)]
    {
        let rights = (rights, Rights::empty());
        let file = guest
            .open_full(ROOT, 0, "file", OpenFlags::empty(), rights, FdFlags::NONBLOCK)
            .unwrap();
        let both = [fd(1, 1, file), fd(2, 2, file), clock(3, 1, u64::MAX, 0)];
        let expected = [event(1, Errno::Success, 1, left), event(2, Errno::Success, 2, 0)];
        assert_eq!(poll(&mut guest, &both).unwrap(), expected);
        assert_eq!(guest.read(file, 5).is_ok(), rights.0.contains(Rights::FD_READ));
        let written = guest.write(file, b"");
        assert_eq!(written.is_ok(), rights.0.contains(Rights::FD_WRITE));
    }
}

#[test]
fn what_cannot_work_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    for subscription in
        [fd(1, 1, 99), fd(2, 2, 0), fd(3, 1, ROOT), fd(4, 2, ROOT), fd(5, 1, 1), fd(6, 1, u32::MAX)]
    {
        let both = [clock(1, 1, u64::MAX, 0), subscription];
        assert_eq!(poll(&mut guest, &both), Err(Errno::Badf));
    }
    for clock in [clock(1, 2, 0, 0), clock(1, 3, 0, 0), clock(1, 77, 0, 0)] {
        assert_eq!(poll(&mut guest, &[fd(2, 2, 1), clock]), Err(Errno::Inval));
    }
}

#[test]
fn subscriptions_take_no_more_memory_than_they_may() {
    let mut guest = Guest::new(WasiCtx::builder().max_call_memory(10_000));
    guest.bytes = vec![0; 80_000];
    // An all-zero subscription is a clock whose time is reached at once.
    let mut poll = |count: u32| call!(guest, poll_oneoff, 0, 40_000, count, 79_000);
    assert_eq!(poll(20), Ok(()));
    assert_eq!(poll(800), Err(Errno::NoMem));
}

#[test]
fn memory_is_always_ready() {
    let mut guest = Guest::new(WasiCtx::builder().stdin(MemoryInputPipe::new("abc")));
    assert_eq!(poll(&mut guest, &[fd(1, 1, 0)]), Ok(vec![event(1, Errno::Success, 1, 3)]));
}

#[test]
fn nonsense_is_refused() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    assert_eq!(poll(&mut guest, &[]), Err(Errno::Inval));
    assert_eq!(poll(&mut guest, &[fd(1, 3, 0)]), Err(Errno::Inval));
    assert_eq!(poll(&mut guest, &[clock(1, 1, 0, 2)]), Err(Errno::Inval));
    assert_eq!(call!(guest, poll_oneoff, IN, OUT, u32::MAX, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, poll_oneoff, IN, OUT, 10_000, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, poll_oneoff, IN, u32::MAX, 1, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, poll_oneoff, IN, OUT, 1, u32::MAX), Err(Errno::Fault));
}

#[test]
fn snapshot_0_has_longer_records() {
    let mut guest = Guest::new(&mut WasiCtx::builder());
    let mut record = [0; 56];
    record[0] = 9;
    record[24] = 1;
    record[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
    guest.put(IN, &record);
    guest.put(IN + 56, &record);
    guest.bytes[IN as usize + 56 + 8] = 2;
    guest.bytes[IN as usize + 56 + 16] = 1;
    let mut memory = GuestMemory::new(&mut guest.bytes);
    calls::snapshot0::poll_oneoff(&mut guest.ctx, &mut memory, IN, OUT, 2, 0).unwrap();
    assert_eq!(events(&guest), [event(9, Errno::Success, 2, 0)]);
    record[32..40].copy_from_slice(&1_000_u64.to_le_bytes());
    guest.put(IN, &record);
    let mut memory = GuestMemory::new(&mut guest.bytes);
    calls::snapshot0::poll_oneoff(&mut guest.ctx, &mut memory, IN, OUT, 1, 0).unwrap();
    assert_eq!(events(&guest), [event(9, Errno::Success, 0, 0)]);
}
