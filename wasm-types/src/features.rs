//! WebAssembly proposals as flags.

bitflags::bitflags! {
    /// Proposals of the WebAssembly specification, each of which a validator allows or refuses.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct WasmFeatures: u64 {
        /// Import and export of mutable globals.
        const MUTABLE_GLOBAL = 1 << 0;
        /// Saturating conversions from float to integer.
        const SATURATING_FLOAT_TO_INT = 1 << 1;
        /// Sign extension operators.
        const SIGN_EXTENSION = 1 << 2;
        /// Several results of functions and blocks.
        const MULTI_VALUE = 1 << 3;
        /// Reference types: `externref`, several tables, table instructions.
        const REFERENCE_TYPES = 1 << 4;
        /// Bulk operations on memories and tables.
        const BULK_MEMORY = 1 << 5;
        /// 128-bit vectors.
        const SIMD = 1 << 6;
        /// Relaxed vector instructions.
        const RELAXED_SIMD = 1 << 7;
        /// Tail calls.
        const TAIL_CALL = 1 << 8;
        /// Arithmetic in constant expressions.
        const EXTENDED_CONST = 1 << 9;
        /// Several memories.
        const MULTI_MEMORY = 1 << 10;
        /// 64-bit memories and tables.
        const MEMORY64 = 1 << 11;
        /// Shared memories and atomic instructions (phase 4).
        const THREADS = 1 << 12;
        /// Exceptions (phase 5, part of 3.0): tags, `try_table`, `throw`, and references to
        /// exceptions.
        const EXCEPTIONS = 1 << 13;
        /// Typed function references (phase 5, part of 3.0).
        const FUNCTION_REFERENCES = 1 << 14;
        /// Garbage collection (phase 5, part of 3.0): recursive groups, subtypes, structures,
        /// arrays and casts.
        const GC = 1 << 15;
        /// Memories whose pages are of one byte (phase 3, off by default).
        const CUSTOM_PAGE_SIZES = 1 << 16;
        /// 128-bit arithmetic on pairs of 64-bit integers (phase 4, off by default).
        const WIDE_ARITHMETIC = 1 << 17;
        /// Exceptions as they were before the proposal was finished: `try`, `catch`, `catch_all`,
        /// `rethrow` and `delegate`. Tags and `throw` are those of
        /// [`EXCEPTIONS`](Self::EXCEPTIONS), which has to be allowed, too.
        const LEGACY_EXCEPTIONS = 1 << 18;
        /// Hints about which branches are taken (part of WebAssembly 3.0, off by default). They
        /// change what code is fast and never what it does.
        const BRANCH_HINTING = 1 << 19;
        /// Import sections that name a module, or a type, once for several imports (phase 4, off by
        /// default).
        const COMPACT_IMPORTS = 1 << 20;
        /// Maps in components: `map<K, V>` (not decided yet, off by default).
        const COMPONENT_MODEL_MAP = 1 << 21;
        /// Lists of a fixed length in components: `list<T, N>` (not decided yet, off by default).
        const COMPONENT_MODEL_FIXED_LENGTH_LISTS = 1 << 22;
        /// Continuations (phase 3, off by default): computations that are suspended and resumed,
        /// each on a stack of its own. Functions, tags and types are those of
        /// [`FUNCTION_REFERENCES`](Self::FUNCTION_REFERENCES) and
        /// [`EXCEPTIONS`](Self::EXCEPTIONS), which have to be allowed, too.
        const STACK_SWITCHING = 1 << 23;
        /// Components. What says `COMPONENT_MODEL` concerns components only, and no module.
        const COMPONENT_MODEL = 1 << 24;
        /// Asynchronous functions, streams and futures in components (WASI 0.3). What of it is not
        /// implemented is refused by name where it is used, as with the four that follow.
        const COMPONENT_MODEL_ASYNC = 1 << 25;
        /// More built-in functions for [`COMPONENT_MODEL_ASYNC`](Self::COMPONENT_MODEL_ASYNC) (off
        /// by default).
        const COMPONENT_MODEL_MORE_ASYNC_BUILTINS = 1 << 26;
        /// Asynchronous functions of components that have no callback (off by default).
        const COMPONENT_MODEL_ASYNC_STACKFUL = 1 << 27;
        /// Threads of components, one of which runs at a time (off by default).
        const COMPONENT_MODEL_THREADING = 1 << 28;
        /// The type `error-context` of components (off by default).
        const COMPONENT_MODEL_ERROR_CONTEXT = 1 << 29;
        /// Imports and exports of components that say which interface they implement (off by
        /// default).
        const COMPONENT_MODEL_IMPLEMENTS = 1 << 30;
    }
}

impl WasmFeatures {
    /// WebAssembly 1.0.
    pub const WASM1: Self = Self::MUTABLE_GLOBAL;
    /// WebAssembly 2.0.
    pub const WASM2: Self = Self::WASM1
        .union(Self::SATURATING_FLOAT_TO_INT)
        .union(Self::SIGN_EXTENSION)
        .union(Self::MULTI_VALUE)
        .union(Self::REFERENCE_TYPES)
        .union(Self::BULK_MEMORY)
        .union(Self::SIMD);
    /// What is allowed where nothing else is said: the proposals that are translated and part of
    /// WebAssembly 3.0, threads (phase 4), and components as WASI 0.2 and 0.3 have them.
    pub const DEFAULT: Self = Self::WASM2
        .union(Self::RELAXED_SIMD)
        .union(Self::TAIL_CALL)
        .union(Self::EXTENDED_CONST)
        .union(Self::MULTI_MEMORY)
        .union(Self::MEMORY64)
        .union(Self::THREADS)
        .union(Self::EXCEPTIONS)
        .union(Self::FUNCTION_REFERENCES)
        .union(Self::GC)
        .union(Self::COMPONENT_MODEL)
        .union(Self::COMPONENT_MODEL_ASYNC);
    /// What components may use if it is switched on.
    const MORE_OF_COMPONENTS: Self = Self::COMPONENT_MODEL_MAP
        .union(Self::COMPONENT_MODEL_FIXED_LENGTH_LISTS)
        .union(Self::COMPONENT_MODEL_MORE_ASYNC_BUILTINS)
        .union(Self::COMPONENT_MODEL_ASYNC_STACKFUL)
        .union(Self::COMPONENT_MODEL_THREADING)
        .union(Self::COMPONENT_MODEL_ERROR_CONTEXT)
        .union(Self::COMPONENT_MODEL_IMPLEMENTS);
    /// What this version of the project translates and runs: also what has to be switched on,
    /// since it is no part of the specification yet, or seldom wanted. Of what is for asynchronous
    /// components, some is validated and then refused by name.
    pub const SUPPORTED: Self = Self::DEFAULT
        .union(Self::WIDE_ARITHMETIC)
        .union(Self::CUSTOM_PAGE_SIZES)
        .union(Self::BRANCH_HINTING)
        .union(Self::COMPACT_IMPORTS)
        .union(Self::MORE_OF_COMPONENTS)
        .union(Self::LEGACY_EXCEPTIONS)
        .union(Self::STACK_SWITCHING);
}

impl Default for WasmFeatures {
    /// [`WasmFeatures::DEFAULT`].
    fn default() -> Self {
        Self::DEFAULT
    }
}
