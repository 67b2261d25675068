//! Runs in children of `fork`, on all processors.
//!
//! What a run leaves in memory stays in the child. Which of the runs is told of does not depend on who was faster: of all that fail it is
//! the one with the lowest seed. No run outlives the process that has begun it, however that ends: one that never ends would go on for ever.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::io::IsTerminal;

use libc::{c_int, pid_t};

use super::board::{Board, MOST};
use super::worker;
use crate::base::clock::{self, Duration};
use crate::base::descriptor;
use crate::base::error::Error;
use crate::base::signal_set;
use crate::base::sys::child;
use crate::engine::terms;

/// How often it is looked how far they are, if somebody sees that.
const LOOK: Duration = Duration::from_millis(100);

/// The first run that has failed.
pub(super) struct Found {
    pub(super) offset: u64,
    /// How it has ended its process, if it has.
    pub(super) ended: Option<String>,
    /// What it has failed with.
    pub(super) told: (c_int, String),
}

/// The lowest of so many that fails, if any does.
pub(super) fn first_failing(
    runs: u64,
    run: impl Fn(u64) -> Option<Error>,
) -> Result<Option<Found>, String> {
    let board = Board::new()?;
    let count = processors().min(usize::try_from(runs).unwrap_or(MOST));
    flush();
    let mut children = Vec::new();
    for number in 0..count {
        let child = || {
            terms::stay_on_processor(number);
            work(&board, number, count, runs, &run);
        };
        match fork_one(child) {
            Ok(child) => children.push((number, child)),
            Err(error) if number == 0 => return Err(error),
            Err(_) => work(&board, number, count, runs, &run), // Here, then.
        }
    }
    let crashes = await_all(&board, &children, runs);
    let offset = board.lowest();
    if offset == u64::MAX {
        return Ok(None);
    }
    let crash = crashes.into_iter().find(|(at, _)| *at == offset);
    Ok(Some(Found {
        offset,
        ended: crash.map(|(_, how)| how),
        told: board.told().unwrap_or_default(),
    }))
}

/// Every so many-th run, until one before the next has failed.
fn work(
    board: &Board,
    number: usize,
    count: usize,
    runs: u64,
    run: &impl Fn(u64) -> Option<Error>,
) {
    let mut offset = number as u64;
    while offset < runs && offset < board.lowest() {
        board.note_at(number, offset);
        if let Some(error) = run(offset).filter(|_| board.note_failed(offset)) {
            board.tell(error.code(), &error.message().to_string_lossy());
        }
        board.note_done();
        offset += count as u64;
    }
    board.note_ended(number);
}

/// Which runs have ended their process, and how.
fn await_all(board: &Board, children: &[(usize, pid_t)], runs: u64) -> Vec<(u64, String)> {
    let is_seen = std::io::stderr().is_terminal();
    let mut crashes = Vec::new();
    for (number, child) in children {
        let status = await_one(*child, || {
            if is_seen {
                descriptor::say(format!("\rprocession: {} of {runs} runs", board.done()));
            }
            is_seen
        });
        if !board.has_ended(*number) {
            let offset = board.at(*number);
            board.note_failed(offset);
            crashes.push((offset, how(status)));
        }
    }
    if is_seen {
        descriptor::say("\r\x1b[K");
    }
    crashes
}

/// Does something in a child, and waits for that. If it did not come to its end, tells how it has ended.
pub(super) fn in_child(code: impl FnOnce()) -> Result<(), String> {
    let board = Board::new()?;
    flush();
    let child = fork_one(|| {
        terms::stay_on_processor(0);
        code();
        board.note_ended(0);
    })?;
    let status = await_one(child, || false);
    if board.has_ended(0) {
        return Ok(());
    }
    Err(format!("simulation: {}", how(status)))
}

fn how(status: Option<c_int>) -> String {
    match status {
        Some(status) if libc::WIFSIGNALED(status) => {
            let signal = signal_set::name(libc::WTERMSIG(status));
            format!("the run has ended its process by {signal}")
        }
        Some(status) => {
            let status = libc::WEXITSTATUS(status);
            format!("the run has ended its process with exit status {status}")
        }
        None => "the run has ended its process".to_owned(),
    }
}

/// What is written and not yet passed on is not to be passed on twice.
fn flush() {
    // SAFETY: NULL stands for all streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}

/// A child that does this, and ends.
fn fork_one(code: impl FnOnce()) -> Result<pid_t, String> {
    // SAFETY: it takes nothing.
    let parent = unsafe { libc::getpid() };
    // SAFETY: the child is a copy of this process with the calling thread alone, of which the library knows (`fork`).
    match unsafe { libc::fork() } {
        0 => {
            child::end_with_parent(parent);
            worker::keep_all();
            code();
            flush();
            // SAFETY: it takes a number.
            unsafe { libc::_exit(0) }
        }
        -1 => {
            let error = std::io::Error::last_os_error();
            Err(format!("proc_simulate: no child could be had: {error}"))
        }
        child => Ok(child),
    }
}

/// Its status; `None`: somebody else has it. It is asked again and again whether somebody is to see how far it is.
fn await_one(child: pid_t, is_seen: impl Fn() -> bool) -> Option<c_int> {
    let mut status = 0;
    loop {
        let options = if is_seen() { libc::WNOHANG } else { 0 };
        // SAFETY: the status is written to a valid place.
        match unsafe { libc::waitpid(child, &mut status, options) } {
            0 => clock::pause(LOOK),
            -1 if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            -1 => return None,
            _ => return Some(status),
        }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST))
}

/// What the calling process writes is seen by nobody.
pub(super) fn be_silent() {
    // SAFETY: the name is a string, and the descriptors are numbers.
    unsafe {
        let nowhere = libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if nowhere >= 0 {
            libc::dup2(nowhere, libc::STDOUT_FILENO);
            libc::dup2(nowhere, libc::STDERR_FILENO);
            libc::close(nowhere);
        }
    }
}
