//! Measures this project and Wasmtime against each other and prints the ratios as tables in
//! Markdown.
//!
//! Everything is measured in one process, which alternates between the two after every single
//! measurement. So a slow moment of the machine affects both. The minimum and the median of the
//! times are reported.
//!
//! ```sh
//! ./fetch.sh                                  # once: fetches and builds the programs
//! cargo run --release                         # everything
//! cargo run --release -- --rounds 5 calls     # one section, fewer rounds
//! cargo run --release -- --against FILE run   # compared with what an earlier run printed
//! ```
//!
//! Both runtimes get the same small WASI from this program, so that only the runtimes are compared.

mod against;
mod alternate;
mod bulk;
mod call_hook;
mod calls;
mod components;
mod first_call;
mod generated;
mod host;
mod load;
mod objects;
mod optimizations;
mod overhead;
mod profiled;
mod programs;
mod report;
mod sections;
mod state;
mod switching;
mod v8;
mod waiting;

/// This project.
#[path = "."]
mod ours {
    pub(crate) use wasm_runtime as api;
    #[path = "asynchronous.rs"]
    pub(crate) mod asynchronous;
    #[path = "composed.rs"]
    pub(crate) mod composed;
    #[path = "continuations.rs"]
    pub(crate) mod continuations;
    #[path = "hooked.rs"]
    pub(crate) mod hooked;
    #[path = "library.rs"]
    mod library;
    #[allow(dead_code, reason = "what only the other side is measured with")]
    #[path = "runtime.rs"]
    pub(crate) mod runtime;
    #[path = "shared.rs"]
    pub(crate) mod shared;
}

/// Wasmtime.
#[allow(clippy::duplicate_mod)]
#[path = "."]
mod theirs {
    pub(crate) use wasmtime as api;
    #[allow(dead_code, reason = "what the other side says for both")]
    #[path = "asynchronous.rs"]
    pub(crate) mod asynchronous;
    #[allow(dead_code, reason = "what one side says for both")]
    #[path = "composed.rs"]
    pub(crate) mod composed;
    #[allow(dead_code, reason = "what the other side says for both")]
    #[path = "continuations.rs"]
    pub(crate) mod continuations;
    #[allow(dead_code, reason = "what the other side says for both")]
    #[path = "hooked.rs"]
    pub(crate) mod hooked;
    #[path = "library.rs"]
    mod library;
    #[allow(dead_code, reason = "what only the other side is measured with")]
    #[path = "runtime.rs"]
    pub(crate) mod runtime;
    #[allow(dead_code, reason = "what the other side says for both")]
    #[path = "shared.rs"]
    pub(crate) mod shared;
}

use std::process::ExitCode;

use against::Earlier;
use sections::SECTIONS;

fn main() -> ExitCode {
    let mut rounds = None;
    let mut earlier = None;
    let mut selected = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => match arguments.next().and_then(|count| count.parse().ok()) {
                Some(count) => rounds = Some(count),
                None => return usage("--rounds needs a number"),
            },
            "--against" => {
                let Some(file) = arguments.next() else { return usage("--against needs a file") };
                match Earlier::read(file.as_ref()) {
                    Ok(read) => earlier = Some(read),
                    Err(error) => return usage(&format!("{file}: {error}")),
                }
            }
            name if SECTIONS.iter().any(|section| section.name == name) => {
                selected.push(name.to_owned());
            }
            other => return usage(&format!("there is no section `{other}`")),
        }
    }
    // Wasmtime compiles on a thread pool of the whole process.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(sections::THREADS).build_global();
    if let Err(error) = pool {
        return usage(&error.to_string());
    }
    let mut is_slower = false;
    for section in SECTIONS {
        if selected.is_empty() || selected.iter().any(|name| name == section.name) {
            let rows = (section.run)(rounds.unwrap_or(section.rounds));
            println!("{}", report::tables(section.title, section.sides, section.unit, &rows));
            if let Some(earlier) = &earlier {
                let (text, slower) = earlier.compare(section.title, &rows);
                println!("{text}");
                is_slower |= slower;
            }
        }
    }
    if is_slower { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn usage(problem: &str) -> ExitCode {
    let sections: Vec<_> = SECTIONS.iter().map(|section| section.name).collect();
    eprintln!(
        "{problem}\nusage: wasm-bench [--rounds N] [--against FILE] [{}]...",
        sections.join("|")
    );
    ExitCode::from(2)
}
