//! A safe wrapper of the C API, to be copied and to grow. What is owned is released when it is dropped, what is handed over is moved,
//! and what is borrowed is a reference. bindgen makes the declarations of the header.

use std::ffi::{c_char, c_void, CStr, CString};
use std::{mem::ManuallyDrop, panic, ptr::null, ptr::null_mut, time::Duration};

#[allow(non_camel_case_types, non_upper_case_globals, dead_code)]
mod sys { include!(env!("PROCESSION_BINDINGS")); }
/// These are known by reference only: what a callback is lent, and an error, or one in it, as it is read.
pub use sys::{proc_cancel as Cancel, proc_error as View, proc_nursery as Nursery};
pub type Outcome = Result<(), Error>;

/// Calls C. SAFETY: a pointer is given by the value that owns it, or by a reference; what C takes over is moved into the call; and
/// strings and arrays, which it copies, are there until it returns.
macro_rules! c { ($function:ident($($given:expr),*)) => { unsafe { sys::$function($($given),*) } }; }

/// A pointer that is owned. SAFETY: the library says of these types that several threads may use one at the same time.
macro_rules! owned { ($($name:ident, $raw:ident, $unref:ident;)*) => {$(
    pub struct $name(*mut sys::$raw);
    unsafe impl Send for $name {}
    unsafe impl Sync for $name {}
    impl Drop for $name { fn drop(&mut self) { c!($unref(self.0)) } }
)*}; }
owned! { Process, proc_impl, proc_unref; Error, proc_error, proc_error_unref; Promise, proc_promise, proc_promise_unref; }
fn outcome(error: *mut View) -> Outcome { if error.is_null() { Ok(()) } else { Err(Error(error)) } }
fn handed_over(outcome: Outcome) -> *mut View { outcome.map_or_else(|error| ManuallyDrop::new(error).0, |()| null_mut()) }
fn raw<T>(lent: &T) -> *mut T { (lent as *const T).cast_mut() }
fn c_string(text: &str) -> CString { CString::new(text).expect("there is no NUL in the text") }
/// An error's text, which lives as long as it. SAFETY: and so does what is returned.
fn text<'a>(text: *const c_char) -> Option<&'a str> {
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("it is UTF-8"))
}
/// What C is given of a callback: a panic must not pass through it.
fn given(run: impl FnOnce() -> Outcome) -> *mut View {
    handed_over(panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| Err(Error::new(-1, "panicked"))))
}
// These three are for C. SAFETY: `data` is a boxed F, which C passes until it calls `destroy`, once; what else it passes is lent.
unsafe extern "C" fn call<F: Fn(&Cancel) -> Outcome>(cancel: *mut Cancel, data: *mut c_void) -> *mut View {
    given(|| unsafe { (*data.cast::<F>())(&*cancel) })
}
unsafe extern "C" fn body<F: Fn(&Nursery, &Cancel) -> Outcome>(nursery: *mut Nursery, cancel: *mut Cancel, data: *mut c_void) -> *mut View {
    given(|| unsafe { (*data.cast::<F>())(&*nursery, &*cancel) })
}
unsafe extern "C" fn destroy<F>(data: *mut c_void) { drop(unsafe { Box::from_raw(data.cast::<F>()) }) }

impl Process {
    /// A closure, which may run many times, and at the same time.
    pub fn new<F: Fn(&Cancel) -> Outcome + Send + Sync + 'static>(run: F) -> Self {
        Self(c!(proc_new(Some(call::<F>), Box::into_raw(Box::new(run)).cast(), Some(destroy::<F>))))
    }
    /// A group whose children come while it runs: `run` spawns them.
    pub fn nursery<F: Fn(&Nursery, &Cancel) -> Outcome + Send + Sync + 'static>(run: F) -> Self {
        Self(c!(proc_with_nursery(Some(body::<F>), Box::into_raw(Box::new(run)).cast(), Some(destroy::<F>), null())))
    }
    /// The first child to fail cancels the others.
    pub fn group(children: impl IntoIterator<Item = Process>) -> Self {
        let children: Vec<_> = children.into_iter().map(Process::handed_over).collect();
        Self(c!(proc_group(children.as_ptr(), children.len() as _)))
    }
    /// Waits for a promise, and takes no thread where others run beside it.
    pub fn awaiting(promise: &Promise) -> Self { Self(c!(proc_await(promise.0))) }
    /// The same as a task of that name.
    pub fn named(self, name: &str) -> Self { Self(c!(proc_task(c_string(name).as_ptr(), self.handed_over()))) }
    pub fn run(self) -> Outcome { outcome(c!(proc_run(self.handed_over(), null_mut()))) }
    /// Runs it as the purpose of the program: SIGINT and SIGTERM stop it.
    pub fn main(self) -> Outcome { outcome(c!(proc_main(self.handed_over()))) }
    fn handed_over(self) -> *mut sys::proc_impl { ManuallyDrop::new(self).0 }
}
impl Promise {
    pub fn new() -> Self { Self(c!(proc_promise_new())) }
    pub fn complete(&self, outcome: Outcome) { c!(proc_promise_complete(self.0, handed_over(outcome))); }
}
impl Cancel {
    /// Waits until it is cancelled, or for so long. Says whether it is.
    pub fn wait(&self, time: Duration) -> bool { c!(proc_wait(raw(self), time.as_nanos().try_into().unwrap_or(i64::MAX))) }
    /// "Stopped, as asked", if it is cancelled.
    pub fn stopped(&self) -> Outcome { outcome(c!(proc_cancel_error(raw(self)))) }
}
impl Nursery {
    pub fn spawn(&self, child: Process) -> Outcome { outcome(c!(proc_spawn(raw(self), child.handed_over()))) }
    /// How many children have not ended.
    pub fn count(&self) -> usize { c!(proc_nursery_count(raw(self))) as usize }
}
impl Error {
    pub fn new(code: i32, message: &str) -> Self { Self(c!(proc_error_new(code, c_string(message).as_ptr()))) }
}
impl std::ops::Deref for Error { type Target = View; fn deref(&self) -> &View { unsafe { &*self.0 } } } // SAFETY: it owns what is there.
impl View {
    /// An `errno` value, or the program's own.
    pub fn code(&self) -> i32 { c!(proc_error_code(self)) }
    pub fn message(&self) -> &str { text(c!(proc_error_message(self))).expect("it has one") }
    /// The name of the task that has failed, if it is a task's error.
    pub fn task(&self) -> Option<&str> { text(c!(proc_error_task_type(self))) }
    /// What is in it: a task's cause, or those that are side by side. None in one that is alone. SAFETY: they live as long as it.
    pub fn parts(&self) -> Vec<&View> {
        let (cause, count) = (c!(proc_error_cause(self)), c!(proc_error_count(self)));
        let beside = (0..if count > 1 { count } else { 0 }).map(|index| c!(proc_error_at(self, index)));
        std::iter::once(cause).chain(beside).filter_map(|part| unsafe { part.as_ref() }).collect()
    }
}
