//! One process as the purpose of a program: runs until it is done or told to stop by a signal.

use crate::cancel::Cancel;
use crate::crew::{self, NoThread};
use crate::error::{Echoes, Error, Outcome};
use crate::process::{self, Process};
use crate::signal::{self, Signals};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Condvar, Mutex, global};
use crate::thread_name;

pub(crate) fn main(process: &Process) -> Outcome {
    let _only = Only::claim()?;
    let root = Cancel::root(process::task_of(None));
    let mut signals = Signals::listen();
    let listener = Listener::start(&root)?;
    let outcome = process::start("proc_main", process, Some(root.clone()));
    if root.cancelled() {
        signals.heard();
    }
    signals.dismiss();
    let cause = listener.join();
    outcome.or_else(|error| absorb(error, cause.as_ref()))
}

/// Takes the echo of a signal's cancellation out of what the process returned, and leaves all else.
fn absorb(error: Error, cause: Option<&Error>) -> Outcome {
    let Some(cause) = cause else {
        return Err(error);
    };
    let kept = Echoes::of(cause).keep_none(vec![error.clone()]);
    if kept.len() == error.items().len().max(1) {
        return Err(error);
    }
    Error::merge(kept)
}

/// The right to be the one that runs.
struct Only;

global!(RUNNING: AtomicBool = AtomicBool::new(false));

impl Only {
    fn claim() -> Result<Only, Error> {
        if RUNNING.swap(true, Ordering::SeqCst) {
            return Err(Error::new(libc::EBUSY, "proc_main: it is running already"));
        }
        Ok(Only)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::SeqCst);
    }
}

/// The thread that turns the first signal into a cancellation.
struct Listener(Arc<Ending>);

struct Ending {
    over: Mutex<Over>,
    bell: Condvar,
}

/// Whether the listener has ended, and the cause that it has cancelled with.
struct Over(bool, Option<Error>);

impl Listener {
    fn start(root: &Cancel) -> Result<Listener, Error> {
        let ending = Arc::new(Ending {
            over: Mutex::new(Over(false, None)),
            bell: Condvar::new(),
        });
        crew::patiently(|| {
            let (root, ending) = (root.clone(), ending.clone());
            crew::lend(Box::new(move || Listener::live(root, &ending)))
        })
        .map_err(|NoThread| {
            Error::new(
                libc::EAGAIN,
                "proc_main: no thread could be had to listen for signals",
            )
        })?;
        Ok(Listener(ending))
    }

    fn live(root: Cancel, ending: &Ending) {
        let mut cause = None;
        thread_name::carry(None);
        Signals::until_dismissed(|signal| {
            cause = Some(signal.clone());
            root.trigger(signal);
        });
        drop(root);
        *ending.over.lock() = Over(true, cause);
        ending.bell.notify_one();
    }

    /// Waits until the listener, which has been dismissed, looks at nothing any more.
    fn join(self) -> Option<Error> {
        let over = self.0.over.lock();
        self.0.bell.wait_while(over, |over| !over.0).1.take()
    }
}

/// In a child of `fork`: what ran in the parent does not run here.
pub(crate) fn after_fork() {
    if RUNNING.swap(false, Ordering::SeqCst) {
        signal::after_fork();
    }
}
