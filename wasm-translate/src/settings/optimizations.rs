//! Switches for what is done for faster code beyond Cranelift's own optimiser.
//!
//! Effects are ratios of the least processor times that programs took, with an optimization and
//! without, both alternating in one process on x86-64: below 1 is faster. Differences of less than
//! 2 % are noise. The programs are those of the project's benchmark: interpreters, a database,
//! compressors, hashes, arithmetic.

use super::Settings;

impl Settings {
    /// Sets whether pure instructions go back to the order of the source after Cranelift's
    /// optimiser, which leaves them at their first use, far from the loads that they use up. On by
    /// default; without effect where the optimiser does not run (`OptLevel::None`).
    ///
    /// Measured: .94 on bzip2 (whose code is 4 % smaller), .96 on SHA-256 and BLAKE3, 1.05 on
    /// elliptic curves, .995 over all; a compilation takes 2 % longer.
    pub fn reorder(&mut self, on: bool) -> &mut Self {
        self.optimizations.reorder = on;
        self
    }

    /// Sets whether functions that do what machines have instructions for are recognised by their
    /// bodies: the product of two 128-bit integers, which compilers make a function of
    /// (`__multi3`). It is then computed with those instructions, and where it is called. On by
    /// default.
    ///
    /// Measured: .52 on elliptic curves, .55 on 128-bit arithmetic, nothing elsewhere.
    pub fn idioms(&mut self, on: bool) -> &mut Self {
        self.optimizations.idioms = on;
        self
    }

    /// Sets whether calls are replaced by what they call where that pays: the more often a call is
    /// made, by the loops around it, the larger that may be. Functions go into themselves for a
    /// level or two. Traps, backtraces and fuel stay what they are. What has function hooks is
    /// always called, and so is what is recognised as an idiom. Without effect where the optimiser
    /// does not run (`OptLevel::None`); with `OptLevel::SpeedAndSize` only what makes the code no
    /// larger is replaced.
    ///
    /// Off by default; engines switch it on (`Config::compiler_inlining`). Measured: .99 on
    /// programs by others (.93 to 1.07), .75 on Kotlin, .52 to .63 on functions that call
    /// themselves, .14 on loops around small functions; code is 4 % larger, a compilation takes 7 %
    /// longer.
    pub fn inlining(&mut self, on: bool) -> &mut Self {
        self.optimizations.inlining = on;
        self
    }

    /// Sets whether `memory.copy` and `memory.fill` of up to 64 bytes, as many as a constant says,
    /// are loads and stores after a check of the bounds, in place of a call. On by default; without
    /// effect on memories whose index space is not reserved whole.
    ///
    /// Measured: nothing on the programs, which have few of them where it matters.
    pub fn small_bulk(&mut self, on: bool) -> &mut Self {
        self.optimizations.small_bulk = on;
        self
    }

    /// Sets whether `memory.copy` and `memory.fill` check their bounds in place and call C's
    /// `memmove` and `memset`, in place of a function of the store that checks and does everything.
    /// These are called on the Wasm stack, of which they need next to nothing. On by default;
    /// without effect on memories whose index space is not reserved whole. Also whether
    /// `array.copy` and `array.fill` of at most 64 bytes, as many as a constant says, are loads and
    /// stores.
    ///
    /// Measured: up to 60 bytes take about 3 ns, where Wasmtime takes 5.5; nothing on the programs.
    pub fn direct_bulk(&mut self, on: bool) -> &mut Self {
        self.optimizations.direct_bulk = on;
        self
    }

    /// Sets whether tables of functions that nothing changes stand beside the code: those that the
    /// module neither imports nor exports, that no operator writes to, and that segments at
    /// constant places fill. A call through one takes a load and no context, and a comparison of
    /// types only if there are several. On by default; without effect with `Internals::Writable`.
    ///
    /// Measured: .32 on tail calls through a table, .77 on virtual calls, .94 on a database, .97 on
    /// an interpreter, nothing on the programs that call little through tables or export theirs.
    pub fn immutable_tables(&mut self, on: bool) -> &mut Self {
        self.optimizations.immutable_tables = on;
        self
    }

    /// Sets whether references that are alive where an object is made are saved only when there is
    /// no room for it and the store is called, unless they are alive at other calls as well. Those
    /// are in the frame from where they are made. On by default.
    ///
    /// Measured: .93 to .98 on loops that make objects, nothing elsewhere.
    pub fn save_when_full(&mut self, on: bool) -> &mut Self {
        self.optimizations.save_when_full = on;
        self
    }

    /// Sets whether code that ends in `unreachable` stands behind the rest of its function, and
    /// gets what registers the rest leaves: calls of what reports a failure, mostly. On by default.
    pub fn cold_traps(&mut self, on: bool) -> &mut Self {
        self.optimizations.cold_traps = on;
        self
    }

    /// Sets whether values of 32 bits that addresses are made of are 64 bits wide from where they
    /// come: what is loaded and, on x86-64, what goes around a loop. There they take no instruction
    /// to be extended; where they are used they would. On by default; without effect where the
    /// optimiser does not run (`OptLevel::None`).
    pub fn wide_indices(&mut self, on: bool) -> &mut Self {
        self.optimizations.wide_indices = on;
        self
    }

    /// Sets whether loops that call nothing keep the globals in registers that they read and
    /// write. What they write is stored all the same, at once: what a trap leaves is as without
    /// this. On by default, for modules that define four such globals or more; without effect
    /// where the optimiser does not run (`OptLevel::None`), and where the host or a debugger may
    /// change globals while the code stands still.
    ///
    /// Measured: .85 on SHA-256 in AssemblyScript, whose variables are globals; nothing on programs
    /// in Go, which have as many.
    pub fn loop_globals(&mut self, on: bool) -> &mut Self {
        self.optimizations.loop_globals = on;
        self
    }
}
