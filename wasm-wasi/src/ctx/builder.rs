//! Building a [`WasiCtx`].

use super::{
    Access, Closed, CpuClock, Descriptor, Directory, Grant, HostMonotonicClock, HostWallClock,
    Object, RandomSource, Sink, StdinStream, StdoutStream, SystemClock, SystemRandom, Table,
    Waiting, WasiCtx,
};
use crate::abi::{FdFlags, FileType};
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

bitflags::bitflags! {
    /// What a guest may do with the entries of a preopened directory, and of directories below it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct DirPerms: usize {
        /// List entries, and read attributes and links.
        const READ = 1 << 0;
        /// Create and remove entries, and change attributes. Renaming and linking require all
        /// permissions, including those of [`FilePerms`].
        const MUTATE = 1 << 1;
    }

    /// What a guest may do with the files in a preopened directory, and in directories below it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FilePerms: usize {
        /// Read files.
        const READ = 1 << 0;
        /// Write files, and change their length. Creating a file requires this and
        /// [`DirPerms::MUTATE`].
        const WRITE = 1 << 1;
    }
}

/// What a guest may do in a preopened directory: the two usual sets of permissions.
/// [`WasiCtxBuilder::preopened_dir_with`] takes others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsPerms {
    /// List directories and read files.
    ReadOnly,
    /// All of it.
    ReadWrite,
}

impl FsPerms {
    /// Whether nothing may be changed.
    #[must_use]
    pub fn write_not_permitted(&self) -> bool {
        matches!(self, Self::ReadOnly)
    }
}

/// Builds the context of a guest, piece by piece. Nothing is available by default: there are no
/// arguments, no environment, no directories, the input is empty and the output is discarded. Only
/// clocks and randomness are the host's from the start.
///
/// Names and meanings are those of the builder in `wasmtime-wasi`.
///
/// ```no_run
/// use wasm_wasi::{FsPerms, WasiCtxBuilder};
///
/// # fn main() -> std::io::Result<()> {
/// let wasi = WasiCtxBuilder::new()
///     .inherit_stdio()
///     .args(&["program", "--verbose"])
///     .env("LANG", "C.UTF-8")
///     .preopened_dir("./data", "/data", FsPerms::ReadOnly)?
///     .build_p1();
/// # drop(wasi);
/// # Ok(())
/// # }
/// ```
pub struct WasiCtxBuilder {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: Box<dyn StdinStream>,
    stdout: Box<dyn StdoutStream>,
    stderr: Box<dyn StdoutStream>,
    directories: Vec<Descriptor>,
    sockets: Vec<Descriptor>,
    wall_clock: Box<dyn HostWallClock>,
    monotonic_clock: Box<dyn HostMonotonicClock>,
    own_monotonic_clock: bool,
    random: Box<dyn RandomSource>,
    max_descriptors: usize,
    max_call_memory: usize,
    #[cfg(feature = "p2")]
    pub(crate) p2: crate::p2::State,
}

impl WasiCtxBuilder {
    /// A context that contains nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            args: Vec::new(),
            env: Vec::new(),
            stdin: Box::new(Closed),
            stdout: Box::new(Sink),
            stderr: Box::new(Sink),
            directories: Vec::new(),
            sockets: Vec::new(),
            wall_clock: Box::new(SystemClock),
            monotonic_clock: Box::new(SystemClock),
            own_monotonic_clock: false,
            random: Box::new(SystemRandom),
            max_descriptors: 4096,
            max_call_memory: 1 << 20,
            #[cfg(feature = "p2")]
            p2: crate::p2::State::default(),
        }
    }

    /// Appends one argument; the first is the program's name.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut Self {
        self.args.push(until_nul(arg.as_ref()));
        self
    }

    /// Appends arguments.
    pub fn args(&mut self, args: &[impl AsRef<str>]) -> &mut Self {
        self.args.extend(args.iter().map(|arg| until_nul(arg.as_ref())));
        self
    }

    /// Appends the arguments of this process. Parts that are not Unicode are replaced.
    pub fn inherit_args(&mut self) -> &mut Self {
        self.args.extend(std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()));
        self
    }

    /// Sets one variable of the environment; an earlier one of that name is replaced.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        let (name, value) = (until_nul(name.as_ref()), until_nul(value.as_ref()));
        match self.env.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => self.env.push((name, value)),
        }
        self
    }

    /// Sets variables of the environment.
    pub fn envs(&mut self, variables: &[(impl AsRef<str>, impl AsRef<str>)]) -> &mut Self {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Passes on the whole environment of this process. Parts that are not Unicode are replaced.
    pub fn inherit_env(&mut self) -> &mut Self {
        for (name, value) in std::env::vars_os() {
            self.env(name.to_string_lossy(), value.to_string_lossy());
        }
        self
    }

    /// Sets the source of the guest's standard input.
    ///
    /// Default: it is at its end.
    pub fn stdin(&mut self, stdin: impl StdinStream + 'static) -> &mut Self {
        self.stdin = Box::new(stdin);
        self
    }

    /// Sets the target of the guest's standard output.
    ///
    /// Default: what is written is discarded.
    pub fn stdout(&mut self, stdout: impl StdoutStream + 'static) -> &mut Self {
        self.stdout = Box::new(stdout);
        self
    }

    /// Sets the target of the guest's standard error.
    ///
    /// Default: what is written is discarded.
    pub fn stderr(&mut self, stderr: impl StdoutStream + 'static) -> &mut Self {
        self.stderr = Box::new(stderr);
        self
    }

    /// Passes on the standard input of this process.
    pub fn inherit_stdin(&mut self) -> &mut Self {
        self.stdin(io::stdin())
    }

    /// Passes on the standard output of this process.
    pub fn inherit_stdout(&mut self) -> &mut Self {
        self.stdout(io::stdout())
    }

    /// Passes on the standard error of this process.
    pub fn inherit_stderr(&mut self) -> &mut Self {
        self.stderr(io::stderr())
    }

    /// Passes on all three standard streams of this process.
    pub fn inherit_stdio(&mut self) -> &mut Self {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// Gives the guest a directory of the host, under a name that the guest sees. Nothing outside
    /// of the directory can be reached through it, whether by `..`, by absolute paths or by
    /// symbolic links.
    ///
    /// The permissions hold for everything that is opened through the directory. A guest can link
    /// and rename entries only with all permissions, and from one directory to another only if both
    /// have all permissions: otherwise it could bring a file to where it may do more with it. This
    /// also holds for renaming within a directory, since another directory that the guest is given
    /// may lie in it. An entry that lies in several of these directories is reached through each
    /// with the permissions of that one.
    ///
    /// # Errors
    /// If the directory cannot be opened; the error names it.
    pub fn preopened_dir(
        &mut self,
        host_path: impl AsRef<Path>,
        guest_path: impl AsRef<str>,
        perms: FsPerms,
    ) -> io::Result<&mut Self> {
        let (dir_perms, file_perms) = match perms {
            FsPerms::ReadOnly => (DirPerms::READ, FilePerms::READ),
            FsPerms::ReadWrite => (DirPerms::all(), FilePerms::all()),
        };
        self.preopened_dir_with(host_path, guest_path, dir_perms, file_perms)
    }

    /// As [`WasiCtxBuilder::preopened_dir`], with permissions of their own for directories and for
    /// the files in them.
    ///
    /// # Errors
    /// As there.
    pub fn preopened_dir_with(
        &mut self,
        host_path: impl AsRef<Path>,
        guest_path: impl AsRef<str>,
        dir_perms: DirPerms,
        file_perms: FilePerms,
    ) -> io::Result<&mut Self> {
        let path = host_path.as_ref();
        let handle = cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority())
            .map_err(|error| {
                let message = format!(
                    "cannot open `{}` to give it to the guest as `{}`: {error}",
                    path.display(),
                    guest_path.as_ref()
                );
                io::Error::new(error.kind(), message)
            })?;
        Ok(self.preopened_handle(handle, guest_path, dir_perms, file_perms))
    }

    /// Gives the guest a directory that is already open, as [`WasiCtxBuilder::preopened_dir`] does.
    pub fn preopened_handle(
        &mut self,
        handle: cap_std::fs::Dir,
        guest_path: impl AsRef<str>,
        dir_perms: DirPerms,
        file_perms: FilePerms,
    ) -> &mut Self {
        let name = guest_path.as_ref().to_owned();
        self.directories.push(Descriptor {
            object: Object::Directory(Directory::new(handle, Some(name))),
            access: Access::NONE,
            grant: Grant { directory: dir_perms, file: file_perms },
            flags: FdFlags::empty(),
        });
        self
    }

    /// Gives the guest a socket: a listener to accept from, or a connection. Sockets get the
    /// numbers after those of the directories, in the order in which they are given.
    ///
    /// # Errors
    /// If this is not a socket.
    pub fn preopened_socket(&mut self, socket: impl Into<OwnedFd>) -> io::Result<&mut Self> {
        let descriptor = Descriptor::of_socket(socket.into())?;
        self.sockets.push(descriptor);
        Ok(self)
    }

    /// Sets the wall clock.
    ///
    /// Default: that of the system.
    pub fn wall_clock(&mut self, clock: impl HostWallClock + 'static) -> &mut Self {
        self.wall_clock = Box::new(clock);
        self
    }

    /// Sets the monotonic clock; CPU time is derived from it as well.
    ///
    /// Default: the clocks of the system.
    pub fn monotonic_clock(&mut self, clock: impl HostMonotonicClock + 'static) -> &mut Self {
        self.monotonic_clock = Box::new(clock);
        self.own_monotonic_clock = true;
        self
    }

    /// Sets the source of random bytes.
    ///
    /// Default: that of the system.
    pub fn secure_random(&mut self, random: impl RandomSource + 'static) -> &mut Self {
        self.random = Box::new(random);
        self
    }

    /// Sets how many descriptors the guest can have at a time. The default is 4096. Beyond that,
    /// opening fails in the guest with "file descriptor value too large". Descriptors that the host
    /// hands over exist even if they are more.
    ///
    /// For each descriptor the host holds one of its own, two while a guest reads a directory, and
    /// less than ten kilobytes of memory, however large the file or directory is.
    pub fn max_descriptors(&mut self, descriptors: usize) -> &mut Self {
        self.max_descriptors = descriptors;
        self
    }

    /// Sets how many bytes of memory a single call of the guest can make the host allocate
    /// temporarily. The default is one mebibyte. A call that needs more fails in the guest with
    /// "not enough space in memory".
    ///
    /// What a guest reads or writes lies in its own memory and does not count, whatever its length.
    /// The subscriptions of `poll_oneoff` take memory, some 200 bytes each. Other calls need at
    /// most some 50 kilobytes.
    pub fn max_call_memory(&mut self, bytes: usize) -> &mut Self {
        self.max_call_memory = bytes;
        self
    }

    /// Builds the context. Afterwards the builder is as new.
    pub fn build(&mut self) -> WasiCtx {
        let this = std::mem::take(self);
        let streams = [
            Descriptor::of_host(Object::Input(this.stdin), Access::READ),
            Descriptor::of_host(Object::Output(this.stdout), Access::WRITE),
            Descriptor::of_host(Object::Output(this.stderr), Access::WRITE),
        ];
        let descriptors = streams.into_iter().chain(this.directories).chain(this.sockets);
        let table = Table::new(descriptors, this.max_descriptors);
        let cpu_clock = if this.own_monotonic_clock {
            CpuClock::Since(this.monotonic_clock.now())
        } else {
            CpuClock::Host
        };
        WasiCtx {
            args: this.args,
            env: this.env,
            table,
            wall_clock: this.wall_clock,
            monotonic_clock: this.monotonic_clock,
            cpu_clock,
            random: this.random,
            max_call_memory: this.max_call_memory,
            waiting: Waiting::default(),
            #[cfg(feature = "p2")]
            p2: this.p2,
        }
    }

    /// The same as [`WasiCtxBuilder::build`]: a context is for all versions of WASI.
    pub fn build_p1(&mut self) -> WasiCtx {
        self.build()
    }
}

impl Default for WasiCtxBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WasiCtxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment often holds secrets, so only the names are shown.
        f.debug_struct("WasiCtxBuilder")
            .field("args", &self.args)
            .field("env", &self.env.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("directories", &self.directories)
            .field("sockets", &self.sockets)
            .finish_non_exhaustive()
    }
}

impl Descriptor {
    /// A socket, for both directions.
    pub(crate) fn of_socket(socket: OwnedFd) -> io::Result<Self> {
        let file_type = match rustix::net::sockopt::socket_type(&socket)? {
            rustix::net::SocketType::STREAM => FileType::SocketStream,
            _ => FileType::SocketDgram,
        };
        Ok(Self::of_host(Object::Socket(socket, file_type), Access::BOTH))
    }
}

/// Arguments and variables reach the guest as C strings: a NUL ends them.
fn until_nul(text: &str) -> String {
    text.split('\0').next().unwrap_or_default().to_owned()
}
