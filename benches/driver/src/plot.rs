//! Plots: figures over the number of children, both on logarithmic scales.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::chart::{Chart, Series};
use crate::key::Key;
use crate::number::written_whole;
use crate::peer::Peer;
use crate::results::Results;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Of the same peer in all plots, such that colour-blind people can tell them apart (Okabe and Ito).
fn colour(peer: Peer) -> RGBColor {
    match peer {
        Peer::Procession => RGBColor(213, 94, 0),
        Peer::Tbb => RGBColor(0, 114, 178),
        Peer::OpenMp => RGBColor(190, 180, 40), // A yellow that is seen on white.
        Peer::Rayon => RGBColor(0, 158, 115),
        Peer::Tokio => RGBColor(204, 121, 167),
        Peer::Errgroup | Peer::GoTrace => RGBColor(86, 180, 233),
        Peer::Jthread => RGBColor(90, 90, 90),
        Peer::Pthread => RGBColor(160, 160, 160),
        Peer::Kernel => RGBColor(0, 0, 0),
    }
}

/// Of what procession does beside the main thing of a plot.
const ASIDE: RGBColor = RGBColor(230, 159, 0);

const SIZE: (u32, u32) = (860, 480);
const LEGEND_WIDTH: u32 = 210;

struct Line<'a> {
    label: &'a str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

pub fn draw(chart: &Chart, results: &Results, file: &Path) -> Result<(), Box<dyn Error>> {
    let lines = lines(chart, results);
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled(chart.title, ("sans-serif", 20))?;
    let (plot, legend) = root.split_horizontally(SIZE.0 - LEGEND_WIDTH);
    draw_lines(&plot, chart, &lines)?;
    draw_legend(&legend, lines)?;
    root.present()?;
    Ok(())
}

/// Peers that were left out have no points, and no line.
fn lines<'a>(chart: &'a Chart, results: &Results) -> Vec<Line<'a>> {
    let point = |key: &Key| Some((f64::from(key.n), results.median(*key)?));
    let positive = |(_, figure): &(f64, f64)| *figure > 0.0;
    let line = |series: &'a Series| {
        let peer = series.keys.first()?.peer;
        let aside = series.label != peer.label();
        let points: Vec<_> = series
            .keys
            .iter()
            .filter_map(point)
            .filter(positive)
            .collect();
        let colour = if aside { ASIDE } else { colour(peer) };
        (!points.is_empty()).then_some(Line {
            label: &series.label,
            colour,
            points,
        })
    };
    chart.series.iter().filter_map(line).collect()
}

fn draw_lines(area: &Area, chart: &Chart, lines: &[Line]) -> Result<(), Box<dyn Error>> {
    let (xs, ys) = ranges(lines);
    let mut plot = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(xs.log_scale(), ys.log_scale())?;
    plot.configure_mesh()
        .x_desc("children (n)")
        .y_desc(chart.unit)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|n| written_whole(*n))
        .y_label_formatter(&|figure| written_whole(*figure))
        .draw()?;
    for line in lines {
        let style = line.colour.stroke_width(2);
        plot.draw_series(LineSeries::new(line.points.clone(), style))?;
        let dot = |point: &(f64, f64)| Circle::new(*point, 3, line.colour.filled());
        plot.draw_series(line.points.iter().map(dot))?;
    }
    Ok(())
}

/// What holds all points: of figures, whole powers of ten, since only those are labelled.
fn ranges(lines: &[Line]) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
    let points = || lines.iter().flat_map(|line| &line.points);
    let low = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let high = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(1.0, f64::max);
    let bottom = 10_f64.powf(low(|p| p.1).log10().floor());
    let top = 10_f64.powf(high(|p| p.1).log10().ceil());
    (low(|p| p.0)..high(|p| p.0) * 1.05, bottom..top * 1.05)
}

/// From the highest line end to the lowest, so that the legend reads as the plot does.
fn draw_legend(area: &Area, mut lines: Vec<Line>) -> Result<(), Box<dyn Error>> {
    let end = |line: &Line| line.points.last().map_or(0.0, |point| point.1);
    lines.sort_by(|a, b| end(b).total_cmp(&end(a)));
    for (i, line) in (0..).zip(&lines) {
        let y = 40 + i * 24;
        let stroke = PathElement::new([(0, y), (24, y)], line.colour.stroke_width(3));
        area.draw(&stroke)?;
        area.draw(&Text::new(line.label, (32, y - 7), ("sans-serif", 14)))?;
    }
    Ok(())
}
