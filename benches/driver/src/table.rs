//! Tables that read well both as text and as Markdown.

/// The first column is words and stands left, the others stand right.
pub fn table(head: &[String], lines: &[Vec<String>]) -> String {
    let all = || std::iter::once(head).chain(lines.iter().map(Vec::as_slice));
    let width = |column: usize| {
        all()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();

    let mut text = line(head, &widths);
    let rules = widths.iter().enumerate().map(|(i, width)| rule(i, *width));
    text += &line(&rules.collect::<Vec<_>>(), &widths);
    for cells in lines {
        text += &line(cells, &widths);
    }
    text
}

fn rule(column: usize, width: usize) -> String {
    let dashes = "-".repeat(width.saturating_sub(1));
    if column == 0 {
        format!("-{dashes}")
    } else {
        format!("{dashes}:")
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::from("|");
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        text += &if i == 0 {
            format!(" {cell:<width$} |")
        } else {
            format!(" {cell:>width$} |")
        };
    }
    text + "\n"
}
