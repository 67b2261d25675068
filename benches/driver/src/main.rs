//! Runs the programs of the benchmark side by side, and writes the report:
//! `driver [--quick] PROGRAMS REPORT`, two directories. It builds nothing.

mod bars;
mod chart;
mod chart_table;
mod charts;
mod counts;
mod key;
mod machine;
mod number;
mod peer;
mod plan;
mod plot;
mod programs;
mod report;
mod results;
mod row;
mod row_table;
mod rows;
mod table;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use key::Length;
use programs::Programs;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["--quick", programs, report] => bench(Length::QUICK, programs, report),
        [programs, report] => bench(Length::FULL, programs, report),
        _ => Err("usage: driver [--quick] PROGRAMS REPORT".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(length: Length, programs: &str, report: &str) -> Result<(), Box<dyn Error>> {
    let directory = Path::new(programs);
    let programs = Programs::find(directory)?;
    let rows = rows::all();
    let charts = charts::all();
    let machine = machine::describe();
    let plan = plan::of(&rows, &charts, |key| programs.has(key.peer));
    let results = results::measure(&programs, &plan, length);
    let counted = counts::count(directory);

    let table = row_table::table(&rows, &results);
    println!("{table}{}", row_table::summary(&rows, &results));
    let head = report::head(&machine, &programs, &results, length);
    let text = report::write(&head, &rows, &charts, &results, &counted);
    std::fs::create_dir_all(report)?;
    let report = Path::new(report);
    std::fs::write(report.join("README.md"), text)?;
    for chart in &charts {
        plot::draw(chart, &results, &report.join(chart.file))?;
    }
    if !counted.is_empty() {
        bars::draw(&counted, &report.join(bars::FILE))?;
    }
    results.broken().map_or(Ok(()), |text| Err(text.into()))
}
