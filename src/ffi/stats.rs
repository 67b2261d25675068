//! Numbers for whoever watches.

use super::sized::{self, Growing};
use crate::base::counts::Counted;
use crate::live::stats::{self, Stats};

/// What the library does and has done, in numbers. PROC_STATS_INIT sets the size and all else to 0.
///
/// Numbers whose names end in `_total` only grow: from 0 at the start of the program, and in a child of `fork` from 0
/// again. All others are current values. A *process* here is one run of a callback, since that is what runs;
/// combinators are not counted, and neither is what was not started.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_stats {
    /// sizeof(proc_stats), which the caller sets: programs of older headers go on working.
    pub size: usize,
    /// Threads of the library that exist.
    pub threads_live: u64,
    /// Of these, how many are parked until there is work for them. (The one that watches over children
    /// that nobody runs yet is not among them.)
    pub threads_idle: u64,
    /// The largest number of threads that existed at the same time.
    pub threads_peak: u64,
    /// Threads that were created.
    pub threads_created_total: u64,
    /// Threads that the system did not give when they were asked for; several for the same purpose, if it
    /// was asked several times.
    pub threads_denied_total: u64,
    /// Callbacks that run, on threads of the program too; also those that wait, and those that are in a
    /// `proc_run` of their own.
    pub processes_running: u64,
    /// Callbacks that were called.
    pub processes_started_total: u64,
    /// Callbacks that returned an error, including the cause of their cancellation.
    pub processes_failed_total: u64,
    /// Tasks that run, those that were begun by hand included.
    pub tasks_running: u64,
    /// Tasks that were begun.
    pub tasks_started_total: u64,
    /// Tasks whose process returned an error.
    pub tasks_failed_total: u64,
    /// Runs of a `proc_concurrent`, `proc_group`, `proc_each`, `proc_race` or `proc_any` of two children or more.
    pub fan_outs_total: u64,
    /// Threads of the library that came to help with such a run, or with a nursery; also those that found nothing left
    /// to do.
    pub helpers_total: u64,
    /// Cancellations: by `proc_cancel_trigger`, a deadline, a signal that stops `proc_main`, a child's failure, or the
    /// end of a group whose handle somebody keeps. Handles that were cancelled along with a handle above are not
    /// counted, and neither are further cancellations of a cancelled handle.
    pub cancellations_total: u64,
    /// Nurseries that run: from before their body is called until no child is left.
    pub nurseries_running: u64,
    /// Children that nurseries have accepted, whatever became of them.
    pub children_spawned_total: u64,
    /// Deadlines that have cancelled their handle; these are counted as cancellations, too.
    pub timeouts_total: u64,
    /// Failures after which `proc_supervise` has run its child again.
    pub restarts_total: u64,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers.
unsafe impl Growing for proc_stats {
    const INIT: Self = proc_stats {
        size: size_of::<proc_stats>(),
        threads_live: 0,
        threads_idle: 0,
        threads_peak: 0,
        threads_created_total: 0,
        threads_denied_total: 0,
        processes_running: 0,
        processes_started_total: 0,
        processes_failed_total: 0,
        tasks_running: 0,
        tasks_started_total: 0,
        tasks_failed_total: 0,
        fan_outs_total: 0,
        helpers_total: 0,
        cancellations_total: 0,
        nurseries_running: 0,
        children_spawned_total: 0,
        timeouts_total: 0,
        restarts_total: 0,
    };
}

/// # Numbers
///
/// Fills in numbers: what the library does, and what it has done.
///
/// The numbers of one thread are of one moment, so a callback that runs counts once. But the threads are read one after
/// the other, so changing numbers fit together only roughly; when nothing runs, they are exact. A total never
/// decreases.
///
/// A call costs running processes next to nothing, and the caller some 100 ns for each thread; threads of the library
/// neither begin nor end meanwhile.
///
/// Example:
/// ```c
/// proc_stats stats = PROC_STATS_INIT;
/// proc_get_stats(&stats);
/// printf("tasks_failed_total %" PRIu64 "\n", stats.tasks_failed_total);
/// ```
///
/// @param stats  its `size` says how much of it there is, and stays. What is left of it beyond what this
///               library knows becomes 0. NULL, or a size that was not set (less than that of `size`,
///               more than 4096): nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_get_stats(stats: *mut proc_stats) {
    let now = proc_stats::of(&stats::look());
    // SAFETY: the caller lends room for as many bytes as it says.
    unsafe { sized::write(&now, stats) };
}

impl proc_stats {
    fn of(stats: &Stats) -> proc_stats {
        let total = |what| stats.totals.of(what);
        proc_stats {
            size: size_of::<proc_stats>(),
            threads_live: stats.threads as u64,
            threads_idle: stats.parked as u64,
            threads_peak: stats.peak as u64,
            threads_created_total: total(Counted::Threads),
            threads_denied_total: total(Counted::ThreadsDenied),
            processes_running: stats.callbacks as u64,
            processes_started_total: total(Counted::Callbacks),
            processes_failed_total: total(Counted::CallbacksFailed),
            tasks_running: stats.tasks(),
            tasks_started_total: total(Counted::Tasks),
            tasks_failed_total: total(Counted::TasksFailed),
            fan_outs_total: total(Counted::FanOuts),
            helpers_total: total(Counted::Helpers),
            cancellations_total: total(Counted::Cancellations),
            nurseries_running: stats.nurseries(),
            children_spawned_total: total(Counted::ChildrenSpawned),
            timeouts_total: total(Counted::Timeouts),
            restarts_total: total(Counted::Restarts),
        }
    }
}
