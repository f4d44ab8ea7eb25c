//! Runs a check on many inputs, in several processes, and reports the inputs that fail:
//!
//! ```console
//! $ cargo run --release --no-default-features --features checks --example long -- api 0 2000000 2
//! ```
//!
//! The arguments are the check, the first seed, the number of inputs, and the number of processes
//! at once. An input that ends its process, or takes more than two minutes, is reported with its
//! seed as well, and the run continues after it. At the end it says what was done with them.
//! To look into one:
//! `SMOKE_TRACE=1 … --example long -- api SEED 1`. The exit code is 1 if something was found.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wasm_runtime_fuzz::smoke;
use wasm_runtime_fuzz::tally;
use wasm_runtime_fuzz::targets::check_of;

/// How many inputs a process checks before the next one is started.
const PIECE: u64 = 20_000;
/// How long one input may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The variable that names the file in which a child process records its current seed.
const SEED_FILE: &str = "LONG_RUN_SEED_FILE";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default| {
        args.get(index).map_or(Some(default), |text: &String| text.parse().ok())
    };
    let (Some(check), Some(first), Some(count), Some(processes)) = (
        args.first().and_then(|name| check_of(name)),
        number(1, 0),
        number(2, 10_000),
        number(3, 1),
    ) else {
        eprintln!("usage: long CHECK [FIRST_SEED [COUNT [PROCESSES]]]");
        std::process::exit(2);
    };
    let end = first + count;
    if let Some(file) = std::env::var_os(SEED_FILE) {
        return child(
            check,
            first..end,
            &File::options().write(true).open(file).expect("it is there"),
        );
    }
    let begun = Instant::now();
    let counts = Counts::default();
    let (next, done, found) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..processes {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(PIECE, Ordering::Relaxed);
                    if from >= end {
                        return;
                    }
                    let to = (from + PIECE).min(end);
                    found.fetch_add(piece(&args[0], from, to, &counts), Ordering::Relaxed);
                    let done = done.fetch_add(to - from, Ordering::Relaxed) + to - from;
                    let rate = done as f64 / begun.elapsed().as_secs_f64();
                    let found = found.load(Ordering::Relaxed);
                    eprintln!(
                        "{}: {done} of {count} done, {rate:.0} a second, {found} failed",
                        args[0]
                    );
                }
            });
        }
    });
    let failed = found.load(Ordering::Relaxed);
    for (what, count) in &*counts.lock().expect("nobody panics with it") {
        println!("{}: {count} {what}", args[0]);
    }
    println!("{}: {count} inputs from seed {first}, {failed} failed", args[0]);
    std::process::exit(i32::from(failed > 0));
}

/// Checks a range of seeds, all of them even if some fail.
fn child(check: fn(&[u8]), seeds: std::ops::Range<u64>, file: &File) {
    for seed in seeds {
        file.write_all_at(&seed.to_le_bytes(), 0).expect("the file can be written");
        let input = smoke::input(seed);
        if catch_unwind(AssertUnwindSafe(|| check(&input))).is_err() {
            println!("{seed}");
        }
    }
    for (what, count) in tally::counts() {
        println!("{count} {what}");
    }
}

/// What was done with the inputs, by processes that came to their end.
type Counts = Mutex<BTreeMap<String, u64>>;

/// Lets child processes check a range of seeds, and returns how many failed.
fn piece(name: &str, mut from: u64, to: u64, counts: &Counts) -> u64 {
    let mut failed = 0;
    while from < to {
        let path = std::env::temp_dir().join(format!("long-{}-{from}", std::process::id()));
        std::fs::write(&path, from.to_le_bytes()).expect("there is a place for temporary files");
        let mut child = Command::new(std::env::current_exe().expect("it is running"))
            .args([name, &from.to_string(), &(to - from).to_string()])
            .env(SEED_FILE, &path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program can be started again");
        let said = BufReader::new(child.stdout.take().expect("it is piped"));
        let listener = thread::spawn({
            let name = name.to_owned();
            move || {
                let (mut failed, mut counts) = (0, Vec::new());
                for line in said.lines().map_while(Result::ok) {
                    match line.split_once(' ') {
                        Some((count, what)) => counts.push((what.to_owned(), count.parse())),
                        None => {
                            println!("{name}: seed {line} fails");
                            failed += 1;
                        }
                    }
                }
                (failed, counts)
            }
        });
        let at = || {
            let bytes = std::fs::read(&path).unwrap_or_default();
            bytes.try_into().map_or(from, u64::from_le_bytes)
        };
        let end = wait(&mut child, at);
        let (more, said) = listener.join().expect("it does not panic");
        failed += more;
        for (what, count) in said {
            let mut counts = counts.lock().expect("nobody panics with it");
            *counts.entry(what).or_default() += count.unwrap_or(0);
        }
        let last = at();
        let _ = std::fs::remove_file(&path);
        let Some(why) = end else { return failed };
        println!("{name}: seed {last} ends the process: {why}");
        failed += 1;
        from = last + 1;
    }
    failed
}

/// Waits for a child process. Returns why it ended, if it did not end well.
fn wait(child: &mut Child, at: impl Fn() -> u64) -> Option<String> {
    let mut last = (at(), Instant::now());
    loop {
        if let Some(status) = child.try_wait().expect("it is a child") {
            return (!status.success()).then(|| status.to_string());
        }
        thread::sleep(Duration::from_millis(20));
        let now = at();
        if now != last.0 {
            last = (now, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            child.kill().expect("it is a child");
            child.wait().expect("it is a child");
            return Some(format!("no end after {} seconds", PATIENCE.as_secs()));
        }
    }
}
