//! The one table: the rows with their figures, and whether their targets are met.

use crate::key::Key;
use crate::number::{written, written_ratio, written_whole};
use crate::peer::Peer;
use crate::results::Results;
use crate::row::{Row, Target, Unit};
use crate::table;

impl Unit {
    fn text(self) -> &'static str {
        match self {
            Unit::NsChild => "ns a child",
            Unit::NsCall => "ns a call",
            Unit::NsEvent => "ns an event",
            Unit::NsRun => "ns a run",
            Unit::NsStart => "ns to a start",
            Unit::NsLate => "ns late",
            Unit::NsItem => "ns an item",
            Unit::NsIndex => "ns an index",
            Unit::NsRequest => "ns a request",
            Unit::BytesChild => "bytes a child",
            Unit::Bytes => "bytes more",
            Unit::Switches => "switches",
        }
    }
}

impl Target {
    fn text(&self) -> String {
        match self {
            Target::None => String::new(),
            Target::Ratio(limit) => format!("≤ {limit} ×"),
            Target::Figure(limit) => format!("≤ {}", written(*limit)),
        }
    }
}

impl Row {
    fn ratio(&self, results: &Results) -> Option<f64> {
        results.ratio(self.ours, self.reference?)
    }

    /// None: there is no target, or no figure.
    fn met(&self, results: &Results) -> Option<bool> {
        match self.target {
            Target::None => None,
            Target::Ratio(limit) => Some(self.ratio(results)? <= limit),
            Target::Figure(limit) => Some(results.median(self.ours)? <= limit),
        }
    }

    fn verdict(&self, results: &Results) -> &'static str {
        match (&self.target, self.met(results)) {
            (Target::None, _) => "",
            (_, None) => "not measured",
            (_, Some(true)) => "yes",
            (_, Some(false)) => "NO",
        }
    }

    /// Calls are timed a thousand at once, which is not a number of children.
    fn n(&self) -> String {
        match self.unit {
            Unit::NsCall | Unit::NsEvent => String::new(),
            _ => written_whole(f64::from(self.ours.n)),
        }
    }

    fn peer(&self) -> String {
        match self.reference {
            None => String::new(),
            Some(key) if key.peer == Peer::Procession && key.n == self.ours.n => {
                format!("itself, {}", key.workload)
            }
            Some(key) if key.peer == Peer::Procession => format!("itself, n = {}", key.n),
            Some(key) => key.peer.label().into(),
        }
    }

    fn cells(&self, results: &Results) -> Vec<String> {
        let median = |key: Key| results.median(key).map_or("–".into(), written);
        let ratio = self.ratio(results).map(written_ratio);
        vec![
            self.title.into(),
            self.n(),
            self.unit.text().into(),
            median(self.ours),
            self.peer(),
            self.reference.map(median).unwrap_or_default(),
            ratio.unwrap_or_default(),
            self.target.text(),
            self.verdict(results).into(),
        ]
    }
}

pub fn table(rows: &[Row], results: &Results) -> String {
    let head = [
        "workload",
        "n",
        "unit",
        "procession",
        "peer",
        "peer's",
        "ratio",
        "target",
        "met",
    ];
    let lines: Vec<Vec<String>> = rows.iter().map(|row| row.cells(results)).collect();
    table::table(&head.map(String::from), &lines)
}

/// How many targets are met, and what could not be measured.
pub fn summary(rows: &[Row], results: &Results) -> String {
    let met: Vec<Option<bool>> = rows.iter().map(|row| row.met(results)).collect();
    let count = |wanted: bool| met.iter().filter(|met| **met == Some(wanted)).count();
    let mut text = format!(
        "\nTargets met: {} of {}.\n",
        count(true),
        count(true) + count(false)
    );
    for note in results.notes() {
        text += &format!("\nNot measured: {note}\n");
    }
    text
}
