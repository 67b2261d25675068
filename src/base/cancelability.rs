//! Whether a thread can be cancelled (`pthread_cancel`): not in our calls of the system.
//!
//! The program may cancel a thread that is in a function of ours. It would end in the middle of
//! that: in the first call of the system that is a cancellation point. Of the API, `proc_poll` is one, as `poll` is,
//! and no other function. So all other calls in here that are cancellation points are made within `disabled`. (The first
//! `HashMap` of a thread is one: std asks the system for a random number then.)
//!
//! unsafe: this is a call of the C library's.
#![allow(unsafe_code)]

use libc::c_int;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, former: *mut c_int) -> c_int;
}

/// In glibc and in musl.
const DISABLE: c_int = 1;

/// Makes the calls. What is to be cancelled meanwhile is cancelled at a later cancellation point.
pub(crate) fn disabled<T>(calls: impl FnOnce() -> T) -> T {
    let _former = FormerState(set(DISABLE));
    calls()
}

struct FormerState(c_int);

impl Drop for FormerState {
    fn drop(&mut self) {
        set(self.0);
    }
}

fn set(state: c_int) -> c_int {
    let mut former = state;
    // SAFETY: the call writes to a valid place.
    unsafe { pthread_setcancelstate(state, &mut former) };
    former
}
