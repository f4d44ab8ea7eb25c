//! Functions that are recognised as 128-bit products. They do what their bodies say, called from
//! the host and from Wasm, and trap as those do.

use wasm_runtime::{Engine, Instance, Memory, Result, Store, Trap, TypedFunc, Val, WasmBacktrace};
use wasm_tests::Pipeline;

const PRODUCTS: &str = include_str!("../../wasm-translate/tests/clif/wide_multiply.wat");

/// The ways in which the module computes a product: the function, whether it stores the lower half
/// first, and the address.
const FUNCTIONS: [(&str, bool, usize); 3] =
    [("by_halves", false, 0), ("by_comparisons", true, 0), ("by_conversion", true, 16)];

type Multiply = TypedFunc<(i32, i64, i64, i64, i64), ()>;

fn instance(pipeline: Pipeline) -> Result<(Store<()>, Instance, Memory)> {
    let engine = Engine::default();
    let module = pipeline.module(&engine, PRODUCTS.as_bytes())?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let memory = instance.get_memory(&mut store, "memory").expect("the module exports it");
    Ok((store, instance, memory))
}

fn halves(number: u128) -> (i64, i64) {
    (number as i64, (number >> 64) as i64)
}

#[test]
fn products_are_those_of_the_host() -> Result<()> {
    let words =
        [0, 1, 2, 3, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000_0000_0000, u64::MAX, u64::MAX - 1];
    let mut numbers: Vec<u128> = Vec::new();
    for low in words {
        numbers.extend(words.map(|high| u128::from(low) | (u128::from(high) << 64)));
    }
    let mut next = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3211_u128;
    numbers.extend((0..40).map(|_| {
        next = next.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).rotate_left(41);
        next
    }));
    for pipeline in Pipeline::ALL {
        let (mut store, instance, memory) = instance(pipeline)?;
        for (name, _, offset) in FUNCTIONS {
            for name in [name.to_owned(), format!("call_{name}")] {
                let multiply: Multiply = instance.get_typed_func(&mut store, &name)?;
                for a in &numbers {
                    for b in &numbers {
                        let ((a0, a1), (b0, b1)) = (halves(*a), halves(*b));
                        multiply.call(&mut store, (48, a0, a1, b0, b1))?;
                        let at = 48 + offset;
                        let found = memory.data(&store)[at..at + 16].try_into().unwrap();
                        let found = u128::from_le_bytes(found);
                        assert_eq!(
                            found,
                            a.wrapping_mul(*b),
                            "{pipeline}: {name}: {a:#x} * {b:#x}"
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn out_of_bounds_the_function_traps_after_what_it_stored_before() -> Result<()> {
    for pipeline in Pipeline::ALL {
        for (name, low_first, offset) in FUNCTIONS {
            for (name, frames) in
                [(name.to_owned(), vec![name]), (format!("call_{name}"), vec![name, ""])]
            {
                // The last address that is in bounds, those where half of the store is, and one far
                // away.
                for (distance, traps) in [(16, false), (15, true), (8, true), (7, true), (0, true)]
                {
                    let (mut store, instance, memory) = instance(pipeline)?;
                    let at = 65536 - distance;
                    let multiply = instance.get_func(&mut store, &name).expect("an export");
                    let arguments = [(at - offset) as i32].map(Val::I32).into_iter();
                    let factors = [-1_i64, 0, 3, 5].map(Val::I64);
                    let arguments: Vec<Val> = arguments.chain(factors).collect();
                    let result = multiply.call(&mut store, &arguments, &mut []);
                    let stored = memory.data(&store)[65536 - 24..].iter().any(|byte| *byte != 0);
                    let what = format!("{pipeline}: {name} {distance} bytes before the end");
                    if !traps {
                        result?;
                        assert!(stored, "{what}");
                        continue;
                    }
                    let error = result.expect_err("a trap");
                    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{what}");
                    let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
                    let found: Vec<_> =
                        backtrace.frames().iter().map(|f| f.func_name().unwrap_or("")).collect();
                    assert_eq!(found, frames, "{what}");
                    assert_eq!(stored, low_first && distance >= 8, "{what}");
                }
            }
        }
    }
    Ok(())
}
