//! The functions of WASI preview 1, a file for each family.
//!
//! Each function takes the guest's context, a view on its memory, and the parameters as the guest
//! passes them: plain numbers. No parameters make a function panic. Results are written to the
//! addresses given for them; the function itself only returns whether it succeeded.
//!
//! They know nothing of a runtime. The module `p1` binds them to this project's runtime. Others can
//! bind them by means of the list in [`for_each_function!`](crate::for_each_function).
//!
//! ```
//! use wasm_wasi::abi::GuestMemory;
//! use wasm_wasi::{WasiCtx, calls};
//!
//! let mut wasi = WasiCtx::builder().args(&["program", "x"]).build();
//! let mut bytes = [0; 64];
//! calls::args_sizes_get(&mut wasi, &mut GuestMemory::new(&mut bytes), 0, 4).unwrap();
//! assert_eq!(bytes[..8], [2, 0, 0, 0, 10, 0, 0, 0]);
//! ```

mod args;
mod clock;
mod fd_attributes;
mod fd_io;
mod fd_table;
mod path;
mod path_change;
mod path_open;
mod path_stat;
mod poll;
mod process;
mod random;
mod readdir;
pub mod snapshot0;
mod socket;
mod transfer;

pub use args::{args_get, args_sizes_get, environ_get, environ_sizes_get};
pub use clock::{clock_res_get, clock_time_get};
pub use fd_attributes::{
    fd_advise, fd_allocate, fd_datasync, fd_fdstat_get, fd_fdstat_set_flags, fd_fdstat_set_rights,
    fd_filestat_get, fd_filestat_set_size, fd_filestat_set_times, fd_sync,
};
pub use fd_io::{fd_pread, fd_pwrite, fd_read, fd_seek, fd_tell, fd_write};
pub use fd_table::{fd_close, fd_prestat_dir_name, fd_prestat_get, fd_renumber};
pub use path_change::{
    path_create_directory, path_link, path_remove_directory, path_rename, path_symlink,
    path_unlink_file,
};
pub use path_open::path_open;
pub use path_stat::{path_filestat_get, path_filestat_set_times, path_readlink};
pub use poll::poll_oneoff;
pub use process::{Exit, proc_exit, proc_raise, sched_yield};
pub use random::random_get;
pub use readdir::fd_readdir;
pub use socket::{sock_accept, sock_recv, sock_send, sock_shutdown};

/// The list of all functions that return an error number, for a macro that generates something for
/// each.
///
/// The named macro gets `name(parameter: type, …);` for each function: those in `calls` in `common
/// { … }` and `preview1 { … }`, and those in [`snapshot0`] in `snapshot0 { … }`, which replace the
/// functions with the same names in `preview1 { … }`. The two that end a program, `proc_exit` and
/// `proc_raise`, are not in the list, since their results are of another kind.
#[macro_export]
macro_rules! for_each_function {
    ($callback:ident) => {
        $callback! {
            common {
            args_get(argv: u32, argv_buf: u32);
            args_sizes_get(argc: u32, argv_buf_size: u32);
            environ_get(environ: u32, environ_buf: u32);
            environ_sizes_get(environc: u32, environ_buf_size: u32);
            clock_res_get(clock: u32, resolution: u32);
            clock_time_get(clock: u32, precision: u64, time: u32);
            fd_advise(fd: u32, offset: u64, length: u64, advice: u32);
            fd_allocate(fd: u32, offset: u64, length: u64);
            fd_close(fd: u32);
            fd_datasync(fd: u32);
            fd_fdstat_get(fd: u32, stat: u32);
            fd_fdstat_set_flags(fd: u32, flags: u32);
            fd_fdstat_set_rights(fd: u32, rights: u64, inheriting: u64);
            fd_filestat_set_size(fd: u32, size: u64);
            fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, flags: u32);
            fd_pread(fd: u32, buffers: u32, count: u32, offset: u64, read: u32);
            fd_prestat_get(fd: u32, prestat: u32);
            fd_prestat_dir_name(fd: u32, path: u32, path_length: u32);
            fd_pwrite(fd: u32, buffers: u32, count: u32, offset: u64, written: u32);
            fd_read(fd: u32, buffers: u32, count: u32, read: u32);
            fd_readdir(fd: u32, buffer: u32, length: u32, cookie: u64, used: u32);
            fd_renumber(from: u32, to: u32);
            fd_sync(fd: u32);
            fd_tell(fd: u32, position: u32);
            fd_write(fd: u32, buffers: u32, count: u32, written: u32);
            path_create_directory(fd: u32, path: u32, path_length: u32);
            path_filestat_set_times(
                fd: u32, lookup: u32, path: u32, path_length: u32, accessed: u64, modified: u64,
                flags: u32
            );
            path_link(
                old_fd: u32, lookup: u32, old_path: u32, old_path_length: u32, new_fd: u32,
                new_path: u32, new_path_length: u32
            );
            path_open(
                fd: u32, lookup: u32, path: u32, path_length: u32, open: u32, rights: u64,
                inheriting: u64, flags: u32, opened: u32
            );
            path_readlink(
                fd: u32, path: u32, path_length: u32, buffer: u32, length: u32, used: u32
            );
            path_remove_directory(fd: u32, path: u32, path_length: u32);
            path_rename(
                old_fd: u32, old_path: u32, old_path_length: u32, new_fd: u32, new_path: u32,
                new_path_length: u32
            );
            path_symlink(
                target: u32, target_length: u32, fd: u32, path: u32, path_length: u32
            );
            path_unlink_file(fd: u32, path: u32, path_length: u32);
            sched_yield();
            random_get(buffer: u32, length: u32);
            sock_recv(
                fd: u32, buffers: u32, count: u32, flags: u32, received: u32, out_flags: u32
            );
            sock_send(fd: u32, buffers: u32, count: u32, flags: u32, sent: u32);
            sock_shutdown(fd: u32, how: u32);
            }
            preview1 {
            fd_filestat_get(fd: u32, stat: u32);
            fd_seek(fd: u32, offset: u64, whence: u32, position: u32);
            path_filestat_get(fd: u32, lookup: u32, path: u32, path_length: u32, stat: u32);
            poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: u32);
            sock_accept(fd: u32, flags: u32, accepted: u32);
            }
            snapshot0 {
            fd_filestat_get(fd: u32, stat: u32);
            fd_seek(fd: u32, offset: u64, whence: u32, position: u32);
            path_filestat_get(fd: u32, lookup: u32, path: u32, path_length: u32, stat: u32);
            poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: u32);
            }
        }
    };
}
