//! The packets of a trace file: one sequence of them, with its clock and its interned names.
//!
//! A file cut short keeps its meaning up to the cut: whatever a packet refers to stands before it.
//!
//! Field numbers are those of Perfetto's `TracePacket` and of the messages in it.

use super::encode::Message;
use super::intern::{Interned, Names};
use crate::base::clock::Clocks;

/// What kind of a track event.
#[derive(Clone, Copy)]
pub(super) enum Type {
    Begin = 1,
    End = 2,
    Instant = 3,
    Counter = 4,
}

#[derive(Clone, Copy)]
pub(super) enum Category {
    Task = 1,
    Region = 2,
    Log = 3,
    Spawn = 4,
    Wait = 5,
}

/// In the order of their numbers.
const CATEGORIES: [&str; 5] = ["task", "region", "log", "spawn", "wait"];

/// The name of an argument.
#[derive(Clone, Copy)]
pub(super) enum Argument {
    Error = 1,
    Code = 2,
    Cancelled = 3,
    Category = 4,
    Began = 5,
    Label = 6,
}

/// In the order of their numbers.
const ARGUMENTS: [&str; 6] = ["error", "code", "cancelled", "category", "began", "label"];

/// The one sequence of all packets.
const SEQUENCE: u64 = 1;
const STATE_CLEARED: u64 = 1;
const NEEDS_STATE: u64 = 2;

const REALTIME: u64 = 1;
const MONOTONIC: u64 = 3;
const BOOTTIME: u64 = 6;
/// Our sequence's own clock: each time is written as what it is after the one before.
const INCREMENTAL: u64 = 64;

/// The packets, as bytes to be written to a file.
pub(super) struct Packets {
    pub(super) bytes: Vec<u8>,
    names: Names,
    /// Where the incremental clock stands, in nanoseconds of the monotonic one.
    time: u64,
}

/// One event to be written.
pub(super) struct TrackEvent<'a> {
    pub(super) time: u64,
    pub(super) kind: Type,
    pub(super) track: u64,
    pub(super) name: Option<(Category, &'a [u8])>,
}

impl Packets {
    pub(super) fn begin(clocks: &Clocks) -> Packets {
        let mut packets = Packets {
            bytes: Vec::new(),
            names: Names::default(),
            time: clocks.monotonic,
        };
        packets.clear(&[(BOOTTIME, clocks.boottime), (REALTIME, clocks.realtime)]);
        packets
    }

    /// Begins anew: forgets all names, and sets the clock. Others may be told for the same moment.
    fn clear(&mut self, others: &[(u64, u64)]) {
        self.names.clear();
        let time = self.time;
        self.packet(|packet| {
            packet.number(10, SEQUENCE);
            packet.number(13, STATE_CLEARED);
            packet.message(59, |defaults| defaults.number(58, INCREMENTAL));
            packet.message(12, |interned| {
                define(interned, 1, &CATEGORIES);
                define(interned, 3, &ARGUMENTS);
            });
            packet.message(6, |snapshot| snap(snapshot, time, others));
        });
    }

    /// Describes a track.
    pub(super) fn describe(&mut self, track: u64, fill: impl FnOnce(&mut Message<'_>)) {
        self.packet(|packet| {
            packet.number(10, SEQUENCE);
            packet.message(60, |descriptor| {
                descriptor.number(1, track);
                fill(descriptor);
            });
        });
    }

    /// Writes an event, with what else is to be in it.
    pub(super) fn event(&mut self, event: &TrackEvent<'_>, fill: impl FnOnce(&mut Message<'_>)) {
        if self.names.is_full() {
            self.clear(&[]);
        }
        let (time, is_late) = self.advance(event.time);
        let name = event.name.map(|(category, name)| {
            let interned = match category {
                Category::Log => Interned::Not, // Most logs are said once.
                _ => self.names.look_up(name),
            };
            (category, name, interned)
        });
        self.packet(|packet| {
            packet.number(8, time);
            if is_late {
                packet.number(58, MONOTONIC);
            }
            packet.number(10, SEQUENCE);
            if name.is_some() {
                packet.number(13, NEEDS_STATE);
            }
            if let Some((_, name, Interned::New(number))) = name {
                packet.message(12, |interned| define_one(interned, 2, number, name));
            }
            packet.message(11, |body| {
                body.number(9, event.kind as u64);
                body.number(11, event.track);
                if let Some((category, name, interned)) = name {
                    body.number(3, category as u64);
                    write_name(body, name, interned);
                }
                fill(body);
            });
        });
    }

    /// The time as it is to be written, and whether it is too late for the incremental clock, which
    /// only goes forwards: then it is written in full.
    fn advance(&mut self, time: u64) -> (u64, bool) {
        match time.checked_sub(self.time) {
            Some(passed) => {
                self.time = time;
                (passed, false)
            }
            None => (time, true),
        }
    }

    fn packet(&mut self, fill: impl FnOnce(&mut Message<'_>)) {
        Message(&mut self.bytes).message(1, fill);
    }
}

/// Adds an argument with a text.
pub(super) fn argue(event: &mut Message<'_>, argument: Argument, text: &[u8]) {
    event.message(4, |annotation| {
        annotation.number(1, argument as u64);
        annotation.text(6, text);
    });
}

/// Adds an argument with a number.
pub(super) fn argue_number(event: &mut Message<'_>, argument: Argument, number: i64) {
    event.message(4, |annotation| {
        annotation.number(1, argument as u64);
        annotation.signed(4, number);
    });
}

fn write_name(event: &mut Message<'_>, name: &[u8], interned: Interned) {
    match interned {
        Interned::Known(number) | Interned::New(number) => event.number(10, number),
        Interned::Not => event.text(23, name),
    }
}

fn define(interned: &mut Message<'_>, field: u32, names: &[&str]) {
    for (number, name) in (1..).zip(names) {
        define_one(interned, field, number, name.as_bytes());
    }
}

fn define_one(interned: &mut Message<'_>, field: u32, number: u64, name: &[u8]) {
    interned.message(field, |entry| {
        entry.number(1, number);
        entry.text(2, name);
    });
}

/// The same moment by several clocks. The viewer shows times as the monotonic one has them.
fn snap(snapshot: &mut Message<'_>, time: u64, others: &[(u64, u64)]) {
    snapshot.message(1, |entry| {
        entry.number(1, INCREMENTAL);
        entry.number(2, time);
        entry.number(3, 1);
    });
    for (clock, time) in [(MONOTONIC, time)].iter().chain(others) {
        snapshot.message(1, |entry| {
            entry.number(1, *clock);
            entry.number(2, *time);
        });
    }
    snapshot.number(2, MONOTONIC);
}
