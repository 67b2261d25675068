//! Code and data of the program that the library holds: a leaf's callback, an error's payload, a hook.
//!
//! unsafe: the library calls functions that it knows only by their addresses. What makes that sound
//! is the API: the program gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::cancel::{self, Cancel};
use crate::error::{self, Error, Outcome};
use crate::escape;
use crate::sync::Arc;
use crate::task_run::TaskRun;

/// The code of a leaf. It is lent the handle, and gives the error that it returns.
pub(crate) type Function =
    unsafe extern "C-unwind" fn(*mut cancel::Node, *mut c_void) -> *mut error::Node;

/// How to release data.
pub(crate) type Destroy = unsafe extern "C-unwind" fn(*mut c_void);

/// The code of a notice.
pub(crate) type Notify = unsafe extern "C-unwind" fn(*mut c_void);

/// Data of the program, released once, when it is dropped.
pub(crate) struct UserData {
    pub(crate) data: *mut c_void,
    pub(crate) destroy: Option<Destroy>,
}

/// A leaf's code and what it works on.
pub(crate) struct Callback {
    pub(crate) function: Function,
    pub(crate) user: UserData,
}

/// Code that is told of something, and what it works on.
#[derive(Clone, Copy)]
pub(crate) struct Notice {
    pub(crate) function: Notify,
    pub(crate) data: *mut c_void,
}

// SAFETY: the library only passes the pointer on; the API says on which threads the functions run.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}
// SAFETY: as above.
unsafe impl Send for Notice {}
// SAFETY: as above.
unsafe impl Sync for Notice {}

impl Callback {
    pub(crate) fn call(&self, cancel: &Cancel) -> Outcome {
        let lent = std::ptr::from_ref::<cancel::Node>(cancel).cast_mut();
        // SAFETY: function and data belong together, and the handle outlives the call.
        let error = unsafe { (self.function)(lent, self.user.data) };
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: a returned error stands for one reference, which the program gives up.
        Err(Error::from_arc(unsafe { Arc::from_raw(error) }))
    }
}

impl Notice {
    /// Tells it. The task is the one that is named if it does not return.
    pub(crate) fn give(&self, task: Option<&Arc<TaskRun>>) {
        // SAFETY: function and data belong together.
        escape::forbidden(task, || unsafe { (self.function)(self.data) });
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: function and data belong together, and this is the only call.
            escape::forbidden(None, || unsafe { destroy(self.data) });
        }
    }
}
