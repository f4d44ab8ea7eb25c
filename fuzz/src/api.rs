//! The API itself: sequences of calls do what a plain model says.
//!
//! The bytes decide what is called, in several engines and stores: modules are instantiated in all
//! the ways there are, memories, tables and globals changed by guests and by the host, functions
//! called by any way and back, snapshots taken, restored and forked, transactions begun and ended,
//! all on several threads, and everything dropped in any order. The model is lists of bytes,
//! elements and numbers; it says what each call comes to. What does not belong together has to be
//! refused.

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

/// Runs the sequence that the bytes are.
///
/// # Panics
///
/// If something else comes of it than the model says; then the sequence is printed.
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
