//! What a cancellation does not reach, or not at once.

use super::handle::{give, take};
use super::process::{around, combine, null};
use super::types::proc_impl;
use crate::tree::finally::Finally;
use crate::tree::process::{Kind, Process};
use crate::tree::shield::Shield;

/// # What a cancellation does not reach
///
/// Runs a process, and then another one that cleans up, also if the first fails.
///
/// The second process, `cleanup`, runs whether the first has succeeded, has failed or was cancelled. Both run on the
/// calling thread, in the same task.
///
/// `cleanup` is shielded from every cancellation above, deadlines too: it runs below a cancel handle of its own, which nothing above cancels. But the
/// stop of the program still concerns it: `proc_draining` is true there too while `proc_main_with` drains, and the end of the grace period ends
/// `cleanup` together with the program. So a cleanup that may take long should set itself a limit. Its handle is cancelled before `proc_finally`
/// returns, on success too.
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
/// @return as for `proc_sequence`. It fails with the errors of both, the error of `impl` first. If both fail, and the error of `impl` only passes on
///         why it was cancelled (`proc_error_is_echo`), that error comes last. An echo alone stays an echo.
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

/// Runs a process that a cancellation from above reaches only after some time.
///
/// Work that has begun, for instance the answer to a request, has this time to complete. Inside, `proc_draining` is
/// true from the moment of the cancellation above.
///
/// The time counts from the cancellation, also if the cancellation came before the shield began to run. For a shield inside of another one, it counts
/// from when the cancellation reached the inner shield. Then the process inside is cancelled with the same cause, on a thread of the library. If no
/// thread can be had, this is delayed until one can be had. The end of the grace period of `proc_main_with` ends the process inside, too.
///
/// The process runs below a cancel handle of its own, so cancelling that handle cancels nothing above. The handle is cancelled before `proc_shield`
/// returns, on success too.
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
