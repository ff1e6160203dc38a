//! Choosing by chance, and the same way each time.

/// xorshift64* (Vigna 2016): enough to choose by, and the same each time for one seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins with a seed, by default the one that `ICPY_TEST_SEED` names.
    pub fn new(seed: u64) -> Self {
        let named = std::env::var("ICPY_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        // Of nothing comes nothing.
        Self(named.unwrap_or(seed).max(1))
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }
}
