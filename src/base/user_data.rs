//! Data of the program that the library holds, and how to release it; and code of the program, with what it works on.
//!
//! unsafe: the library calls functions that it knows only by their addresses. What makes that sound
//! is the API: the program gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::base::{guard, world};

/// How to release data.
pub(crate) type Destroy = unsafe extern "C-unwind" fn(*mut c_void);

/// The code of a notice.
pub(crate) type Notify = unsafe extern "C-unwind" fn(*mut c_void);

/// Data of the program, released once, when it is dropped.
pub(crate) struct UserData {
    pub(crate) data: *mut c_void,
    pub(crate) destroy: Option<Destroy>,
}

/// Code of the program, and what it works on.
#[derive(Clone, Copy)]
pub(crate) struct Code<F> {
    pub(crate) function: F,
    pub(crate) data: *mut c_void,
}

/// Code that is told of something.
pub(crate) type Notice = Code<Notify>;

// SAFETY: the library only passes the pointer on; the API says on which threads the functions run.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}
// SAFETY: as above.
unsafe impl<F: Send> Send for Code<F> {}
// SAFETY: as above.
unsafe impl<F: Sync> Sync for Code<F> {}

impl Notice {
    /// Tells it, in no task.
    pub(crate) fn give(&self) {
        self.give_in(String::new);
    }

    /// Tells it. The path of tasks is the one that is named if it does not return (`guard`).
    pub(crate) fn give_in(&self, path: impl Fn() -> String) {
        let _switches = world::around_callback();
        // SAFETY: function and data belong together.
        guard::must_return(path, || unsafe { (self.function)(self.data) });
    }
}

impl Drop for UserData {
    #[inline]
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            release(destroy, self.data);
        }
    }
}

#[inline(never)]
fn release(destroy: Destroy, data: *mut c_void) {
    let _switches = world::around_callback();
    // SAFETY: function and data belong together, and this is the only call: the data is being dropped.
    guard::must_return(String::new, || unsafe { destroy(data) });
}
