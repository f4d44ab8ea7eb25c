//! The specification's test suite, each file a test of its own: with both pipelines from bytes to a
//! running module, and once more with a combination of settings of its own (`sampled/…`).
//! `COMBINATIONS=7` selects other combinations.

#[path = "spec/exceptions.rs"]
mod exceptions;
#[path = "spec/sets.rs"]
mod sets;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use wasm_runtime::wast::{Runner, Summary};
use wasm_runtime::{Config, Engine, Error};
use wasm_tests::{Combination, Pipeline};
use wasm_types::ParseError;

use exceptions::Exception;
use sets::{File, Set};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("exceptions_name_files_that_exist", exceptions_exist)];
    for pipeline in Pipeline::ALL {
        for set in sets::all() {
            for file in set.files() {
                let name = format!("{pipeline}/{}/{}", set.name, file.name);
                trials.push(Trial::test(name, move || run(pipeline, &set.config(), &file)));
            }
        }
    }
    for set in sets::all() {
        for file in set.files() {
            let name = format!("sampled/{}/{}", set.name, file.name);
            trials.push(Trial::test(name.clone(), move || sampled(&name, set, &file)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn exceptions_exist() -> Result<(), Failed> {
    let files: BTreeSet<_> =
        sets::all().iter().flat_map(Set::files).map(|file| file.path()).collect();
    for (path, _) in exceptions::EXCEPTIONS {
        if !files.contains(*path) {
            return Err(format!("there is no file `{path}`").into());
        }
    }
    Ok(())
}

fn sampled(name: &str, set: &Set, file: &File) -> Result<(), Failed> {
    let combination = Combination::sample(name);
    let mut config = set.config();
    combination.apply(&mut config);
    run(Pipeline::ThroughArtifact, &config, file).map_err(|failed| {
        let what = failed.message().unwrap_or_default();
        format!("with {combination:?}: {what}").into()
    })
}

fn run(pipeline: Pipeline, config: &Config, file: &File) -> Result<(), Failed> {
    let mut runner = Runner::new(&Engine::new(config)?)?;
    runner.load_modules_with(pipeline.loader(config)?);
    match exceptions::find(&file.path()) {
        None => {
            let summary = runner.run_to_end(&file.name, file.text)?;
            no_failures(&summary)?;
            if summary.passed() == 0 {
                return Err("the file has no directives".into());
            }
            Ok(())
        }
        Some(Exception::Needs(proposals)) => {
            let named = Arc::new(Mutex::new(BTreeSet::new()));
            let naming = Arc::clone(&named);
            runner.skip_if_refused(move |error| match later_proposal(error) {
                Some(proposal) => {
                    naming.lock().unwrap().insert(proposal);
                    true
                }
                None => false,
            });
            let summary = runner.run_to_end(&file.name, file.text)?;
            no_failures(&summary)?;
            let named: Vec<_> = named.lock().unwrap().iter().copied().collect();
            if named != *proposals {
                return Err(format!(
                    "the file is listed as needing {proposals:?}, but the proposals that its modules \
                     were refused for are {named:?}"
                )
                .into());
            }
            Ok(())
        }
        Some(Exception::Superseded { lines, reason }) => {
            let summary = runner.run_to_end(&file.name, file.text)?;
            let failed: Vec<_> = summary.failures().iter().map(|failure| failure.line()).collect();
            if failed != *lines {
                no_failures(&summary)?;
                return Err(format!("listed as superseded ({reason}), but everything holds").into());
            }
            Ok(())
        }
    }
}

fn no_failures(summary: &Summary) -> Result<(), Failed> {
    const SHOWN: usize = 10;
    let failures = summary.failures();
    if failures.is_empty() {
        return Ok(());
    }
    let mut text = format!("{} failed, {} passed\n", failures.len(), summary.passed());
    for failure in failures.iter().take(SHOWN) {
        let _ = writeln!(text, "  {failure}");
    }
    Err(text.into())
}

/// The proposal that a module was refused for, if it is one that this project does not translate
/// yet. A proposal that is merely switched off does not count.
fn later_proposal(error: &Error) -> Option<&'static str> {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<ParseError>())?;
    refusal.proposal().filter(|proposal| exceptions::LATER.contains(proposal))
}
