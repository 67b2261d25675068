//! A safe wrapper of the C API: what is owned is released when it is dropped, what is handed over is moved, and what is borrowed
//! cannot outlive what it is borrowed from. bindgen makes the declarations of the header.

use std::ffi::{c_void, CStr, CString};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};
use std::time::Duration;

#[allow(non_camel_case_types, non_upper_case_globals, dead_code)]
mod sys {
    include!(env!("PROCESSION_BINDINGS"));
}

/// Calls C. SAFETY: a pointer is given by the value that owns it, or that cannot outlive its owner; what C takes over is moved into the
/// call; and strings and arrays, which it copies, are there until it returns.
macro_rules! c {
    ($function:ident($($given:expr),*)) => { unsafe { sys::$function($($given),*) } };
}

/// A pointer that is owned. SAFETY: the library says of these types that several threads may use one at the same time.
macro_rules! owned {
    ($(#[$doc:meta] $name:ident, $raw:ident, $unref:ident;)*) => {$(
        #[$doc]
        pub struct $name(*mut sys::$raw);
        unsafe impl Send for $name {}
        unsafe impl Sync for $name {}
        impl Drop for $name {
            fn drop(&mut self) { c!($unref(self.0)) }
        }
    )*};
}

owned! {
    /// Something to run.
    Process, proc_impl, proc_unref;
    /// Why something has failed.
    Error, proc_error, proc_error_unref;
    /// Something that is completed once.
    Promise, proc_promise, proc_promise_unref;
}

/// A pointer that is borrowed.
macro_rules! borrowed {
    ($(#[$doc:meta] $name:ident, $raw:ty;)*) => {$(
        #[$doc]
        #[derive(Clone, Copy)]
        pub struct $name<'a>($raw, PhantomData<&'a ()>);
    )*};
}

borrowed! {
    /// The handle that a callback is lent for as long as it runs.
    Cancel, *mut sys::proc_cancel;
    /// The nursery that its body is lent.
    Nursery, *mut sys::proc_nursery;
    /// An error, or one in it.
    View, *const sys::proc_error;
}

/// What a callback returns, and a run.
pub type Outcome = Result<(), Error>;

fn outcome(error: *mut sys::proc_error) -> Outcome {
    if error.is_null() { Ok(()) } else { Err(Error(error)) }
}

fn handed_over(outcome: Outcome) -> *mut sys::proc_error {
    outcome.map_or_else(|error| ManuallyDrop::new(error).0, |()| null_mut())
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("there is no NUL in the text")
}

/// What C is given of a callback: a panic must not pass through it.
fn given(run: impl FnOnce() -> Outcome) -> *mut sys::proc_error {
    let panicked = |_| Err(Error::new(-1, "panicked"));
    handed_over(catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked))
}

/// These three are for C. SAFETY: `data` is a boxed F, which C passes until it calls `destroy`, once.
unsafe extern "C" fn call<F: Fn(Cancel) -> Outcome>(cancel: *mut sys::proc_cancel, data: *mut c_void) -> *mut sys::proc_error {
    given(|| unsafe { &*data.cast::<F>() }(Cancel(cancel, PhantomData)))
}

unsafe extern "C" fn call_body<F: Fn(Nursery, Cancel) -> Outcome>(
    nursery: *mut sys::proc_nursery, cancel: *mut sys::proc_cancel, data: *mut c_void,
) -> *mut sys::proc_error {
    given(|| unsafe { &*data.cast::<F>() }(Nursery(nursery, PhantomData), Cancel(cancel, PhantomData)))
}

unsafe extern "C" fn destroy<F>(data: *mut c_void) {
    drop(unsafe { Box::from_raw(data.cast::<F>()) });
}

impl Process {
    /// A closure, which may run many times, and at the same time.
    pub fn new<F: Fn(Cancel) -> Outcome + Send + Sync + 'static>(run: F) -> Self {
        Self(c!(proc_new(Some(call::<F>), Box::into_raw(Box::new(run)).cast(), Some(destroy::<F>))))
    }

    /// A group whose children come while it runs: `body` spawns them.
    pub fn nursery<F: Fn(Nursery, Cancel) -> Outcome + Send + Sync + 'static>(body: F) -> Self {
        Self(c!(proc_with_nursery(Some(call_body::<F>), Box::into_raw(Box::new(body)).cast(), Some(destroy::<F>), null())))
    }

    /// The first child to fail cancels the others.
    pub fn group(children: impl IntoIterator<Item = Process>) -> Self {
        let children: Vec<_> = children.into_iter().map(Process::handed_over).collect();
        Self(c!(proc_group(children.as_ptr(), children.len() as _)))
    }

    /// Waits for a promise, and takes no thread where others run beside it.
    pub fn awaiting(promise: &Promise) -> Self {
        Self(c!(proc_await(promise.0)))
    }

    /// The same as a task of that name.
    pub fn named(self, name: &str) -> Self {
        Self(c!(proc_task(c_string(name).as_ptr(), self.handed_over())))
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        outcome(c!(proc_run(self.handed_over(), null_mut())))
    }

    /// Runs it as the purpose of the program: SIGINT and SIGTERM stop it.
    pub fn main(self) -> Outcome {
        outcome(c!(proc_main(self.handed_over())))
    }

    fn handed_over(self) -> *mut sys::proc_impl {
        ManuallyDrop::new(self).0
    }
}

impl Promise {
    /// One that nobody has completed.
    pub fn new() -> Self {
        Self(c!(proc_promise_new()))
    }

    /// Completes it. Only the first time counts.
    pub fn complete(&self, outcome: Outcome) {
        c!(proc_promise_complete(self.0, handed_over(outcome)));
    }
}

impl Cancel<'_> {
    /// Waits until it is cancelled, or for so long. Says whether it is.
    pub fn wait(self, time: Option<Duration>) -> bool {
        c!(proc_wait(self.0, time.map_or(-1, |time| time.as_nanos().try_into().unwrap_or(i64::MAX))))
    }

    /// "Stopped, as asked", if it is cancelled.
    pub fn stopped(self) -> Outcome {
        outcome(c!(proc_cancel_error(self.0)))
    }
}

impl Nursery<'_> {
    /// Hands a child over.
    pub fn spawn(self, child: Process) -> Outcome {
        outcome(c!(proc_spawn(self.0, child.handed_over())))
    }

    /// How many children have not ended.
    pub fn count(self) -> usize {
        c!(proc_nursery_count(self.0)) as usize
    }
}

impl Error {
    /// Makes one.
    pub fn new(code: i32, message: &str) -> Self {
        Self(c!(proc_error_new(code, c_string(message).as_ptr())))
    }

    /// What can be read of it, and of what is in it.
    pub fn view(&self) -> View<'_> {
        View(self.0, PhantomData)
    }
}

impl<'a> View<'a> {
    /// An `errno` value, or the program's own.
    pub fn code(self) -> i32 {
        c!(proc_error_code(self.0))
    }

    /// The whole text.
    pub fn message(self) -> &'a str {
        text(c!(proc_error_message(self.0))).expect("it has one")
    }

    /// The name of the task that has failed, if it is a task's error.
    pub fn task(self) -> Option<&'a str> {
        text(c!(proc_error_task_type(self.0)))
    }

    /// What is in it: a task's cause, or those that are side by side. None in one that is alone.
    pub fn parts(self) -> Vec<View<'a>> {
        match (c!(proc_error_cause(self.0)), c!(proc_error_count(self.0))) {
            (cause, _) if !cause.is_null() => vec![View(cause, PhantomData)],
            (_, 0 | 1) => vec![],
            (_, count) => (0..count).map(|index| View(c!(proc_error_at(self.0, index)), PhantomData)).collect(),
        }
    }
}

/// A text of an error's, which is UTF-8. SAFETY: it lives as long as the error, and so does what is returned.
fn text<'a>(text: *const std::ffi::c_char) -> Option<&'a str> {
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("it is UTF-8"))
}
