//! What the reference model predicts, and the rules that it can be made to get wrong.

use crate::expect::{Cause, Expect};

/// A rule of the contract that a model gets wrong on purpose, to see whether the oracle notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Nothing,
    EchoesStay,
    EchoInTaskStays,
    EchoesAllVanish,
    SeveralLost,
    FirstNotFirst,
    TaskNotNamed,
    RegionNamed,
    GroupDoesNotCancel,
    GroupCancelsItsParent,
    ConcurrentCancels,
    SequenceGoesOn,
    CancelSkipsSteps,
    LastCauseWins,
    RefusedStarts,
}

/// What became of all runs of one leaf.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fate {
    pub started: usize,
    /// The handle it was given, each time: its number, and that of the task in between, or 0.
    pub handles: Vec<(usize, usize)>,
    /// The cause that ended each wait for cancellation.
    pub woken_by: Vec<Cause>,
    /// What each look at the handle said; `None` where that is left to chance.
    pub looks: Vec<Option<bool>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub error: Option<Expect>,
    pub causes: Vec<Expect>,
    pub fates: Vec<Fate>,
    /// The causes that the outer and the given handle were cancelled with.
    pub outside: [Option<Cause>; 2],
    /// The causes of the groups that a child's failure cancelled, by the number of the handle.
    pub failed_with: Vec<Option<Cause>>,
    pub racy: bool,
    /// Somebody waits for what never happens.
    pub stuck: bool,
}
