//! Continuations: random programs do what a model of them does, with any settings, in calls that
//! may wait and calls that may not.

#[path = "../../tests/src/storm.rs"]
pub mod storm;

use arbitrary::Unstructured;
use wasm_runtime::{Config, Engine, OptLevel};

use storm::{Choices, Plan, Program};

/// The bytes of an input, of which the first ones decide the most.
struct Bytes<'u, 'b>(&'u mut Unstructured<'b>);

impl Choices for Bytes<'_, '_> {
    fn below(&mut self, n: usize) -> usize {
        self.0.int_in_range(0..=n - 1).unwrap_or(0)
    }
}

/// Makes a program and runs it.
///
/// # Panics
///
/// If a call ends in another way than the model says.
pub fn check(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let mut choices = Bytes(&mut bytes);
    let mut is = |one_in| choices.below(one_in) == 0;
    let (zeal, metered, interrupted, plain, waits) = (is(8), is(4), is(4), is(4), is(2));
    let mut config = Config::new();
    config.wasm_stack_switching(true).gc_zeal(zeal);
    config.consume_fuel(metered).epoch_interruption(interrupted);
    if plain {
        config.cranelift_opt_level(OptLevel::None);
    }
    let engine = Engine::new(&config).expect("the settings are valid");
    let program = Program::new(&mut choices);
    Plan::new(&program, waits, &mut choices).run(&engine, |store| {
        if metered {
            store.set_fuel(u64::MAX / 2).expect("the engine counts");
        }
        if interrupted {
            store.set_epoch_deadline(1 << 40);
        }
    });
}
