//! How long something is, for people: "1.5 s".

use crate::base::clock::Duration;

/// From the longest: what it is called, and how many nanoseconds it has.
const UNITS: [(&str, f64); 7] = [
    ("d", 86_400e9),
    ("h", 3_600e9),
    ("min", 60e9),
    ("s", 1e9),
    ("ms", 1e6),
    ("µs", 1e3),
    ("ns", 1.0),
];

/// In the largest unit in which it is at least 1, with at most three digits.
pub(crate) fn of(time: Duration) -> String {
    if time.is_zero() {
        return "0 s".to_owned();
    }
    let nanoseconds = time.as_nanos() as f64;
    let mut texts = UNITS
        .iter()
        .map(|(name, unit)| (rounded(nanoseconds / unit), name));
    // What rounding brings to 1 of a unit is 1 of that.
    let found = texts.find(|(count, _)| *count >= 1.0);
    let (count, name) = found.unwrap_or((1.0, &"ns"));
    format!("{count} {name}")
}

/// To three digits; what is less than 1 only if that makes it 1.
fn rounded(count: f64) -> f64 {
    let decimals = match count {
        ..0.9995 => return 0.0,
        ..9.995 => 100.0,
        ..99.95 => 10.0,
        ..999.5 => 1.0,
        _ => 0.001, // Only days are that many.
    };
    (count * decimals).round() / decimals
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_largest_unit_that_it_has_one_of() {
        let texts = [
            (0, "0 s"),
            (1, "1 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (1_500, "1.5 µs"),
            (40_000_000, "40 ms"),
            (999_400_000, "999 ms"),
            (999_499_999, "999 ms"),
            (999_999_999, "1 s"),
            (1_500_000_000, "1.5 s"),
            (1_234_567_890, "1.23 s"),
            (12_345_678_900, "12.3 s"),
            (5_000_000_000, "5 s"),
            (59_940_000_000, "59.9 s"),
            (90_000_000_000, "1.5 min"),
            (3_600_000_000_000, "1 h"),
            (86_400_000_000_000, "1 d"),
            (i64::MAX as u64, "107000 d"),
        ];
        for (nanoseconds, text) in texts {
            assert_eq!(of(Duration::from_nanos(nanoseconds)), text);
        }
    }
}
