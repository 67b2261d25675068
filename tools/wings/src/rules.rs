//! The rules of the house:
//!
//! 1. A wing uses itself and the wings below it.
//! 2. What another wing uses of a wing is a room that its `mod.rs` hands on.
//! 3. Nobody uses what is in no wing, such as `fork`.
//! 4. A circle of rooms inside of a wing has a sentence in the wing's `mod.rs` that says why, which begins
//!    with "Circle: " and the names of its rooms; and such a sentence has a circle.
//! 5. The list in a wing's `mod.rs` has each of its rooms once, in order of reading, and the file has 60 lines at most.
//! 6. Only `base/clock` reads a clock or sleeps.

use std::collections::{BTreeMap, BTreeSet};

use crate::circles::{self, Uses};
use crate::house::{House, Room, Wing, listed, quoted};
use crate::paths::Named;
use crate::source::Source;

/// The file that may (rule 6).
const CLOCK: &str = "src/base/clock.rs";

/// How long the `mod.rs` of a wing may be.
const LONGEST_ENTRANCE: usize = 60;

/// One line for each fault.
pub fn faults(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for (floor, wing) in house.wings.iter().enumerate() {
        for source in sources(wing) {
            let told = |named: &Named| {
                let fault = fault_of(house, floor, named)?;
                Some(format!("{}:{}: {fault}", source.file.display(), named.line))
            };
            faults.extend(source.named.iter().filter_map(told));
            faults.extend(clock_faults(source));
        }
        faults.extend(circle_faults(wing));
        faults.extend(entrance_faults(wing));
    }
    faults.dedup();
    faults
}

fn sources(wing: &Wing) -> impl Iterator<Item = &Source> {
    let rooms = wing.rooms.iter().flat_map(|room| &room.files);
    std::iter::once(&wing.entrance).chain(rooms)
}

/// What is wrong with a path that is named on that floor (rules 1 to 3).
fn fault_of(house: &House, floor: usize, named: &Named) -> Option<String> {
    let (first, rest) = named.path.split_first()?;
    let own = &house.wings[floor].name;
    if house.above_all.contains(first) {
        return Some(format!(
            "`{own}` uses `{first}`, which reaches into all wings"
        ));
    }
    let target = house.wings.iter().position(|wing| wing.name == *first)?;
    if target < floor {
        return Some(format!("`{own}` uses `{first}`, which is above it"));
    }
    let room = rest.first()?;
    let is_private = |known: &Room| known.name == *room && !known.is_handed_on;
    let private = target != floor && house.wings[target].rooms.iter().any(is_private);
    private
        .then(|| format!("`{own}` uses `{first}::{room}`, a room that `{first}` keeps to itself"))
}

/// Rule 6.
fn clock_faults(source: &Source) -> impl Iterator<Item = String> {
    let read = |named: &&Named| !source.file.ends_with(CLOCK) && is_of_clocks(&named.path);
    source.foreign.iter().filter(read).map(|named| {
        let (file, path) = (source.file.display(), named.path.join("::"));
        format!("{file}:{}: `{path}` is for {CLOCK} only", named.line)
    })
}

/// Whether a path names something that reads a clock, or sleeps.
fn is_of_clocks(path: &[String]) -> bool {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let is_call = |name: &&str| {
        matches!(
            *name,
            "SystemTime" | "clock_gettime" | "clock_nanosleep" | "gettimeofday" | "nanosleep"
        )
    };
    let pairs = [
        ["std", "time"],
        ["thread", "sleep"],
        ["Instant", "now"],
        ["libc", "time"],
    ];
    names.iter().any(is_call)
        || names
            .windows(2)
            .any(|two| pairs.iter().any(|pair| two == pair))
}

/// Which rooms of the wing each of its rooms uses.
fn uses(wing: &Wing) -> Uses {
    let known: BTreeSet<&String> = wing.rooms.iter().map(|room| &room.name).collect();
    let mut uses = BTreeMap::new();
    for room in &wing.rooms {
        let named = room.files.iter().flat_map(|file| &file.named);
        let used: BTreeSet<String> = named
            .filter(|named| named.path.first() == Some(&wing.name))
            .filter_map(|named| named.path.get(1))
            .filter(|other| known.contains(other) && **other != room.name)
            .cloned()
            .collect();
        uses.insert(room.name.clone(), used);
    }
    uses
}

/// Rule 4.
fn circle_faults(wing: &Wing) -> Vec<String> {
    let file = wing.entrance.file.display();
    let found = circles::circles(&uses(wing));
    let excused = excused(&wing.entrance.docs);
    let names = |circle: &BTreeSet<String>| {
        let names: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let unexcused = found.iter().filter(|circle| !excused.contains(circle));
    let stale = excused.iter().filter(|circle| !found.contains(circle));
    unexcused
        .map(|circle| {
            format!(
                "{file}: a circle of {} has no sentence that says why",
                names(circle)
            )
        })
        .chain(
            stale.map(|circle| format!("{file}: there is no circle of {} any more", names(circle))),
        )
        .collect()
}

/// The circles that sentences speak of: "Circle: `a`, `b`: why".
fn excused(docs: &[String]) -> Vec<BTreeSet<String>> {
    let rooms = |line: &String| {
        let rest = line
            .trim_start()
            .trim_start_matches("- ")
            .strip_prefix("Circle: ")?;
        let names = rest.split(": ").next()?;
        Some(BTreeSet::from_iter(quoted(names)))
    };
    docs.iter().filter_map(rooms).collect()
}

/// Rule 5.
fn entrance_faults(wing: &Wing) -> Vec<String> {
    let file = &wing.entrance.file;
    let mut faults = Vec::new();
    let lines = std::fs::read_to_string(file).map_or(0, |text| text.lines().count());
    if lines > LONGEST_ENTRANCE {
        faults.push(format!(
            "{}: {lines} lines, more than {LONGEST_ENTRANCE}",
            file.display()
        ));
    }
    let listed = listed(&wing.entrance.docs);
    for room in &wing.rooms {
        if listed.iter().filter(|name| **name == room.name).count() != 1 {
            let name = &room.name;
            faults.push(format!(
                "{}: its list of rooms should have `{name}` once",
                file.display()
            ));
        }
    }
    faults
}

/// How many imports of each wing are of each other wing, for the picture.
pub fn crossings(house: &House) -> BTreeMap<(usize, usize), usize> {
    let mut crossings = BTreeMap::new();
    for (floor, wing) in house.wings.iter().enumerate() {
        for named in sources(wing).flat_map(|source| &source.named) {
            let target = named.path.first();
            let target = house
                .wings
                .iter()
                .position(|wing| Some(&wing.name) == target);
            if let Some(target) = target.filter(|target| *target != floor) {
                *crossings.entry((floor, target)).or_insert(0) += 1;
            }
        }
    }
    crossings
}
