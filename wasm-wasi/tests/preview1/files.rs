//! Files through their descriptors.

use crate::guest::{Guest, ROOT, call};
use tempfile::tempdir;
use wasm_wasi::abi::{Errno, FdFlags, GuestMemory, OpenFlags, Rights};
use wasm_wasi::calls;

const SET: u32 = 0;
const CUR: u32 = 1;
const END: u32 = 2;

#[test]
fn bytes_written_are_read_back() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    assert_eq!(guest.tell(fd), Ok(0));
    assert_eq!(guest.write(fd, b"hello world"), Ok(11));
    assert_eq!(guest.tell(fd), Ok(11));
    assert_eq!(guest.read(fd, 5), Ok(vec![]));
    assert_eq!(guest.seek(fd, -5, CUR), Ok(6));
    assert_eq!(guest.read(fd, 100), Ok(b"world".to_vec()));
    assert_eq!(guest.seek(fd, 0, SET), Ok(0));
    assert_eq!(guest.read(fd, 5), Ok(b"hello".to_vec()));
    assert_eq!(guest.seek(fd, 1000, END), Ok(1011));
    assert_eq!(guest.seek(fd, -2000, CUR), Err(Errno::Inval));
    assert_eq!(guest.seek(fd, i64::MIN, SET), Err(Errno::Inval));
    assert_eq!(guest.seek(fd, 0, 3), Err(Errno::Inval));
    assert_eq!(guest.close(fd), Ok(()));
    assert_eq!(guest.close(fd), Err(Errno::Badf));
    assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"hello world");
}

#[test]
fn reads_and_writes_scatter_and_gather() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.put(2000, b"abcdef");
    let (at, count) = guest.buffers(&[(2003, 3), (2000, 0), (2000, 3), (2001, 1)]);
    call!(guest, fd_write, fd, at, count, 0).unwrap();
    assert_eq!(guest.u32(0), 7);
    assert_eq!(guest.pread(fd, 100, 0), Ok(b"defabcb".to_vec()));
    let (at, count) = guest.buffers(&[(3010, 2), (0, 0), (3000, 4), (3020, 100)]);
    call!(guest, fd_pread, fd, at, count, 0, 0).unwrap();
    assert_eq!(guest.u32(0), 7);
    assert_eq!(&guest.bytes[3010..3013], b"de\0");
    assert_eq!(&guest.bytes[3000..3005], b"fabc\0");
    assert_eq!(&guest.bytes[3020..3022], b"b\0");
}

#[test]
fn offsets_leave_the_position_alone() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"0123456789").unwrap();
    assert_eq!(guest.pread(fd, 3, 2), Ok(b"234".to_vec()));
    assert_eq!(guest.pwrite(fd, b"ab", 4), Ok(2));
    assert_eq!(guest.tell(fd), Ok(10));
    assert_eq!(guest.pread(fd, 100, 8), Ok(b"89".to_vec()));
    assert_eq!(guest.pread(fd, 100, 10), Ok(vec![]));
    assert_eq!(guest.pread(fd, 1, u64::MAX), Err(Errno::Inval));
    assert_eq!(guest.pwrite(fd, b"x", u64::MAX), Err(Errno::Inval));
    assert_eq!(std::fs::read(dir.path().join("file")).unwrap(), b"0123ab6789");
}

#[test]
fn appending_goes_to_the_end_whatever_the_offset() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    std::fs::write(dir.path().join("file"), b"1234").unwrap();
    let rights = (Rights::FILE, Rights::empty());
    let fd = guest.open_full(ROOT, 0, "file", OpenFlags::empty(), rights, FdFlags::APPEND).unwrap();
    assert_eq!(guest.fdstat(fd).unwrap().1, FdFlags::APPEND.bits());
    assert_eq!(guest.write(fd, b"56"), Ok(2));
    assert_eq!(guest.tell(fd), Ok(6));
    guest.seek(fd, 0, SET).unwrap();
    assert_eq!(guest.write(fd, b"78"), Ok(2));
    guest.seek(fd, 3, SET).unwrap();
    for offset in [0, 50, i64::MAX as u64] {
        assert_eq!(guest.pwrite(fd, b"x", offset), Ok(1));
    }
    assert_eq!(guest.pwrite(fd, b"x", 1 << 63), Err(Errno::Inval));
    assert_eq!(guest.tell(fd), Ok(3));
    assert_eq!(guest.pread(fd, 100, 0), Ok(b"12345678xxx".to_vec()));
    call!(guest, fd_fdstat_set_flags, fd, 0).unwrap();
    guest.seek(fd, 1, SET).unwrap();
    assert_eq!(guest.write(fd, b"y"), Ok(1));
    assert_eq!(guest.pwrite(fd, b"z", 50), Ok(1));
    assert_eq!(guest.stat(fd).unwrap().size, 51);
    assert_eq!(guest.pread(fd, 11, 0), Ok(b"1y345678xxx".to_vec()));
}

#[test]
fn flags_are_kept_and_checked() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let rights = (Rights::FILE, Rights::empty());
    let flags = FdFlags::APPEND | FdFlags::NONBLOCK;
    let fd = guest.open_full(ROOT, 0, "f", OpenFlags::CREATE, rights, flags).unwrap();
    assert_eq!(guest.fdstat(fd).unwrap().1, flags.bits());
    let append = u32::from(FdFlags::APPEND.bits());
    assert_eq!(call!(guest, fd_fdstat_set_flags, fd, append), Ok(()));
    assert_eq!(guest.fdstat(fd).unwrap().1, FdFlags::APPEND.bits());
    assert_eq!(call!(guest, fd_fdstat_set_flags, fd, 1 << 5), Err(Errno::Inval));
    assert_eq!(call!(guest, fd_fdstat_set_flags, ROOT, 0), Err(Errno::Badf));
    // Synchronous writes are not supported.
    for flags in [FdFlags::DSYNC, FdFlags::SYNC, FdFlags::RSYNC] {
        let opened = guest.open_full(ROOT, 0, "f", OpenFlags::empty(), rights, flags);
        assert_eq!(opened, Err(Errno::NotSup));
        let set = call!(guest, fd_fdstat_set_flags, fd, u32::from(flags.bits()));
        assert_eq!(set, Err(Errno::Inval));
    }
    assert_eq!(guest.write(fd, b"x"), Ok(1));
}

#[test]
fn sizes_change() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    call!(guest, fd_filestat_set_size, fd, 100).unwrap();
    assert_eq!(guest.stat(fd).unwrap().size, 100);
    call!(guest, fd_filestat_set_size, fd, 10).unwrap();
    assert_eq!(guest.stat(fd).unwrap().size, 10);
    assert!(call!(guest, fd_filestat_set_size, fd, u64::MAX).is_err());
    assert_eq!(call!(guest, fd_allocate, fd, 90, 20), Err(Errno::NotSup));
    assert_eq!(guest.stat(fd).unwrap().size, 10);
    assert_eq!(call!(guest, fd_allocate, ROOT, 0, 0), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_allocate, 99, 0, 0), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_filestat_set_size, ROOT, 0), Err(Errno::Badf));
}

#[test]
fn advice_and_syncing_are_taken() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    for advice in 0..6 {
        assert_eq!(call!(guest, fd_advise, fd, 0, 100, advice), Ok(()));
    }
    assert_eq!(call!(guest, fd_advise, fd, 0, 0, 0), Ok(()));
    assert_eq!(call!(guest, fd_advise, fd, 0, 100, 6), Err(Errno::Inval));
    assert_eq!(call!(guest, fd_advise, fd, u64::MAX, 100, 0), Err(Errno::Inval));
    assert_eq!(call!(guest, fd_advise, fd, i64::MAX as u64, 100, 0), Err(Errno::Inval));
    assert_eq!(call!(guest, fd_advise, ROOT, 0, 100, 0), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_advise, 0, 0, 100, 0), Err(Errno::SPipe));
    assert_eq!(call!(guest, fd_sync, fd), Ok(()));
    assert_eq!(call!(guest, fd_datasync, fd), Ok(()));
    assert_eq!(call!(guest, fd_sync, ROOT), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_datasync, ROOT), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_sync, 1), Ok(()));
    assert_eq!(call!(guest, fd_sync, 99), Err(Errno::Badf));
}

#[test]
fn times_are_set_through_descriptors() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    call!(guest, fd_filestat_set_times, fd, 1_000_000_007, 2_000_000_009, 0b0101).unwrap();
    let stat = guest.stat(fd).unwrap();
    assert_eq!((stat.accessed, stat.modified), (1_000_000_007, 2_000_000_009));
    call!(guest, fd_filestat_set_times, fd, 0, 0, 0b1000).unwrap();
    let stat = guest.stat(fd).unwrap();
    assert_eq!(stat.accessed, 1_000_000_007);
    assert!(stat.modified > 1_500_000_000_000_000_000);
    for contradiction in [0b0011, 0b1100, 0b1111, 0b1_0000] {
        let result = call!(guest, fd_filestat_set_times, fd, 0, 0, contradiction);
        assert_eq!(result, Err(Errno::Inval));
    }
    assert_eq!(call!(guest, fd_filestat_set_times, 1, 0, 0, 0), Err(Errno::Badf));
    call!(guest, fd_filestat_set_times, ROOT, 0, 5, 0b0100).unwrap();
    assert_eq!(guest.stat(ROOT).unwrap().modified, 5);
}

#[test]
fn descriptors_are_renumbered() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let first = guest.open("1", OpenFlags::CREATE).unwrap();
    let second = guest.open("2", OpenFlags::CREATE).unwrap();
    assert_eq!((first, second), (4, 5));
    let inode = guest.stat(first).unwrap().inode;
    call!(guest, fd_renumber, first, second).unwrap();
    assert_eq!(guest.stat(second).unwrap().inode, inode);
    assert_eq!(guest.stat(first), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_renumber, second, first), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_renumber, second, u32::MAX), Err(Errno::Badf));
    assert_eq!(call!(guest, fd_renumber, second, second), Ok(()));
    // The lowest free number is the next.
    assert_eq!(guest.open("3", OpenFlags::CREATE), Ok(first));
    // A preopened directory and a stream may be replaced as well.
    call!(guest, fd_renumber, second, 1).unwrap();
    assert_eq!(guest.write(1, b"to file 1"), Ok(9));
    assert_eq!(std::fs::read(dir.path().join("1")).unwrap(), b"to file 1");
    call!(guest, fd_renumber, first, ROOT).unwrap();
    assert_eq!(call!(guest, fd_prestat_get, ROOT, 0), Err(Errno::Badf));
}

#[test]
fn results_that_cannot_be_written_stop_the_call_first() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    let end = u32::try_from(guest.bytes.len()).unwrap();
    guest.put(2000, b"data");
    let (at, count) = guest.buffers(&[(2000, 4)]);
    assert_eq!(call!(guest, fd_write, fd, at, count, end - 3), Err(Errno::Fault));
    assert_eq!(guest.stat(fd).unwrap().size, 0);
    let (at, count) = guest.buffers(&[(end - 3, 4)]);
    assert_eq!(call!(guest, fd_write, fd, at, count, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, fd_read, fd, at, count, 0), Err(Errno::Fault));
    assert_eq!(call!(guest, fd_seek, fd, 5, SET, end - 7), Err(Errno::Fault));
    assert_eq!(guest.tell(fd), Ok(0));
    let (at, count) = guest.buffers(&[(0, u32::MAX), (0, u32::MAX)]);
    assert!(call!(guest, fd_read, fd, at, count, 0).is_err());
}

#[test]
fn snapshot_0_differs_where_it_did() {
    let dir = tempdir().unwrap();
    let mut guest = Guest::in_dir(dir.path());
    let fd = guest.open("file", OpenFlags::CREATE).unwrap();
    guest.write(fd, b"12345").unwrap();
    let mut old = |whence, offset: i64| {
        let mut memory = GuestMemory::new(&mut guest.bytes);
        calls::snapshot0::fd_seek(
            &mut guest.ctx,
            &mut memory,
            fd,
            offset.cast_unsigned(),
            whence,
            0,
        )
        .map(|()| guest.u64(0))
    };
    assert_eq!(old(1, -1), Ok(4));
    assert_eq!(old(2, 2), Ok(2));
    assert_eq!(old(0, 1), Ok(3));
    let mut memory = GuestMemory::new(&mut guest.bytes);
    calls::snapshot0::fd_filestat_get(&mut guest.ctx, &mut memory, fd, 0).unwrap();
    assert_eq!((guest.bytes[16], guest.u32(20), guest.u64(24)), (4, 1, 5));
}
