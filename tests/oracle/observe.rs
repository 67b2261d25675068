//! An error of the library, read through its accessors into plain data. Reading checks that the
//! accessors agree with each other: texts are composed as the contract says, multi errors do not
//! nest, searches go depth first.

use crate::abi::*;
use crate::expect::By;
use std::collections::HashSet;
use std::ffi::{CStr, c_char};

#[derive(Debug)]
pub struct Seen {
    pub code: i32,
    pub text: String,
    pub task: Option<String>,
    /// The text that it is wrapped in by `proc_error_wrap`.
    wrap: Option<String>,
    /// The cause of a task error or of one that is wrapped, the items of a multi error.
    pub inner: Vec<Seen>,
    at: *const Error,
}

impl Seen {
    /// The error at `error`; a fault in how it is put together goes to `faults`.
    ///
    /// # Safety
    /// `error` must point to a live error.
    pub unsafe fn read(error: *const Error, faults: &mut Vec<String>) -> Seen {
        // SAFETY: the caller vouches for the error, and what it borrows lives as long as it does.
        let seen = unsafe { Seen::parts(error) };
        seen.check(faults);
        seen
    }

    /// # Safety
    /// `error` must point to a live error.
    unsafe fn parts(error: *const Error) -> Seen {
        // SAFETY: as above; every pointer that an accessor returns is one into this error.
        unsafe {
            let count = proc_error_count(error);
            let cause = proc_error_cause(error);
            let mut inner = Vec::new();
            if !cause.is_null() {
                inner.push(Seen::parts(cause));
            } else if count > 1 {
                inner.extend((0..count).map(|i| Seen::parts(proc_error_at(error, i))));
            }
            let text = string(proc_error_message(error)).unwrap_or_default();
            let task = string(proc_error_task_type(error));
            let is_wrapped = task.is_none() && !cause.is_null();
            Seen {
                code: proc_error_code(error),
                wrap: is_wrapped.then(|| before_colon(&text)),
                text,
                task,
                inner,
                at: error,
            }
        }
    }

    /// The errors in it as a combinator would list them.
    pub fn items(&self) -> &[Seen] {
        if self.is_multi() {
            &self.inner
        } else {
            std::slice::from_ref(self)
        }
    }

    pub fn is_wrapped_by(&self, by: By) -> bool {
        match by {
            By::Task(name) => self.task.as_deref() == Some(name),
            By::Index(index) => self.wrap == Some(format!("[{index}]")),
        }
    }

    /// Neither a task error, nor wrapped, nor a multi error.
    pub fn is_plain(&self) -> bool {
        self.inner.is_empty()
    }

    fn is_multi(&self) -> bool {
        self.task.is_none() && self.wrap.is_none() && !self.inner.is_empty()
    }

    fn check(&self, faults: &mut Vec<String>) {
        let mut codes = vec![0];
        let mut tasks = Vec::new();
        self.check_parts(&mut codes, &mut tasks, faults);
        // SAFETY: the error still lives, for `read` borrows it, and the strings end with a NUL.
        unsafe {
            if codes[1..].iter().any(|code| !proc_error_is(self.at, *code))
                || proc_error_is(self.at, 0)
            {
                faults.push(format!(
                    "proc_error_is does not find what is in {:?}",
                    self.text
                ));
            }
            for (name, first) in tasks {
                let name = format!("{name}\0");
                if proc_error_find_task(self.at, name.as_ptr().cast()) != first {
                    faults.push(format!(
                        "proc_error_find_task({name:?}) is not depth first in {:?}",
                        self.text
                    ));
                }
            }
            if !proc_error_find_task(self.at, c"no such task".as_ptr()).is_null() {
                faults.push(format!(
                    "proc_error_find_task finds a task that is not in {:?}",
                    self.text
                ));
            }
        }
    }

    /// Walks depth first, and notes all codes and the first error of each task.
    fn check_parts(
        &self,
        codes: &mut Vec<i32>,
        tasks: &mut Vec<(String, *const Error)>,
        faults: &mut Vec<String>,
    ) {
        let text = self.compose(&mut HashSet::new());
        let code = self.inner.first().map_or(self.code, |first| first.code);
        if text != self.text || code != self.code || self.is_misshapen() {
            faults.push(format!("this error does not fit its parts: {self:?}"));
        }
        if !codes.contains(&self.code) {
            codes.push(self.code);
        }
        if let Some(name) = self
            .task
            .as_ref()
            .filter(|name| !tasks.iter().any(|(known, _)| known == *name))
        {
            tasks.push((name.clone(), self.at));
        }
        self.inner
            .iter()
            .for_each(|part| part.check_parts(codes, tasks, faults));
    }

    /// The text that the contract says it has: what was told once is not told again.
    fn compose(&self, told: &mut HashSet<*const Error>) -> String {
        if !told.insert(self.at) {
            return "(as above)".into();
        }
        let mut of = |part: &Seen| part.compose(told);
        match self.task.as_ref().or(self.wrap.as_ref()) {
            _ if self.is_plain() => self.text.clone(),
            Some(name) => format!("{name}: {}", of(&self.inner[0])),
            None => {
                let lines = self.inner.iter().map(|item| format!("\n- {}", of(item)));
                format!("{} errors:{}", self.inner.len(), lines.collect::<String>())
            }
        }
    }

    fn is_misshapen(&self) -> bool {
        // SAFETY: the error still lives, for `read` borrows it.
        let (count, first, beyond) = unsafe {
            let count = proc_error_count(self.at);
            (
                count,
                proc_error_at(self.at, 0),
                proc_error_at(self.at, count),
            )
        };
        let single = count == 1 && first == self.at;
        let several =
            count == self.inner.len() && count > 1 && !self.inner.iter().any(Seen::is_multi);
        let shape = if self.is_multi() { several } else { single };
        let is_named = self.task.is_some() || self.wrap.is_some();
        let nameless = is_named != (self.inner.len() == 1);
        !shape || nameless || !beyond.is_null()
    }
}

/// Only `proc_each` wraps errors here, and the names that it gives have no colon.
fn before_colon(text: &str) -> String {
    text.split(':').next().unwrap_or_default().to_string()
}

/// # Safety
/// `text` is NULL or a string that ends with a NUL.
unsafe fn string(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller vouches for it.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}
