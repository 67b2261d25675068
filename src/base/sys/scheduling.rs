//! By which processors and how urgently a thread is run, and how precisely it sleeps. A thread is given by the kernel's number; 0 is the
//! calling one.
//!
//! unsafe: the kernel takes and gives sets of processors and parameters through pointers.
#![allow(unsafe_code)]

use libc::{c_int, c_long, c_ulong};

/// Puts the thread's processors into a set, one bit for each. False: the set is too short, or there is no such thread.
pub(crate) fn processors(thread: i32, set: &mut [u64]) -> bool {
    let size = size_of_val(set);
    // SAFETY: the kernel writes so many bytes at most, and the set is so long.
    unsafe { libc::sched_getaffinity(thread, size, set.as_mut_ptr().cast()) == 0 }
}

/// For how many nanoseconds a thread of this process could have run and had no processor. `None`: the system does not tell.
pub(crate) fn waited_for_processor(thread: i32) -> Option<u64> {
    let told = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    told.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Has the calling thread run on these processors.
pub(crate) fn set_processors(set: &[u64]) -> bool {
    // SAFETY: the set is so long.
    unsafe { libc::sched_setaffinity(0, size_of_val(set), set.as_ptr().cast()) == 0 }
}

/// How a thread is chosen to run, and whether it keeps that to itself: whom it makes is then as all others are.
pub(crate) fn policy(thread: i32) -> Option<(c_int, bool)> {
    let policy = ask(libc::SYS_sched_getscheduler, thread, 0)?;
    let keeps_it = policy & libc::SCHED_RESET_ON_FORK != 0;
    Some((policy & !libc::SCHED_RESET_ON_FORK, keeps_it))
}

/// The number that is greater for those that are less urgent, if no policy for real time says more.
pub(crate) fn nice(thread: i32) -> Option<c_int> {
    Some(20 - ask(libc::SYS_getpriority, libc::PRIO_PROCESS as c_int, thread)?)
}

pub(crate) fn set_nice(nice: c_int) -> bool {
    // SAFETY: this call takes no pointer.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) == 0 }
}

/// Asks the kernel for a number. (musl has functions for that which always fail.)
fn ask(call: c_long, first: c_int, second: c_int) -> Option<c_int> {
    // SAFETY: the calls that are made take no pointers.
    let answer = unsafe { libc::syscall(call, first, second) };
    c_int::try_from(answer).ok().filter(|answer| *answer >= 0)
}

/// The number that is greater for those that are more urgent, by a policy for real time.
pub(crate) fn priority(thread: i32) -> Option<c_int> {
    let mut found = parameters(0);
    // SAFETY: the kernel writes to a valid place.
    let got = unsafe { libc::syscall(libc::SYS_sched_getparam, thread, &mut found) };
    (got == 0).then_some(found.sched_priority)
}

pub(crate) fn set_policy(policy: c_int, priority: c_int) -> bool {
    let parameters = parameters(priority);
    // SAFETY: the parameters are in place.
    unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &parameters) == 0 }
}

fn parameters(priority: c_int) -> libc::sched_param {
    // SAFETY: all of its fields are numbers.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = priority;
    parameters
}

/// By how many nanoseconds the kernel may let the calling thread sleep too long.
pub(crate) fn slack() -> c_ulong {
    c_ulong::try_from(control(libc::PR_GET_TIMERSLACK, 0)).unwrap_or(0)
}

pub(crate) fn set_slack(nanoseconds: c_ulong) {
    control(libc::PR_SET_TIMERSLACK, nanoseconds);
}

/// The function takes five arguments, used or not.
fn control(what: c_int, value: c_ulong) -> c_int {
    const UNUSED: c_ulong = 0;
    // SAFETY: what is asked for here takes no pointer.
    unsafe { libc::prctl(what, value, UNUSED, UNUSED, UNUSED) }
}
