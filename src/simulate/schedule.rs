//! Who goes on, of those who can.
//!
//! A schedule decides only where there are several. If nothing speaks against it, the thread that runs goes on, else the first one:
//! so an order is written down by the choices that were others, each with its number.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::journal;
use crate::base::random::Random;

/// The number of a thread of the run, in the order in which they were lent.
pub(super) type Id = u32;

/// The choices that were not the usual ones.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Order(pub(super) Vec<(u64, Id)>);

pub(super) struct Schedule {
    how: How,
    /// How many choices there were.
    choices: u64,
    pub(super) taken: Order,
}

enum How {
    Random(Walk),
    Priorities(Priorities),
    Written(Order),
    Path(Path),
}

impl Schedule {
    pub(super) fn random(seed: u64) -> Schedule {
        Schedule::by(How::Random(Walk::new(seed)))
    }

    /// Probabilistic concurrency testing, which finds each bug of that depth with a probability that is known.
    pub(super) fn priorities(seed: u64, depth: usize) -> Schedule {
        Schedule::by(How::Priorities(Priorities::new(seed, depth)))
    }

    pub(super) fn written(order: Order) -> Schedule {
        Schedule::by(How::Written(order))
    }

    /// One of all orders with at most so many preemptions, by which it is found.
    pub(super) fn path(planned: Vec<usize>, preemptions: usize) -> Schedule {
        Schedule::by(How::Path(Path {
            planned,
            seen: Vec::new(),
            preemptions,
            in_a_row: InARow::default(),
        }))
    }

    fn by(how: How) -> Schedule {
        Schedule {
            how,
            choices: 0,
            taken: Order::default(),
        }
    }

    /// One of these, which are in ascending order. `running` is the one that chooses, if it can go on.
    pub(super) fn choose(&mut self, able: &[Id], running: Option<Id>) -> Id {
        let usual = running.unwrap_or(able[0]);
        if able.len() == 1 {
            return usual;
        }
        let number = self.choices;
        self.choices += 1;
        let chosen = match &mut self.how {
            How::Random(walk) => walk.choose(able, running),
            How::Priorities(priorities) => priorities.choose(number, able, usual),
            How::Written(order) => order.at(number).unwrap_or(usual),
            How::Path(path) => path.choose(able, running),
        };
        let chosen = if able.contains(&chosen) {
            chosen
        } else {
            usual
        };
        if chosen != usual {
            self.taken.0.push((number, chosen));
        }
        chosen
    }

    /// Of all choices, how many there were and which was taken, if all orders are tried.
    pub(super) fn seen(&self) -> &[(usize, usize)] {
        match &self.how {
            How::Path(path) => &path.seen,
            _ => &[],
        }
    }
}

/// One of all orders.
struct Path {
    /// The places of those that are chosen; from then on the usual ones.
    planned: Vec<usize>,
    /// Of each choice, how many there were and which was taken.
    seen: Vec<(usize, usize)>,
    /// How many times more another one may go on where the one that runs could.
    preemptions: usize,
    in_a_row: InARow,
}

impl Path {
    /// One that spins gives way to the next one, which is no choice.
    fn choose(&mut self, able: &[Id], running: Option<Id>) -> Id {
        let spins = running.filter(|id| self.in_a_row.is_long(*id));
        let chosen = match spins {
            Some(id) => self.after(able, id),
            None => self.one_of(able, running),
        };
        self.in_a_row.note(chosen);
        chosen
    }

    fn after(&mut self, able: &[Id], running: Id) -> Id {
        self.note(1, 0);
        let next = able.iter().find(|id| **id > running);
        next.copied().unwrap_or(able[0])
    }

    /// The usual one has place 0, and the others those after it.
    fn one_of(&mut self, able: &[Id], running: Option<Id>) -> Id {
        let is_bound = running.is_some() && self.preemptions == 0;
        let count = if is_bound { 1 } else { able.len() };
        let place = self.planned.get(self.seen.len()).copied().unwrap_or(0);
        self.note(count, place);
        if running.is_some() && place > 0 {
            self.preemptions = self.preemptions.saturating_sub(1);
        }
        let usual = running.unwrap_or(able[0]);
        let others = able.iter().copied().filter(|id| *id != usual);
        std::iter::once(usual)
            .chain(others)
            .nth(place)
            .unwrap_or(usual)
    }

    fn note(&mut self, count: usize, taken: usize) {
        self.seen.push((count, taken));
        journal::note(count, taken);
    }
}

/// The next of all orders after that one; `None`: it was the last.
pub(super) fn next_path(seen: &[(usize, usize)]) -> Option<Vec<usize>> {
    let last = seen.iter().rposition(|(count, taken)| taken + 1 < *count)?;
    let mut path: Vec<usize> = seen[..=last].iter().map(|(_, taken)| *taken).collect();
    path[last] += 1;
    Some(path)
}

/// At some choices anybody may go on, each as likely; at the others the one that runs does.
///
/// How often that is, is drawn for each run: errors that need a switch at nearly every choice are found, and so are those that need
/// a thread to go on for long. And most runs are short of switches, which are what takes time.
struct Walk {
    random: Random,
    /// One choice of so many, on average, is anybody's.
    apart: u64,
}

/// They are 1, 2, 4 and so on apart, up to 2 to the power of this, each as often.
const MOST_APART: u64 = 5;

impl Walk {
    fn new(seed: u64) -> Walk {
        let mut random = Random::seeded(seed);
        let apart = 1 << random.up_to(MOST_APART);
        Walk { random, apart }
    }

    fn choose(&mut self, able: &[Id], running: Option<Id>) -> Id {
        match running {
            Some(id) if self.random.up_to(self.apart - 1) != 0 => id,
            _ => able[self.random.up_to(able.len() as u64 - 1) as usize],
        }
    }
}

/// Each thread has a priority, and the highest goes on; at some points the one that runs gets the lowest.
struct Priorities {
    random: Random,
    of: BTreeMap<Id, u64>,
    /// At which choices the running thread falls back.
    points: Vec<u64>,
    /// The lowest one so far.
    lowest: u64,
    in_a_row: InARow,
}

/// For how many choices the same one has gone on.
#[derive(Default)]
struct InARow(Id, u32);

/// One that goes on and on while others could waits for one of them, without saying so: it falls back.
const MOST_IN_A_ROW: u32 = 1000;

impl InARow {
    fn note(&mut self, chosen: Id) {
        let times = if self.0 == chosen { self.1 + 1 } else { 0 };
        *self = InARow(chosen, times);
    }

    fn is_long(&self, id: Id) -> bool {
        self.0 == id && self.1 >= MOST_IN_A_ROW
    }
}

/// A program has 2 to the power of so many choices, at least and at most. The points are drawn for each power as often: so
/// it does not matter how many there are.
const POWERS: [u64; 2] = [3, 14];

impl Priorities {
    fn new(seed: u64, depth: usize) -> Priorities {
        let mut random = Random::seeded(seed);
        let points = (1..depth).map(|_| {
            let power = POWERS[0] + random.up_to(POWERS[1] - POWERS[0]);
            random.up_to((1 << power) - 1)
        });
        let points = points.collect();
        Priorities {
            random,
            of: BTreeMap::new(),
            points,
            lowest: u64::MAX / 2,
            in_a_row: InARow::default(),
        }
    }

    fn choose(&mut self, number: u64, able: &[Id], running: Id) -> Id {
        for id in able {
            let above = || u64::MAX / 2 + self.random.up_to(u64::MAX / 2);
            self.of.entry(*id).or_insert_with(above);
        }
        if self.points.contains(&number) {
            self.fall_back(running);
        }
        let chosen = self.highest(able);
        self.in_a_row.note(chosen);
        if !self.in_a_row.is_long(chosen) {
            return chosen;
        }
        self.fall_back(chosen);
        self.highest(able)
    }

    fn highest(&self, able: &[Id]) -> Id {
        let of = |id: &&Id| self.of.get(*id).copied();
        able.iter().max_by_key(of).copied().unwrap_or(able[0])
    }

    fn fall_back(&mut self, id: Id) {
        self.lowest -= 1;
        self.of.insert(id, self.lowest);
    }
}

impl Order {
    fn at(&self, number: u64) -> Option<Id> {
        let place = self.0.binary_search_by_key(&number, |(at, _)| *at).ok()?;
        Some(self.0[place].1)
    }
}

/// "7:2,15:0"; "-": nothing but the usual ones.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        for (place, (number, id)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{number}:{id}")?;
        }
        Ok(())
    }
}

impl FromStr for Order {
    type Err = ();

    fn from_str(text: &str) -> Result<Order, ()> {
        if text == "-" {
            return Ok(Order::default());
        }
        let one = |part: &str| {
            let (number, id) = part.split_once(':')?;
            Some((number.parse().ok()?, id.parse().ok()?))
        };
        let all: Option<Vec<_>> = text.split(',').map(one).collect();
        let all = all.filter(|all| all.is_sorted_by_key(|(number, _)| *number));
        all.map(Order).ok_or(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn run(mut schedule: Schedule, choices: usize) -> Vec<Id> {
        let able = [0, 1, 2];
        let mut running = 0;
        let one = |_| {
            running = schedule.choose(&able, Some(running));
            running
        };
        (0..choices).map(one).collect()
    }

    #[test]
    fn a_seed_is_an_order() {
        let orders = [Schedule::random, |seed| Schedule::priorities(seed, 3)];
        for schedule in orders {
            assert_eq!(run(schedule(7), 100), run(schedule(7), 100));
        }
        assert_ne!(run(Schedule::random(7), 100), run(Schedule::random(8), 100));
    }

    #[test]
    fn what_is_written_down_is_the_same_order() {
        let mut schedule = Schedule::random(9);
        let mut running = 0;
        let mut all = Vec::new();
        for _ in 0..50 {
            running = schedule.choose(&[0, 1, 2], Some(running));
            all.push(running);
        }
        let text = schedule.taken.to_string();
        let order: Order = text.parse().unwrap();
        assert_eq!(order, schedule.taken);
        assert_eq!(run(Schedule::written(order), 50), all);
        assert_eq!("-".parse(), Ok(Order::default()));
        for bad in ["", "1", "1:", "2:1,1:1", "a:b"] {
            assert_eq!(bad.parse::<Order>(), Err(()), "{bad}");
        }
    }

    #[test]
    fn all_paths_come_once() {
        let three = |schedule: &mut Schedule| -> Vec<Id> {
            (0..3).map(|_| schedule.choose(&[0, 1], Some(0))).collect()
        };
        let mut orders = orders(usize::MAX, three);
        orders.sort();
        orders.dedup();
        assert_eq!(orders.len(), 8);
    }

    /// What comes of all orders with so many preemptions, one after the other.
    fn orders<T>(preemptions: usize, make: impl Fn(&mut Schedule) -> T) -> Vec<T> {
        let mut all = Vec::new();
        let mut next = Some(Vec::new());
        while let Some(path) = next {
            let mut schedule = Schedule::path(path, preemptions);
            all.push(make(&mut schedule));
            next = next_path(schedule.seen());
        }
        all
    }

    #[test]
    fn a_bound_leaves_the_orders_with_fewer_preemptions() {
        // At the first choice nobody runs yet, and at each of the three others two can come in the place of the one that does.
        let of_so_many = [1, 3 * 2, 3 * 4, 8];
        let four = |schedule: &mut Schedule| {
            (0..4).fold(None, |running, _| {
                Some(schedule.choose(&[0, 1, 2], running))
            })
        };
        for bound in 0..=3 {
            let expected = 3 * of_so_many[..=bound].iter().sum::<usize>();
            assert_eq!(orders(bound, four).len(), expected, "{bound}");
        }
        assert_eq!(orders(usize::MAX, four).len(), 81);
    }

    #[test]
    fn some_walks_switch_often_and_some_seldom() {
        let switches = |seed| {
            let order = run(Schedule::random(seed), 1000);
            order.windows(2).filter(|pair| pair[0] != pair[1]).count()
        };
        let all: Vec<usize> = (0..100).map(switches).collect();
        assert!(all.iter().any(|switches| *switches > 600), "{all:?}");
        assert!(all.iter().any(|switches| *switches < 50), "{all:?}");
        assert!(all.iter().all(|switches| *switches > 0), "{all:?}");
    }

    #[test]
    fn who_spins_falls_back() {
        for schedule in [Schedule::priorities(1, 1), Schedule::path(Vec::new(), 0)] {
            let seen = run(schedule, 5000);
            assert!((0..3).all(|id| seen.contains(&id)));
        }
    }
}
