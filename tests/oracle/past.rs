//! The past of something that happens: which events certainly happened before it.

const WORDS: usize = 8;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Past([u64; WORDS]);

impl Past {
    /// How many events a case may have.
    pub const CAPACITY: usize = WORDS * 64;

    pub fn knows(&self, event: usize) -> bool {
        self.0[event / 64] & (1 << (event % 64)) != 0
    }

    pub fn learn(&mut self, event: usize) {
        self.0[event / 64] |= 1 << (event % 64);
    }

    pub fn learn_all(&mut self, other: &Past) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
    }
}
