//! Random programs of continuations do what a model of them says ([`wasm_tests::storm`]).

use wasm_tests::storm::{Outcome, Plan, Program, Random};

use super::{engines, prepare};

#[test]
fn programs_do_what_the_model_does() {
    // The environment variable `STORM_PROGRAMS` can set how many are tried.
    let programs = std::env::var("STORM_PROGRAMS").ok();
    storm(programs.and_then(|programs| programs.parse().ok()).unwrap_or(30));
}

fn storm(programs: u64) {
    let mut counts = [0; 4];
    for seed in 0..programs {
        let mut random = Random(seed * 7919 + 1);
        let program = Program::new(&mut random);
        for waits in [false, true] {
            let plan = Plan::new(&program, waits, &mut random);
            for outcome in plan.outcomes() {
                counts[match outcome {
                    Outcome::Returned(_) => 0,
                    Outcome::Thrown => 1,
                    Outcome::Unhandled => 2,
                    Outcome::Dropped => 3,
                }] += 1;
            }
            for kind in engines() {
                let run = || plan.run(&kind.engine, |store| prepare(&kind, store));
                if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                    eprintln!("seed {seed}, waits {waits}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    // All that can become of a program does.
    assert!(programs < 30 || counts.iter().all(|count| *count > 10), "{counts:?}");
}
