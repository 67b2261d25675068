//! The picture in docs/architecture.md, drawn from the source: a Mermaid graph of the wings, with their rooms.

use std::collections::BTreeSet;
use std::path::Path;

use crate::house::{House, Wing, listed};
use crate::rules;

const DOCUMENT: &str = "docs/architecture.md";
const BEGIN: &str = "<!-- drawn by `./x wings`, do not edit -->\n";
const END: &str = "<!-- end of what is drawn -->\n";

/// How many rooms stand beside each other in a wing, and how wide a line of them may get.
const ROOMS_A_LINE: usize = 7;
const WIDTH: &str = "%%{init: {\"flowchart\": {\"wrappingWidth\": 700}}}%%\n";

/// Says so if the document does not have the picture of this house.
pub fn drift(house: &House, root: &Path) -> Option<String> {
    match both(house, root) {
        Ok((text, drawn)) => (text != drawn).then(|| {
            format!("{DOCUMENT}: its picture is not what the source says; `./x wings` draws it")
        }),
        Err(fault) => Some(fault),
    }
}

/// Puts the picture of this house into the document.
pub fn write(house: &House, root: &Path) -> Result<(), String> {
    let (_, drawn) = both(house, root)?;
    std::fs::write(root.join(DOCUMENT), drawn).map_err(|error| format!("{DOCUMENT}: {error}"))
}

/// The document as it is, and as it should be.
fn both(house: &House, root: &Path) -> Result<(String, String), String> {
    let text = std::fs::read_to_string(root.join(DOCUMENT));
    let text = text.map_err(|error| format!("{DOCUMENT}: {error}"))?;
    let parts = text.split_once(BEGIN);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or(format!("{DOCUMENT}: there is no place for the picture"))?;
    let drawn = format!("{before}{BEGIN}{}{END}{after}", picture(house));
    Ok((text, drawn))
}

fn picture(house: &House) -> String {
    let wings: String = house.wings.iter().map(wing).collect();
    let arrows: String = arrows(house)
        .into_iter()
        .map(|(from, to)| {
            format!(
                "    {} --> {}\n",
                house.wings[from].name, house.wings[to].name
            )
        })
        .collect();
    format!("```mermaid\n{WIDTH}flowchart TD\n{wings}{arrows}```\n")
}

/// A box with the wing's rooms, in reading order.
fn wing(wing: &Wing) -> String {
    let is_room = |name: &String| wing.rooms.iter().any(|room| room.name == *name);
    let names: Vec<String> = listed(&wing.entrance.docs);
    let names: Vec<String> = names.into_iter().filter(is_room).collect();
    let lines: Vec<String> = names
        .chunks(ROOMS_A_LINE)
        .map(|names| names.join(", "))
        .collect();
    format!(
        "    {name}[\"<b>{name}</b><br>{}\"]\n",
        lines.join("<br>"),
        name = wing.name
    )
}

/// Who uses whom, without what follows from the others.
fn arrows(house: &House) -> BTreeSet<(usize, usize)> {
    let all: BTreeSet<(usize, usize)> = rules::crossings(house).into_keys().collect();
    let leads = |from, to| path_leads(&all, from, to);
    let follows = |&(from, to): &(usize, usize)| {
        let others = all
            .iter()
            .filter(|(start, end)| *start == from && *end != to);
        others.into_iter().any(|(_, middle)| leads(*middle, to))
    };
    all.iter()
        .copied()
        .filter(|arrow| !follows(arrow))
        .collect()
}

fn path_leads(all: &BTreeSet<(usize, usize)>, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(here) = ahead.pop() {
        if here == to {
            return true;
        }
        if seen.insert(here) {
            let next = all.iter().filter(|(start, _)| *start == here);
            ahead.extend(next.map(|(_, end)| *end));
        }
    }
    false
}
