//! Randomness: the trait for it, the system's own, and one that is the same in each run.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// The source of the bytes of `random_get`.
pub trait RandomSource: Send {
    /// Fills a buffer.
    ///
    /// # Errors
    /// The error number of the guest's call.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()>;
}

/// Anything that fills a buffer and cannot fail.
impl<F: FnMut(&mut [u8]) + Send> RandomSource for F {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self(buffer);
        Ok(())
    }
}

/// The system's generator, fit for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl RandomSource for SystemRandom {
    fn fill(&mut self, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match getrandom(&mut *buffer, GetRandomFlags::empty()) {
                // The system may return fewer bytes than requested.
                Ok(filled) => buffer = &mut buffer[filled..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The same bytes in each run, from a seed. Not for secrets.
///
/// The generator is SplitMix64; its output for a seed does not change between versions of this
/// crate.
#[derive(Clone, Debug)]
pub struct SeededRandom {
    state: u64,
}

impl SeededRandom {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl RandomSource for SeededRandom {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_bytes_it_always_gave() {
        let mut bytes = [0; 11];
        SeededRandom::new(0).fill(&mut bytes).unwrap();
        assert_eq!(bytes[..8], 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
        assert_ne!(bytes[8..], [0; 3]);
    }

    #[test]
    fn the_system_fills_long_buffers() {
        let mut bytes = vec![0; 100_000];
        SystemRandom.fill(&mut bytes).unwrap();
        assert!(bytes[99_000..].iter().any(|&b| b != 0));
    }
}
