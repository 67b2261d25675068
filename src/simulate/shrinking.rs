//! The fewest switches with which a run still fails: parts of them are left out, as long as it fails with the same code.
//!
//! That is done in a child of `fork`, whose output nobody sees, and for a bounded number of switches in all.

use super::board::Board;
use super::forked;
use super::options::{Options, Plan, Program, Way};
use super::run::{self, Ended};
use super::schedule::Order;

/// How many switches all tries may have together: about a second.
const MOST_STEPS: u64 = 200_000;

/// Of a run that fails.
pub(super) fn shrink(
    program: &Program,
    options: &Options,
    plan: &Plan,
    ended: &Ended,
) -> Option<Order> {
    let code = ended.outcome.as_ref().err()?.code();
    let is_written = !matches!(plan.way, Way::BySeed(_));
    if is_written || ended.was_slow || ended.steps * 4 > MOST_STEPS {
        return None;
    }
    let board = Board::new().ok()?;
    let tried = forked::in_child(|| {
        forked::be_silent();
        let mut tries = Tries {
            program,
            options,
            plan,
            code,
            steps: 0,
        };
        if let Some(order) = tries.shortest(&ended.taken) {
            board.tell(0, &order.to_string());
        }
    });
    tried.ok()?;
    let (_, order) = board.told()?;
    order.parse().ok()
}

struct Tries<'a> {
    program: &'a Program,
    options: &'a Options,
    plan: &'a Plan,
    /// With which it is to fail.
    code: i32,
    steps: u64,
}

impl Tries<'_> {
    /// `None`: it does not fail as it is written down.
    fn shortest(&mut self, order: &Order) -> Option<Order> {
        let mut shortest = self.fails(order.clone())?;
        let mut lot = shortest.0.len();
        while lot > 0 && self.steps < MOST_STEPS {
            shortest = self.without_lots(shortest, lot);
            lot /= 2;
        }
        Some(shortest)
    }

    /// Leaves so many out at a time.
    fn without_lots(&mut self, mut order: Order, lot: usize) -> Order {
        let mut end = order.0.len();
        while end > 0 && self.steps < MOST_STEPS {
            let begin = end.saturating_sub(lot);
            let mut fewer = order.0.clone();
            fewer.drain(begin..end);
            if let Some(shorter) = self.fails(Order(fewer)) {
                order = shorter;
            }
            end = begin.min(order.0.len());
        }
        order
    }

    /// If it fails with that order: the switches that there really were.
    fn fails(&mut self, order: Order) -> Option<Order> {
        let plan = Plan {
            way: Way::Written(order),
            ..self.plan.clone()
        };
        let ended = run::run(
            self.program,
            &plan,
            self.options.limits,
            self.options.faults,
        );
        self.steps += ended.steps.max(100);
        let code = ended.outcome.err()?.code();
        (code == self.code).then_some(ended.taken)
    }
}
