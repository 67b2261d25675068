//! A safe wrapper of the C API: what is owned is released when it is dropped, what is handed over is moved, and what is borrowed
//! cannot outlive what it is borrowed from. bindgen makes the declarations of the header.

use std::ffi::{c_void, CStr, CString};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Duration;

#[allow(non_camel_case_types, non_upper_case_globals, dead_code)]
mod sys {
    include!(env!("PROCESSION_BINDINGS"));
}

/// What a callback returns, and a run.
pub type Outcome = Result<(), Error>;

/// A pointer that is owned: with the last owner goes what it points to.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $raw:ident, $unref:ident) => {
        $(#[$doc])*
        pub struct $name(*mut sys::$raw);
        // SAFETY: the library says of the type that several threads may use it at the same time.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}
        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the reference is ours, and nobody uses it any more.
                unsafe { sys::$unref(self.0) }
            }
        }
    };
}

owned!(/// A process: something to run.
    Process, proc_impl, proc_unref);
owned!(/// Why something has failed.
    Error, proc_error, proc_error_unref);
owned!(/// Something that is completed once.
    Promise, proc_promise, proc_promise_unref);

/// The handle that a callback is lent for as long as it runs.
#[derive(Clone, Copy)]
pub struct Cancel<'a>(*mut sys::proc_cancel, PhantomData<&'a ()>);

/// The nursery that its body is lent.
#[derive(Clone, Copy)]
pub struct Nursery<'a>(*mut sys::proc_nursery, PhantomData<&'a ()>);

/// An error that is borrowed of another one.
#[derive(Clone, Copy)]
pub struct View<'a>(*const sys::proc_error, PhantomData<&'a Error>);

fn outcome(error: *mut sys::proc_error) -> Outcome {
    if error.is_null() {
        Ok(())
    } else {
        Err(Error(error))
    }
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("there is no NUL in the text")
}

/// What C is given: a panic must not pass through it.
fn given(run: impl FnOnce() -> Outcome) -> *mut sys::proc_error {
    let outcome =
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(Error::new(-1, "panicked")));
    outcome.map_or_else(Error::hand_over, |()| std::ptr::null_mut())
}

unsafe extern "C" fn call<F: Fn(Cancel) -> Outcome>(
    cancel: *mut sys::proc_cancel,
    data: *mut c_void,
) -> *mut sys::proc_error {
    // SAFETY: the library passes what `Process::new` has given it, which it has not destroyed yet.
    given(|| unsafe { &*data.cast::<F>() }(Cancel(cancel, PhantomData)))
}

unsafe extern "C" fn call_body<F: Fn(Nursery, Cancel) -> Outcome>(
    nursery: *mut sys::proc_nursery,
    cancel: *mut sys::proc_cancel,
    data: *mut c_void,
) -> *mut sys::proc_error {
    // SAFETY: as above.
    given(|| unsafe { &*data.cast::<F>() }(Nursery(nursery, PhantomData), Cancel(cancel, PhantomData)))
}

unsafe extern "C" fn destroy<F>(data: *mut c_void) {
    // SAFETY: it came from `Box::into_raw`, and the library calls this once.
    drop(unsafe { Box::from_raw(data.cast::<F>()) });
}

impl Process {
    /// For C, whose it is from then on.
    fn hand_over(self) -> *mut sys::proc_impl {
        ManuallyDrop::new(self).0
    }

    /// A closure, which may run many times, and at the same time.
    pub fn new<F: Fn(Cancel) -> Outcome + Send + Sync + 'static>(run: F) -> Self {
        let data = Box::into_raw(Box::new(run)).cast();
        // SAFETY: the data is of the type that both functions take it for.
        Self(unsafe { sys::proc_new(Some(call::<F>), data, Some(destroy::<F>)) })
    }

    /// A group whose children come while it runs: `body` spawns them.
    pub fn nursery<F: Fn(Nursery, Cancel) -> Outcome + Send + Sync + 'static>(body: F) -> Self {
        let data = Box::into_raw(Box::new(body)).cast();
        // SAFETY: as above; without options, there are the defaults.
        Self(unsafe {
            sys::proc_with_nursery(
                Some(call_body::<F>),
                data,
                Some(destroy::<F>),
                std::ptr::null(),
            )
        })
    }

    /// The first child to fail cancels the others.
    pub fn group(children: impl IntoIterator<Item = Process>) -> Self {
        let children: Vec<_> = children.into_iter().map(Process::hand_over).collect();
        // SAFETY: they are as many.
        Self(unsafe { sys::proc_group(children.as_ptr(), children.len() as _) })
    }

    /// Waits for a promise, and takes no thread where others run beside it.
    pub fn awaiting(promise: &Promise) -> Self {
        // SAFETY: the promise is borrowed for the call only.
        Self(unsafe { sys::proc_await(promise.0) })
    }

    /// The same as a task of that name.
    pub fn named(self, name: &str) -> Self {
        // SAFETY: the name is copied.
        Self(unsafe { sys::proc_task(c_string(name).as_ptr(), self.hand_over()) })
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        // SAFETY: the process is handed over.
        outcome(unsafe { sys::proc_run(self.hand_over(), std::ptr::null_mut()) })
    }

    /// Runs it as the purpose of the program: SIGINT and SIGTERM stop it.
    pub fn main(self) -> Outcome {
        // SAFETY: as above.
        outcome(unsafe { sys::proc_main(self.hand_over()) })
    }
}

impl Promise {
    /// One that nobody has completed.
    pub fn new() -> Self {
        // SAFETY: there is nothing to keep to.
        Self(unsafe { sys::proc_promise_new() })
    }

    /// Completes it. Only the first time counts.
    pub fn complete(&self, outcome: Outcome) {
        let error = outcome.map_or_else(Error::hand_over, |()| std::ptr::null_mut());
        // SAFETY: the error is handed over.
        unsafe { sys::proc_promise_complete(self.0, error) };
    }
}

impl Cancel<'_> {
    /// Waits until it is cancelled, or for so long. Says whether it is.
    pub fn wait(self, time: Option<Duration>) -> bool {
        let time = time.map_or(-1, |time| {
            i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
        });
        // SAFETY: the handle is lent for the life of this.
        unsafe { sys::proc_wait(self.0, time) }
    }

    /// "Stopped, as asked", if it is cancelled.
    pub fn stopped(self) -> Outcome {
        // SAFETY: as above.
        outcome(unsafe { sys::proc_cancel_error(self.0) })
    }
}

impl Nursery<'_> {
    /// Hands a child over.
    pub fn spawn(self, child: Process) -> Outcome {
        // SAFETY: the nursery is lent for the life of this.
        outcome(unsafe { sys::proc_spawn(self.0, child.hand_over()) })
    }

    /// How many children have not ended.
    pub fn count(self) -> usize {
        // SAFETY: as above.
        unsafe { sys::proc_nursery_count(self.0) as usize }
    }
}

impl Error {
    /// For C, whose it is from then on.
    fn hand_over(self) -> *mut sys::proc_error {
        ManuallyDrop::new(self).0
    }

    /// Makes one.
    pub fn new(code: i32, message: &str) -> Self {
        // SAFETY: the message is copied.
        Self(unsafe { sys::proc_error_new(code, c_string(message).as_ptr()) })
    }

    /// What can be read of it, and of what is in it.
    pub fn view(&self) -> View<'_> {
        View(self.0, PhantomData)
    }
}

impl<'a> View<'a> {
    /// An `errno` value, or the program's own.
    pub fn code(self) -> i32 {
        // SAFETY: the error lives as long as what this is borrowed from; so in all of these.
        unsafe { sys::proc_error_code(self.0) }
    }

    /// The whole text.
    pub fn message(self) -> &'a str {
        // SAFETY: as above. It is UTF-8, which the library sees to.
        unsafe { CStr::from_ptr(sys::proc_error_message(self.0)) }
            .to_str()
            .expect("it is UTF-8")
    }

    /// The name of the task that has failed, if it is a task's error.
    pub fn task(self) -> Option<&'a str> {
        // SAFETY: as above.
        let name = unsafe { sys::proc_error_task_type(self.0).as_ref() }?;
        // SAFETY: as above.
        unsafe { CStr::from_ptr(name) }.to_str().ok()
    }

    /// What is in it: a task's cause, or those that are side by side. None in one that is alone.
    pub fn parts(self) -> Vec<View<'a>> {
        // SAFETY: as above.
        let (cause, count) =
            unsafe { (sys::proc_error_cause(self.0), sys::proc_error_count(self.0)) };
        match (cause.is_null(), count) {
            (false, _) => vec![View(cause, PhantomData)],
            (true, 0 | 1) => vec![],
            // SAFETY: as above.
            (true, _) => (0..count)
                .map(|index| View(unsafe { sys::proc_error_at(self.0, index) }, PhantomData))
                .collect(),
        }
    }
}
