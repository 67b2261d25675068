//! What a cancellation does not reach, or not at once.

use super::handle::{give, take};
use super::process::{around, combine, null};
use super::types::proc_impl;
use crate::tree::finally::Finally;
use crate::tree::process::{Kind, Process};
use crate::tree::shield::Shield;

/// # What a cancellation does not reach
///
/// Runs a process, and then another one that cleans up, whatever became of the first.
///
/// So also when the first has failed, and when it was cancelled. Both run on the calling thread, in the same task.
///
/// What cleans up is shielded from every cancellation above, deadlines too: it runs below a cancel handle of its own, which
/// nothing above cancels. But the program's stop holds for it: `proc_draining` says there too that a `proc_main_with`
/// drains, and the end of its grace period ends what cleans up, with all the rest. So what may take long
/// sets itself a limit. The handle is cancelled before this returns, on success too.
///
/// Example:
/// ```c
/// // Flushed also after a failure, and when it was cancelled.
/// return proc_run(proc_finally(proc_new(serve, server, NULL), proc_new(flush, server, NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of each.
///
/// @param impl     what to run; NULL is bad input.
/// @param cleanup  what to run after it; NULL is bad input.
/// @return as for `proc_sequence`. It fails with the errors of both, the first one's first; if they are two and the first only
///         passes on why it was cancelled (`proc_error_is_echo`), that comes last. An echo alone stays one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_finally(
    r#impl: *mut proc_impl,
    cleanup: *mut proc_impl,
) -> *mut proc_impl {
    const FUNCTION: &str = "proc_finally";
    // SAFETY: the caller hands over both.
    give(match unsafe { (take(r#impl), take(cleanup)) } {
        (None, _) => Process::invalid(null(FUNCTION, "impl")),
        (_, None) => Process::invalid(null(FUNCTION, "cleanup")),
        (Some(process), Some(cleanup)) => {
            let kind = Kind::Finally(Finally::new(process, cleanup));
            combine(FUNCTION, kind, |index| {
                ["impl", "cleanup"][index].to_owned()
            })
        }
    })
}

/// Runs a process that a cancellation from above reaches only some time later.
///
/// What has begun, for instance the answer to a request, has that long to end well. Inside, `proc_draining` is true
/// from the moment the cancellation came.
///
/// The time counts from the cancellation, also if that came before this began to run; of one shield inside of another, from when it
/// reached the inner one. What is inside is cancelled then with the same cause, on a thread of the library's. If none can be had, that is as
/// late as the first one. The end of the grace period of `proc_main_with` ends what is inside, too.
///
/// It runs below a cancel handle of its own, so who cancels that cancels nothing above. It is cancelled before this returns,
/// on success too.
///
/// Example:
/// ```c
/// // What has begun when the program is to stop has 5 s more.
/// return proc_run(proc_shield(PROC_SECONDS(5), proc_new(pay, order, NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of `impl`.
///
/// @param grace_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER): no cancellation from above
///                  reaches it.
/// @param impl      what to run; NULL is bad input.
/// @return as for `proc_sequence`. Its errors are passed on as they are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_shield(grace_ns: i64, r#impl: *mut proc_impl) -> *mut proc_impl {
    // SAFETY: the caller hands the process over.
    let child = unsafe { take(r#impl) };
    around("proc_shield", Ok(()), child, |(), child| {
        Kind::Shield(Shield::new(grace_ns, child))
    })
}
