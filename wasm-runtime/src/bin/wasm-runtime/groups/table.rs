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
    /// A part of an own option: what follows the key's dash is its name there.
    Part(&'static str),
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
            Value(_) | Meaning::Part(_) => format!("{key}=VALUE"),
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
            Meaning::Part(own) => format!("{} The same as `{own} NAME=VALUE`.", self.about),
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
    Group { short: 'R', long: "record", title: "Recording", entries: RECORD },
];

const OPTIMIZE: &[Entry] = &[
    entry("opt-level", "How much the code is optimised: 0, 1, 2 or s.", Value("--opt")),
    entry("memory-reservation", "The address space of each memory.", Value("--memory-reservation")),
    entry(
        "memory-reservation-for-growth",
        "The room that a memory which moves gets.",
        Value("--memory-reservation-for-growth"),
    ),
    entry(
        "memory-guard-size",
        "The size of the guard behind each memory.",
        Value("--memory-guard-size"),
    ),
    entry(
        "memory-may-move",
        "Whether memories may move when they grow.",
        Switch { on: &[], off: &["--memory-stays"] },
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
    entry(
        "pooling-allocator",
        "Memories and stacks are reserved at the start.",
        Switch { on: &["--pool=on"], off: &["--pool=off"] },
    ),
    entry(
        "pooling-decommit-batch-size",
        "How much is given back at a time.",
        Nothing("pages are given back by one call for each memory."),
    ),
    entry(
        "pooling-async-stack-keep-resident",
        "What of a stack stays in memory.",
        Nothing("stacks are not cleared."),
    ),
    entry(
        "pooling-table-keep-resident",
        "What of a table stays in memory.",
        Nothing("tables are ordinary memory."),
    ),
    entry(
        "pooling-memory-protection-keys",
        "Memories are protected by keys.",
        Only { values: &["n", "no", "auto"], instead: "Guards protect them" },
    ),
    entry(
        "pooling-max-memory-protection-keys",
        "How many keys are used.",
        Nothing("guards protect memories."),
    ),
    entry(
        "pooling-pagemap-scan",
        "The kernel is asked which pages were written.",
        Nothing("it is asked wherever it answers."),
    ),
    entry(
        "pooling-total-component-instances",
        "How many instances of components.",
        Refused("-O pooling-total-core-instances limits the instances in them"),
    ),
    entry(
        "pooling-max-component-instance-size",
        "How large an instance of a component is.",
        Refused("they have no place of a fixed size; -W max-memory-size limits what they take"),
    ),
    entry(
        "pooling-max-core-instances-per-component",
        "How many instances a component has.",
        Refused("-O pooling-total-core-instances limits them"),
    ),
    entry(
        "pooling-max-memories-per-component",
        "How many memories a component has.",
        Refused("-O pooling-total-memories limits them"),
    ),
    entry(
        "pooling-max-tables-per-component",
        "How many tables a component has.",
        Refused("-O pooling-total-tables limits them"),
    ),
    entry(
        "pooling-total-gc-heaps",
        "How many garbage-collected heaps.",
        Refused("there is one for each store; -W max-memory-size limits what they take"),
    ),
    entry("pooling-*", "A limit of what is reserved at the start.", Meaning::Part("--pool")),
    entry("gc-heap-*", "The address space of a heap of objects.", Nothing("it is reserved whole.")),
    entry(
        "memory-guaranteed-dense-image-size",
        "Up to which size images have holes.",
        Nothing("they have the pages that are not zero."),
    ),
    entry("dynamic-memory-guard-size", "An old name.", Refused("write -O memory-guard-size=VALUE")),
    entry("static-memory-guard-size", "An old name.", Refused("write -O memory-guard-size=VALUE")),
    entry("static-memory-forced", "An old name.", Refused("write -O memory-may-move=n")),
    entry(
        "static-memory-maximum-size",
        "An old name.",
        Refused("write -O memory-reservation=VALUE"),
    ),
    entry(
        "dynamic-memory-reserved-for-growth",
        "An old name.",
        Refused("write -O memory-reservation-for-growth=VALUE"),
    ),
    entry(
        "gc-zeal-*",
        "Collects more often than needed, as a test.",
        Refused("the collector has no such test"),
    ),
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
        Only {
            values: &["auto", "copying", "drc"],
            instead: "There is one collector, which copies",
        },
    ),
    entry(
        "inlining",
        "Whether functions stand in place of calls of them.",
        Switch { on: &[], off: &["--no-inlining"] },
    ),
    entry("metadata-*", "What the code says of itself.", Nothing("it says what is needed.")),
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
        "symbols",
        "Names of functions in artifacts.",
        Only { values: &["y"], instead: "They are always there" },
    ),
    entry(
        "max-backtrace",
        "How many frames backtraces have at most.",
        Refused("they have all frames, and in messages as many as help"),
    ),
    entry(
        "debugger",
        "A component that debugs the program.",
        Refused("there is none; `-D debug-info` is for GDB and LLDB"),
    ),
    entry("arg", "An argument for the debugger.", Refused("there is none: see `debugger`")),
    entry(
        "inherit-*",
        "Standard streams for the debugger.",
        Refused("there is none: see `debugger`"),
    ),
    entry(
        "guest-debug",
        "Debugging of the program by the host.",
        Refused(
            "programs that embed the library can do it (`Config::guest_debug`); here `-D debug-info` is \
             for GDB and LLDB",
        ),
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
    entry("max-instances", "How many instances.", Value("--max-instances")),
    entry("max-memories", "How many memories.", Value("--max-memories")),
    entry("max-tables", "How many tables.", Value("--max-tables")),
    entry(
        "trap-on-grow-failure",
        "A trap where a memory can't grow.",
        Switch { on: &["--trap-on-grow-failure"], off: &[] },
    ),
    entry(
        "async-stack-size",
        "The size of stacks of asynchronous calls.",
        Refused("programs run on one stack: --max-wasm-stack is its size"),
    ),
    entry("concurrency-support", "Calls of components at a time.", Nothing("they can be.")),
    entry(
        "async-stack-zeroing",
        "Stacks of asynchronous calls start empty.",
        Nothing("a stack is not given to another program."),
    ),
    entry(
        "gc-support",
        "The garbage collector.",
        Only { values: &["y"], instead: "-W gc=n refuses objects of the heap" },
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
    entry(
        "cli, common, preview0, preview2",
        "What programs always have: accepted, but not with `=n`.",
        Own("[=y]"),
    ),
    entry(
        "inherit-stdin, inherit-stdout, inherit-stderr",
        "Standard streams, which programs always have: the same.",
        Own("[=y]"),
    ),
];

const RECORD: &[Entry] = &[entry(
    "*",
    "Execution that is recorded, to be replayed.",
    Refused(
        "nothing is recorded; `wasm-runtime snapshot` saves a state, --trace-calls shows what the \
         program calls",
    ),
)];
