//! Protocol buffers, as far as a trace needs them: fields are appended to a buffer.

/// How a field's value is written.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
}

/// The fields of one message, appended to a buffer.
pub(super) struct Message<'a>(pub(super) &'a mut Vec<u8>);

impl Message<'_> {
    pub(super) fn number(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Varint);
        varint(self.0, value);
    }

    /// A number that may be negative: as protocol buffers have it, in 64 bits.
    pub(super) fn signed(&mut self, field: u32, value: i64) {
        self.number(field, value as u64);
    }

    pub(super) fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, Wire::Fixed64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A text: what is not UTF-8 in it is replaced by U+FFFD, since readers may refuse it.
    pub(super) fn text(&mut self, field: u32, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        self.tag(field, Wire::Bytes);
        varint(self.0, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A message in this one.
    pub(super) fn message(&mut self, field: u32, fill: impl FnOnce(&mut Message<'_>)) {
        self.tag(field, Wire::Bytes);
        // Nearly all are short: one byte is kept for their length, and long ones are moved.
        let place = self.0.len();
        self.0.push(0);
        fill(self);
        let length = self.0.len() - place - 1;
        if length < 0x80 {
            self.0[place] = length as u8;
        } else {
            let mut bytes = Vec::with_capacity(10);
            varint(&mut bytes, length as u64);
            self.0.splice(place..=place, bytes);
        }
    }

    fn tag(&mut self, field: u32, wire: Wire) {
        varint(self.0, u64::from(field) << 3 | wire as u64);
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn varint(buffer: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        buffer.push(value as u8 | 0x80);
        value >>= 7;
    }
    buffer.push(value as u8);
}
