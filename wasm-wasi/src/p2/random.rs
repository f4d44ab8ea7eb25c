//! `wasi:random`.

use super::WasiCtxView;
use super::bindings::random::{insecure, insecure_seed, random};
use super::runtime::{Error, Result};
use crate::RandomSource;

impl random::Host for WasiCtxView<'_> {
    fn get_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        bytes(&mut *self.ctx.random, length, self.ctx.p2.max_random_size)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        number(&mut *self.ctx.random)
    }
}

impl insecure::Host for WasiCtxView<'_> {
    fn get_insecure_random_bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        let p2 = &mut self.ctx.p2;
        bytes(&mut *p2.insecure_random, length, p2.max_random_size)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        number(&mut *self.ctx.p2.insecure_random)
    }
}

impl insecure_seed::Host for WasiCtxView<'_> {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        let p2 = &mut self.ctx.p2;
        let seed = match p2.insecure_seed {
            Some(seed) => seed,
            None => {
                let mut seed = [0; 16];
                p2.insecure_random.fill(&mut seed)?;
                u128::from_le_bytes(seed)
            }
        };
        p2.insecure_seed = Some(seed);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        Ok((seed as u64, (seed >> 64) as u64))
    }
}

fn bytes(source: &mut dyn RandomSource, length: u64, limit: u64) -> Result<Vec<u8>> {
    if length > limit {
        return Err(Error::msg(format!(
            "a guest requested {length} random bytes at once; the host's limit \
             (`WasiCtxBuilder::max_random_size`) is {limit}"
        )));
    }
    let mut bytes = vec![0; usize::try_from(length)?];
    source.fill(&mut bytes)?;
    Ok(bytes)
}

fn number(source: &mut dyn RandomSource) -> Result<u64> {
    let mut bytes = [0; 8];
    source.fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
