//! Numbers: their middle, and how they are written.

/// The middle one, or the mean of the middle two; none of nothing.
pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        length if length % 2 == 1 => Some(figures[middle]),
        _ => Some(f64::midpoint(figures[middle - 1], figures[middle])),
    }
}

/// To some three digits: nobody measured more. `9.4`, `84`, `12,345`.
pub fn written(figure: f64) -> String {
    if figure != 0.0 && figure.abs() < 9.95 {
        return format!("{figure:.1}");
    }
    written_whole(figure)
}

pub fn written_whole(figure: f64) -> String {
    grouped(figure.round() as i64)
}

/// Ratios of a tenth and less need one digit more.
pub fn written_ratio(ratio: f64) -> String {
    if ratio < 0.0995 {
        format!("{ratio:.3}")
    } else {
        format!("{ratio:.2}")
    }
}

fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
