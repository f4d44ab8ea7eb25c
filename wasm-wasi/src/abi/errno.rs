//! Error numbers, and how the host's errors become them.

use std::fmt;
use std::io;

macro_rules! errors {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// An error number of WASI (`errno` in the specification): what nearly every function
        /// returns.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Errno {
            $(#[doc = $text] $name = $number,)*
        }

        impl Errno {
            /// The error with this number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

errors! {
    Success = 0, "No error.";
    TooBig = 1, "Argument list too long.";
    Acces = 2, "Permission denied.";
    AddrInUse = 3, "Address in use.";
    AddrNotAvail = 4, "Address not available.";
    AfNoSupport = 5, "Address family not supported.";
    Again = 6, "Resource unavailable, or operation would block.";
    Already = 7, "Connection already in progress.";
    Badf = 8, "Bad file descriptor.";
    BadMsg = 9, "Bad message.";
    Busy = 10, "Device or resource busy.";
    Canceled = 11, "Operation canceled.";
    Child = 12, "No child processes.";
    ConnAborted = 13, "Connection aborted.";
    ConnRefused = 14, "Connection refused.";
    ConnReset = 15, "Connection reset.";
    Deadlk = 16, "Resource deadlock would occur.";
    DestAddrReq = 17, "Destination address required.";
    Dom = 18, "Mathematics argument out of domain of function.";
    Dquot = 19, "Disk quota exceeded.";
    Exist = 20, "File exists.";
    Fault = 21, "Bad address.";
    FBig = 22, "File too large.";
    HostUnreach = 23, "Host is unreachable.";
    Idrm = 24, "Identifier removed.";
    Ilseq = 25, "Illegal byte sequence.";
    InProgress = 26, "Operation in progress.";
    Intr = 27, "Interrupted function.";
    Inval = 28, "Invalid argument.";
    Io = 29, "Input/output error.";
    IsConn = 30, "Socket is connected.";
    IsDir = 31, "Is a directory.";
    Loop = 32, "Too many levels of symbolic links.";
    MFile = 33, "File descriptor value too large.";
    MLink = 34, "Too many links.";
    MsgSize = 35, "Message too large.";
    Multihop = 36, "Reserved (multihop attempted).";
    NameTooLong = 37, "Filename too long.";
    NetDown = 38, "Network is down.";
    NetReset = 39, "Connection aborted by network.";
    NetUnreach = 40, "Network unreachable.";
    NFile = 41, "Too many files open in system.";
    NoBufs = 42, "No buffer space available.";
    NoDev = 43, "No such device.";
    NoEnt = 44, "No such file or directory.";
    NoExec = 45, "Executable file format error.";
    NoLck = 46, "No locks available.";
    NoLink = 47, "Reserved (link has been severed).";
    NoMem = 48, "Not enough space in memory.";
    NoMsg = 49, "No message of the desired type.";
    NoProtoOpt = 50, "Protocol not available.";
    NoSpc = 51, "No space left on device.";
    NoSys = 52, "Function not supported.";
    NotConn = 53, "The socket is not connected.";
    NotDir = 54, "Not a directory or a symbolic link to a directory.";
    NotEmpty = 55, "Directory not empty.";
    NotRecoverable = 56, "State not recoverable.";
    NotSock = 57, "Not a socket.";
    NotSup = 58, "Not supported, or operation not supported on socket.";
    NoTty = 59, "Inappropriate I/O control operation.";
    Nxio = 60, "No such device or address.";
    Overflow = 61, "Value too large to be stored in data type.";
    OwnerDead = 62, "Previous owner died.";
    Perm = 63, "Operation not permitted.";
    Pipe = 64, "Broken pipe.";
    Proto = 65, "Protocol error.";
    ProtoNoSupport = 66, "Protocol not supported.";
    Prototype = 67, "Protocol wrong type for socket.";
    Range = 68, "Result too large.";
    RoFs = 69, "Read-only file system.";
    SPipe = 70, "Invalid seek.";
    Srch = 71, "No such process.";
    Stale = 72, "Stale file handle.";
    TimedOut = 73, "Connection timed out.";
    TxtBsy = 74, "Text file busy.";
    XDev = 75, "Cross-device link.";
    NotCapable = 76, "Capabilities insufficient.";
}

impl Errno {
    /// The number that a guest sees.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (WASI error {})", self.text().trim_end_matches('.'), self.number())
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Errno {}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Self {
        use rustix::io::Errno as Host;
        // Some numbers are the same on some systems (`AGAIN` and `WOULDBLOCK`), so this can't be a
        // `match`.
        const TABLE: &[(Host, Errno)] = &[
            (Host::TOOBIG, Errno::TooBig),
            (Host::ACCESS, Errno::Acces),
            (Host::ADDRINUSE, Errno::AddrInUse),
            (Host::ADDRNOTAVAIL, Errno::AddrNotAvail),
            (Host::AFNOSUPPORT, Errno::AfNoSupport),
            (Host::AGAIN, Errno::Again),
            (Host::WOULDBLOCK, Errno::Again),
            (Host::ALREADY, Errno::Already),
            (Host::BADF, Errno::Badf),
            (Host::BUSY, Errno::Busy),
            (Host::CANCELED, Errno::Canceled),
            (Host::CONNABORTED, Errno::ConnAborted),
            (Host::CONNREFUSED, Errno::ConnRefused),
            (Host::CONNRESET, Errno::ConnReset),
            (Host::DEADLK, Errno::Deadlk),
            (Host::DESTADDRREQ, Errno::DestAddrReq),
            (Host::DQUOT, Errno::Dquot),
            (Host::EXIST, Errno::Exist),
            (Host::FAULT, Errno::Fault),
            (Host::FBIG, Errno::FBig),
            (Host::HOSTUNREACH, Errno::HostUnreach),
            (Host::ILSEQ, Errno::Ilseq),
            (Host::INPROGRESS, Errno::InProgress),
            (Host::INTR, Errno::Intr),
            (Host::INVAL, Errno::Inval),
            (Host::IO, Errno::Io),
            (Host::ISCONN, Errno::IsConn),
            (Host::ISDIR, Errno::IsDir),
            (Host::LOOP, Errno::Loop),
            (Host::MFILE, Errno::MFile),
            (Host::MLINK, Errno::MLink),
            (Host::MSGSIZE, Errno::MsgSize),
            (Host::NAMETOOLONG, Errno::NameTooLong),
            (Host::NETDOWN, Errno::NetDown),
            (Host::NETRESET, Errno::NetReset),
            (Host::NETUNREACH, Errno::NetUnreach),
            (Host::NFILE, Errno::NFile),
            (Host::NOBUFS, Errno::NoBufs),
            (Host::NODEV, Errno::NoDev),
            (Host::NOENT, Errno::NoEnt),
            (Host::NOLCK, Errno::NoLck),
            (Host::NOMEM, Errno::NoMem),
            (Host::NOPROTOOPT, Errno::NoProtoOpt),
            (Host::NOSPC, Errno::NoSpc),
            (Host::NOSYS, Errno::NoSys),
            (Host::NOTCONN, Errno::NotConn),
            (Host::NOTDIR, Errno::NotDir),
            (Host::NOTEMPTY, Errno::NotEmpty),
            (Host::NOTSOCK, Errno::NotSock),
            (Host::NOTSUP, Errno::NotSup),
            (Host::OPNOTSUPP, Errno::NotSup),
            (Host::NOTTY, Errno::NoTty),
            (Host::NXIO, Errno::Nxio),
            (Host::OVERFLOW, Errno::Overflow),
            (Host::PERM, Errno::Perm),
            (Host::PIPE, Errno::Pipe),
            (Host::PROTO, Errno::Proto),
            (Host::PROTONOSUPPORT, Errno::ProtoNoSupport),
            (Host::PROTOTYPE, Errno::Prototype),
            (Host::RANGE, Errno::Range),
            (Host::ROFS, Errno::RoFs),
            (Host::SPIPE, Errno::SPipe),
            (Host::SRCH, Errno::Srch),
            (Host::STALE, Errno::Stale),
            (Host::TIMEDOUT, Errno::TimedOut),
            (Host::TXTBSY, Errno::TxtBsy),
            (Host::XDEV, Errno::XDev),
        ];
        TABLE.iter().find(|(host, _)| *host == error).map_or(Errno::Io, |(_, errno)| *errno)
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        if let Some(host) = rustix::io::Errno::from_io_error(&error) {
            return host.into();
        }
        match error.kind() {
            io::ErrorKind::NotFound => Errno::NoEnt,
            // The error of cap-std for a path that leads out of its directory.
            io::ErrorKind::PermissionDenied => Errno::Perm,
            io::ErrorKind::ConnectionRefused => Errno::ConnRefused,
            io::ErrorKind::ConnectionReset => Errno::ConnReset,
            io::ErrorKind::ConnectionAborted => Errno::ConnAborted,
            io::ErrorKind::NotConnected => Errno::NotConn,
            io::ErrorKind::AddrInUse => Errno::AddrInUse,
            io::ErrorKind::AddrNotAvailable => Errno::AddrNotAvail,
            io::ErrorKind::BrokenPipe => Errno::Pipe,
            io::ErrorKind::AlreadyExists => Errno::Exist,
            io::ErrorKind::WouldBlock => Errno::Again,
            io::ErrorKind::NotADirectory => Errno::NotDir,
            io::ErrorKind::IsADirectory => Errno::IsDir,
            io::ErrorKind::DirectoryNotEmpty => Errno::NotEmpty,
            io::ErrorKind::ReadOnlyFilesystem => Errno::RoFs,
            io::ErrorKind::InvalidInput => Errno::Inval,
            io::ErrorKind::InvalidData => Errno::Ilseq,
            io::ErrorKind::TimedOut => Errno::TimedOut,
            io::ErrorKind::StorageFull => Errno::NoSpc,
            io::ErrorKind::NotSeekable => Errno::SPipe,
            io::ErrorKind::QuotaExceeded => Errno::Dquot,
            io::ErrorKind::FileTooLarge => Errno::FBig,
            io::ErrorKind::ResourceBusy => Errno::Busy,
            io::ErrorKind::ExecutableFileBusy => Errno::TxtBsy,
            io::ErrorKind::Deadlock => Errno::Deadlk,
            io::ErrorKind::CrossesDevices => Errno::XDev,
            io::ErrorKind::TooManyLinks => Errno::MLink,
            io::ErrorKind::ArgumentListTooLong => Errno::TooBig,
            io::ErrorKind::Interrupted => Errno::Intr,
            io::ErrorKind::Unsupported => Errno::NotSup,
            io::ErrorKind::OutOfMemory => Errno::NoMem,
            _ => Errno::Io,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!(Errno::Success.number(), 0);
        assert_eq!(Errno::Badf.number(), 8);
        assert_eq!(Errno::NotCapable.number(), 76);
        for number in 0..=76 {
            assert_eq!(Errno::from_number(number).map(Errno::number), Some(number));
        }
        assert_eq!(Errno::from_number(77), None);
    }

    #[test]
    fn errors_of_the_host_keep_their_meaning() {
        assert_eq!(Errno::from(io::Error::from_raw_os_error(2)), Errno::NoEnt);
        assert_eq!(Errno::from(io::Error::from(io::ErrorKind::BrokenPipe)), Errno::Pipe);
        assert_eq!(Errno::from(io::Error::other("x")), Errno::Io);
        assert_eq!(Errno::from(rustix::io::Errno::WOULDBLOCK), Errno::Again);
        assert_eq!(Errno::NoEnt.to_string(), "No such file or directory (WASI error 44)");
    }
}
