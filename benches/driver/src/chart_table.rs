//! The figures of a chart, written out.

use crate::chart::{Chart, Series};
use crate::number::written;
use crate::results::Results;
use crate::table;

/// A line for each number of children, a column for each series.
pub fn table(chart: &Chart, results: &Results) -> String {
    let head: Vec<String> = chart
        .series
        .iter()
        .map(|series| series.label.clone())
        .collect();
    let head = [vec!["n".into()], head].concat();
    let cell = |series: &Series, n: u32| {
        let key = series.keys.iter().find(|key| key.n == n);
        key.and_then(|key| results.median(*key))
            .map_or("–".into(), written)
    };
    let line = |n: u32| {
        let cells = chart.series.iter().map(|series| cell(series, n));
        std::iter::once(n.to_string()).chain(cells).collect()
    };
    let lines: Vec<Vec<String>> = chart.ns().into_iter().map(line).collect();
    table::table(&head, &lines)
}
