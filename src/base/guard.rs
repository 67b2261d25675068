//! What happens when something tries to leave a callback other than by returning.
//!
//! A C++ exception, `pthread_exit` or a cancelled thread unwinds the stack through the library. It
//! cannot be turned into an error without a C++ runtime, and letting it pass would leave siblings
//! running on memory that is gone. So it ends the program, and says where.

use crate::base::ending::Ending;
use crate::base::{descriptor, generation};

/// Runs a callback of the program, which must return, and in the process in which it was called. Else the path of
/// the tasks around it is asked for, to be named; it is empty if there are none.
pub(crate) fn must_return<T>(path: impl Fn() -> String, callback: impl FnOnce() -> T) -> T {
    let generation = generation::current();
    let guard = Guard(&path);
    let value = callback();
    std::mem::forget(guard);
    if generation != generation::current() {
        end(
            &path,
            "returned in a child of fork, where the rest of the process does not exist; the child must \
             call exec or _exit instead",
        );
    }
    value
}

/// Dropped only by unwinding.
struct Guard<'a, P: Fn() -> String>(&'a P);

impl<P: Fn() -> String> Drop for Guard<'_, P> {
    fn drop(&mut self) {
        end(
            self.0,
            "was left by an exception, by pthread_exit or by cancelling its thread; it must return",
        );
    }
}

#[cold]
fn end(path: &dyn Fn() -> String, what: &str) -> ! {
    let path = match path() {
        path if path.is_empty() => "(no task)".to_owned(),
        path => path,
    };
    // What was recorded last tells how it came to this.
    let ending = Ending::begin();
    // In one piece, because other processes may be ending on the same terminal.
    let message =
        format!("procession: a callback of the process {path} {what}. The program ends here.\n");
    descriptor::say(message);
    ending.wait();
    std::process::abort();
}
