//! What happens when something tries to leave a callback other than by returning.
//!
//! A C++ exception, `pthread_exit` or a cancelled thread unwinds the stack through the library. It
//! cannot be turned into an error without a C++ runtime, and letting it pass would leave siblings
//! running on memory that is gone. So it ends the program, and says where.

use crate::sync::Arc;
use crate::task::TaskRun;

/// Runs a callback of the program, which must return.
pub(crate) fn forbidden<T>(task: Option<&Arc<TaskRun>>, callback: impl FnOnce() -> T) -> T {
    let guard = Guard(task);
    let value = callback();
    std::mem::forget(guard);
    value
}

/// Dropped only by unwinding.
struct Guard<'a>(Option<&'a Arc<TaskRun>>);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let path = match TaskRun::path(self.0) {
            path if path.is_empty() => "(no task)".to_owned(),
            path => path,
        };
        eprintln!(
            "procession: a callback of the process {path} was left by an exception, by pthread_exit \
             or by cancelling its thread; a callback must return. The program ends here."
        );
        std::process::abort();
    }
}
