//! The report: head, table, plots, and what all of it means.

use crate::chart::Chart;
use crate::counts::Counted;
use crate::key::Length;
use crate::peer::Peer;
use crate::programs::Programs;
use crate::results::Results;
use crate::row::Row;
use crate::{bars, chart_table, counts, row_table};

/// What was measured, where and when.
pub fn head(machine: &[String], programs: &Programs, results: &Results, length: Length) -> String {
    let mut lines = machine.to_vec();
    let version = |(peer, version): &(Peer, String)| format!("{}: {version}", peer.label());
    lines.extend(programs.versions().iter().map(version));
    let absent = Peer::ALL.into_iter().filter(|peer| !programs.has(*peer));
    lines.extend(absent.map(|peer| format!("{}: left out, not built here", peer.label())));
    lines.push(format!(
        "{} run: {} rounds; other programs took {:.0} % of the processors' time meanwhile",
        length.name, results.rounds, results.disturbance
    ));
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

pub fn write(
    head: &str,
    rows: &[Row],
    charts: &[Chart],
    results: &Results,
    counted: &[Counted],
) -> String {
    let charts: String = charts.iter().map(|chart| section(chart, results)).collect();
    format!(
        "# Benchmark\n\nWritten by `./x bench`. How to read it: [methods](#methods).\n\n{head}\n\
         {table}{summary}\n{charts}{counts}{workloads}\n{methods}",
        table = row_table::table(rows, results),
        summary = row_table::summary(rows, results),
        counts = counts_section(counted),
        workloads = include_str!("text/workloads.md"),
        methods = include_str!("text/methods.md"),
    )
}

fn section(chart: &Chart, results: &Results) -> String {
    let Chart {
        file, title, unit, ..
    } = chart;
    let table = chart_table::table(chart, results);
    format!(
        "## {title}\n\n![{title}: {unit}, over the number of children]({file})\n\nMedians, {unit}:\n\n{table}\n"
    )
}

fn counts_section(counted: &[Counted]) -> String {
    if counted.is_empty() {
        return String::new();
    }
    format!(
        "## {title}\n\n![{title}]({file})\n\n{text}\n{table}\n",
        title = bars::TITLE,
        file = bars::FILE,
        text = include_str!("text/counts.md"),
        table = counts::table(counted),
    )
}
