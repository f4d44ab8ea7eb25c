//! The programs to run, their inputs, and how they end.

use wasm_runtime::Trap;

/// A run of a program.
pub(crate) struct Case {
    /// The name of the test.
    pub(crate) name: &'static str,
    /// The file of the program, without its extension.
    pub(crate) program: &'static str,
    /// The file with the expected output, without its extension.
    pub(crate) stdout: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) environment: &'static [(&'static str, &'static str)],
    pub(crate) stdin: &'static str,
    /// The expected text on standard error.
    pub(crate) stderr: &'static str,
    /// Whether it gets a directory, as `/work`.
    pub(crate) directory: bool,
    pub(crate) end: End,
}

/// How a run ends.
#[derive(Debug)]
pub(crate) enum End {
    Returns,
    /// By an exit with this code.
    Exits(i32),
    /// By a trap in a function of this name.
    Traps(Trap, &'static str),
}

impl Case {
    /// A program that is run without any input, prints something and returns.
    const fn plain(program: &'static str) -> Self {
        Self {
            name: program,
            program,
            stdout: program,
            arguments: &[],
            environment: &[],
            stdin: "",
            stderr: "",
            directory: false,
            end: End::Returns,
        }
    }

    /// A program that gets a directory.
    const fn with_directory(program: &'static str) -> Self {
        Self { directory: true, ..Self::plain(program) }
    }

    /// A program that gets an argument, and traps after it has printed everything.
    const fn trapping(
        name: &'static str,
        program: &'static str,
        arguments: &'static [&'static str],
        trap: Trap,
        function: &'static str,
    ) -> Self {
        let end = End::Traps(trap, function);
        Self { name, arguments, end, ..Self::plain(program) }
    }
}

/// All runs.
pub(crate) const CASES: &[Case] = &[
    Case::with_directory("files"),
    Case::with_directory("directories"),
    Case::plain("clocks"),
    Case::plain("growth"),
    Case::plain("recursion"),
    Case::trapping("recursion-forever", "recursion", &["forever"], Trap::StackOverflow, "down"),
    Case::plain("tables"),
    Case::trapping("tables-signature", "tables", &["signature"], Trap::BadSignature, "main"),
    Case::trapping("tables-null", "tables", &["null"], Trap::IndirectCallToNull, "main"),
    Case::trapping("tables-outside", "tables", &["outside"], Trap::TableOutOfBounds, "main"),
    Case::plain("jumps"),
    Case::plain("floats"),
    Case::plain("sorting"),
    Case::plain("hashing"),
    Case::plain("text"),
    Case {
        arguments: &["3", "two words"],
        environment: &[("GREETING", "hello")],
        stdin: "one\ntwo\nthree",
        stderr: "to standard error\n",
        end: End::Exits(3),
        ..Case::plain("process")
    },
    Case {
        name: "process-abort",
        stdout: "process-abort",
        stderr: "to standard error\n",
        ..Case::trapping("", "process", &["abort"], Trap::UnreachableCodeReached, "abort")
    },
    // Computations that the benchmarks run for longer.
    Case::plain("nbody"),
    Case::plain("mandelbrot"),
    Case::plain("sha256"),
    Case::plain("json"),
    Case::plain("wide"),
    Case::plain("vectors"),
    Case::plain("tailcalls"),
    Case::plain("virtual"),
    Case::plain("exceptions"),
    // The same program with the instructions of before the proposal was finished.
    Case { name: "exceptions-legacy", program: "exceptions-legacy", ..Case::plain("exceptions") },
    // Programs in Kotlin: structures, arrays, casts and exceptions.
    Case::plain("kotlin-collections"),
    Case::plain("kotlin-dispatch"),
    Case::plain("kotlin-exceptions"),
    Case::plain("kotlin-machines"),
    Case::plain("kotlin-sequences"),
    Case::plain("kotlin-strings"),
    Case::plain("kotlin-trees"),
];
