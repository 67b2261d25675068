//! Where the contract leaves it to chance whether something has begun, or who was first, the model is asked for each
//! possibility: a schedule says what comes late. An evaluation lets everything happen as early as it can, and tells which other
//! schedules there are: those in which something that it did not have to be in time comes late instead.

use crate::case::Case;
use crate::evaluate::predict;
use crate::model::{Broken, End, Outcome};
use crate::rng::Rng;
use std::collections::{BTreeSet, HashSet};

/// A node of the tree and one of its children.
pub type Place = (usize, usize);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Does not begin before the combinator is cancelled or decided, and so never begins. With a limit, children begin in
    /// order, so neither do those after it.
    pub held: BTreeSet<Place>,
    /// Completes, but not as the first that counts in a contest.
    pub late: BTreeSet<Place>,
    /// A child of a nursery that is spawned only when that is cancelled.
    pub slow: BTreeSet<Place>,
}

/// A case with more possibilities than this is not worth its time.
const MOST: usize = 24;

/// What may happen, of racers if that one fails first.
pub struct Possible {
    pub outcomes: Vec<Outcome>,
    /// There are more.
    pub too_many: bool,
}

impl Possible {
    /// Whether the contract determines all that may happen, and it ends.
    pub fn is_certain(&self) -> bool {
        let is_sound = |outcome: &Outcome| !outcome.racy && outcome.end == End::Done;
        !self.too_many && !self.outcomes.is_empty() && self.outcomes.iter().all(is_sound)
    }
}

impl Schedule {
    fn with(&self, add: impl FnOnce(&mut Schedule)) -> Schedule {
        let mut new = self.clone();
        add(&mut new);
        new
    }

    pub fn holding(&self, place: Place) -> Schedule {
        self.with(|new| _ = new.held.insert(place))
    }

    /// Nothing from that child on begins.
    pub fn holding_from(&self, place: Place) -> Schedule {
        self.with(|new| {
            new.held.retain(|(node, _)| *node != place.0);
            new.held.insert(place);
        })
    }

    pub fn with_late(&self, place: Place) -> Schedule {
        self.with(|new| _ = new.late.insert(place))
    }

    pub fn with_slow(&self, place: Place) -> Schedule {
        self.with(|new| _ = new.slow.insert(place))
    }

    /// Whether a child with a limit is held, or one before it.
    pub fn holds_from(&self, (node, child): Place) -> bool {
        self.held.range((node, 0)..=(node, child)).next().is_some()
    }
}

/// All that may happen.
pub fn possible(case: &Case, winner: usize, broken: Broken) -> Possible {
    possible_up_to(MOST, case, winner, broken, None)
}

/// The same, of so many schedules. With `order`, the nodes are walked in random orders, which must make no difference.
pub fn possible_up_to(
    most: usize,
    case: &Case,
    winner: usize,
    broken: Broken,
    mut order: Option<&mut Rng>,
) -> Possible {
    let mut seen = HashSet::from([Schedule::default()]);
    let mut to_try = vec![Schedule::default()];
    let mut outcomes = Vec::new();
    while let Some(schedule) = to_try.pop() {
        let mut outcome = predict(case, winner, &schedule, broken, order.as_deref_mut());
        if outcome.end == End::Impossible {
            continue;
        }
        for other in outcome.others.drain(..) {
            if seen.len() > most {
                let too_many = true;
                return Possible { outcomes, too_many };
            }
            if seen.insert(other.clone()) {
                to_try.push(other);
            }
        }
        let is_sound = !outcome.racy && outcome.end == End::Done;
        outcomes.push(outcome);
        // Nobody asks for the rest of a case that is dropped.
        if !is_sound && broken == Broken::Nothing {
            break;
        }
    }
    Possible {
        outcomes,
        too_many: false,
    }
}
