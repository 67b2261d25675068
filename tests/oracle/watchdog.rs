//! Ends the program when a tree does not come back: a hang must fail, and say which tree it was.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The end comes after once to twice that time without progress.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    /// Counts the trees; 0 once there is nothing more to watch.
    turn: u64,
    current: String,
}

/// Watches one thread that plays trees, until it is dropped.
pub struct Watchdog(Arc<(Mutex<State>, Condvar)>);

impl Watchdog {
    pub fn new() -> Watchdog {
        let shared = Arc::new((
            Mutex::new(State {
                turn: 1,
                current: "none yet".into(),
            }),
            Condvar::new(),
        ));
        let watched = shared.clone();
        std::thread::spawn(move || watch(&watched));
        Watchdog(shared)
    }

    /// The next tree begins.
    pub fn begin(&self, tree: String) {
        let mut state = self.0.0.lock().expect("nobody panics with this lock");
        state.turn += 1;
        state.current = tree;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.0.lock().expect("nobody panics with this lock").turn = 0;
        self.0.1.notify_all();
    }
}

fn watch((state, changed): &(Mutex<State>, Condvar)) {
    let mut state = state.lock().expect("nobody panics with this lock");
    while state.turn != 0 {
        let turn = state.turn;
        // Only the end rings; a thread that makes progress is not slowed down by waking the
        // watchdog.
        state = changed
            .wait_timeout(state, PATIENCE)
            .expect("nobody panics with this lock")
            .0;
        if state.turn == turn {
            // Not by a macro, for what that prints is captured, and lost.
            let text = format!(
                "\nno progress for {PATIENCE:?} or more, ended by the watchdog:\n{}\n",
                state.current
            );
            let _ = std::io::stderr().write_all(text.as_bytes());
            std::process::abort();
        }
    }
}
