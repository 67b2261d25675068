//! The programs that are measured: one a peer, each in its own language.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::key::Key;
use crate::number::median;
use crate::peer::Peer;

/// Why a program gave no figure.
pub enum Failure {
    /// The machine does not give what it needs.
    Skipped(String),
    /// It does not work.
    Broken(String),
}

pub struct Programs {
    directory: PathBuf,
    versions: Vec<(Peer, String)>,
}

/// What a program that cannot run on this machine exits with.
const SKIPPED: i32 = 77;

/// Seconds after which a program is ended: it hangs.
const PATIENCE: &str = "60";

impl Programs {
    /// Those that have been built. There is nothing to compare without procession.
    pub fn find(directory: &Path) -> Result<Programs, String> {
        let directory = directory.to_path_buf();
        let version = |peer: Peer| Some((peer, version_of(&directory.join(peer.file()))?));
        let versions: Vec<(Peer, String)> = Peer::ALL.into_iter().filter_map(version).collect();
        let programs = Programs {
            directory,
            versions,
        };
        if programs.has(Peer::Procession) {
            Ok(programs)
        } else {
            Err("the program of procession is missing, or does not start".into())
        }
    }

    pub fn has(&self, peer: Peer) -> bool {
        self.versions.iter().any(|(known, _)| *known == peer)
    }

    pub fn versions(&self) -> &[(Peer, String)] {
        &self.versions
    }

    /// The median of what one run of a program prints.
    pub fn run(&self, key: &Key, repetitions: u32) -> Result<f64, Failure> {
        let program = self.directory.join(key.peer.file());
        let output = Command::new("timeout")
            .arg(PATIENCE)
            .arg(program)
            .args([key.workload, &key.n.to_string(), &repetitions.to_string()])
            .output()
            .map_err(|error| Failure::Broken(error.to_string()))?;
        figure(&output)
    }
}

fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn figure(output: &Output) -> Result<f64, Failure> {
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.code() == Some(SKIPPED) {
        return Err(Failure::Skipped(message));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Result<Vec<f64>, _> = text.lines().map(str::parse).collect();
    match figures.ok().and_then(median) {
        Some(figure) if output.status.success() => Ok(figure),
        _ => Err(Failure::Broken(format!("{}: {message}", output.status))),
    }
}
