//! What the engine's calls leave in a trace.
//!
//! Laws:
//! - a task is a slice below its parent's, wherever it begins and ends; regions and logs are on their
//!   thread, and say in which task;
//! - names and texts come as they are, whatever is in them; what is too long is cut, and says so;
//! - what began before the trace is known in it, and what outlives it is shown as unfinished;
//! - what is not recorded is not shown.

use std::ffi::{CStr, CString};
use std::thread;

use super::driver::{NONE, begin, end, fail, named_thread};
use super::scene::Scene;
use crate::base::error::Error;
use crate::base::events::{self, Origin};

#[test]
fn tasks_nest_across_threads() {
    let scene = Scene::new("calls_nest");
    let view = scene.trace(|| {
        let request = begin(c"request", None);
        let origin = events::origin(NONE);
        let inside = request.clone();
        let query = named_thread("helper", move || {
            events::arrive(origin, Some(&*inside));
            let query = begin(c"query", Some(&inside));
            let region = events::region_begin(Some(&*query), c"sql");
            events::log(Some(&*query), c"db", c"select 1");
            events::region_end(region);
            query
        });
        end(&query);
        fail(&request, 5, "gone");
    });
    let [request, query, sql, log] =
        ["request", "query", "sql", "select 1"].map(|name| view.one(name));
    assert_eq!(
        (&*request.track, &*query.track),
        ("request", "request/query")
    );
    assert_eq!((&*sql.track, &*log.track), ("helper", "helper"));
    assert_eq!((sql.depth, log.depth), (0, 1));
    assert_eq!((sql.task, log.task), (query.task, query.task));
    assert_ne!(request.task, query.task);
    assert!(request.begin < query.begin && query.end < request.end);
    assert_eq!(request.arguments["error"], "gone");
    let [(from, to), (on, task)] = &view.flows[..] else {
        panic!("one flow of two arrows: {:?}", view.flows);
    };
    assert!(request.begin < from.begin && from.begin < to.begin && to.begin < query.begin);
    assert_eq!((on, &*task.name), (to, "query"));
    assert_eq!(to.track, "helper");
    assert_ne!(from.track, "helper");
}

#[test]
fn a_region_outside_of_tasks_is_one_too() {
    let scene = Scene::new("calls_no_task");
    let view = scene.trace(|| {
        let outer = events::region_begin(NONE, c"outer");
        events::region_end(events::region_begin(NONE, c"inner"));
        events::region_end(outer);
    });
    assert_eq!((view.one("outer").depth, view.one("inner").depth), (0, 1));
    assert_eq!(view.one("outer").task, None);
}

/// Names that could go wrong, and what is to be seen of them.
fn names() -> Vec<(CString, String)> {
    let long = "x".repeat(64 << 10);
    let plain = [
        "",
        "\"quoted\" 'twice' \\",
        "a\nb\tc\r",
        "größe 🦀",
        "%s %n",
        "</script>",
        &long,
    ];
    let name = |text: &[u8]| CString::new(text).expect("no NUL");
    let mut names: Vec<_> = plain
        .map(|text| (name(text.as_bytes()), text.to_owned()))
        .into();
    names.push((
        name(b"in\xFFvalid\xC3"),
        "in\u{FFFD}valid\u{FFFD}".to_owned(),
    ));
    names.push((name(&[b'y'; 100_000]), "y".repeat(64 << 10) + "…"));
    names
}

#[test]
fn names_and_texts_come_as_they_are() {
    let scene = Scene::new("calls_names");
    let names = names();
    let view = scene.trace(|| {
        for (name, _) in &names {
            let task = begin(name, None);
            let region = events::region_begin(Some(&*task), name);
            events::log(Some(&*task), name, name);
            events::region_end(region);
            fail(&task, -1, &name.to_string_lossy());
        }
    });
    for (_, name) in &names {
        let slices: Vec<_> = view.named(name).collect();
        let categories: Vec<_> = slices.iter().map(|slice| &*slice.category).collect();
        assert_eq!(categories, ["task", "region", "log"]);
        assert_eq!(
            (&slices[0].track, &slices[0].arguments["error"]),
            (name, name)
        );
        assert_eq!(slices[0].arguments["code"], "-1");
        let category = slices[2].arguments.get("category");
        assert_eq!(category.map_or("", String::as_str), name);
    }
    assert_eq!(view.slices.len(), 3 * names.len());
}

#[test]
fn what_began_before_is_known_and_what_goes_on_is_unfinished() {
    let mut scene = Scene::new("calls_before");
    let grandparent = begin(c"grandparent", None);
    let parent = begin(c"parent", Some(&grandparent));
    let silent = begin(c"silent", None);
    let region = events::region_begin(NONE, c"earlier region");
    let mut goes_on = None;
    let enough = Error::new(1, "enough");
    let view = scene.trace(|| {
        let child = begin(c"child", Some(&parent));
        events::log(Some(&*parent), c"", c"still here");
        parent.end(None, || Some(&enough));
        events::region_end(region);
        goes_on = Some((child, events::region_begin(NONE, c"later region")));
    });
    let shown = ["grandparent", "parent", "child"].map(|name| view.one(name));
    let tracks = shown.map(|slice| &*slice.track);
    assert_eq!(
        tracks,
        [
            "grandparent",
            "grandparent/parent",
            "grandparent/parent/child"
        ]
    );
    let begins = shown.map(|slice| slice.begin);
    assert!(begins[0] == begins[1] && begins[1] < begins[2]);
    for slice in &shown[..2] {
        assert_eq!(slice.arguments["began"], "before the trace");
    }
    assert_eq!(view.one("parent").arguments["cancelled"], "enough");
    assert_eq!(
        (view.one("child").end, view.one("later region").end),
        (None, None)
    );
    assert_eq!(
        view.named("silent").count() + view.named("earlier region").count(),
        0
    );
    // The next trace knows what goes on, and only that.
    let view = scene.again("calls_after").trace(|| {
        let (child, region) = goes_on.expect("it goes on");
        events::region_end(region);
        end(&child);
        end(&silent);
    });
    assert_eq!(view.one("child").track, "grandparent/parent/child");
    assert_eq!(view.one("silent").arguments["began"], "before the trace");
    assert!(view.one("child").end.is_some());
    assert_eq!(view.named("later region").count(), 0);
}

#[test]
fn a_task_below_one_that_has_ended_is_still_below_it() {
    let scene = Scene::new("calls_ended");
    let parent = begin(c"parent", None);
    end(&parent);
    let view = scene.trace(|| end(&begin(c"child", Some(&parent))));
    assert_eq!(view.one("child").track, "parent/child");
    assert_eq!(view.named("parent").count(), 0);
}

#[test]
fn what_is_off_costs_nothing_and_shows_nothing() {
    let scene = Scene::new("calls_off");
    assert!(!events::wanted());
    assert_eq!(events::origin(NONE), Origin::NOWHERE);
    let region = events::region_begin(NONE, c"off");
    let view = scene.trace(|| {
        assert!(events::wanted());
        events::region_end(region);
        events::arrive(Origin::NOWHERE, NONE);
    });
    assert!(!events::wanted());
    assert_eq!(view.slices, []);
}

#[test]
fn regions_that_are_ended_in_a_wrong_order_do_no_harm() {
    let scene = Scene::new("calls_misuse");
    let view = scene.trace(|| {
        let [outer, inner, other] =
            [c"outer", c"inner", c"other"].map(|name: &CStr| events::region_begin(NONE, name));
        events::region_end(outer);
        events::region_end(inner);
        thread::spawn(move || events::region_end(other))
            .join()
            .expect("it ends");
        events::region_end(events::region_begin(NONE, c"next"));
    });
    assert_eq!(view.one("outer").end, view.one("inner").end);
    assert_eq!(view.one("next").depth, 0);
}
