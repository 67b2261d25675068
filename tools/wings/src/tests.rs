//! That each rule finds what breaks it, in houses that are made for that, and lets pass what is in order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{house, picture, rules};

/// A house of its own each time, in a directory that goes with it.
struct Site(PathBuf);

/// Two wings in order: `upper` uses `lower`, whose room `open` it hands on.
const SOUND: [(&str, &str); 6] = [
    (
        "src/lib.rs",
        "//! - `upper`: a\n//! - `lower`: b\nmod fork;\nmod lower;\nmod upper;\n",
    ),
    ("src/fork.rs", "use crate::upper::hall;\n"),
    ("src/upper/mod.rs", "//! - `hall`: x\nmod hall;\n"),
    (
        "src/upper/hall.rs",
        "use crate::lower::open::{One, Two};\nfn f() { crate::lower::open::g() }\n",
    ),
    (
        "src/lower/mod.rs",
        "//! - `open`: x\n//! - `closed`: x\npub(crate) mod open;\nmod closed;\n",
    ),
    ("src/lower/closed.rs", "use super::open::One;\n"),
];

impl Site {
    fn new(name: &str, changed: &[(&str, &str)]) -> Site {
        static SITES: AtomicUsize = AtomicUsize::new(0);
        let number = SITES.fetch_add(1, Ordering::Relaxed);
        let place = format!("wings-{}-{number}-{name}", std::process::id());
        let root = std::env::temp_dir().join(place);
        let site = Site(root);
        site.write("src/lower/open.rs", "pub(crate) struct One;\n");
        for (file, text) in SOUND.iter().chain(changed) {
            site.write(file, text);
        }
        site
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.0.join(file);
        std::fs::create_dir_all(file.parent().expect("it is in a directory")).expect("it is made");
        std::fs::write(file, text).expect("it is written");
    }

    fn faults(&self) -> Vec<String> {
        rules::faults(&house::read(&self.0.join("src")).expect("it is a house"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// There is one fault, which ends with this.
fn has_only(name: &str, changed: &[(&str, &str)], end: &str) {
    let faults = Site::new(name, changed).faults();
    assert_eq!(faults.len(), 1, "{name}: {faults:?}");
    assert!(faults[0].ends_with(end), "{name}: {faults:?}");
}

fn has_none(name: &str, changed: &[(&str, &str)]) {
    assert_eq!(Site::new(name, changed).faults(), [""; 0], "{name}");
}

#[test]
fn what_is_in_order_passes() {
    has_none("sound", &[]);
}

#[test]
fn imports_go_down_only() {
    let fault = "`lower` uses `upper`, which is above it";
    let in_lower = |text| [("src/lower/open.rs", text)];
    has_only(
        "import",
        &in_lower("\nuse crate::upper::hall;\n"),
        &format!("open.rs:2: {fault}"),
    );
    has_only(
        "group",
        &in_lower("use crate::{\n    lower::open::One,\n    upper::hall as h,\n};\n"),
        &format!("open.rs:3: {fault}"),
    );
    has_only(
        "code",
        &in_lower("fn f() {\n    crate::upper::hall::g();\n}\n"),
        &format!("open.rs:2: {fault}"),
    );
    has_only(
        "relative",
        &in_lower("use super::super::upper::hall;\n"),
        fault,
    );
    has_only(
        "macro",
        &in_lower("m!(A: [crate::upper::hall::T; 1] = 0);\n"),
        fault,
    );
    has_only("glob", &in_lower("use crate::upper::*;\n"), fault);
    has_only(
        "nested",
        &in_lower("mod inner {\n    fn f(_: crate::upper::hall::T) {}\n}\n"),
        fault,
    );
}

#[test]
fn tests_may_use_what_they_test() {
    let test = "#[cfg(all(test, not(loom)))]\nmod tests {\n    use crate::upper::hall;\n}\n";
    has_none("tests", &[("src/lower/open.rs", test)]);
    let not_a_test = "#[cfg(not(test))]\nmod real {\n    use crate::upper::hall;\n}\n";
    has_only(
        "not-tests",
        &[("src/lower/open.rs", not_a_test)],
        "which is above it",
    );
}

#[test]
fn rooms_that_are_not_handed_on_are_private() {
    let hall = [("src/upper/hall.rs", "use crate::lower::closed::f;\n")];
    has_only(
        "private",
        &hall,
        "hall.rs:1: `upper` uses `lower::closed`, a room that `lower` keeps to itself",
    );
}

#[test]
fn nobody_uses_what_is_in_no_wing() {
    let hall = [("src/upper/hall.rs", "use crate::fork;\n")];
    has_only(
        "fork",
        &hall,
        "`upper` uses `fork`, which reaches into all wings",
    );
}

#[test]
fn circles_have_a_sentence() {
    let circle = ("src/lower/open.rs", "use super::closed;\n");
    has_only(
        "circle",
        &[circle],
        "mod.rs: a circle of `closed`, `open` has no sentence that says why",
    );
    let entrance = "//! - `open`: x\n//! - `closed`: x\n//! Circle: `open`, `closed`: both are one thing.\npub(crate) mod open;\nmod closed;\n";
    has_none("excused", &[circle, ("src/lower/mod.rs", entrance)]);
    has_only(
        "stale",
        &[("src/lower/mod.rs", entrance)],
        "there is no circle of `closed`, `open` any more",
    );
}

#[test]
fn the_entrance_lists_its_rooms_and_is_short() {
    let entrance = "//! - `open`: x\npub(crate) mod open;\nmod closed;\n";
    has_only(
        "unlisted",
        &[("src/lower/mod.rs", entrance)],
        "its list of rooms should have `closed` once",
    );
    let long = format!("{}{}", SOUND[4].1, "// more\n".repeat(57));
    has_only(
        "long",
        &[("src/lower/mod.rs", &long)],
        "61 lines, more than 60",
    );
}

#[test]
fn the_picture_must_be_that_of_the_source() {
    let place = "before\n<!-- drawn by `./x wings`, do not edit -->\n<!-- end of what is drawn -->\nafter\n";
    let site = Site::new("picture", &[("docs/architecture.md", place)]);
    let house = house::read(&site.0.join("src")).expect("it is a house");
    let fault = picture::drift(&house, &site.0).expect("it is not there yet");
    assert!(fault.contains("is not what the source says"), "{fault}");
    picture::write(&house, &site.0).expect("it is written");
    assert_eq!(picture::drift(&house, &site.0), None);
    let text = std::fs::read_to_string(site.0.join("docs/architecture.md")).expect("it is there");
    assert!(
        text.starts_with("before\n") && text.ends_with("after\n"),
        "{text}"
    );
    assert!(text.contains("upper --> lower"), "{text}");
    assert!(text.contains("<br>open, closed\""), "{text}");
    site.write("docs/architecture.md", "There is no place for it.\n");
    let fault = picture::drift(&house, &site.0).expect("it cannot be there");
    assert!(fault.contains("no place for the picture"), "{fault}");
}

#[test]
fn only_one_file_reads_a_clock() {
    let in_lower = |text| [("src/lower/open.rs", text)];
    let fault = "is for src/base/clock.rs only";
    has_only("instant", &in_lower("use std::time::Instant;\n"), fault);
    has_only("sleep", &in_lower("use std::{thread::sleep};\n"), fault);
    has_only("now", &in_lower("fn f() { Instant::now() }\n"), fault);
    has_only(
        "libc",
        &in_lower("fn f() { g!(libc::clock_gettime(0)) }\n"),
        fault,
    );
    has_none(
        "tests",
        &in_lower("#[cfg(test)]\nfn f() { Instant::now() }\n"),
    );
    has_none(
        "named",
        &[("src/upper/hall.rs", "use crate::lower::open::Instant;\n")],
    );
    let base = [
        ("src/lib.rs", "//! - `base`: c\nmod base;\n"),
        (
            "src/base/mod.rs",
            "//! - `clock`: x\npub(crate) mod clock;\n",
        ),
        ("src/base/clock.rs", "use std::time::Instant;\n"),
    ];
    has_none("clock", &base);
}
