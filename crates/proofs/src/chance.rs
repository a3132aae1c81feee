//! Reproducible random numbers: the generator SplitMix64, started with a seed or with the bytes of a fuzzer.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
    steering: Vec<u8>,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, steering: Vec::new() }
    }

    /// Takes two bytes for each number, then continues with the numbers of seed 0. So a fuzzer can change single decisions.
    pub fn steered(bytes: &[u8]) -> Self {
        Self { state: 0, steering: bytes.iter().rev().copied().collect() }
    }

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

    /// Returns a number below `n`, or 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.bits() % n }
    }

    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// # Panics
    /// If `all` is empty.
    pub fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Returns a duration of whole milliseconds.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.below(most.as_millis() as u64 + 1))
    }
}
