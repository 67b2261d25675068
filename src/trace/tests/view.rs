//! What a viewer makes of a trace; stricter than Perfetto's, which guesses what is missing.

use std::collections::{BTreeMap, HashMap};

use super::protobuf::{self, Message};
use super::schema;

/// A slice, or an instant, which has the same beginning and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// The names of the tracks down to its own, below the process.
    pub(super) track: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) begin: u64,
    /// `None`: it did not end.
    pub(super) end: Option<u64>,
    /// How many slices it is inside of, on its track.
    pub(super) depth: usize,
    /// The task's id.
    pub(super) task: Option<u64>,
    pub(super) arguments: BTreeMap<String, String>,
}

#[derive(Default)]
pub(super) struct View {
    pub(super) slices: Vec<Slice>,
    /// The values of the counter of lost events.
    pub(super) lost: Vec<u64>,
    /// From where to where each arrow leads; a flow may have several.
    pub(super) flows: Vec<(Slice, Slice)>,
    pub(super) packets: usize,
    tracks: HashMap<u64, Track>,
    /// The slices that are open on each track, innermost last.
    open: HashMap<u64, Vec<usize>>,
    /// How far each flow has come.
    come: HashMap<u64, Slice>,
}

#[derive(Clone)]
struct Track {
    name: String,
    parent: Option<u64>,
}

/// What has to be known to read the next packet.
#[derive(Default)]
struct State {
    names: HashMap<(&'static str, u64), String>,
    time: Option<u64>,
}

struct Event<'a> {
    time: u64,
    body: &'a Message,
    name: Option<String>,
    category: Option<String>,
    arguments: BTreeMap<String, String>,
}

const INTERNED: [&str; 3] = ["event_categories", "event_names", "debug_annotation_names"];

/// Reads a whole file.
pub(super) fn read(bytes: &[u8]) -> View {
    let trace = protobuf::read(&schema::TRACE, bytes);
    let mut view = View::default();
    let mut state = State::default();
    let mut events = Vec::new();
    for packet in trace.messages("packet") {
        view.packets += 1;
        state.update(packet);
        view.describe(packet);
        events.extend(
            packet
                .message("track_event")
                .map(|body| state.event(packet, body)),
        );
    }
    events.sort_by_key(|event| event.time);
    events.into_iter().for_each(|event| view.happen(event));
    view
}

impl State {
    fn update(&mut self, packet: &Message) {
        assert_eq!(packet.number("trusted_packet_sequence_id"), Some(1));
        if packet.number("sequence_flags") == Some(1) {
            self.names.clear();
        }
        if let Some(interned) = packet.message("interned_data") {
            for kind in INTERNED {
                interned
                    .messages(kind)
                    .for_each(|entry| self.define(kind, entry));
            }
        }
        if let Some(snapshot) = packet.message("clock_snapshot") {
            let incremental = snapshot.message("clocks").expect("a clock");
            assert_eq!(incremental.number("clock_id"), Some(64));
            self.time = incremental.number("timestamp");
        }
    }

    fn define(&mut self, kind: &'static str, entry: &Message) {
        let number = entry.number("iid").expect("a number");
        let name = entry.text("name").expect("a name").to_owned();
        let before = self.names.insert((kind, number), name);
        assert!(before.is_none(), "{kind} {number} is defined twice");
    }

    fn event<'a>(&mut self, packet: &Message, body: &'a Message) -> Event<'a> {
        let interned = |kind, number| self.names[&(kind, number)].clone();
        let category = body.number("category_iids");
        let name = body
            .number("name_iid")
            .map(|number| interned("event_names", number));
        let argument = |annotation: &Message| {
            let name = annotation
                .number("name_iid")
                .expect("an argument has a name");
            let text = annotation.text("string_value").map(str::to_owned);
            let number = || annotation.number("int_value").expect("a value") as i64;
            let value = text.unwrap_or_else(|| number().to_string());
            (interned("debug_annotation_names", name), value)
        };
        Event {
            body,
            name: name.or_else(|| body.text("name").map(str::to_owned)),
            category: category.map(|number| interned("event_categories", number)),
            arguments: body.messages("debug_annotations").map(argument).collect(),
            time: self.advance(packet),
        }
    }

    fn advance(&mut self, packet: &Message) -> u64 {
        let time = packet.number("timestamp").expect("an event has a time");
        if packet.number("timestamp_clock_id") == Some(3) {
            return time;
        }
        let time = self.time.expect("the clock is set") + time;
        self.time = Some(time);
        time
    }
}

impl View {
    fn describe(&mut self, packet: &Message) {
        let Some(descriptor) = packet.message("track_descriptor") else {
            return;
        };
        let thread = descriptor.message("thread").map(|thread| {
            let tid = thread.number("tid").expect("a thread has an id");
            thread
                .text("thread_name")
                .map_or_else(|| format!("thread {tid}"), str::to_owned)
        });
        let name = thread.or_else(|| descriptor.text("name").map(str::to_owned));
        let track = Track {
            name: name.unwrap_or_default(),
            parent: descriptor.number("parent_uuid"),
        };
        self.tracks
            .insert(descriptor.number("uuid").expect("a track has an id"), track);
    }

    fn happen(&mut self, event: Event<'_>) {
        let track = event
            .body
            .number("track_uuid")
            .expect("an event is on a track");
        match event.body.number("type") {
            Some(1) => self.begin(event, track, None),
            Some(2) => self.end(event, track),
            Some(3) => {
                let end = Some(event.time);
                self.begin(event, track, end);
            }
            Some(4) => self.lost.extend(event.body.number("counter_value")),
            other => panic!("an event of type {other:?}"),
        }
    }

    fn begin(&mut self, event: Event<'_>, track: u64, end: Option<u64>) {
        let open = self.open.entry(track).or_default();
        let depth = open.len();
        if end.is_none() {
            open.push(self.slices.len());
        }
        let slice = Slice {
            track: self.path(track),
            depth,
            name: event.name.expect("a slice has a name"),
            category: event.category.expect("a slice has a category"),
            begin: event.time,
            end,
            task: event.body.number("correlation_id"),
            arguments: event.arguments,
        };
        if let Some(flow) = event.body.number("flow_ids") {
            let before = self.come.insert(flow, slice.clone());
            self.flows
                .extend(before.map(|before| (before, slice.clone())));
        }
        if let Some(flow) = event.body.number("terminating_flow_ids") {
            let before = self.come.remove(&flow).expect("a flow ends that began");
            self.flows.push((before, slice.clone()));
        }
        self.slices.push(slice);
    }

    fn end(&mut self, event: Event<'_>, track: u64) {
        assert!(self.tracks.contains_key(&track));
        let open = self.open.get_mut(&track).and_then(Vec::pop);
        let slice = &mut self.slices[open.expect("a slice ends that is open")];
        slice.end = Some(event.time);
        slice.arguments.extend(event.arguments);
    }

    fn path(&self, track: u64) -> String {
        let track = self.tracks.get(&track).expect("a track is described");
        match track
            .parent
            .filter(|parent| self.tracks[parent].parent.is_some())
        {
            Some(parent) => format!("{}/{}", self.path(parent), track.name),
            None => track.name.clone(),
        }
    }

    /// The slices of that name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Slice> {
        self.slices.iter().filter(move |slice| slice.name == name)
    }

    /// The one slice of that name.
    pub(super) fn one<'a>(&'a self, name: &'a str) -> &'a Slice {
        let mut found = self.named(name);
        let one = found.next().unwrap_or_else(|| panic!("there is no {name}"));
        assert_eq!(found.next(), None, "there is one {name}");
        one
    }
}
