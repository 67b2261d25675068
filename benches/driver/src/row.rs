//! A row of the one table, as data: a workload, who is compared, and what is aimed at.

use crate::key::Key;
use crate::peer::Peer::{self, Procession};

/// What one figure is of.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    NsChild,
    NsCall,
    NsEvent,
    NsRun,
    NsStart,
    NsLate,
    NsItem,
    NsIndex,
    NsRequest,
    BytesChild,
    Bytes,
    Switches,
}

pub enum Target {
    /// For information.
    None,
    /// At most so many times the reference's figure.
    Ratio(f64),
    /// At most this figure.
    Figure(f64),
}

pub struct Row {
    pub title: &'static str,
    pub unit: Unit,
    pub ours: Key,
    pub reference: Option<Key>,
    pub target: Target,
}

/// What procession takes for a workload, for information.
pub fn ours(title: &'static str, unit: Unit, workload: &'static str, n: u32) -> Row {
    let ours = Key::new(Procession, workload, n);
    Row {
        title,
        unit,
        ours,
        reference: None,
        target: Target::None,
    }
}

impl Row {
    /// Compared with what a peer takes for the workload of that name.
    pub fn against(mut self, peer: Peer, workload: &'static str) -> Row {
        self.reference = Some(Key::new(peer, workload, self.ours.n));
        self
    }

    /// Compared with what the library itself takes for another workload.
    pub fn against_our(self, workload: &'static str) -> Row {
        self.against(Procession, workload)
    }

    /// With that target.
    pub fn aiming_at(mut self, target: Target) -> Row {
        self.target = target;
        self
    }
}
