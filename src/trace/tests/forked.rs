//! Laws of recording and `fork`:
//!
//! - a child has no trace on; what its parent has recorded is in the parent's file only, once;
//! - a child may have a trace of its own, and its flight recorder goes on, empty.
//!
//! unsafe: `fork`, in a program with several threads. The child does nothing but use the library, and ends.
#![allow(unsafe_code)]

use std::ffi::CStr;

use super::driver::NONE;
use super::scene::Scene;
use super::view::View;
use crate::base::events;
use crate::trace::{control, snapshot};

/// Runs code in a child; tells whether it was well.
fn in_child(code: impl FnOnce() -> bool) -> bool {
    let mut status = 0;
    // SAFETY: the child returns from nothing; it runs no code but the library's and this test's.
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            libc::alarm(30);
            libc::_exit(i32::from(!code()));
        }
        libc::waitpid(pid, &mut status, 0);
    }
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

fn say(what: &CStr) {
    events::log(NONE, c"", what);
}

fn said(view: &View) -> Vec<&str> {
    view.slices
        .iter()
        .map(|slice| slice.name.as_str())
        .collect()
}

#[test]
fn each_process_has_a_trace_of_its_own() {
    let mut scene = Scene::new("forked_parent");
    let path = Scene::path_of("forked_child");
    let parent = scene.trace(|| {
        say(c"before");
        let child_is_well = in_child(|| {
            let was_off = !events::wanted();
            say(c"nowhere");
            let started = control::start(&path).is_ok();
            say(c"in the child");
            was_off && started && control::stop().is_ok()
        });
        assert!(child_is_well);
        say(c"after");
    });
    assert_eq!(said(&parent), ["before", "after"]);
    assert_eq!(said(&scene.again("forked_child").view()), ["in the child"]);
}

#[test]
fn a_flight_recorder_goes_on_in_a_child() {
    let scene = Scene::new("forked_recorder");
    snapshot::keep_last(1);
    say(c"in the parent");
    let child_is_well = in_child(|| {
        say(c"in the child");
        events::wanted() && snapshot::snapshot(&scene.path()).is_ok()
    });
    snapshot::keep_last(0);
    assert!(child_is_well);
    assert_eq!(said(&scene.view()), ["in the child"]);
}
