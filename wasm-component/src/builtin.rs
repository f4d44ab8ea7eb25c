//! Canonical built-in functions that come with WASI 0.3 and are not supported.

use core::fmt;

macro_rules! builtins {
    ($($name:ident $text:literal,)*) => {
        /// A canonical built-in function that comes with WASI 0.3, and is not supported.
        ///
        /// Toolchains let components import such functions that never call them. So they are
        /// refused by name when they are called, not before.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Builtin {
            $(
                #[doc = concat!("`", $text, "`.")]
                $name,
            )*
        }

        impl Builtin {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the specification.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

builtins! {
    ErrorContextDebugMessage "error-context.debug-message",
    ErrorContextDrop "error-context.drop",
    ErrorContextNew "error-context.new",
    FutureCancelRead "future.cancel-read",
    FutureCancelWrite "future.cancel-write",
    FutureDropReadable "future.drop-readable",
    FutureDropWritable "future.drop-writable",
    FutureForward "future.forward",
    FutureNew "future.new",
    FutureRead "future.read",
    FutureWrite "future.write",
    StreamCancelRead "stream.cancel-read",
    StreamCancelWrite "stream.cancel-write",
    StreamDropReadable "stream.drop-readable",
    StreamDropWritable "stream.drop-writable",
    StreamForward "stream.forward",
    StreamNew "stream.new",
    StreamRead "stream.read",
    StreamWrite "stream.write",
    SubtaskCancel "subtask.cancel",
    SubtaskDrop "subtask.drop",
    TaskCancel "task.cancel",
    TaskReturn "task.return",
    ThreadAvailableParallelism "thread.available-parallelism",
    ThreadIndex "thread.index",
    ThreadNewIndirect "thread.new-indirect",
    ThreadResumeLater "thread.resume-later",
    ThreadSpawnIndirect "thread.spawn-indirect",
    ThreadSpawnRef "thread.spawn-ref",
    ThreadSuspend "thread.suspend",
    ThreadSuspendThenPromote "thread.suspend-then-promote",
    ThreadSuspendThenResume "thread.suspend-then-resume",
    ThreadYield "thread.yield",
    ThreadYieldThenPromote "thread.yield-then-promote",
    ThreadYieldThenResume "thread.yield-then-resume",
    WaitableJoin "waitable.join",
    WaitableSetDrop "waitable-set.drop",
    WaitableSetNew "waitable-set.new",
    WaitableSetPoll "waitable-set.poll",
    WaitableSetWait "waitable-set.wait",
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
