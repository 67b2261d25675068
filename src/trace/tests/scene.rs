//! A stage for tests of the one trace that a program has: one at a time, each with a file of its own.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::view::{self, View};
use crate::trace::control;

static STAGE: Mutex<()> = Mutex::new(());

/// The right to trace, and a name for the file.
pub(super) struct Scene {
    path: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Scene {
    pub(super) fn new(name: &str) -> Scene {
        let alone = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        Scene {
            path: file(name),
            _alone: alone,
        }
    }

    /// The next file, on the same stage.
    pub(super) fn again(&mut self, name: &str) -> &Scene {
        self.remove();
        self.path = file(name);
        self
    }

    pub(super) fn path(&self) -> CString {
        c_path(&self.path)
    }

    /// That of another file.
    pub(super) fn path_of(name: &str) -> CString {
        c_path(&file(name))
    }

    pub(super) fn file(&self) -> &Path {
        &self.path
    }

    /// Traces what the code does.
    pub(super) fn trace(&self, code: impl FnOnce()) -> View {
        control::start(&self.path()).expect("the trace starts");
        code();
        control::stop().expect("the trace is complete");
        self.view()
    }

    /// What a viewer makes of the file.
    pub(super) fn view(&self) -> View {
        view::read(&fs::read(&self.path).expect("there is a file"))
    }
}

/// A gate names a directory in which the files are to stay, for other readers.
const KEEP_IN: &str = "PROCESSION_TRACE_SCENES";

fn directory() -> PathBuf {
    let kept = std::env::var_os(KEEP_IN).map(PathBuf::from);
    let name = format!("procession-trace-{}", std::process::id());
    let directory = kept.unwrap_or_else(|| std::env::temp_dir().join(name));
    fs::create_dir_all(&directory).expect("there is a directory");
    directory
}

fn file(name: &str) -> PathBuf {
    directory().join(format!("{name}.pftrace"))
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_encoded_bytes()).expect("a path has no NUL")
}

impl Scene {
    fn remove(&self) {
        if std::env::var_os(KEEP_IN).is_none() {
            let _ = fs::remove_file(&self.path);
            let _ = self.path.parent().map(fs::remove_dir);
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.remove();
    }
}
