//! Things that do not belong together are refused: those of another engine, another store, another
//! module, or of an owner that was dropped.
//!
//! `table` has a row for each public function that takes such a thing in addition to what it is
//! used with. `scan` reads the sources and finds functions without a row, so a new function must
//! get a row. All wrong combinations are tried with it. None may ever be accepted: the outcome is
//! an error or a panic that says so, or `None` where the documentation says that. Afterwards both
//! sides still work.

mod fickle;
#[allow(dead_code, reason = "part of it is for the test `wasmtime_names`")]
mod scan;
mod table;
mod tries;
mod world;

use std::collections::BTreeSet;

use proptest::prelude::*;
use table::{Row, rows};
use tries::{Relation, Tries};

#[test]
fn whatever_does_not_belong_is_refused() {
    let mut failures = Vec::new();
    let mut untried: BTreeSet<_> = rows().map(|row| row.name).collect();
    let mut panicking = BTreeSet::new();
    for relation in Relation::ALL {
        let mut tries = Tries::new(relation, 0, 0, false).expect("a world");
        for row in rows() {
            let (ran, panics) = tries.run(row.name, row.tries);
            if ran > 0 {
                untried.remove(row.name);
            }
            if panics {
                panicking.insert(row.name);
            }
            if let Err(failure) = tries.finish() {
                failures.push(format!("{} ({relation:?}):\n{failure}", row.name));
                tries = Tries::new(relation, 0, 0, false).expect("a world");
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(untried.is_empty(), "rows that try nothing: {untried:?}");
    let functions = scan::public_functions();
    let silent: Vec<_> = functions
        .iter()
        .filter(|it| panicking.contains(&*it.name) && !it.says_when_it_panics)
        .map(|it| &it.name)
        .collect();
    assert!(silent.is_empty(), "panics that the documentation does not have: {silent:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// In any order, with types under any numbers, with and without hooks.
    #[test]
    fn refusals_leave_everything_as_it_was(
        relation in prop::sample::select(Relation::ALL.to_vec()),
        our_types in 0..5_usize,
        their_types in 0..5_usize,
        hooked in any::<bool>(),
        order in prop::collection::vec(prop::sample::select(rows().collect::<Vec<&Row>>()), 1..24),
    ) {
        let mut tries = Tries::new(relation, our_types, their_types, hooked).expect("a world");
        for row in order {
            tries.run(row.name, row.tries);
        }
        if let Err(failure) = tries.finish() {
            return Err(TestCaseError::fail(failure));
        }
    }
}

/// Public functions that take what belongs to an owner, but need no row, with the reason.
const WITHOUT_ROW: &[(&str, &str)] = &[];

#[test]
fn every_public_function_has_a_row() {
    let scanned = scan::public_functions();
    let known: BTreeSet<&str> = rows().map(|row| row.name).collect();
    assert_eq!(known.len(), rows().count(), "a function has two rows");
    let excused: BTreeSet<&str> = WITHOUT_ROW.iter().map(|(name, _)| *name).collect();
    let missing: BTreeSet<_> = scanned
        .iter()
        .filter(|it| it.takes_what_belongs() && !known.contains(&*it.name))
        .filter(|it| !excused.contains(&*it.name))
        .map(|it| format!("{} ({}): {}", it.name, it.file, it.params))
        .collect();
    assert!(
        missing.is_empty(),
        "functions that take what belongs to an engine or a store have no row in `belonging/table`, where they are \
         tried with what does not belong:\n{}",
        missing.into_iter().collect::<Vec<_>>().join("\n")
    );
    let names: BTreeSet<&str> = scanned.iter().map(|it| &*it.name).collect();
    let stale: Vec<_> = known.union(&excused).filter(|name| !names.contains(*name)).collect();
    assert!(stale.is_empty(), "there are no such functions any more: {stale:?}");
}

#[test]
fn only_the_gate_compares_engines() {
    let elsewhere = scan::lines_with("Engine::same(", &["gate.rs", "engine.rs"]);
    assert!(elsewhere.is_empty(), "compare by way of `gate.rs`: {elsewhere:?}");
}
