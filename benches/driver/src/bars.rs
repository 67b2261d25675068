//! The picture of what operations cost: two bars for each, version 0.1 and now.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::counts::{Cost, Counted};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub const TITLE: &str = "Locked instructions and allocations of an operation";
pub const FILE: &str = "counts.svg";

const BEFORE: RGBColor = RGBColor(160, 160, 160);
const NOW: RGBColor = RGBColor(213, 94, 0);

/// What takes more than that makes all other bars too short to see.
const LONGEST: u64 = 60;

const WIDTH: i32 = 860;
const TOP: i32 = 44;
const LEFT: i32 = 180;
const LOCKED_WIDTH: i32 = 9;
const BAR: i32 = 12;
const ROW: i32 = 32;

pub fn draw(counted: &[Counted], file: &Path) -> Result<(), Box<dyn Error>> {
    let fits = |counted: &&Counted| counted.most_locked() <= LONGEST;
    let shown: Vec<&Counted> = counted.iter().filter(fits).collect();
    let height = TOP + ROW * i32::try_from(shown.len())?;
    let size = (WIDTH.try_into()?, height.try_into()?);
    let root = SVGBackend::new(file, size).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!("{TITLE}: version 0.1 (grey) and now");
    root.draw(&Text::new(title, (12, 12), ("sans-serif", 20)))?;
    for (i, counted) in (0..).zip(shown) {
        draw_operation(&root, counted, TOP + ROW * i)?;
    }
    root.present()?;
    Ok(())
}

fn draw_operation(area: &Area, counted: &Counted, y: i32) -> Result<(), Box<dyn Error>> {
    let name = counted.name.clone();
    area.draw(&Text::new(name, (12, y + 4), ("sans-serif", 14)))?;
    if let Some(before) = &counted.before {
        draw_bar(area, before, BEFORE, y)?;
    }
    draw_bar(area, &counted.now, NOW, y + BAR)
}

fn draw_bar(area: &Area, cost: &Cost, colour: RGBColor, y: i32) -> Result<(), Box<dyn Error>> {
    let end = LEFT + LOCKED_WIDTH * i32::try_from(cost.locked)?;
    let bar = Rectangle::new([(LEFT, y), (end, y + BAR - 2)], colour.filled());
    area.draw(&bar)?;
    let text = format!("{} · {}", cost.locked, cost.allocations);
    area.draw(&Text::new(text, (end + 6, y - 1), ("sans-serif", 12)))?;
    Ok(())
}

impl Counted {
    fn most_locked(&self) -> u64 {
        let before = self.before.as_ref().map_or(0, |cost| cost.locked);
        self.now.locked.max(before)
    }
}
