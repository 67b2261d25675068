//! Threads as the kernel knows them: by a number, and with a name that `ps` and debuggers show.
//!
//! unsafe: these are system calls, of which some take pointers.
#![allow(unsafe_code)]

use libc::c_int;

/// A name may have a byte less, for it ends with a zero.
pub(crate) const NAME: usize = 16;

/// The kernel's number of the calling thread. Async-signal-safe.
pub(crate) fn number() -> i32 {
    // SAFETY: this call takes no pointer.
    unsafe { libc::gettid() }
}

/// Whether the calling thread is the one that `main` runs on. Async-signal-safe.
pub(crate) fn is_first() -> bool {
    // SAFETY: this call takes no pointer.
    number() == unsafe { libc::getpid() }
}

/// What the calling thread is called now.
pub(crate) fn name() -> [u8; NAME] {
    let mut name = [0; NAME];
    // SAFETY: the kernel writes no more than this.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    name
}

/// Has the calling thread be called so.
pub(crate) fn set_name(name: &[u8; NAME]) {
    // SAFETY: the kernel reads no more than this.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Sends the calling thread a signal as it was sent to it before, by whom that was.
pub(crate) fn send_again(signal: c_int, taken: &libc::siginfo_t) {
    // SAFETY: the call reads what was taken, and sends it to the calling thread.
    unsafe {
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            libc::getpid(),
            number(),
            signal,
            std::ptr::from_ref(taken),
        )
    };
}
