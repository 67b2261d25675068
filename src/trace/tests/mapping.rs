//! What each record becomes, at fixed times: the same file is queried in Perfetto's own trace processor
//! (`tests/trace/check.py`).

use std::fs;

use super::scene::Scene;
use super::view::Slice;
use crate::base::clock::Clocks;
use crate::trace::converter::Converter;
use crate::trace::record::{Kind, Record};

/// When the trace starts.
const START: u64 = 1_000_000;

const CLOCKS: Clocks = Clocks {
    monotonic: START,
    boottime: START + 500,
    realtime: 1_700_000_000_000_000_000,
};

/// Adds a record of a thread, so long after the start.
fn add(converter: &mut Converter, tid: i32, at: u64, kind: Kind, words: &[u64], texts: &[&str]) {
    let text = |index: usize| texts.get(index).map_or(&b""[..], |text| text.as_bytes());
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let record = Record {
        kind,
        time: START + at,
        words: [word(0), word(1), word(2), word(3)],
        texts: [text(0), text(1)],
    };
    converter.add(tid, &record);
}

/// A request with a query on another thread; the query begins there and ends on the first thread.
fn request(converter: &mut Converter) {
    add(converter, 100, 0, Kind::Thread, &[100, 1], &["main"]);
    add(converter, 101, 0, Kind::Thread, &[101, 2], &["worker"]);
    add(converter, 100, 100, Kind::TaskBegin, &[1, 0], &["request"]);
    add(converter, 100, 200, Kind::RegionBegin, &[1], &["parse"]);
    add(converter, 100, 250, Kind::Log, &[1], &["http", "GET /x"]);
    add(converter, 100, 400, Kind::RegionEnd, &[START + 200], &[]);
    add(
        converter,
        101,
        440,
        Kind::Arrival,
        &[1, START + 300, 100, 1],
        &[],
    );
    add(converter, 101, 450, Kind::TaskBegin, &[2, 1], &["query"]);
    add(converter, 101, 500, Kind::RegionBegin, &[2], &["sql"]);
    add(converter, 101, 550, Kind::RegionBegin, &[2], &["fetch"]);
    add(converter, 101, 600, Kind::RegionEnd, &[START + 550], &[]);
    add(converter, 101, 900, Kind::RegionEnd, &[START + 500], &[]);
    add(converter, 100, 1100, Kind::TaskEnd, &[2], &[]);
    add(converter, 100, 1200, Kind::TaskEnd, &[1], &[]);
}

/// Tasks that end badly, or not at all, or began before.
fn endings(converter: &mut Converter) {
    add(converter, 100, 2000, Kind::TaskBegin, &[3, 0], &["fails"]);
    add(
        converter,
        100,
        2100,
        Kind::TaskFailed,
        &[3, 5],
        &["disk: \"gone\"\n"],
    );
    add(converter, 100, 2200, Kind::TaskBegin, &[4, 0], &["stops"]);
    add(
        converter,
        100,
        2300,
        Kind::TaskCancelled,
        &[4],
        &["stopped by SIGTERM"],
    );
    add(converter, 100, 2400, Kind::TaskBegin, &[5, 0], &["hangs"]);
    add(converter, 101, 2500, Kind::RegionBegin, &[5], &["stuck"]);
    add(converter, 100, 2600, Kind::TaskBefore, &[6, 0], &["early"]);
    add(converter, 100, 2610, Kind::TaskBegin, &[7, 6], &["late"]);
    add(converter, 100, 2620, Kind::TaskEnd, &[6], &[]);
    add(converter, 100, 2630, Kind::TaskAgain, &[5, 0], &["hangs"]);
    add(converter, 100, 2640, Kind::TaskMissed, &[8, 0], &["missed"]);
    add(converter, 100, 2650, Kind::TaskEnded, &[9, 0], &["gone"]);
    add(converter, 100, 2660, Kind::TaskBegin, &[10, 9], &["orphan"]);
}

/// What is not in order: a region whose end was lost, one from before the trace, a thread that ended
/// in a region and whose id another has, and what an earlier trace should have had.
fn oddities(converter: &mut Converter) {
    add(converter, 102, 3000, Kind::Thread, &[102, 3], &["short"]);
    add(converter, 102, 3100, Kind::RegionBegin, &[0], &["outer"]);
    add(converter, 102, 3200, Kind::RegionBegin, &[0], &["unended"]);
    add(converter, 102, 3300, Kind::RegionEnd, &[START + 3100], &[]);
    add(converter, 102, 3310, Kind::RegionEnd, &[START - 7], &[]);
    add(converter, 102, 3400, Kind::RegionBegin, &[0], &["left"]);
    add(converter, 102, 3500, Kind::Thread, &[102, 4], &["next"]);
    add(converter, 102, 3600, Kind::RegionBegin, &[0], &["its own"]);
    add(converter, 102, 3700, Kind::RegionEnd, &[START + 3600], &[]);
    add(
        converter,
        102,
        3800,
        Kind::Arrival,
        &[0, START - 7, 100, 0],
        &[],
    );
    converter.lose(START + 3900, 12);
    converter.lose(START + 3950, 12);
    converter.lose(START + 4000, 15);
    let too_early = Record {
        kind: Kind::Log,
        time: START - 1,
        words: [0; 4],
        texts: [b"", b"too early"],
    };
    converter.add(102, &too_early);
}

/// A server, whose task that accepts spawns children into its nursery, and waits for a place.
fn spawning(converter: &mut Converter) {
    let mut tell = |tid, at, kind, words: &[u64], texts: &[&str]| {
        add(converter, tid, at, kind, words, texts);
    };
    tell(100, 4100, Kind::TaskBegin, &[11, 0], &["serve"]);
    tell(100, 4110, Kind::TaskBegin, &[12, 11], &["accept"]);
    tell(103, 4140, Kind::Thread, &[103, 5], &["helper"]);
    tell(103, 4150, Kind::Arrival, &[11, START + 4120, 100, 12], &[]);
    tell(103, 4160, Kind::TaskBegin, &[13, 11], &["conn"]);
    tell(100, 4170, Kind::WaitBegin, &[12], &["proc_spawn"]);
    tell(103, 4180, Kind::WaitBegin, &[13], &["proc_poll"]);
    tell(100, 4200, Kind::RegionEnd, &[START + 4170], &[]);
    // It says something before its task begins: the flow leads no further.
    tell(102, 4220, Kind::Arrival, &[11, START + 4210, 100, 12], &[]);
    tell(102, 4230, Kind::Log, &[11], &["http", "early bird"]);
    tell(102, 4240, Kind::TaskBegin, &[14, 11], &["loud"]);
    // So it does if a task begins that is no child of the nursery.
    tell(102, 4250, Kind::Arrival, &[11, START + 4245, 100, 12], &[]);
    tell(102, 4260, Kind::TaskBegin, &[15, 0], &["apart"]);
    tell(102, 4270, Kind::TaskEnd, &[15], &[]);
    tell(102, 4280, Kind::TaskEnd, &[14], &[]);
    tell(100, 4300, Kind::TaskEnd, &[12], &[]);
}

fn told() -> Converter {
    let mut converter = Converter::of_trace(&CLOCKS);
    request(&mut converter);
    endings(&mut converter);
    oddities(&mut converter);
    spawning(&mut converter);
    converter
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
        "apart: apart [4260, 4270) 0",
        "early/late: late [2610, …) 0",
        "early: early [0, 2620) 0",
        "fails: fails [2000, 2100) 0",
        "gone/orphan: orphan [2660, …) 0",
        "hangs: hangs [2400, …) 0",
        "helper: arrive [4150, 4150) 0",
        "helper: proc_poll [4180, …) 0",
        "main: GET /x [250, 250) 1",
        "main: parse [200, 400) 0",
        "main: proc_spawn [4170, 4200) 0",
        "main: spawn [300, 300) 1",
        "main: spawn [4120, 4120) 0",
        "main: spawn [4210, 4210) 0",
        "main: spawn [4245, 4245) 0",
        "missed: missed [2640, …) 0",
        "next: arrive [3800, 3800) 0",
        "next: arrive [4220, 4220) 0",
        "next: arrive [4250, 4250) 0",
        "next: early bird [4230, 4230) 0",
        "next: its own [3600, 3700) 0",
        "next: left [3400, 3500) 0",
        "next: outer [3100, 3300) 0",
        "next: unended [3200, 3300) 1",
        "request/query: query [450, 1100) 0",
        "request: request [100, 1200) 0",
        "serve/accept: accept [4110, 4300) 0",
        "serve/conn: conn [4160, …) 0",
        "serve/loud: loud [4240, 4280) 0",
        "serve: serve [4100, …) 0",
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
fn a_flow_leads_from_where_a_child_is_started_to_where_it_runs_and_to_its_task() {
    let scene = Scene::new("mapping_flows");
    fs::write(scene.file(), told().bytes()).expect("it can be written");
    let view = scene.view();
    let place = |slice: &Slice| format!("{} {}", slice.name, slice.begin - START);
    let arrows = view.flows.iter();
    let arrows: Vec<_> = arrows
        .map(|(from, to)| format!("{} -> {}", place(from), place(to)))
        .collect();
    let expected = [
        "spawn 300 -> arrive 440",
        "arrive 440 -> query 450",
        "spawn 4120 -> arrive 4150",
        "arrive 4150 -> conn 4160",
        "spawn 4210 -> arrive 4220",
        "spawn 4245 -> arrive 4250",
    ];
    assert_eq!(arrows, expected);
    let tasks = view.flows.iter().map(|(from, to)| (from.task, to.task));
    let (accept, serve, conn) = (Some(12), Some(11), Some(13));
    let expected = [
        (Some(1), Some(1)),
        (Some(1), Some(2)),
        (accept, serve),
        (serve, conn),
        (accept, serve),
        (accept, serve),
    ];
    assert_eq!(tasks.collect::<Vec<_>>(), expected);
}

#[test]
fn a_snapshot_shows_what_it_has_of_each_task() {
    let scene = Scene::new("mapping_snapshot");
    let mut converter = Converter::of_snapshot(&CLOCKS);
    add(&mut converter, 100, 0, Kind::Thread, &[100, 1], &["main"]);
    add(&mut converter, 100, 10, Kind::TaskEnd, &[1], &[]);
    add(
        &mut converter,
        100,
        20,
        Kind::TaskAgain,
        &[2, 0],
        &["again"],
    );
    add(
        &mut converter,
        100,
        30,
        Kind::TaskAgain,
        &[2, 0],
        &["again"],
    );
    add(&mut converter, 100, 40, Kind::TaskEnd, &[2], &[]);
    add(
        &mut converter,
        100,
        50,
        Kind::TaskBegin,
        &[3, 0],
        &["begun"],
    );
    add(
        &mut converter,
        100,
        60,
        Kind::TaskAgain,
        &[3, 0],
        &["begun"],
    );
    fs::write(scene.file(), converter.bytes()).expect("it can be written");
    let lines: Vec<_> = scene.view().slices.iter().map(line).collect();
    assert_eq!(lines, ["again: again [0, 40) 0", "begun: begun [50, …) 0"]);
}

#[test]
fn a_label_is_said_when_it_is_given_and_at_the_end() {
    let scene = Scene::new("mapping_labels");
    let mut converter = Converter::of_trace(&CLOCKS);
    add(
        &mut converter,
        100,
        5,
        Kind::TaskBefore,
        &[1, 0],
        &["early", "/a"],
    );
    add(&mut converter, 100, 10, Kind::TaskBegin, &[2, 0], &["ends"]);
    add(&mut converter, 100, 20, Kind::TaskLabel, &[2], &["/b"]);
    add(&mut converter, 100, 30, Kind::TaskEnd, &[2], &["/b"]);
    add(
        &mut converter,
        100,
        40,
        Kind::TaskBegin,
        &[3, 0],
        &["fails"],
    );
    add(
        &mut converter,
        100,
        50,
        Kind::TaskFailed,
        &[3, 5],
        &["disk", "/c"],
    );
    add(
        &mut converter,
        100,
        60,
        Kind::TaskBegin,
        &[4, 0],
        &["stops"],
    );
    add(
        &mut converter,
        100,
        70,
        Kind::TaskCancelled,
        &[4],
        &["stop", "/d"],
    );
    fs::write(scene.file(), converter.bytes()).expect("it can be written");
    let view = scene.view();
    let label = |name| view.one(name).arguments.get("label").cloned();
    let names = ["early", "label", "ends", "fails", "stops"];
    let expected = ["/a", "/b", "/b", "/c", "/d"].map(|label| Some(label.to_owned()));
    assert_eq!(names.map(label), expected);
    assert_eq!(line(view.one("label")), "ends: label [20, 20) 1");
}
