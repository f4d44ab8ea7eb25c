//! Short runs of a check on inputs that are the same every time.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a check on this many inputs. It continues after a failure.
///
/// # Panics
///
/// If the check panics on any input. The message names the seeds, and [`input`] returns the bytes
/// for a seed.
pub fn smoke(name: &str, inputs: u64, check: impl Fn(&[u8])) {
    let fails = |seed: &u64| {
        if std::env::var_os("SMOKE_TRACE").is_some() {
            eprintln!("{name}: seed {seed}");
        }
        catch_unwind(AssertUnwindSafe(|| check(&input(*seed)))).is_err()
    };
    let failed: Vec<u64> = (first_seed()..inputs).filter(fails).take(10).collect();
    assert!(failed.is_empty(), "the check `{name}` fails on the inputs of seeds {failed:?}");
}

/// The environment variable `SMOKE_FIRST` sets the seed that a run starts at. (With `SMOKE_TRACE`
/// each step is written out, for inputs that end the process.)
fn first_seed() -> u64 {
    std::env::var("SMOKE_FIRST").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// The bytes for a seed: between 256 and 16384 of them.
pub fn input(seed: u64) -> Vec<u8> {
    // SplitMix64. Its start is mixed as well, since neighbouring seeds would otherwise give nearly
    // the same numbers.
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut state = mix(seed.wrapping_add(0x5851_f42d_4c95_7f2d));
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(state)
    };
    let words = 32 + next() % 2017;
    let mut bytes = Vec::with_capacity(words as usize * 8);
    (0..words).for_each(|_| bytes.extend_from_slice(&next().to_le_bytes()));
    bytes
}
