//! A program in Rust that has the static library in it.

use std::ffi::c_void;
use std::ptr;

type Callback = unsafe extern "C" fn(*mut c_void, *mut c_void) -> *mut c_void;

unsafe extern "C" {
    fn proc_new(
        callback: Callback,
        user_data: *mut c_void,
        destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> *mut c_void;
    fn proc_run(process: *mut c_void, cancel: *mut c_void) -> *mut c_void;
}

unsafe extern "C" fn count(_cancel: *mut c_void, runs: *mut c_void) -> *mut c_void {
    let counted = std::panic::catch_unwind(|| panic!("in a callback"));
    // SAFETY: it is what was handed to proc_new.
    unsafe { *runs.cast::<u32>() += u32::from(counted.is_err()) };
    ptr::null_mut()
}

fn main() {
    let mut runs = 0u32;
    // SAFETY: as the header says; the process is run on this thread before `runs` goes.
    let error = unsafe {
        proc_run(
            proc_new(count, (&raw mut runs).cast(), None),
            ptr::null_mut(),
        )
    };
    assert!(error.is_null() && runs == 1);
}
