//! A leaf's callback: code of the program, and the data that it works on.
//!
//! unsafe: the library calls a function that it knows only by its address. What makes that sound
//! is the API: the program gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::base::error::{self, Error, Outcome};
use crate::base::holder::Holder;
use crate::base::user_data::UserData;
use crate::base::world::given::{self, Kind};
use crate::scope::cancel::{self, Cancel};

/// The code of a leaf. It is lent the handle, and gives the error that it returns.
pub(crate) type Function =
    unsafe extern "C-unwind" fn(*mut cancel::Node, *mut c_void) -> *mut error::Node;

/// The code of a child of `each`. It is lent the handle, and gives the error that it returns.
pub(crate) type IndexFunction =
    unsafe extern "C-unwind" fn(*mut cancel::Node, usize, *mut c_void) -> *mut error::Node;

/// A leaf's code and what it works on.
pub(crate) struct Callback {
    pub(crate) function: Function,
    pub(crate) user: UserData,
}

/// The same, for each child of `each`.
pub(crate) struct IndexCallback {
    pub(crate) function: IndexFunction,
    pub(crate) user: UserData,
}

impl Callback {
    pub(super) fn call(&self, cancel: &Cancel) -> Outcome {
        // SAFETY: function and data belong together, and the handle outlives the call.
        let error = unsafe { (self.function)(lent(cancel), self.user.data) };
        // SAFETY: what a callback returns stands for one reference, which the program gives up.
        unsafe { outcome(error) }
    }
}

impl IndexCallback {
    pub(crate) fn call(&self, cancel: &Cancel, index: usize) -> Outcome {
        // SAFETY: as above.
        let error = unsafe { (self.function)(lent(cancel), index, self.user.data) };
        // SAFETY: as above.
        unsafe { outcome(error) }
    }
}

pub(super) fn lent(cancel: &Cancel) -> *mut cancel::Node {
    std::ptr::from_ref::<cancel::Node>(cancel).cast_mut()
}

/// What a callback has returned.
///
/// # Safety
/// It is NULL or stands for one reference.
pub(super) unsafe fn outcome(error: *mut error::Node) -> Outcome {
    if error.is_null() {
        return Ok(());
    }
    given::note_given_back(Kind::Error, error);
    // SAFETY: as promised by the caller.
    Err(Error::from_holder(unsafe { Holder::from_raw(error) }))
}
