//! This project and V8, which is part of Node.js. Each program has a process, which runs it on
//! request.
//!
//! A program that does not run there is left out with a message.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::alternate::alternate_runs;
use crate::ours::runtime as ours;
use crate::programs::{Entry, OBJECT_PROGRAMS, Program, modules};
use crate::report::Row;

/// Runs before the first that counts. After these, V8's optimising compiler has taken over.
const WARM_UP: usize = 4;

pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let a = ours::Runtime::with_objects();
    let objects = OBJECT_PROGRAMS.iter().filter_map(|program| Some((program, program.read()?)));
    let programs = modules().chain(objects);
    let programs = programs.filter(|(program, _)| !matches!(program.entry, Entry::None));
    programs
        .filter_map(|(program, wasm)| {
            let mut b = Node::new(program)?;
            let (_, module) = a.compile(&wasm);
            let (_, output) = a.run(&module, program.name, &program.entry);
            for _ in 0..WARM_UP {
                let Some((_, theirs)) = b.run() else {
                    eprintln!("left out: {} does not run in this V8", program.name);
                    return None;
                };
                assert!(output == theirs, "{} does not do the same in V8", program.name);
            }
            Some(alternate_runs(
                program,
                rounds,
                || a.run(&module, program.name, &program.entry).0,
                || b.run().expect("it ran before").0,
            ))
        })
        .collect()
}

/// A process with one program.
struct Node {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Node {
    fn new(program: &Program) -> Option<Self> {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workload = |name: &str| -> PathBuf { bench.join("workloads").join(name) };
        let mut command = Command::new("node");
        // In some versions in use, tail calls are behind a flag.
        command.args(["--experimental-wasm-return-call"]);
        command.arg(bench.join("v8/run.mjs")).arg(program.path());
        match program.entry {
            Entry::Start(arguments) => command.arg("start").args(arguments),
            Entry::JavaScript(_) => command.arg("javascript").arg(workload("quickjs.js")),
            Entry::Calls(_) => {
                command.arg("calls").arg(workload(&format!("{}.calls", program.name)))
            }
            Entry::None => return None,
        };
        let spawned = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .inspect_err(|error| eprintln!("left out: {}: node: {error}", program.name));
        let mut process = spawned.ok()?;
        let input = process.stdin.take()?;
        let output = BufReader::new(process.stdout.take()?);
        Some(Self { process, input, output })
    }

    /// The time and output of a run; `None` if the program does not run.
    fn run(&mut self) -> Option<(f64, Vec<u8>)> {
        writeln!(self.input).ok()?;
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        let (time, output) = line.trim_end_matches('\n').split_once(' ')?;
        Some((time.parse().ok()?, hexadecimal(output)?))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Decodes hexadecimal digits.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
