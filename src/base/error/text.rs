//! The text of an error with others in it.

use std::ffi::CString;

use super::walk::Met;
use super::{Kind, Node};

/// How long a text may become that is put together of others, with what is said of the rest: 1 MiB.
const LONGEST: usize = 1 << 20;

/// Enough for what is said of the rest.
const RESERVED: usize = 64;

/// The whole text, without recursion (E3). What was told once is not told again (E4).
pub(super) fn of(node: &Node) -> String {
    let mut text = Text::default();
    let mut met = Met::default();
    let mut ahead = vec![("", node)];
    while let Some((before, node)) = ahead.pop() {
        text.add(before);
        if !met.is_new(node) {
            text.add("(as above)");
            continue;
        }
        match &node.kind {
            Kind::Failure { message, .. } => text.add(&message.to_string_lossy()),
            Kind::Around { what, cause, .. } => {
                text.add(&what.to_string_lossy());
                ahead.push((": ", cause));
            }
            Kind::Several(items) => {
                text.add(&format!("{} errors:", items.len()));
                ahead.extend(items.iter().rev().map(|item| ("\n- ", &**item)));
            }
        }
    }
    text.end()
}

/// A text that is cut where it becomes too long.
#[derive(Default)]
struct Text {
    kept: String,
    left_out: usize,
}

impl Text {
    fn add(&mut self, part: &str) {
        let room = if self.left_out == 0 {
            LONGEST - RESERVED - self.kept.len()
        } else {
            0
        };
        let (kept, left_out) = part.split_at(boundary(part, room));
        self.kept += kept;
        self.left_out += left_out.len();
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            self.kept += &format!("... ({} bytes left out)", self.left_out);
        }
        self.kept
    }
}

/// The last place, up to there, between two characters.
fn boundary(text: &str, most: usize) -> usize {
    let mut at = most.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A text for C: it ends where C would end it.
pub(super) fn for_c(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).expect("cut before the first NUL")
}
