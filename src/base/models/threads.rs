//! The threads of a model, in place of those of the operating system.
//!
//! unsafe: what stands in for `pthread_create` has its signature.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::sync::Mutex;

use loom::thread::{self, JoinHandle};

use crate::base::sync::global;

global!(THREADS: Mutex<Threads> = Mutex::new(Threads { left: usize::MAX, made: Vec::new() }));

struct Threads {
    /// How many can still be had.
    left: usize,
    made: Vec<JoinHandle<()>>,
}

/// From now on, only so many threads can be had.
pub(crate) fn at_most(count: usize) {
    THREADS.lock().unwrap().left = count;
}

pub(crate) fn made() -> usize {
    THREADS.lock().unwrap().made.len()
}

/// Waits until all threads that were made have ended, as each does once it has nothing to do.
pub(crate) fn join() {
    loop {
        let Some(thread) = THREADS.lock().unwrap().made.pop() else {
            return;
        };
        thread.join().unwrap();
    }
}

pub(crate) unsafe fn pthread_create(
    _: *mut libc::pthread_t,
    _: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    let mut threads = THREADS.lock().unwrap();
    if threads.left == 0 {
        return libc::EAGAIN;
    }
    threads.left -= 1;
    threads.made.push(thread::spawn(move || {
        start(argument);
    }));
    0
}
