//! What has to be measured for the report, and in which order.

use crate::chart::Chart;
use crate::key::Key;
use crate::row::Row;

/// All that the report needs, each once, in the order in which a round measures it: what is compared
/// has the same n, so it is measured in the same second.
pub fn of(rows: &[Row], charts: &[Chart], has: impl Fn(&Key) -> bool) -> Vec<Key> {
    let compared = rows.iter().flat_map(|row| [Some(row.ours), row.reference]);
    let drawn = charts.iter().flat_map(|chart| &chart.series);
    let drawn = drawn.flat_map(|series| series.keys.iter().copied());
    let mut plan: Vec<Key> = Vec::new();
    for key in compared.flatten().chain(drawn) {
        if has(&key) && !plan.contains(&key) {
            plan.push(key);
        }
    }
    plan.sort_by_key(|key| key.n);
    plan
}
