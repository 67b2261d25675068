//! One run of a task, as what runs inside of it knows it.

use std::ffi::{CStr, CString};

use crate::readiness::Service;
use crate::sync::Arc;
use crate::thread_name::ThreadName;

/// What all runs of a task are called.
pub(crate) struct Name {
    pub(crate) task_type: CString,
    pub(crate) on_thread: ThreadName,
}

/// One run of a task; shared by the threads that work in it.
pub(crate) struct TaskRun {
    name: Arc<Name>,
    outer: Option<Arc<TaskRun>>,
    service: Option<Service>,
}

impl Name {
    pub(crate) fn new(task_type: &CStr) -> Name {
        Name {
            task_type: task_type.to_owned(),
            on_thread: ThreadName::of(task_type),
        }
    }
}

impl TaskRun {
    pub(crate) fn begin(
        name: Arc<Name>,
        outer: Option<Arc<TaskRun>>,
        service: Option<Service>,
    ) -> Arc<TaskRun> {
        Arc::new(TaskRun {
            name,
            outer,
            service,
        })
    }

    /// What says that it is up, if it does.
    pub(crate) fn service(&self) -> Option<&Service> {
        self.service.as_ref()
    }

    /// The innermost service around a place.
    pub(crate) fn innermost_service(innermost: Option<&Arc<TaskRun>>) -> Option<&Service> {
        TaskRun::around(innermost).find_map(|task| task.service())
    }

    /// The tasks around a place, innermost first.
    fn around(innermost: Option<&Arc<TaskRun>>) -> impl Iterator<Item = &Arc<TaskRun>> {
        std::iter::successors(innermost, |task| task.outer.as_ref())
    }

    pub(crate) fn thread_name(&self) -> &ThreadName {
        &self.name.on_thread
    }

    /// The names of the tasks around a place, outermost first, as a path.
    pub(crate) fn path(innermost: Option<&Arc<TaskRun>>) -> String {
        let mut names: Vec<_> = TaskRun::around(innermost)
            .map(|task| task.name.task_type.to_string_lossy())
            .collect();
        names.reverse();
        names.join("/")
    }
}

impl Drop for TaskRun {
    /// Without recursion: a program can nest tasks that it begins by hand without end.
    fn drop(&mut self) {
        let mut outer = self.outer.take();
        while let Some(task) = outer {
            outer = Arc::into_inner(task).and_then(|mut task| task.outer.take());
        }
    }
}
