//! One process as the purpose of a program: runs until it is done or told to stop by a signal.

use crate::cancel::Cancel;
use crate::crew::{self, NoThread};
use crate::error::{Echoes, Error, Outcome};
use crate::process::{self, Context, Process};
use crate::signal::Signals;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Condvar, Mutex, global};

pub(crate) fn main(process: &Process) -> Outcome {
    let _only = Only::claim()?;
    let root = Cancel::root();
    let signals = Signals::listen();
    let listener = Listener::start(&root)?;
    let context = Context {
        cancel: &root,
        task: None,
    };
    let outcome = process::run(process, context);
    signals.dismiss();
    listener.join();
    outcome.or_else(|error| absorb(error, root.cause()))
}

/// Takes the echo of the cancellation out of what the process returned, and leaves all else.
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
struct Listener(Arc<Ended>);

struct Ended {
    yes: Mutex<bool>,
    bell: Condvar,
}

impl Listener {
    fn start(root: &Cancel) -> Result<Listener, Error> {
        let ended = Arc::new(Ended {
            yes: Mutex::new(false),
            bell: Condvar::new(),
        });
        crew::patiently(|| {
            let (root, ended) = (root.clone(), ended.clone());
            crew::lend(Box::new(move || Listener::live(root, &ended)))
        })
        .map_err(|NoThread| {
            Error::new(
                libc::EAGAIN,
                "proc_main: no thread could be had to listen for signals",
            )
        })?;
        Ok(Listener(ended))
    }

    fn live(root: Cancel, ended: &Ended) {
        if let Some(cause) = Signals::wait() {
            root.trigger(cause);
        }
        drop(root);
        *ended.yes.lock() = true;
        ended.bell.notify_one();
    }

    /// Waits until the listener, which has been dismissed, looks at nothing any more.
    fn join(self) {
        let mut yes = self.0.yes.lock();
        self.0.bell.wait_while(&mut yes, |yes| !*yes);
    }
}
