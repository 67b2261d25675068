//! What happens when something tries to leave a callback other than by returning.
//!
//! A C++ exception, `pthread_exit` or a cancelled thread unwinds the stack through the library. It
//! cannot be turned into an error without a C++ runtime, and letting it pass would leave siblings
//! running on memory that is gone. So it ends the program, and says where.

use std::io::Write;

use crate::fork;
use crate::sync::Arc;
use crate::task_run::TaskRun;

/// Runs a callback of the program, which must return, and in the process in which it was called.
pub(crate) fn forbidden<T>(task: Option<&Arc<TaskRun>>, callback: impl FnOnce() -> T) -> T {
    let generation = fork::generation();
    let guard = Guard(task);
    let value = callback();
    std::mem::forget(guard);
    if generation != fork::generation() {
        end(
            task,
            "returned in a child of fork, where the rest of the process does not exist; the child must \
             call exec or _exit instead",
        );
    }
    value
}

/// Dropped only by unwinding.
struct Guard<'a>(Option<&'a Arc<TaskRun>>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        end(
            self.0,
            "was left by an exception, by pthread_exit or by cancelling its thread; it must return",
        );
    }
}

fn end(task: Option<&Arc<TaskRun>>, what: &str) -> ! {
    let path = match TaskRun::path(task) {
        path if path.is_empty() => "(no task)".to_owned(),
        path => path,
    };
    // In one piece, because other processes may be ending on the same terminal.
    let message =
        format!("procession: a callback of the process {path} {what}. The program ends here.\n");
    let _ = std::io::stderr().write_all(message.as_bytes());
    std::process::abort();
}
