//! Random programs, stepped through beside an interpreter: at each stop, all frames have the same
//! locals and operands, at the same place.

mod encode;
mod generate;
mod interpret;

use proptest::prelude::*;
use wasm_runtime::{Instance, Module, OptLevel, Store};

use self::generate::Program;
use super::session::{Seen, block_on, call, debugger, describe, engine_with, innermost};

/// More steps than that are not looked at.
const MOST_STEPS: usize = 3000;

fn cases() -> u32 {
    let cases = std::env::var("DEBUGGED_PROGRAMS");
    cases.map_or(64, |cases| cases.parse().expect("`DEBUGGED_PROGRAMS` is a number"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn stops_are_those_of_an_interpreter(seed: u64, level in 0..3_u8, waits in 0..2_usize) {
        let program = Program::random(seed);
        let (expected, traps) = interpret::run(&program, MOST_STEPS);
        prop_assume!(expected.len() < MOST_STEPS);
        let engine = engine_with(|config| {
            let levels = [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize];
            config.cranelift_opt_level(levels[usize::from(level)]);
        });
        let module = Module::new(&engine, program.encode()).unwrap();
        let mut store = Store::new(&engine, Seen::new());
        store.set_debug_handler(debugger(|store, event| {
            let mut words = Vec::new();
            let mut frame = Some(innermost(&mut *store));
            while let Some(this) = frame {
                words.push(describe(&mut *store, &this));
                frame = this.parent(&mut *store).unwrap();
            }
            let trapped = matches!(event, wasm_runtime::DebugEvent::Trap(_));
            let seen = format!("{}{}", if trapped { "trap " } else { "" }, words.join(" < "));
            store.data_mut().push(seen);
        }).waiting(waits));
        store.edit_breakpoints().unwrap().single_step(true).unwrap();
        let instance = block_on(Instance::new_async(&mut store, &module, &[])).unwrap();
        let result = call(&mut store, instance, "main", &[]);
        prop_assert_eq!(result.is_err(), traps);
        for (number, (seen, expected)) in store.data().iter().zip(&expected).enumerate() {
            prop_assert_eq!(seen, expected, "step {}", number);
        }
        prop_assert_eq!(store.data().len(), expected.len());
    }
}
