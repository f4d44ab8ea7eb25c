//! The keys of groups of options, and what each stands for here.

use super::Group;

/// A key of a group.
#[derive(PartialEq, Eq)]
pub(super) struct Entry {
    key: &'static str,
    /// What a user reads of it in the list.
    about: &'static str,
    pub(super) meaning: Meaning,
}

/// What a key stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An own option that takes the same value.
    Value(&'static str),
    /// A flag of the code generator with that name.
    Flag,
    /// Own options for yes, and for no.
    Switch { on: &'static [&'static str], off: &'static [&'static str] },
    /// An option of its own, with values of that form.
    Own(&'static str),
    /// Something that is so in any case: other values are errors, which say what can be.
    Only { values: &'static [&'static str], instead: &'static str },
    /// Nothing depends on it here, for that reason.
    Nothing(&'static str),
    /// It can't be: what can.
    Refused(&'static str),
}

use Meaning::{Nothing, Only, Own, Refused, Switch, Value};

/// What a key of a group means. `None` if it is not in the table.
pub(super) fn meaning(entries: &[Entry], key: &str) -> Option<Meaning> {
    let exact = entries.iter().find(|entry| entry.key == key);
    let open = || {
        entries
            .iter()
            .find(|entry| entry.key.strip_suffix('*').is_some_and(|start| key.starts_with(start)))
    };
    exact.or_else(open).map(|entry| entry.meaning)
}

impl Entry {
    /// The key as it is given.
    pub(super) fn shown(&self) -> String {
        let key = self.key.replace('*', "NAME");
        match self.meaning {
            Value(_) => format!("{key}=VALUE"),
            Meaning::Flag => format!("{key}[=VALUE]"),
            Own(value) => format!("{key}{value}"),
            Only { values, .. } => format!("{key}={}", values.join("|")),
            Switch { .. } | Nothing(_) => format!("{key}[=y|n]"),
            Refused(_) => key,
        }
    }

    /// What it does.
    pub(super) fn help(&self) -> String {
        match self.meaning {
            Value(own) => format!("{} The same as `{own}`.", self.about),
            Switch { on: [own, ..], .. } | Switch { off: [own, ..], .. } => {
                format!("{} `{own}` is the option for it.", self.about)
            }
            Nothing(why) => format!("{} Without effect: {why}", self.about),
            Refused(instead) => format!("{} Refused: {instead}", self.about),
            Meaning::Flag | Own(_) | Switch { .. } | Only { .. } => self.about.to_owned(),
        }
    }
}

const fn entry(key: &'static str, about: &'static str, meaning: Meaning) -> Entry {
    Entry { key, about, meaning }
}

/// All groups.
pub(super) const GROUPS: &[Group] = &[
    Group { short: 'O', long: "optimize", title: "Optimisation", entries: OPTIMIZE },
    Group { short: 'C', long: "codegen", title: "Code generator", entries: CODEGEN },
    Group { short: 'D', long: "debug", title: "Debugging", entries: DEBUG },
    Group { short: 'W', long: "wasm", title: "WebAssembly", entries: WASM },
    Group { short: 'S', long: "wasi", title: "WASI", entries: WASI },
];

const ONE_PROGRAM: &str = "the process runs one program, and keeps nothing for another.";

const OPTIMIZE: &[Entry] = &[
    entry("opt-level", "How much the code is optimised: 0, 1, 2 or s.", Value("--opt")),
    entry("memory-reservation", "The address space of each memory.", Value("--memory-reservation")),
    entry(
        "memory-reservation-for-growth",
        "The room that a memory which moves gets.",
        Refused("it follows from --memory-reservation"),
    ),
    entry(
        "memory-guard-size",
        "The size of the guard behind each memory.",
        Refused("it follows from --memory-reservation"),
    ),
    entry(
        "memory-may-move",
        "Whether memories may move when they grow.",
        Nothing("a memory moves only beyond what --memory-reservation gives it."),
    ),
    entry(
        "guard-before-linear-memory",
        "A guard in front of each memory.",
        Nothing("addresses are never negative."),
    ),
    entry("memory-init-cow", "Initial memory is mapped.", Nothing("it always is.")),
    entry("table-lazy-init", "Tables are filled when used.", Nothing("it is decided by size.")),
    entry(
        "signals-based-traps",
        "Traps by signals of the processor.",
        Only {
            values: &["y"],
            instead: "Code counts on signals; --memory-reservation 0 makes it \
                                         compare each access to a memory",
        },
    ),
    entry("pooling-*", "The pool of instances.", Nothing(ONE_PROGRAM)),
    entry(
        "regalloc-algorithm",
        "How registers are allocated.",
        Refused("there is one way, which backtracks"),
    ),
];

const CODEGEN: &[Entry] = &[
    entry("cache", "Whether what was compiled is kept.", Switch { on: &[], off: &["--no-cache"] }),
    entry(
        "cache-config",
        "The file with the settings of the cache.",
        Refused(
            "it is $XDG_CONFIG_HOME/wasm-runtime/cache.toml; `wasm-runtime config new` makes one",
        ),
    ),
    entry(
        "compiler",
        "The compiler.",
        Only { values: &["cranelift", "auto"], instead: "The compiler is Cranelift" },
    ),
    entry(
        "collector",
        "The garbage collector.",
        Only { values: &["auto"], instead: "There is one collector, which copies" },
    ),
    entry(
        "parallel-compilation",
        "Whether functions are compiled on several threads.",
        Switch { on: &[], off: &["--threads=1"] },
    ),
    entry(
        "cranelift-debug-verifier",
        "Checks what the compiler makes on its way.",
        Refused("the library has it: `Config::cranelift_debug_verifier`"),
    ),
    entry(
        "cranelift-*",
        "A setting of the instruction set: `wasm-runtime settings` lists them.",
        Meaning::Flag,
    ),
    entry(
        "native-unwind-info",
        "Tables by which other tools unwind the stack.",
        Nothing("frames have frame pointers."),
    ),
    entry(
        "pcc",
        "Code that carries its proof.",
        Refused("the code generator of this version has no such thing"),
    ),
];

const DEBUG: &[Entry] = &[
    entry(
        "debug-info",
        "Names of functions for GDB and LLDB.",
        Switch { on: &["--profile-names=gdb"], off: &[] },
    ),
    entry(
        "address-map",
        "Offsets in the module for each place in the code.",
        Only { values: &["y"], instead: "Backtraces are made of it" },
    ),
    entry(
        "logging",
        "Messages of the runtime.",
        Refused("there are none; --trace-calls shows what the program calls"),
    ),
    entry(
        "log-to-files",
        "Messages of the runtime in files.",
        Refused("there are none; --trace-calls shows what the program calls"),
    ),
    entry("coredump", "The file for a core dump of WebAssembly after a trap.", Value("--coredump")),
    entry(
        "guest-debug",
        "Debugging of the program by the host.",
        Refused("this version has none; `-D debug-info` is for GDB and LLDB"),
    ),
];

const WASM: &[Entry] = &[
    entry("fuel", "What the program may execute.", Value("--fuel")),
    entry("timeout", "How long each call may take.", Value("--timeout")),
    entry(
        "epoch-interruption",
        "Code that stops on request.",
        Switch { on: &["--interruptible"], off: &[] },
    ),
    entry("max-wasm-stack", "The size of the stack.", Value("--max-wasm-stack")),
    entry(
        "max-memory-size",
        "The most that all memories and tables together have.",
        Value("--max-memory"),
    ),
    entry("max-table-elements", "The most that each table has.", Value("--max-table-elements")),
    entry(
        "unknown-imports-trap",
        "Functions that nobody defines trap when called.",
        Switch { on: &["--unknown-imports=trap"], off: &[] },
    ),
    entry(
        "unknown-imports-default",
        "What nobody defines is zero, and returns zero.",
        Switch { on: &["--unknown-imports=default"], off: &[] },
    ),
    entry(
        "unknown-exports-allow",
        "Exports that nobody knows.",
        Only { values: &["y"], instead: "They are always allowed" },
    ),
    entry("max-instances", "How many instances.", Refused("--max-memory limits what they take")),
    entry("max-memories", "How many memories.", Refused("--max-memory limits what they take")),
    entry("max-tables", "How many tables.", Refused("--max-memory limits what they take")),
    entry(
        "trap-on-grow-failure",
        "A trap where a memory can't grow.",
        Refused("a memory that can't grow says so to the program, as in the specification"),
    ),
    entry(
        "async-stack-size",
        "The size of stacks of asynchronous calls.",
        Refused("programs run on one stack: --max-wasm-stack is its size"),
    ),
    entry(
        "async-stack-zero-memory",
        "Stacks of asynchronous calls start empty.",
        Nothing("a stack is not given to another program."),
    ),
    entry("wmemcheck", "Checks of the heap.", Refused("this version has none")),
];

const WASI: &[Entry] = &[
    entry("threads", "Modules may start threads of this machine.", Own("[=y|n]")),
    entry("inherit-env", "All variables of this environment.", Own("[=y|n]")),
    entry("inherit-network", "Components may use all addresses.", Own("[=y|n]")),
    entry(
        "allow-address",
        "Components may use these addresses.",
        Own("=IP[/PREFIX][:PORT[-PORT]]"),
    ),
    entry("tcp", "Whether components have TCP.", Own("[=y|n]")),
    entry("udp", "Whether components have UDP.", Own("[=y|n]")),
    entry("allow-ip-name-lookup", "Components may look up names.", Own("[=y|n]")),
    entry("config", "Components have a configuration.", Own("[=y|n]")),
    entry("config-var", "A value of the configuration.", Own("=NAME=VALUE")),
    entry("keyvalue", "Components have a store in memory.", Own("[=y|n]")),
    entry("keyvalue-in-memory-data", "A value of the store.", Own("=KEY=VALUE")),
    entry("network-error-code", "A function that is not stable yet.", Own("[=y|n]")),
    entry("max-random-size", "How many random bytes a call may ask for.", Own("=BYTES")),
    entry("max-resources", "How many resources a component may have.", Own("=NUMBER")),
    entry("hostcall-fuel", "How much a component may pass in a call.", Own("=BYTES")),
];
