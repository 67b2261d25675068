//! Names that are written once and then stand for themselves as a small number.

use std::collections::HashMap;

/// How many bytes of names are known at most: a program may make names without end.
const MOST_BYTES: usize = 1 << 20;
/// What a name costs beside its bytes.
const EACH: usize = 64;
/// A longer name is written out each time: it is rather a text.
const LONGEST: usize = 256;

#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Box<[u8]>, u64>,
    bytes: usize,
}

/// How to write a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Interned {
    /// By its number, which is known.
    Known(u64),
    /// By its number, which is to be defined.
    New(u64),
    /// As it is.
    Not,
}

impl Names {
    pub(super) fn look_up(&mut self, name: &[u8]) -> Interned {
        if name.len() > LONGEST {
            return Interned::Not;
        }
        if let Some(&number) = self.numbers.get(name) {
            return Interned::Known(number);
        }
        let number = self.numbers.len() as u64 + 1;
        self.numbers.insert(name.into(), number);
        self.bytes += name.len() + EACH;
        Interned::New(number)
    }

    /// Whether all should be forgotten before any more are known.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES
    }

    pub(super) fn clear(&mut self) {
        *self = Names::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_defined_once() {
        let mut names = Names::default();
        assert_eq!(names.look_up(b"parse"), Interned::New(1));
        assert_eq!(names.look_up(b"sql"), Interned::New(2));
        assert_eq!(names.look_up(b"parse"), Interned::Known(1));
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut names = Names::default();
        let mut made: u32 = 0;
        while !names.is_full() {
            names.look_up(&made.to_le_bytes());
            made += 1;
        }
        assert!(made < 20_000);
        names.clear();
        assert_eq!(names.look_up(b"parse"), Interned::New(1));
        assert_eq!(names.look_up(&[b'x'; LONGEST + 1]), Interned::Not);
    }
}
