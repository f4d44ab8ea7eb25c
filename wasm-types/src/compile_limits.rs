//! How large what is compiled may be, and how long that may take.

use core::fmt;
use core::time::Duration;

/// How large the functions of a module may be, and how long it may take to compile it, for modules
/// that nobody vouches for.
///
/// Compiling takes time and memory that grow faster than a function does: some stages of the code
/// generator take time by the product of how many blocks there are and how many values are alive in
/// them. So a small module can keep a compiler busy for minutes, and these limits bound it. The
/// defaults are far beyond what programs have; whoever compiles modules of strangers can have
/// smaller ones, and whoever knows where a module comes from can have none.
///
/// Sizes are counted in the pass that reads the function, before any code is made of it, and do not
/// depend on the machine. They say whether a module is compiled, never what is made of it.
///
/// ```
/// use std::time::Duration;
/// use wasm_types::CompileLimits;
///
/// let limits = CompileLimits::new().operators(100_000).time(Duration::from_secs(5));
/// assert_eq!(limits.operators, Some(100_000));
/// assert_eq!(CompileLimits::unlimited().blocks, None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CompileLimits {
    /// The most operators in the body of a function. A call counts as one more for each of its
    /// parameters and results; what throws or catches an exception, for each value that it carries;
    /// and where a construct with handlers begins, is caught in or ends, for each handler around.
    pub operators: Option<u32>,
    /// The most blocks of a function: each `block`, `loop`, `if` and `else`, and each branch, of
    /// which a `br_table` has one for each of its entries. Each counts as one more for each operand
    /// that goes with it. The locals that go with blocks are counted by themselves, and there may
    /// be four times as many.
    pub blocks: Option<u32>,
    /// The most locals of a function, its parameters included.
    pub locals: Option<u32>,
    /// The most parameters, and the most results, of a function or block.
    pub parameters: Option<u32>,
    /// The most effort of giving registers to the values of a function. It grows by how many values
    /// are alive at once and for how long, and by how many go with blocks; of what compilers make,
    /// little is. A thousand take a second, more or less, on machines that are common in the 2020s.
    pub effort: Option<u32>,
    /// How long a module may be compiled, by the clock on the wall.
    pub time: Option<Duration>,
}

/// One of the [`CompileLimits`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CompileLimit {
    /// [`CompileLimits::operators`].
    Operators,
    /// [`CompileLimits::blocks`].
    Blocks,
    /// [`CompileLimits::locals`].
    Locals,
    /// [`CompileLimits::parameters`].
    Parameters,
    /// [`CompileLimits::effort`].
    Effort,
    /// [`CompileLimits::time`].
    Time,
}

impl CompileLimits {
    /// The defaults: 2,000,000 operators, 500,000 blocks, 50,000 locals, 1,000 parameters, an
    /// effort of 50,000, and ten minutes.
    ///
    /// They are at least four times what is known of programs. The largest function of Ruby's
    /// interpreter, which is the loop that runs its byte code, has 75,000 operators and 10,000
    /// blocks, with which locals go 360,000 times. Functions of it have up to 170 locals, and take
    /// an effort of up to 7,300. For QuickJS these numbers are 20,000, 2,300, almost none, 57, and
    /// 23.
    pub const fn new() -> Self {
        Self {
            operators: Some(2_000_000),
            blocks: Some(500_000),
            locals: Some(50_000),
            parameters: Some(1_000),
            effort: Some(50_000),
            time: Some(Duration::from_secs(600)),
        }
    }

    /// No limits but those of WebAssembly's binary format and of the code generator.
    pub const fn unlimited() -> Self {
        Self {
            operators: None,
            blocks: None,
            locals: None,
            parameters: None,
            effort: None,
            time: None,
        }
    }

    /// Sets the most [operators](field@Self::operators) of a function; `None` for any
    /// number.
    #[must_use]
    pub fn operators(mut self, most: impl Into<Option<u32>>) -> Self {
        self.operators = most.into();
        self
    }

    /// Sets the most [blocks](field@Self::blocks) of a function; `None` for any number.
    #[must_use]
    pub fn blocks(mut self, most: impl Into<Option<u32>>) -> Self {
        self.blocks = most.into();
        self
    }

    /// Sets the most locals of a function, its parameters included; `None` for as many as the
    /// binary format allows, which is 50,000 for this project.
    #[must_use]
    pub fn locals(mut self, most: impl Into<Option<u32>>) -> Self {
        self.locals = most.into();
        self
    }

    /// Sets the most parameters, and the most results, of a function or block; `None` for as many
    /// as validation allows, which is 1,000.
    #[must_use]
    pub fn parameters(mut self, most: impl Into<Option<u32>>) -> Self {
        self.parameters = most.into();
        self
    }

    /// Sets the most [effort](field@Self::effort) of giving registers to the values of a function;
    /// `None` for any.
    #[must_use]
    pub fn effort(mut self, most: impl Into<Option<u32>>) -> Self {
        self.effort = most.into();
        self
    }

    /// Sets how long a module may be compiled, by the clock on the wall; `None` for any time.
    ///
    /// Cranelift can't be interrupted. The clock is read while a function is read, and between the
    /// three stages of a function: translation, optimisation, code generation. A function that is
    /// in one of them when the time is up ends that stage first: what bounds a single stage are the
    /// other limits.
    #[must_use]
    pub fn time(mut self, most: impl Into<Option<Duration>>) -> Self {
        self.time = most.into();
        self
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl CompileLimit {
    /// All limits.
    pub const ALL: &[CompileLimit] =
        &[Self::Operators, Self::Blocks, Self::Locals, Self::Parameters, Self::Effort, Self::Time];

    /// The name of the field of [`CompileLimits`], and of the function that sets it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operators => "operators",
            Self::Blocks => "blocks",
            Self::Locals => "locals",
            Self::Parameters => "parameters",
            Self::Effort => "effort",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for CompileLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
