//! What the programs share: numbers and text that are the same each time.

/// A generator of numbers.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// The program's argument.
pub fn argument() -> usize {
    std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// So many words, a few of them frequent.
pub fn words(count: usize) -> Vec<String> {
    const SYLLABLES: [&str; 12] =
        ["ka", "lo", "mi", "ter", "an", "su", "ro", "eth", "in", "po", "gra", "ul"];
    let mut numbers = Numbers(77);
    let mut word = |limit: usize| {
        let number = numbers.below(limit);
        (0..=number % 4).map(|place| SYLLABLES[(number >> (place * 3)) % 12]).collect()
    };
    (0..count).map(|at| word(if at % 3 == 0 { 40 } else { 4000 })).collect()
}

/// A number for all these bytes.
pub fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}
