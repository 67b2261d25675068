//! Simulation: a program in a world of its own.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;

use super::bad_input::BadInput;
use super::child::{self, proc_child_options};
use super::handle::{give, string, take};
use super::sized::{self, Growing};
use super::types::{proc_error, proc_impl};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::sync::Arc;
use crate::base::user_data::Code;
use crate::base::world;
use crate::signal;
use crate::simulate::faults::Faults;
use crate::simulate::options::{Kind, Limits, Options, Program};
use crate::simulate::{seeds, signals};
use crate::tree::child::stand_in::StandIn;
use crate::tree::process::Process;

/// Who goes on, in the field `schedule` of `proc_simulation`.
#[repr(C)]
pub enum proc_schedule {
    /// One of those who can go on, each as likely: at each switch, or at one of two, of four and so on up to one of 32, as is drawn for each
    /// run; else the one that runs goes on.
    PROC_SCHEDULE_RANDOM,
    /// Probabilistic concurrency testing: each thread has a priority, the highest goes on, and at `depth` − 1 points the one that runs gets
    /// the lowest. So an error that needs few switches at the right places is found, however many switches there are.
    PROC_SCHEDULE_PCT,
    /// All orders, one after the other: for small programs.
    PROC_SCHEDULE_EXHAUSTIVE,
}

/// What is to be simulated: `proc_simulation options = PROC_SIMULATION_INIT;`
///
/// Ownership: yours; `proc_simulate` reads it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_simulation {
    /// sizeof(proc_simulation), as PROC_SIMULATION_INIT sets it.
    pub size: usize,
    /// Of the first run. 0, the default: that of PROCESSION_SEED in the environment, else any.
    pub seed: u64,
    /// How many runs, with the seeds from that one on: default 1. 0 is bad input. Of all orders: the most that are tried; if there are more,
    /// it fails with ENOBUFS.
    pub runs: usize,
    /// A `proc_schedule`: default PROC_SCHEDULE_RANDOM. Others are bad input.
    pub schedule: c_int,
    /// Of PROC_SCHEDULE_PCT: default 3, which finds most. 0 is bad input.
    pub depth: usize,
    /// A run that has not ended after so much of its own time hangs, and fails with ETIMEDOUT: default 30 days. Negative: it may take any time.
    pub limit_ns: i64,
    /// The same after so many switches: default 10,000,000.
    pub limit_steps: u64,
    /// Of 1,000 requests for a thread so many are denied, by chance: default 0. More than 1,000, or less than 0, is bad input.
    pub deny_threads_permille: c_int,
    /// At so many of 1,000 switches the handle of the run is cancelled, once, by chance: default 0. The echo of that is no failure. More than
    /// 1,000, or less than 0, is bad input.
    pub cancel_permille: c_int,
    /// The file to which the failing run's trace goes, in virtual time: for ui.perfetto.dev, as that of `proc_trace_start`, and for the same seed
    /// the same, byte by byte. NULL, the default: nowhere. "" is bad input. If no run fails, nothing is written. If it cannot be written, the error
    /// tells why; so it does if the run has ended its process, for then there is none.
    pub trace_path: *const c_char,
    /// The seed of the failing run goes there, and nothing if none fails; may be NULL.
    pub seed_out: *mut u64,
    /// Of 1,000 waits of the program's own so many wake for no reason, by chance, at once or up to a second later: default 0. These are those
    /// that POSIX lets wake so (`pthread_cond_wait` and its like), where libprocession-sim.so has taken them over; no wait of this library does. So a
    /// program fails that does not look again whether what it waits for has come. More than 1,000, or less than 0, is bad input.
    pub early_wakes_permille: c_int,
    /// Of 1,000 callbacks of processes so many are held back before they begin, and as many when they have returned, by chance: default 0. So a
    /// timeout or another one overtakes. The same for threads that the program makes, before they begin, where libprocession-sim.so has taken these
    /// over. More than 1,000, or less than 0, is bad input.
    pub slow_permille: c_int,
    /// For how long each is held back at most, by the run's own time: default 1 s. It is drawn for each. Less than 0 is bad input.
    pub slow_ns: i64,
    /// Of PROC_SCHEDULE_EXHAUSTIVE: only orders in which a thread that could go on is stopped for another one at most so many times. Most errors need
    /// one or two, and there are far fewer of these orders. 0, the default: all orders.
    pub preemptions: usize,
    /// What plays programs: in a run `proc_child` starts none, but runs what this makes. NULL, the default: each fails with ENOTSUP.
    pub child: proc_simulated_child_fn,
    /// Of 1,000 programs that are played so many are killed, by chance: default 0. See `proc_simulated_child_fn`. More than 1,000, or less than 0, is
    /// bad input.
    pub kill_children_permille: c_int,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers and pointers.
unsafe impl Growing for proc_simulation {
    const INIT: Self = proc_simulation {
        size: size_of::<proc_simulation>(),
        seed: 0,
        runs: 1,
        schedule: proc_schedule::PROC_SCHEDULE_RANDOM as c_int,
        depth: 3,
        limit_ns: 30 * DAY,
        limit_steps: 10_000_000,
        deny_threads_permille: 0,
        cancel_permille: 0,
        trace_path: std::ptr::null(),
        seed_out: std::ptr::null_mut(),
        early_wakes_permille: 0,
        slow_permille: 0,
        slow_ns: SECOND,
        preemptions: 0,
        child: None,
        kill_children_permille: 0,
    };
}

/// What the first version measures.
const FIRST_SIZE: usize = offset_of!(proc_simulation, seed_out) + size_of::<*mut u64>();

/// Code that makes the program of a run.
///
/// @param user_data  what `proc_simulate` was given.
/// @return the process, which the caller owns; NULL fails the run.
pub type proc_simulation_fn =
    Option<unsafe extern "C-unwind" fn(user_data: *mut c_void) -> *mut proc_impl>;

/// Code that makes the process that plays a program in a run of `proc_simulate`, each time that a `proc_child` is run.
///
/// The process runs in the place of the program, on the thread that runs the `proc_child`, and writes by calling `on_output` of the options. Success is exit
/// status 0; an error with a code from 1 to 255 is that exit status, others are 1, and the failure of the `proc_child` has its text, too. A program that
/// is stopped by SIGTERM has a cancelled handle. It is never killed `stop_after_ns` later: a callback cannot be.
///
/// A program that is killed by chance (`kill_children_permille`) ends with "killed by SIGKILL", and did not do all that it was to do: the process does not run at all, or
/// has its handle cancelled somewhere on its way; or it has done all, and nobody is told so.
///
/// @param options    those of the `proc_child`, lent until the process has ended; never NULL.
/// @param user_data  what `proc_simulate` was given.
/// @return the process, which the caller owns; NULL: there is no such program (ENOENT).
pub type proc_simulated_child_fn = Option<
    unsafe extern "C-unwind" fn(
        options: *const proc_child_options,
        user_data: *mut c_void,
    ) -> *mut proc_impl,
>;

/// What that is, but for NULL.
type MakeChild =
    unsafe extern "C-unwind" fn(*const proc_child_options, *mut c_void) -> *mut proc_impl;

/// What that is, but for NULL.
type Make = unsafe extern "C-unwind" fn(*mut c_void) -> *mut proc_impl;

/// # Simulation
///
/// Runs a program in a world of its own, in which a seed decides who goes on.
///
/// So it is run again and again, each time in another order: to find what goes wrong in one order of a million, and to have it go wrong again.
///
/// In a run exactly one thread goes on at a time. Which one does is drawn from the seed wherever a thread calls this library to wait, to wake, to
/// start or to end something, before and after each callback, and at `proc_yield`; not where it only asks. The clock (`proc_now`) begins at 0. It
/// stands while anybody can go on; when nobody can, it jumps to the next moment at which something is due. So a day of timeouts takes
/// milliseconds, and the same seed gives the same run: the same order, times and errors.
///
/// A run fails by its error; if nobody can go on and nothing is due (EDEADLK, and the error says what runs and waits for what); if it does not end
/// within `limit_ns` or `limit_steps` (ETIMEDOUT); if a callback blocks outside of this library for longer than a second (ETIMEDOUT); if something still
/// goes on a second of its own time after its process has completed (EBUSY); if the program would be ended by a second signal, or by the end of
/// a grace period, or if a signal comes to which nobody listens (EINTR). Then all handles below that of the process are cancelled, and every wait
/// returns, as if it was cancelled. A thread that has not returned after a second more is named, and held for ever at its next call.
///
/// A run that would succeed fails, too, if it leaves behind what the program was to release (EBUSY): a reference that this library has given it in the run,
/// to a process, error, handle, hook, job, nursery, channel, promise or queue, and that nobody has given back when the run is over, be it kept in
/// `user_data`. The error says how many of each there are. What was made before is not the run's, and may be used or released in it: so what is
/// to be there for several runs is made before them.
///
/// The error is the program's own, wrapped (`proc_error_wrap`) in what is needed to run it again: with PROCESSION_SEED in the environment, and
/// `seed` 0. It stops at the first seed that fails. With several runs, others than the failing one are made in children of `fork`, as many at
/// the same time as there are processors, so what they leave in memory is not seen here; the failing one is made again by the calling process. One
/// run is made in the calling process.
///
/// What a thread does between two calls of this library is done at once: no other one sees the half of it. So races on plain memory are
/// not found (ThreadSanitizer finds them). A mutex of the program's that is held where another thread goes on blocks that one outside of the library, and
/// threads that the program makes itself are not in the run; unless libprocession-sim.so is preloaded or linked, which takes pthreads over.
/// Files and sockets are the real ones. In a run is waited for those of which the program has both ends (pipes, pairs of sockets, eventfds, descriptors
/// of this library); for others it fails with ENOTSUP. Programs (`proc_child`) are played by what the options say.
///
/// Threads: any but those of a run (EDEADLK). Of several at the same time one begins when the other has ended.
///
/// @param program    makes the process of a run; it runs in the run. NULL is bad input.
/// @param user_data  passed to it as it is; may be NULL. It stays yours, and must be there until this function has returned.
/// @param options    NULL: the defaults.
/// @return NULL if no run fails; else the error of the first that does, which is yours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_simulate(
    program: proc_simulation_fn,
    user_data: *mut c_void,
    options: *const proc_simulation,
) -> *mut proc_error {
    // SAFETY: the caller lends options that say how large they are.
    let options = unsafe { read(options, user_data) };
    let program = program.ok_or(BadInput::Null {
        function: "proc_simulate",
        argument: "program",
    });
    let both = program.and_then(|program| Ok((program, options?)));
    let (program, (options, seed_out)) = match both {
        Ok(both) => both,
        Err(bad) => return give(bad.into()),
    };
    let code = Code {
        function: program,
        data: user_data,
    };
    // SAFETY: function and data belong together.
    let program: Program = Arc::new(move || unsafe { make(&code) });
    match seeds::simulate(&program, &options) {
        Ok(()) => std::ptr::null_mut(),
        Err(failed) => {
            if let Some(seed) = failed.seed.filter(|_| !seed_out.is_null()) {
                // SAFETY: the caller lends the place.
                unsafe { seed_out.write(seed) };
            }
            give(failed.error)
        }
    }
}

/// # Safety
/// Function and data belong together.
unsafe fn make_child(code: &Code<MakeChild>, options: &proc_child_options) -> Option<Process> {
    // SAFETY: as promised by the caller.
    let process = guard::must_return(String::new, || unsafe {
        (code.function)(options, code.data)
    });
    // SAFETY: what it returns is handed over.
    unsafe { take(process) }
}

/// # Safety
/// Function and data belong together.
unsafe fn make(code: &Code<Make>) -> Result<Process, Error> {
    // SAFETY: as promised by the caller.
    let process = guard::must_return(String::new, || unsafe { (code.function)(code.data) });
    // SAFETY: what it returns is handed over.
    unsafe { take(process) }.ok_or_else(|| {
        let text = "proc_simulate: what makes the program has returned NULL";
        Error::new(libc::EINVAL, text)
    })
}

type Read = (Options, *mut u64);

/// # Safety
/// `options` is NULL or points to a size and to that many bytes; its functions and the data belong together.
unsafe fn read(options: *const proc_simulation, user_data: *mut c_void) -> Result<Read, BadInput> {
    let argument = ["proc_simulate", "options"];
    let options = match options.is_null() {
        true => proc_simulation::INIT,
        // SAFETY: as promised by the caller.
        false => unsafe { sized::read(argument, options, FIRST_SIZE) }?,
    };
    // SAFETY: as above, and so is the path.
    let trace = unsafe { string(options.trace_path) };
    let mut checked = checked(&options, trace)?;
    checked.child = options.child.map(|function| {
        let data = user_data;
        // SAFETY: as promised by the caller.
        unsafe { stand_in(Code { function, data }) }
    });
    Ok((checked, options.seed_out))
}

/// # Safety
/// Function and data belong together.
unsafe fn stand_in(code: Code<MakeChild>) -> StandIn {
    Arc::new(move |child, play| {
        let options = child::lent(child);
        // SAFETY: as promised by the caller.
        play(unsafe { make_child(&code, &options) })
    })
}

fn checked(options: &proc_simulation, trace: Option<&CStr>) -> Result<Options, BadInput> {
    if trace.is_some_and(CStr::is_empty) {
        let (function, argument) = ("proc_simulate", "options->trace_path");
        return Err(BadInput::Empty { function, argument });
    }
    if options.runs == 0 {
        return Err(bad("runs", 0));
    }
    const RANDOM: c_int = proc_schedule::PROC_SCHEDULE_RANDOM as c_int;
    const PCT: c_int = proc_schedule::PROC_SCHEDULE_PCT as c_int;
    const EXHAUSTIVE: c_int = proc_schedule::PROC_SCHEDULE_EXHAUSTIVE as c_int;
    let kind = match (options.schedule, options.depth) {
        (_, 0) => return Err(bad("depth", 0)),
        (RANDOM, _) => Kind::Random,
        (PCT, depth) => Kind::Priorities(depth),
        (EXHAUSTIVE, _) => Kind::Exhaustive,
        (other, _) => return Err(bad("schedule", other.into())),
    };
    Ok(Options {
        trace: trace.map(CStr::to_owned),
        seed: options.seed,
        runs: options.runs as u64,
        kind,
        preemptions: match options.preemptions {
            0 => usize::MAX,
            most => most,
        },
        limits: Limits {
            time_ns: u64::try_from(options.limit_ns).unwrap_or(u64::MAX),
            steps: options.limit_steps,
        },
        faults: faults(options)?,
        child: None,
    })
}

fn faults(options: &proc_simulation) -> Result<Faults, BadInput> {
    let permille = |field, value: c_int| match u32::try_from(value) {
        Ok(count @ 0..=1000) => Ok(count),
        _ => Err(bad(field, value.into())),
    };
    let slow_ns = options.slow_ns;
    Ok(Faults {
        deny_threads: permille("deny_threads_permille", options.deny_threads_permille)?,
        cancel: permille("cancel_permille", options.cancel_permille)?,
        early_wakes: permille("early_wakes_permille", options.early_wakes_permille)?,
        slow: permille("slow_permille", options.slow_permille)?,
        slow_ns: u64::try_from(slow_ns).map_err(|_| bad("slow_ns", slow_ns))?,
        kill_children: permille("kill_children_permille", options.kill_children_permille)?,
    })
}

fn bad(field: &'static str, value: i64) -> BadInput {
    BadInput::Simulation { field, value }
}

/// Whether the calling thread is in a run of `proc_simulate`.
///
/// @return true: it is; the clock is the run's then.
#[unsafe(no_mangle)]
pub extern "C" fn proc_simulated() -> bool {
    world::is_here()
}

/// Has a signal come to the program of a run, as if from outside.
///
/// Who hears of it are `proc_main_with`, `proc_main` and `proc_on_signal`. If nobody listens to it when it
/// comes, the run fails. Outside of a run nothing happens.
///
/// @param signal_number  one that a program can receive; else nothing happens.
/// @param after_ns       when, from now on, by the clock of `proc_now`; negative: never.
#[unsafe(no_mangle)]
pub extern "C" fn proc_simulate_signal(signal_number: c_int, after_ns: i64) {
    world::switch();
    if after_ns >= 0 && signal::check(signal_number).is_ok() {
        signals::send_after(signal_number, after_ns);
    }
}

/// A point at which another thread of a run may go on (`proc_simulate`).
///
/// Outside of a run nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn proc_yield() {
    world::switch();
}
