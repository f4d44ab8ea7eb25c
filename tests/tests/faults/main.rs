//! Each system call fails in turn, while modules are loaded, compiled, run, saved and restored.
//!
//! A scenario runs in a process of its own ([`tracer`]). First it runs undisturbed, and its system
//! calls are counted. Then it runs again for each of them, which fails: alone, as in a system that
//! has run out of something for a moment, and together with those of its kind that follow. What was
//! to be done succeeds all the same, or is an error that says what has failed. No process panics,
//! crashes or hangs. After an error, the same step succeeds once the system works again, with the
//! same store if it had got so far, and with the same result.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![allow(unsafe_code)]

mod calls;
mod scenarios;
mod tracer;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use calls::Call;
use libtest_mimic::{Arguments, Failed, Trial};
use scenarios::{CONSTANT, SCENARIOS, Scenario};
use tracer::{Fault, Outcome};
use world::World;

/// The environment variables that select the scenario of a process, and its folder.
const SCENARIO: &str = "FAULTS_SCENARIO";
const FOLDER: &str = "FAULTS_FOLDER";

/// The environment variable that shows the errors.
const SHOW: &str = "FAULTS_SHOW";

/// The beginning of the line with which a child reports an error.
const ERROR: &str = "error: ";

/// How many calls in a row fail at most: so many that what tries again fails, too. What keeps
/// trying is still to succeed.
const MANY: usize = 25;

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(SCENARIO) {
        let scenario = SCENARIOS.iter().chain(&CONSTANT).find(|scenario| scenario.name == name);
        let folder = std::env::var_os(FOLDER).expect("the folder of the artifacts");
        in_child(scenario.expect("a scenario"), &PathBuf::from(folder));
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let folder = tempfile::tempdir().expect("a folder");
    world::write_artifacts(folder.path()).expect("artifacts");
    let trials = SCENARIOS.iter().map(|scenario| {
        let folder = folder.path().to_owned();
        Trial::test(scenario.name, move || each_call_fails(scenario, &folder))
    });
    let constant = {
        let folder = folder.path().to_owned();
        Trial::test("components_load_in_constant_calls", move || calls_are_the_same(&folder))
    };
    libtest_mimic::run(&arguments, trials.chain([constant]).collect()).exit_code()
}

/// Runs the scenario while calls may fail, and again while none does. Prints what the steps have
/// seen, and the errors.
fn in_child(scenario: &Scenario, folder: &Path) {
    let own_folder = tempfile::tempdir_in(folder).expect("a folder");
    tracer::become_traced();
    for round in ["first", "second"] {
        let own_folder = own_folder.path().join(round);
        std::fs::create_dir(&own_folder).expect("a folder");
        let mut world = World::new(folder.to_owned(), own_folder);
        let mut is_disturbed = round == "first";
        if is_disturbed {
            tracer::begin();
        }
        let mut seen = Vec::new();
        for (number, step) in scenario.steps.iter().enumerate() {
            let result = step(&mut world).or_else(|error| {
                assert!(is_disturbed, "step {number}, in the {round} round: {error:#}");
                tracer::end();
                is_disturbed = false;
                println!("{ERROR}{error:#}");
                step(&mut world)
            });
            match result {
                Ok(number) => seen.push(number),
                Err(error) => panic!("step {number} fails when it is done again: {error:#}"),
            }
        }
        drop(world);
        tracer::end();
        println!("seen: {seen:?}");
    }
}

fn run(
    scenario: &Scenario,
    folder: &Path,
    fault: Option<Fault>,
) -> Result<Option<Outcome>, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(SCENARIO, scenario.name).env(FOLDER, folder).env("TMPDIR", folder);
    command.env("JITDUMPDIR", folder);
    Ok(tracer::run(&mut command, fault)?)
}

/// What the constant scenarios do takes the same system calls.
fn calls_are_the_same(folder: &Path) -> Result<(), Failed> {
    let mut all = Vec::new();
    for scenario in &CONSTANT {
        let Some(outcome) = run(scenario, folder, None)? else {
            eprintln!("not tested, since processes can't be traced here");
            return Ok(());
        };
        check(&outcome, &outcome.output, None)?;
        let mut calls: Vec<_> =
            outcome.counts.iter().map(|(call, made)| format!("{made} {call}")).collect();
        calls.sort_unstable();
        all.push(calls);
    }
    if all.is_empty() || all.windows(2).any(|two| two[0] != two[1]) {
        return Err(format!("they take {all:?}").into());
    }
    Ok(())
}

fn each_call_fails(scenario: &Scenario, folder: &Path) -> Result<(), Failed> {
    let Some(undisturbed) = run(scenario, folder, None)? else {
        eprintln!("{}: not tested, since processes can't be traced here", scenario.name);
        return Ok(());
    };
    let expected = undisturbed.output.clone();
    check(&undisturbed, &expected, None)?;
    let mut wrong = Vec::new();
    let mut calls: Vec<(Call, usize)> = undisturbed.counts.into_iter().collect();
    calls.retain(|(call, _)| scenario.spared.and_then(Call::of) != Some(*call));
    calls.sort_unstable();
    for fault in calls.into_iter().flat_map(|(call, made)| faults(call, made)) {
        let outcome = run(scenario, folder, Some(fault))?.ok_or("can't be traced any more")?;
        if let Err(error) = check(&outcome, &expected, Some(fault)) {
            let error = error.message().unwrap_or_default();
            wrong.push(format!("{fault}: {error}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The ways in which a call can fail that is made so many times.
fn faults(call: Call, made: usize) -> impl Iterator<Item = Fault> {
    (0..made).flat_map(move |first| {
        let interrupted = call.can_be_interrupted().then_some((3, libc::EINTR));
        [(1, call.scarce()), (MANY, call.refused())]
            .into_iter()
            .chain(interrupted)
            .map(move |(count, errno)| Fault { call, first, count, errno })
    })
}

/// Whether a process has ended well, and has seen the same as without a fault.
fn check(outcome: &Outcome, expected: &str, fault: Option<Fault>) -> Result<(), Failed> {
    let Outcome { status, output, errors, failed, .. } = outcome;
    if *status != 0 {
        return Err(format!("status {status:#x}: {output}{errors}").into());
    }
    // Later calls may be others than in the first run, where there are several threads.
    if *failed == 0 && fault.is_some_and(|fault| fault.first == 0) {
        return Err("no call has failed".into());
    }
    let (mistakes, seen): (Vec<&str>, Vec<&str>) =
        output.lines().partition(|line| line.starts_with(ERROR));
    if seen != expected.lines().collect::<Vec<_>>() {
        return Err(format!("sees {seen:?}, not {expected:?}").into());
    }
    for error in mistakes.iter().filter_map(|line| line.strip_prefix(ERROR)) {
        if std::env::var_os(SHOW).is_some() {
            eprintln!("{}: {error}", fault.map(|fault| fault.to_string()).unwrap_or_default());
        }
        // What was to be done, and why the system did not do it.
        if !error.contains("os error") || !error.contains(": ") {
            return Err(format!("the error does not say what has failed: {error}").into());
        }
        if fault.is_some_and(|fault| fault.errno == libc::EINTR) {
            return Err(format!("a call that was interrupted is not made again: {error}").into());
        }
    }
    Ok(())
}
