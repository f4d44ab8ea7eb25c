//! The API itself: sequences of calls must do what a plain model predicts.
//!
//! The input bytes decide which calls are made, in several engines and stores. Modules are
//! instantiated in every possible way. Guests and the host change memories, tables and globals.
//! Functions are called in every way, and call back. Snapshots are taken, restored and forked.
//! Transactions begin and end. All of this happens on several threads, and everything is dropped in
//! any order. The model consists of lists of bytes, elements and numbers, and predicts the outcome
//! of each call. What does not belong together must be refused.

mod guest;
mod host;
mod links;
mod local;
mod model;
mod parallel;
mod saved;
mod sequence;
mod side;
mod snapshots;
mod trace;
mod world;
mod wrong;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use arbitrary::{Result, Unstructured};

use guest::Artifacts;
use world::World;

thread_local! {
    static ARTIFACTS: Artifacts = Artifacts::new();
}

/// Runs the sequence that the bytes describe.
///
/// # Panics
///
/// If an outcome differs from the model's. The sequence is printed then.
pub fn check(data: &[u8]) {
    ARTIFACTS.with(|artifacts| {
        trace::begin();
        let run = || run(&mut Unstructured::new(data), artifacts);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
            trace::print();
            resume_unwind(payload);
        }
    });
}

fn run(u: &mut Unstructured<'_>, artifacts: &Artifacts) -> Result<()> {
    let mut world = World::new(u, artifacts)?;
    for _ in 0..u.int_in_range(4..=60_u32)? {
        if u.ratio(1, 120)? {
            parallel::elsewhere(u, &mut world)?;
        } else if u.ratio(1, 250)? {
            parallel::at_once(u, &mut world)?;
        } else {
            sequence::step(&mut world, u)?;
        }
    }
    world.end(u)
}
