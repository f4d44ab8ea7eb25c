//! A child process, one of whose system calls fails.
//!
//! The parent traces the child (`ptrace`): it sees each system call of each of the child's threads
//! before the kernel does, and can have the kernel ignore one and report an error in its place.
//! This also reaches calls that are made without the C library.

use std::collections::HashMap;
use std::fmt;
use std::io::{Error, Read as _, Result};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::ptr;

use crate::calls::Call;

/// System calls that do not exist: the child marks with them what is to be looked at.
const BEGIN: libc::c_long = 100_001;
const END: libc::c_long = 100_002;

/// The exit code of a child that can't be traced.
const NOT_TRACED: i32 = 77;

/// How long a child may take, in seconds. It has hung after that.
const TIME: u32 = 20;

/// Which system calls fail, counted among those of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) call: Call,
    /// The first that fails, from zero on.
    pub(crate) first: usize,
    /// How many fail in a row.
    pub(crate) count: usize,
    pub(crate) errno: i32,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, first, count, errno } = self;
        let error = Error::from_raw_os_error(*errno);
        write!(f, "{count} of `{call}` from number {first} on with `{error}`")
    }
}

/// How a child has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// As `waitpid` reports it.
    pub(crate) status: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
    /// How often each call was made.
    pub(crate) counts: HashMap<Call, usize>,
    /// How many calls were made to fail.
    pub(crate) failed: usize,
}

/// Called by the child: from here on its parent sees its system calls. Ends the process if that is
/// not allowed here.
pub(crate) fn become_traced() {
    // SAFETY: plain system calls.
    unsafe {
        libc::alarm(TIME);
        if libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) != 0 {
            eprintln!("{}", Error::last_os_error());
            libc::_exit(NOT_TRACED);
        }
        libc::raise(libc::SIGSTOP);
    }
}

/// Called by the child: from here on system calls are counted, and may fail.
pub(crate) fn begin() {
    // SAFETY: the system has no such call.
    unsafe { libc::syscall(BEGIN) };
}

/// Called by the child: from here on no system call is made to fail.
pub(crate) fn end() {
    // SAFETY: the system has no such call.
    unsafe { libc::syscall(END) };
}

/// Runs a child to its end. `None` if processes can't be traced here.
pub(crate) fn run(command: &mut Command, fault: Option<Fault>) -> Result<Option<Outcome>> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut tracer = Tracer {
        child: child.id() as i32,
        own: 0..0,
        library: 0..0,
        fault,
        looks: false,
        in_call: HashMap::new(),
        counts: HashMap::new(),
        failed: 0,
    };
    let status = tracer.follow()?;
    if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == NOT_TRACED {
        return Ok(None);
    }
    // What a child writes fits into a pipe.
    let (mut output, mut errors) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut output)?;
    child.stderr.take().expect("a pipe").read_to_string(&mut errors)?;
    Ok(Some(Outcome { status, output, errors, counts: tracer.counts, failed: tracer.failed }))
}

struct Tracer {
    child: i32,
    /// The code of the program.
    own: Range<u64>,
    /// The code of the C library.
    library: Range<u64>,
    fault: Option<Fault>,
    /// Whether the child is between its marks.
    looks: bool,
    /// Threads that are in a system call, with the error that it is to report.
    in_call: HashMap<i32, Option<i32>>,
    counts: HashMap<Call, usize>,
    failed: usize,
}

impl Tracer {
    /// Follows the child to its end, and returns its status.
    fn follow(&mut self) -> Result<i32> {
        let mut is_set_up = false;
        loop {
            let mut status = 0;
            // SAFETY: writes to the number. Other threads have children of their own.
            let thread =
                unsafe { libc::waitpid(-1, &mut status, libc::__WALL | libc::__WNOTHREAD) };
            if thread < 0 {
                return Err(Error::last_os_error());
            }
            if !libc::WIFSTOPPED(status) {
                self.in_call.remove(&thread);
                if thread == self.child {
                    return Ok(status);
                }
                continue;
            }
            let stopped_by = libc::WSTOPSIG(status);
            if !is_set_up {
                self.set_up()?;
                is_set_up = true;
                self.go_on(thread, 0);
            } else if stopped_by == libc::SIGTRAP | 0x80 {
                self.at_call(thread);
                self.go_on(thread, 0);
            } else if status >> 16 != 0 || stopped_by == libc::SIGSTOP {
                // A thread was made, or begins.
                self.go_on(thread, 0);
            } else {
                self.go_on(thread, stopped_by);
            }
        }
    }

    /// The child has stopped itself.
    fn set_up(&mut self) -> Result<()> {
        let options =
            libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
        // SAFETY: a plain system call.
        if unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, self.child, 0, options) } != 0 {
            return Err(Error::last_os_error());
        }
        let program = std::fs::read_link(format!("/proc/{}/exe", self.child))?;
        let program = program.to_string_lossy().into_owned();
        for line in std::fs::read_to_string(format!("/proc/{}/maps", self.child))?.lines() {
            let mut fields = line.split_whitespace();
            let (Some(range), Some(access)) = (fields.next(), fields.next()) else { continue };
            let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
            let (start, end) = range.split_once('-').expect("a range");
            if access.contains('x') && line.ends_with(&program) {
                self.own = number(start)..number(end);
            } else if access.contains('x') && line.contains("/libc.so") {
                self.library = number(start)..number(end);
            }
        }
        Ok(())
    }

    /// Lets a thread run to its next system call.
    fn go_on(&self, thread: i32, signal: i32) {
        // A thread that was killed meanwhile is reported by the next wait.
        // SAFETY: a plain system call.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, thread, 0, signal) };
    }

    /// A thread begins or ends a system call.
    fn at_call(&mut self, thread: i32) {
        let mut registers = std::mem::MaybeUninit::<libc::user_regs_struct>::uninit();
        // SAFETY: writes to the structure, or fails if the thread was killed meanwhile.
        let mut registers = unsafe {
            if libc::ptrace(libc::PTRACE_GETREGS, thread, 0, registers.as_mut_ptr()) != 0 {
                return;
            }
            registers.assume_init()
        };
        if let Some(error) = self.in_call.remove(&thread) {
            if let Some(errno) = error {
                registers.rax = i64::from(-errno) as u64;
                set_registers(thread, &registers);
            }
            return;
        }
        let error = self.error_for(thread, &registers);
        self.in_call.insert(thread, error);
        if error.is_some() {
            self.failed += 1;
            // The kernel has no such call.
            registers.orig_rax = u64::MAX;
            set_registers(thread, &registers);
        }
    }

    /// Counts a system call. Returns the error that it is to report instead of doing anything.
    fn error_for(&mut self, thread: i32, registers: &libc::user_regs_struct) -> Option<i32> {
        let number = registers.orig_rax as libc::c_long;
        match number {
            BEGIN => self.looks = true,
            END => self.looks = false,
            _ => {}
        }
        let call = Call::of(number).filter(|_| self.looks)?;
        if call.is_of_memory() && self.is_allocator(thread, registers) {
            return None;
        }
        let count = self.counts.entry(call).or_default();
        let place = *count;
        *count += 1;
        let fault = self.fault.filter(|fault| fault.call == call)?;
        (fault.first..fault.first + fault.count).contains(&place).then_some(fault.errno)
    }

    /// Whether the C library or the standard library asks for memory for its own sake: what they do
    /// without it is not this project's.
    fn is_allocator(&self, thread: i32, registers: &libc::user_regs_struct) -> bool {
        if !self.library.contains(&registers.rip) {
            return false;
        }
        // The first return address on the stack says who has called the library.
        let caller = (0..16)
            .map(|place| word(thread, registers.rsp + 8 * place))
            .find(|word| self.library.contains(word) || self.own.contains(word));
        // The standard library makes signal stacks for its threads.
        thread != self.child || !caller.is_some_and(|caller| self.own.contains(&caller))
    }
}

fn set_registers(thread: i32, registers: &libc::user_regs_struct) {
    // SAFETY: reads the structure.
    unsafe { libc::ptrace(libc::PTRACE_SETREGS, thread, 0, ptr::from_ref(registers)) };
}

/// A word of the child's memory.
fn word(thread: i32, address: u64) -> u64 {
    // SAFETY: a plain system call, which returns what is there, or -1.
    unsafe { libc::ptrace(libc::PTRACE_PEEKDATA, thread, address, 0) as u64 }
}
