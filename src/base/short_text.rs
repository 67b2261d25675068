//! A text that most often is short: then it takes no memory of its own.

use std::ffi::{CStr, CString};

/// Names are hardly ever longer; with its NUL it fills four words.
const SHORT: usize = 31;

pub(crate) enum ShortText {
    /// With as many bytes that are 0 as are left, which is one at least.
    Short([u8; SHORT]),
    Long(CString),
}

impl ShortText {
    pub(crate) fn of(text: &CStr) -> ShortText {
        let bytes = text.to_bytes();
        if bytes.len() >= SHORT {
            return ShortText::Long(text.to_owned());
        }
        let mut short = [0; SHORT];
        short[..bytes.len()].copy_from_slice(bytes);
        ShortText::Short(short)
    }

    pub(crate) fn text(&self) -> &CStr {
        match self {
            ShortText::Short(bytes) => CStr::from_bytes_until_nul(bytes).unwrap_or_default(),
            ShortText::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_it_was_made_of() {
        for length in [0, 1, SHORT - 1, SHORT, 100] {
            let text = CString::new("x".repeat(length)).unwrap();
            assert_eq!(ShortText::of(&text).text(), &*text);
        }
    }
}
