//! Measuring: all programs one after the other, again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::key::{Key, Length};
use crate::machine::Ticks;
use crate::number::median;
use crate::programs::{Failure, Programs};

/// Fewer rounds than this have no middle worth the name.
const FEWEST_ROUNDS: usize = 3;

#[derive(Default)]
pub struct Results {
    pub rounds: usize,
    /// Percent of the processors' time that programs other than ours took meanwhile.
    pub disturbance: f64,
    /// One entry a round, so that what was measured in the same round can be compared.
    figures: HashMap<Key, Vec<f64>>,
    failures: Vec<(Key, Failure)>,
}

/// Whole rounds, until the time is up. Every other round goes backwards, so that no program always
/// has the same neighbour before it.
pub fn measure(programs: &Programs, plan: &[Key], length: Length) -> Results {
    let end = Instant::now() + Duration::from_secs(length.seconds);
    let mut results = Results::default();
    let before = Ticks::now();
    eprintln!(
        "bench: {} programs a round, {} s",
        plan.len(),
        length.seconds
    );
    while results.rounds < FEWEST_ROUNDS || Instant::now() < end {
        let mut keys = plan.to_vec();
        if results.rounds % 2 == 1 {
            keys.reverse();
        }
        for key in keys {
            results.measure(programs, key, length);
        }
        results.rounds += 1;
    }
    results.disturbance = before.taken_by_others_since();
    results
}

impl Results {
    /// A program that failed is not run again: its later figures would belong to other rounds.
    fn measure(&mut self, programs: &Programs, key: Key, length: Length) {
        let figures = self.figures.entry(key).or_default();
        if figures.len() < self.rounds || self.rounds >= key.rounds() {
            return;
        }
        match programs.run(&key, key.repetitions(length)) {
            Ok(figure) => figures.push(figure),
            Err(failure) => self.failures.push((key, failure)),
        }
    }

    fn figures(&self, key: Key) -> &[f64] {
        self.figures.get(&key).map_or(&[], Vec::as_slice)
    }

    pub fn median(&self, key: Key) -> Option<f64> {
        median(self.figures(key).to_vec())
    }

    /// The median of the ratios of the rounds.
    pub fn ratio(&self, ours: Key, reference: Key) -> Option<f64> {
        let pairs = self.figures(ours).iter().zip(self.figures(reference));
        median(pairs.map(|(ours, reference)| ours / reference).collect())
    }

    /// What could not be measured here, and why.
    pub fn notes(&self) -> Vec<String> {
        let note = |(key, failure): &(Key, Failure)| {
            let (Failure::Skipped(why) | Failure::Broken(why)) = failure;
            format!("{} {} {}: {why}", key.peer.label(), key.workload, key.n)
        };
        self.failures.iter().map(note).collect()
    }

    /// The notes, if one tells of a program that does not work.
    pub fn broken(&self) -> Option<String> {
        let broken = |(_, failure): &(Key, Failure)| matches!(failure, Failure::Broken(_));
        self.failures
            .iter()
            .any(broken)
            .then(|| self.notes().join("\n"))
    }
}
