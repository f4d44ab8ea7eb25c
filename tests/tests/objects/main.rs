//! Garbage-collected values as the host sees them: references to integers, to what is internal and
//! to host values, in calls, globals and tables.

mod casts;
mod constants;
mod dropped;
mod few;
mod misuse;
mod random;
mod references;
mod structures;
mod tables;
mod wasm;

use wasm_runtime::{Collector, Config, Engine, Result};

/// What a handle that has ended is refused with.
const ENDED: &str = "attempted to use a garbage-collected object that has been unrooted";

/// Engines that collect when there is much to collect, whenever they can, and never.
fn engines() -> Vec<Engine> {
    let zeal = Config::new().gc_zeal(true).clone();
    let never = Config::new().collector(Collector::Null).clone();
    [Config::new(), zeal, never].iter().map(|config| Engine::new(config).unwrap()).collect()
}

/// Checks that something is refused with an error that says all of this.
#[track_caller]
fn refused<T>(result: Result<T>, says: &[&str]) {
    let Err(error) = result else { panic!("accepted, and not refused with {says:?}") };
    let text = format!("{error:#}");
    assert!(says.iter().all(|part| text.contains(part)), "{text:?} does not say {says:?}");
}
