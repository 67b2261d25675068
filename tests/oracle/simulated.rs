//! Trees in a simulation: each in many schedules, of which every one must have an outcome that the model knows.

use crate::abi::*;
use crate::case::Case;
use crate::generate::generate;
use crate::model::Broken;
use crate::play::play;
use crate::verdict::disagreement;
use crate::watchdog::Watchdog;
use crate::{SEED, setting, with_room};
use std::ffi::{CStr, CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

/// EPROTO.
const PROTOCOL: c_int = 71;
/// In how many schedules each tree is run; the number of schedules in all is that of both tests together.
const SCHEDULES: usize = 100;
const TREES: u64 = 50;

/// What is wrong in one of the schedules of a tree.
fn wrong_in_some_schedule(case: &Case, schedule: c_int) -> Option<String> {
    let mut options = MaybeUninit::<Simulation>::uninit();
    // SAFETY: the options are filled before they are used, and the case outlives the call.
    unsafe {
        proc_simulation_init(options.as_mut_ptr(), size_of::<Simulation>());
        let mut options = options.assume_init();
        options.seed = setting("PROCESSION_ORACLE_SCHEDULE", 1);
        options.runs = SCHEDULES;
        options.schedule = schedule;
        let user_data = ptr::from_ref(case).cast_mut().cast();
        let error = proc_simulate(Some(program), user_data, &options);
        let text = (!error.is_null()).then(|| {
            let message = CStr::from_ptr(proc_error_message(error));
            message.to_string_lossy().into_owned()
        });
        proc_error_unref(error);
        text
    }
}

unsafe extern "C" fn program(user_data: *mut c_void) -> *mut Impl {
    // SAFETY: the callback gets what it expects, which outlives it.
    unsafe { proc_new(Some(play_once), user_data, None) }
}

/// # Safety
/// `user_data` is a case.
unsafe extern "C" fn play_once(_: *mut Cancel, user_data: *mut c_void) -> *mut Error {
    // SAFETY: as promised by the caller.
    let case = unsafe { &*user_data.cast::<Case>() };
    let played = play(case);
    let mut wrong = None;
    // What is played is over, so this thread, which is not in the run, has it alone.
    let played = OnAnotherThread(played);
    with_room(|| {
        let whole = &played;
        wrong = disagreement(case, &whole.0, Broken::Nothing);
    });
    let Some(wrong) = wrong else {
        return ptr::null_mut();
    };
    let text = CString::new(wrong).unwrap_or_default();
    // SAFETY: the message is copied.
    unsafe { proc_error_with_payload(PROTOCOL, text.as_ptr(), ptr::null_mut(), None) }
}

/// Its handles are only compared there.
struct OnAnotherThread<T>(T);

// SAFETY: as above.
unsafe impl<T> Send for OnAnotherThread<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for OnAnotherThread<T> {}

fn check(seed: u64, schedule: c_int, watchdog: &Watchdog) {
    let case = generate(seed);
    let replay = format!(
        "PROCESSION_ORACLE_SEED={seed} PROCESSION_ORACLE_TREES=1 cargo test --test oracle simulat"
    );
    watchdog.begin(format!("{replay}\n{case}"));
    if let Some(wrong) = wrong_in_some_schedule(&case, schedule) {
        panic!("{replay}\n{wrong}\n\n{case}");
    }
}

fn explore(schedule: c_int, offset: u64) {
    with_room(|| {
        let watchdog = Watchdog::new();
        let first = setting("PROCESSION_ORACLE_SEED", SEED + offset);
        let trees = setting("PROCESSION_ORACLE_TREES", TREES).min(TREES);
        (first..first + trees).for_each(|seed| check(seed, schedule, &watchdog));
    });
}

#[test]
fn random_schedules_of_a_simulation_have_outcomes_that_the_model_knows() {
    explore(RANDOM, 0);
}

#[test]
fn schedules_by_pct_have_outcomes_that_the_model_knows() {
    explore(PCT, TREES);
}
