//! A chart, as data: how figures change with the number of children.

use crate::key::Key;
use crate::peer::Peer;

pub struct Chart {
    pub file: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    pub series: Vec<Series>,
}

pub struct Series {
    pub label: String,
    pub keys: Vec<Key>,
}

impl Chart {
    /// The numbers of children, ascending.
    pub fn ns(&self) -> Vec<u32> {
        let longest = self.series.iter().max_by_key(|series| series.keys.len());
        let keys = longest.map_or(&[][..], |series| &series.keys);
        keys.iter().map(|key| key.n).collect()
    }
}

/// What a peer takes for a workload, with so many children each.
pub fn series(peer: Peer, workload: &'static str, ns: &[u32]) -> Series {
    let keys = ns.iter().map(|n| Key::new(peer, workload, *n)).collect();
    Series {
        label: peer.label().into(),
        keys,
    }
}

impl Series {
    /// With another name than the peer's.
    pub fn called(self, label: &str) -> Series {
        Series {
            label: label.into(),
            ..self
        }
    }
}
