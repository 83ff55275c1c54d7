//! Chance, from one seed: the same seed draws the same sequence.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::time::SECOND;

/// A version 4 uuid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Uuid(u128);

impl Uuid {
    /// Its 36 characters.
    pub(super) fn ascii(self) -> [u8; 36] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [b'-'; 36];
        let mut digit = 0;
        for (at, byte) in out.iter_mut().enumerate() {
            if !matches!(at, 8 | 13 | 18 | 23) {
                *byte = HEX[(self.0 >> (124 - 4 * digit)) as usize & 15];
                digit += 1;
            }
        }
        out
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = self.ascii();
        f.write_str(std::str::from_utf8(&ascii).unwrap_or_default())
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The only source of chance in a simulation.
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A duration between so many seconds, in microseconds.
    pub(super) fn seconds(&mut self, low: f64, high: f64) -> i64 {
        let at = low + (high - low) * self.0.f64();
        (at * SECOND as f64) as i64
    }

    /// The waiting time of a Poisson process with this mean, in microseconds.
    pub(super) fn wait(&mut self, mean_s: f64) -> i64 {
        let left = 1.0 - self.0.f64();
        (-left.ln() * mean_s * SECOND as f64) as i64
    }

    /// Mostly near the median, with a tail (log-normal), in microseconds.
    pub(super) fn about(&mut self, median_s: f64, spread: f64) -> i64 {
        let sum: f64 = (0..6).map(|_| self.0.f64()).sum::<f64>() - 3.0;
        ((sum * 1.414 * spread).exp() * median_s * SECOND as f64) as i64
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.0.f64() < probability
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end.max(1))
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }

    pub(super) fn uuid(&mut self) -> Uuid {
        let version = 0xf000_u128 << 64;
        let variant = 0xc000_u128 << 48;
        Uuid(self.0.u128(..) & !version & !variant | 0x4000_u128 << 64 | 0x8000_u128 << 48)
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| self.0.digit(16)).collect()
    }

    /// A pod id: lowercase letters and digits.
    pub(super) fn alphanumeric(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.digit(36)).collect()
    }
}
