//! Seeded randomness, one stream per purpose: a fault that is added to one stream must not
//! change what another stream draws.

use drd_state_machine::time::Span;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// One stream of draws.
#[derive(Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream for this purpose of this seed.
    pub fn new(seed: u64, purpose: u64) -> Chance {
        // The golden-ratio constant of splitmix64 spreads neighbouring purposes.
        let mixed = seed ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Chance(ChaCha8Rng::seed_from_u64(mixed))
    }

    /// A span within the bounds.
    pub fn span(&mut self, from: Span, to: Span) -> Span {
        Span(self.0.random_range(from.0..=to.0))
    }

    /// A whole number within the bounds.
    pub fn number(&mut self, from: u32, to: u32) -> u32 {
        self.0.random_range(from..=to)
    }

    /// True with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability.clamp(0.0, 1.0))
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() {
            return None;
        }
        from.get(self.0.random_range(0..from.len()))
    }
}
