//! What a setting costs that both runtimes have: on each side, the time with it divided by the time
//! without. The times are processor times, since the differences are small.

use crate::ours::api as our_api;
use crate::ours::runtime as ours;
use crate::programs::Entry;
use crate::programs::modules;
use crate::report::{Row, Times};
use crate::theirs::api as their_api;
use crate::theirs::runtime as theirs;

/// Makes the setting in the configuration of either runtime.
pub(crate) struct Setting {
    pub(crate) ours: fn(&mut our_api::Config) -> &mut our_api::Config,
    pub(crate) theirs: fn(&mut their_api::Config) -> &mut their_api::Config,
    /// Whether both sides must report that a program has used the same amount of fuel.
    pub(crate) fuel: bool,
    /// Whether stores need a deadline.
    pub(crate) deadline: bool,
}

/// The four variants take turns. Of each the shortest time counts.
pub(crate) fn run(rounds: usize, setting: &Setting) -> Vec<Row> {
    let our_config = |on: bool| {
        let mut config = our_api::Config::new();
        if on {
            (setting.ours)(&mut config);
        }
        ours::Runtime::with(&config).with_deadline(on && setting.deadline)
    };
    let their_config = |on: bool| {
        let mut config = their_api::Config::new();
        if on {
            (setting.theirs)(&mut config);
        }
        theirs::Runtime::with(&config).with_deadline(on && setting.deadline)
    };
    let (our_sides, their_sides) = ([true, false].map(our_config), [true, false].map(their_config));
    modules()
        .filter(|(program, _)| !matches!(program.entry, Entry::None))
        .map(|(program, wasm)| {
            let our_modules = our_sides.each_ref().map(|side| side.compile(&wasm).1);
            let their_modules = their_sides.each_ref().map(|side| side.compile(&wasm).1);
            if setting.fuel {
                let used = (
                    our_sides[0].fuel_used(&our_modules[0], program.name, &program.entry),
                    their_sides[0].fuel_used(&their_modules[0], program.name, &program.entry),
                );
                if used.0 != used.1 {
                    eprintln!(
                        "{}: fuel used is {} here and {} there",
                        program.name, used.0, used.1
                    );
                }
            }
            let mut least = [[f64::INFINITY; 2]; 2];
            for _ in 0..rounds {
                for on in 0..2 {
                    let start = processor_time();
                    our_sides[on].run(&our_modules[on], program.name, &program.entry);
                    let between = processor_time();
                    their_sides[on].run(&their_modules[on], program.name, &program.entry);
                    least[0][on] = least[0][on].min(between - start);
                    least[1][on] = least[1][on].min(processor_time() - between);
                }
            }
            let [ours, theirs] = least.map(|[with, without]| {
                let mut times = Times::default();
                times.push(with / without);
                times
            });
            Row { ours, theirs, ..program.row() }
        })
        .collect()
}

/// The time that the processor has spent on this thread, in seconds.
fn processor_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the time, and nothing else.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "every thread has this clock");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
