//! What the reference model predicts, and the rules that it can be made to get wrong.

use crate::expect::{Cause, Expect};
use crate::schedule::Schedule;

/// A rule of the contract that a model gets wrong on purpose, to see whether the oracle notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    Nothing,
    EchoesStay,
    EchoInTaskStays,
    EchoesAllVanish,
    SeveralLost,
    FirstNotFirst,
    EchoesFirst,
    ListedTwice,
    TaskNotNamed,
    RegionNamed,
    GroupDoesNotCancel,
    GroupCancelsItsParent,
    ConcurrentCancels,
    SequenceGoesOn,
    CancelSkipsSteps,
    LastCauseWins,
    RefusedStarts,
    CutGoesOn,
    CutIsSuccess,
    IndexNotNamed,
    LastDecides,
    FailureDecidesAny,
    LosersNotCancelled,
    CleanupSkipped,
    CleanupCancelled,
    ShieldLeaks,
    NeverDraining,
    ValueLost,
    PromiseKeptAnyhow,
    AcceptedAfterCancel,
    AcceptedAfterEnd,
    NeverFull,
    OnFailureIgnored,
    OnFailureHearsEchoes,
    BackgroundIsAnother,
    AloneIsFailure,
    AloneAtOnce,
}

/// What the library is to answer to a call of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `None`: that is left to chance.
    Bool(Option<bool>),
    Between(usize, usize),
    Error(Option<Expect>),
}

/// How an evaluation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    /// What should come late was waited for: that schedule does not exist.
    Impossible,
    /// Somebody waits for what never happens.
    Stuck,
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
    /// What its calls were answered, in their order; first, which value it has.
    pub answers: Vec<Answer>,
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
    /// The handles that nobody cancels when all is over.
    pub left_open: Vec<bool>,
    /// How many errors have passed through what each nursery has for that.
    pub failures: Vec<usize>,
    pub racy: bool,
    pub end: End,
    /// What else may happen.
    pub others: Vec<Schedule>,
}
