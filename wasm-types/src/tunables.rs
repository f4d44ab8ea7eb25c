//! Settings that compiled code and the run-time must agree on.

/// How hard the compiler works on the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum OptLevel {
    /// As little as possible: fastest to compile.
    None = 0,
    /// For speed.
    #[default]
    Speed = 1,
    /// For speed, and for small code where speed does not suffer.
    SpeedAndSize = 2,
}

/// Who may look at what a module neither exports nor imports, and write to it, from outside of its
/// code.
///
/// Ordered from the strictest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum Internals {
    /// Nobody may look at it.
    Sealed = 0,
    /// The host may read it. The compiler may take for granted that only the module's code changes
    /// it.
    #[default]
    Readable = 1,
    /// The host may read and write it, and the compiler takes that into account.
    Writable = 2,
}

/// Settings that are compiled into the code. An artifact records them, and a host that runs it
/// must provide for them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Tunables {
    /// Address space reserved for each 32-bit memory, in bytes. At 4 GiB or more, accesses need no
    /// bounds check and the memory never moves; below, every access is checked. Code that needs no
    /// check runs where at least as much is reserved.
    pub memory_reservation: u64,
    /// Inaccessible address space after the reservation (or after the memory, where accesses are
    /// checked), in bytes: accesses with a constant offset below it need no check of the offset.
    pub memory_guard_size: u64,
    /// Address space reserved beyond the current size of a memory that may move when it grows, in
    /// bytes.
    pub memory_reservation_for_growth: u64,
    /// The guard below a Wasm stack, in bytes, a power of two: larger frames are probed.
    pub stack_guard_size: u32,
    /// Whether bounds checks of memories and tables also hold under speculative execution.
    pub spectre_mitigation: bool,
    /// Whether relaxed vector instructions give the same result on every machine.
    pub relaxed_simd_deterministic: bool,
    /// Whether not-a-number results are brought to one bit pattern.
    pub nan_canonicalization: bool,
    /// How hard the compiler works. Code at all levels works together.
    pub opt_level: OptLevel,
    /// Who may look at what a module neither exports nor imports, and write to it.
    pub internals: Internals,
    /// Whether the host can interrupt the code.
    pub interruption: bool,
    /// Whether the host may change what the code sees where it is interrupted, and have it go on.
    /// The code then relies there on nothing that it has read before.
    pub interruption_callbacks: bool,
    /// Whether the code counts fuel: if so, the [`identity`](crate::OperatorCost::identity) of what
    /// operators cost.
    pub fuel_costs: Option<u64>,
    /// Whether code that counts fuel can go on where it finds too little: the host may have put
    /// some aside.
    pub fuel_yields: bool,
    /// Whether the code counts how often it runs, for a [profile](crate::profile).
    pub gathers_profile: bool,
    /// Whether the host can debug the code: the code stops where it is told to, and keeps the
    /// values of locals and operands where the host finds them ([`FunctionFrame`]).
    ///
    /// [`FunctionFrame`]: crate::FunctionFrame
    pub guest_debug: bool,
}

impl Tunables {
    /// Settings for a host with a 64-bit address space.
    pub const fn new() -> Self {
        Self {
            memory_reservation: 4 << 30,
            memory_guard_size: 32 << 20,
            memory_reservation_for_growth: 2 << 30,
            stack_guard_size: 64 << 10,
            spectre_mitigation: true,
            relaxed_simd_deterministic: false,
            nan_canonicalization: false,
            opt_level: OptLevel::Speed,
            internals: Internals::Readable,
            interruption: false,
            interruption_callbacks: false,
            fuel_costs: None,
            fuel_yields: false,
            gathers_profile: false,
            guest_debug: false,
        }
    }
}

impl Default for Tunables {
    fn default() -> Self {
        Self::new()
    }
}
