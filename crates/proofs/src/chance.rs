//! Reproducible chance: a small generator (SplitMix64) that a seed, or the bytes of a fuzzer, determine to the last
//! bit.

use std::time::Duration;

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
    steering: Vec<u8>,
}

impl Chance {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, steering: Vec::new() }
    }

    /// The stream that begins with these bytes, two for each number, and goes on with that of seed 0.
    pub fn steered(bytes: &[u8]) -> Self {
        Self { state: 0, steering: bytes.iter().rev().copied().collect() }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        if let Some(first) = self.steering.pop() {
            let two = u64::from(u16::from_le_bytes([first, self.steering.pop().unwrap_or(0)]));
            return two.wrapping_mul(0x0001_0001_0001_0001);
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.bits() % n }
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// True `permille` times in 1,000.
    pub fn permille(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of `all`.
    ///
    /// # Panics
    /// If there is none.
    pub fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// A duration up to `most`, in milliseconds.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.below(most.as_millis() as u64 + 1))
    }
}
