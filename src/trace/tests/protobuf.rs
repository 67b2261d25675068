//! A strict reader of what `encode` writes: every byte must belong to a field that is known, of the
//! right type, and every text must be UTF-8.

/// What a message may consist of.
pub(super) struct Schema {
    pub(super) name: &'static str,
    pub(super) fields: &'static [(u64, &'static str, Type)],
}

#[derive(Clone, Copy)]
pub(super) enum Type {
    Number,
    Fixed64,
    Text,
    Message(&'static Schema),
}

/// A message that was read: its fields by their names, in order.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<(&'static str, Value)>);

#[derive(Debug)]
pub(super) enum Value {
    Number(u64),
    Text(String),
    Message(Message),
}

pub(super) fn read(schema: &Schema, mut bytes: &[u8]) -> Message {
    let mut message = Message::default();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = schema.fields.iter().find(|field| field.0 == tag >> 3);
        let &(_, name, kind) =
            field.unwrap_or_else(|| panic!("{} has no field {}", schema.name, tag >> 3));
        message.0.push((name, value(kind, tag & 7, &mut bytes)));
    }
    message
}

fn value(kind: Type, wire: u64, bytes: &mut &[u8]) -> Value {
    match (kind, wire) {
        (Type::Number, 0) => Value::Number(varint(bytes)),
        (Type::Fixed64, 1) => {
            let fixed = take(bytes, 8).try_into().expect("eight bytes");
            Value::Number(u64::from_le_bytes(fixed))
        }
        (Type::Text, 2) => {
            let text = delimited(bytes).to_vec();
            Value::Text(String::from_utf8(text).expect("texts are UTF-8"))
        }
        (Type::Message(schema), 2) => Value::Message(read(schema, delimited(bytes))),
        _ => panic!("wire type {wire}"),
    }
}

fn delimited<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let length = varint(bytes);
    take(bytes, usize::try_from(length).expect("a length"))
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at_checked(count).expect("it is all there");
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0);
    let groups = take(bytes, end.expect("a number ends") + 1);
    assert!(groups.len() <= 10, "a number has 64 bits");
    let append = |number, byte: &u8| number << 7 | u64::from(byte & 0x7F);
    groups.iter().rev().fold(0, append)
}

impl Message {
    pub(super) fn number(&self, field: &str) -> Option<u64> {
        self.all(field).next().map(|value| match value {
            Value::Number(number) => *number,
            other => panic!("{field} is {other:?}"),
        })
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.all(field).next().map(|value| match value {
            Value::Text(text) => text.as_str(),
            other => panic!("{field} is {other:?}"),
        })
    }

    pub(super) fn message(&self, field: &'static str) -> Option<&Message> {
        self.messages(field).next()
    }

    pub(super) fn messages(&self, field: &'static str) -> impl Iterator<Item = &Message> {
        self.all(field).map(move |value| match value {
            Value::Message(message) => message,
            other => panic!("{field} is {other:?}"),
        })
    }

    fn all(&self, field: &str) -> impl Iterator<Item = &Value> {
        let fields = self.0.iter();
        fields
            .filter(move |(name, _)| *name == field)
            .map(|(_, value)| value)
    }
}
