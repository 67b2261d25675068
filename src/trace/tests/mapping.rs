//! What each record becomes, at fixed times: the same file is queried in Perfetto's own trace processor
//! (`tests/trace/check.py`).

use std::fs;

use super::scene::Scene;
use super::view::Slice;
use crate::clock::Clocks;
use crate::trace::record::{Kind, Record};
use crate::trace::story::Story;

/// When the trace starts.
const START: u64 = 1_000_000;

const CLOCKS: Clocks = Clocks {
    monotonic: START,
    boottime: START + 500,
    realtime: 1_700_000_000_000_000_000,
};

/// Adds a record of a thread, so long after the start.
fn add(story: &mut Story, tid: i32, at: u64, kind: Kind, words: &[u64], texts: &[&str]) {
    let text = |index: usize| texts.get(index).map_or(&b""[..], |text| text.as_bytes());
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let record = Record {
        kind,
        time: START + at,
        words: [word(0), word(1), word(2)],
        texts: [text(0), text(1)],
    };
    story.add(tid, &record);
}

/// A request with a query on another thread; the query begins there and ends on the first thread.
fn request(story: &mut Story) {
    add(story, 100, 0, Kind::Thread, &[100, 1], &["main"]);
    add(story, 101, 0, Kind::Thread, &[101, 2], &["worker"]);
    add(story, 100, 100, Kind::TaskBegin, &[1, 0], &["request"]);
    add(story, 100, 200, Kind::RegionBegin, &[1], &["parse"]);
    add(story, 100, 250, Kind::Log, &[1], &["http", "GET /x"]);
    add(story, 100, 400, Kind::RegionEnd, &[START + 200], &[]);
    add(story, 101, 440, Kind::Arrival, &[1, START + 300, 100], &[]);
    add(story, 101, 450, Kind::TaskBegin, &[2, 1], &["query"]);
    add(story, 101, 500, Kind::RegionBegin, &[2], &["sql"]);
    add(story, 101, 550, Kind::RegionBegin, &[2], &["fetch"]);
    add(story, 101, 600, Kind::RegionEnd, &[START + 550], &[]);
    add(story, 101, 900, Kind::RegionEnd, &[START + 500], &[]);
    add(story, 100, 1100, Kind::TaskEnd, &[2], &[]);
    add(story, 100, 1200, Kind::TaskEnd, &[1], &[]);
}

/// Tasks that end badly, or not at all, or began before.
fn endings(story: &mut Story) {
    add(story, 100, 2000, Kind::TaskBegin, &[3, 0], &["fails"]);
    add(
        story,
        100,
        2100,
        Kind::TaskFailed,
        &[3, 5],
        &["disk: \"gone\"\n"],
    );
    add(story, 100, 2200, Kind::TaskBegin, &[4, 0], &["stops"]);
    add(
        story,
        100,
        2300,
        Kind::TaskCancelled,
        &[4],
        &["stopped by SIGTERM"],
    );
    add(story, 100, 2400, Kind::TaskBegin, &[5, 0], &["hangs"]);
    add(story, 101, 2500, Kind::RegionBegin, &[5], &["stuck"]);
    add(story, 100, 2600, Kind::TaskBefore, &[6, 0], &["early"]);
    add(story, 100, 2610, Kind::TaskBegin, &[7, 6], &["late"]);
    add(story, 100, 2620, Kind::TaskEnd, &[6], &[]);
    add(story, 100, 2630, Kind::TaskAgain, &[5, 0], &["hangs"]);
    add(story, 100, 2640, Kind::TaskMissed, &[8, 0], &["missed"]);
    add(story, 100, 2650, Kind::TaskEnded, &[9, 0], &["gone"]);
    add(story, 100, 2660, Kind::TaskBegin, &[10, 9], &["orphan"]);
}

/// What is not in order: a region whose end was lost, one from before the trace, a thread that ended
/// in a region and whose id another has, and what an earlier trace should have had.
fn oddities(story: &mut Story) {
    add(story, 102, 3000, Kind::Thread, &[102, 3], &["short"]);
    add(story, 102, 3100, Kind::RegionBegin, &[0], &["outer"]);
    add(story, 102, 3200, Kind::RegionBegin, &[0], &["unended"]);
    add(story, 102, 3300, Kind::RegionEnd, &[START + 3100], &[]);
    add(story, 102, 3310, Kind::RegionEnd, &[START - 7], &[]);
    add(story, 102, 3400, Kind::RegionBegin, &[0], &["left"]);
    add(story, 102, 3500, Kind::Thread, &[102, 4], &["next"]);
    add(story, 102, 3600, Kind::RegionBegin, &[0], &["its own"]);
    add(story, 102, 3700, Kind::RegionEnd, &[START + 3600], &[]);
    add(story, 102, 3800, Kind::Arrival, &[0, START - 7, 100], &[]);
    story.lose(START + 3900, 12);
    story.lose(START + 3950, 12);
    story.lose(START + 4000, 15);
    let too_early = Record {
        kind: Kind::Log,
        time: START - 1,
        words: [0; 3],
        texts: [b"", b"too early"],
    };
    story.add(102, &too_early);
}

fn told() -> Story {
    let mut story = Story::of_trace(&CLOCKS);
    request(&mut story);
    endings(&mut story);
    oddities(&mut story);
    story
}

/// `track: name [begin, end) depth`, with times after the start.
fn line(slice: &Slice) -> String {
    let end = slice
        .end
        .map_or("…".to_owned(), |end| (end - START).to_string());
    let Slice {
        track,
        name,
        begin,
        depth,
        ..
    } = slice;
    format!("{track}: {name} [{}, {end}) {depth}", begin - START)
}

#[test]
fn everything_has_its_place() {
    let scene = Scene::new("mapping");
    fs::write(scene.file(), told().bytes()).expect("it can be written");
    let mut lines: Vec<_> = scene.view().slices.iter().map(line).collect();
    lines.sort();
    let expected = [
        "early/late: late [2610, …) 0",
        "early: early [0, 2620) 0",
        "fails: fails [2000, 2100) 0",
        "gone/orphan: orphan [2660, …) 0",
        "hangs: hangs [2400, …) 0",
        "main: GET /x [250, 250) 1",
        "main: parse [200, 400) 0",
        "main: spawn [300, 300) 1",
        "missed: missed [2640, …) 0",
        "next: arrive [3800, 3800) 0",
        "next: its own [3600, 3700) 0",
        "next: left [3400, 3500) 0",
        "next: outer [3100, 3300) 0",
        "next: unended [3200, 3300) 1",
        "request/query: query [450, 1100) 0",
        "request: request [100, 1200) 0",
        "stops: stops [2200, 2300) 0",
        "worker: arrive [440, 440) 0",
        "worker: fetch [550, 600) 1",
        "worker: sql [500, 900) 0",
        "worker: stuck [2500, …) 0",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn slices_say_what_they_are() {
    let scene = Scene::new("mapping_arguments");
    fs::write(scene.file(), told().bytes()).expect("it can be written");
    let view = scene.view();
    let said = |name| {
        let slice = view.one(name);
        let arguments = slice
            .arguments
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        (slice.category.as_str(), slice.task, arguments)
    };
    let text = str::to_owned;
    assert_eq!(said("request"), ("task", Some(1), text("")));
    assert_eq!(said("query"), ("task", Some(2), text("")));
    assert_eq!(said("sql"), ("region", Some(2), text("")));
    assert_eq!(said("its own"), ("region", None, text("")));
    assert_eq!(said("GET /x"), ("log", Some(1), text("category=http")));
    assert_eq!(
        said("fails"),
        ("task", Some(3), text("code=5, error=disk: \"gone\"\n"))
    );
    assert_eq!(
        said("stops"),
        ("task", Some(4), text("cancelled=stopped by SIGTERM"))
    );
    assert_eq!(
        said("early"),
        ("task", Some(6), text("began=before the trace"))
    );
    assert_eq!(
        said("missed"),
        ("task", Some(8), text("began=earlier; the event was lost"))
    );
    assert_eq!(view.lost, [12, 15]);
}

#[test]
fn a_flow_leads_from_where_a_child_is_started_to_where_it_runs() {
    let scene = Scene::new("mapping_flows");
    fs::write(scene.file(), told().bytes()).expect("it can be written");
    let view = scene.view();
    let [(_, from, Some(to))] = &view.flows[..] else {
        panic!("one flow: {:?}", view.flows);
    };
    assert_eq!(line(from), "main: spawn [300, 300) 1");
    assert_eq!(line(to), "worker: arrive [440, 440) 0");
    assert_eq!((from.task, to.task), (Some(1), Some(1)));
}

#[test]
fn a_snapshot_shows_what_it_has_of_each_task() {
    let scene = Scene::new("mapping_snapshot");
    let mut story = Story::of_snapshot(&CLOCKS);
    add(&mut story, 100, 0, Kind::Thread, &[100, 1], &["main"]);
    add(&mut story, 100, 10, Kind::TaskEnd, &[1], &[]);
    add(&mut story, 100, 20, Kind::TaskAgain, &[2, 0], &["again"]);
    add(&mut story, 100, 30, Kind::TaskAgain, &[2, 0], &["again"]);
    add(&mut story, 100, 40, Kind::TaskEnd, &[2], &[]);
    add(&mut story, 100, 50, Kind::TaskBegin, &[3, 0], &["begun"]);
    add(&mut story, 100, 60, Kind::TaskAgain, &[3, 0], &["begun"]);
    fs::write(scene.file(), story.bytes()).expect("it can be written");
    let lines: Vec<_> = scene.view().slices.iter().map(line).collect();
    assert_eq!(lines, ["again: again [0, 40) 0", "begun: begun [50, …) 0"]);
}
