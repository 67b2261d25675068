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

/// How a simulation chooses the next thread: for the field `schedule` of `proc_simulation`.
#[repr(C)]
pub enum proc_schedule {
    /// A random thread of those that can go on, each equally likely. The choice is made at each switch, or at one of 2, 4 and so on up to 32
    /// switches, as is drawn for each run; at the other switches the running thread goes on.
    PROC_SCHEDULE_RANDOM,
    /// Probabilistic concurrency testing: each thread has a priority, the thread with the highest priority goes on, and at `depth` − 1 points the
    /// running thread gets the lowest priority. This finds errors that need a few switches at the right places, however many switches there are.
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
    /// The seed of the first run. 0, the default: the seed in PROCESSION_SEED in the environment, else any seed.
    pub seed: u64,
    /// How many runs, with consecutive seeds that begin at `seed`: default 1. 0 is bad input. With PROC_SCHEDULE_EXHAUSTIVE: how many orders are
    /// tried at most; if there are more, it fails with ENOBUFS.
    pub runs: usize,
    /// A `proc_schedule`: default PROC_SCHEDULE_RANDOM. Others are bad input.
    pub schedule: c_int,
    /// The depth of PROC_SCHEDULE_PCT: default 3, which finds most errors. 0 is bad input.
    pub depth: usize,
    /// How much virtual time a run may take, in nanoseconds: default 30 days. A run that takes longer hangs, and fails with ETIMEDOUT. Negative: any
    /// time.
    pub limit_ns: i64,
    /// How many switches a run may take: default 10,000,000. A run that takes more hangs, and fails with ETIMEDOUT.
    pub limit_steps: u64,
    /// How many of 1,000 requests for a thread are denied, at random: default 0. More than 1,000, or less than 0, is bad input.
    pub deny_threads_permille: c_int,
    /// At how many of 1,000 switches the handle of the run is cancelled, at random, once in a run: default 0. The echo of this cancellation is no
    /// failure. More than 1,000, or less than 0, is bad input.
    pub cancel_permille: c_int,
    /// The file to which the trace of the failing run is written, in virtual time: for ui.perfetto.dev, like the trace of `proc_trace_start`. The
    /// same seed gives the same file, byte by byte. NULL, the default: nowhere. "" is bad input. If no run fails, nothing is written. If the trace
    /// cannot be written, the error says why; this includes a run that has ended its own process, for then there is no trace.
    pub trace_path: *const c_char,
    /// Where to store the seed of the failing run; left alone if no run fails; may be NULL.
    pub seed_out: *mut u64,
    /// How many of 1,000 waits of the program wake spuriously, at random, at once or up to a second later: default 0. This concerns the waits for
    /// which POSIX allows it (`pthread_cond_wait` and the like), where libprocession-sim.so has taken them over; no wait of this library wakes
    /// spuriously. So a program fails that does not check its condition again. More than 1,000, or less than 0, is bad input.
    pub early_wakes_permille: c_int,
    /// How many of 1,000 callbacks of processes are delayed before they begin, and as many after they have returned, at random: default 0. So a
    /// timeout or another callback may come first. Threads that the program creates are delayed in the same way before they begin, where
    /// libprocession-sim.so has taken them over. More than 1,000, or less than 0, is bad input.
    pub slow_permille: c_int,
    /// The longest delay of `slow_permille`, in virtual time: default 1 s. Each delay is drawn at random. Less than 0 is bad input.
    pub slow_ns: i64,
    /// For PROC_SCHEDULE_EXHAUSTIVE: how many preemptions an order may have, that is, how often a thread that could go on is stopped for another
    /// thread. Most errors need one or two, and there are far fewer such orders. 0, the default: all orders.
    pub preemptions: usize,
    /// Makes the processes that play programs: in a run, `proc_child` starts no program, but runs the process that this function returns. NULL, the
    /// default: each `proc_child` fails with ENOTSUP.
    pub child: proc_simulated_child_fn,
    /// How many of 1,000 played programs are killed, at random: default 0. See `proc_simulated_child_fn`. More than 1,000, or less than 0, is bad
    /// input.
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
/// The process runs in the place of the program, on the thread that runs the `proc_child`. To write output, it calls `on_output` of the options. Its
/// success is exit status 0. An error with a code from 1 to 255 is the exit status of that number; any other error is exit status 1. The failure of
/// the `proc_child` has the text of the error, too. When the program would get SIGTERM, the handle of the process is cancelled. The process is never
/// killed `stop_after_ns` later, since a callback cannot be killed.
///
/// A program that is killed by chance (`kill_children_permille`) ends with "killed by SIGKILL". The process that plays it does not run at all; or its
/// handle is cancelled at some point; or it does all its work, but its result is lost.
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
/// Runs a program in a simulation, in which a seed decides the order of its threads.
///
/// The program runs again and again, each time in another order. This finds errors that occur in one order of a million, and reproduces them.
///
/// In a run, exactly one thread goes on at a time. The seed decides which one, at each switch: wherever a thread calls this library to wait, to wake,
/// to start or to end something, before and after each callback, and at `proc_yield`; not where a thread only asks for a state. The clock
/// (`proc_now`) begins at 0. It stands still while any thread can go on; when no thread can, it jumps to the next moment at which something is due.
/// So a day of timeouts takes milliseconds, and the same seed gives the same run: the same order, times and errors.
///
/// A run fails if its process fails, with that error; if no thread can go on and nothing is due (EDEADLK, and the error lists what runs, and what
/// each thread waits for); if it does not end within `limit_ns` or `limit_steps` (ETIMEDOUT); if a callback blocks outside of this library for longer
/// than a second (ETIMEDOUT); if a thread of the run still goes on a second of virtual time after the process has completed (EBUSY); if a second
/// signal or the end of a grace period would end the program, or if a signal comes to which nothing in the program listens (EINTR). Then all handles
/// below the handle of the process are cancelled, and every wait returns as if it was cancelled. A thread that has not returned after one more second
/// is named in the error, and blocks for ever at its next call.
///
/// A run that would succeed also fails if it leaks (EBUSY): if the program got a reference to a process, error, handle, hook, job, nursery, channel,
/// promise or queue from this library during the run, and has not released the reference when the run is over, even if it is kept in `user_data`. The
/// error says how many references of each kind there are. Objects that were made before the run do not count, and may be used or released in it: so
/// make objects that several runs share before the first run.
///
/// The error is the error of the program, wrapped (`proc_error_wrap`) in a text that says how to run the same order again: with PROCESSION_SEED in
/// the environment, and `seed` 0. The simulation stops at the first seed that fails. If there are several runs, they run in children of `fork`, as
/// many at the same time as there are processors, so the calling process does not see what they change in memory; the failing run is then repeated in
/// the calling process. A single run runs in the calling process.
///
/// What a thread does between two calls of this library is atomic for the other threads. So races on plain memory are not found (ThreadSanitizer
/// finds them). Without libprocession-sim.so, a mutex of the program that is held at a switch may block another thread outside of the library, and
/// threads that the program creates itself are not in the run; libprocession-sim.so, preloaded or linked, takes over pthreads, and then both are in
/// the run. Files and sockets are the real ones. A wait for a file works in a run only if the program has both ends (pipes, pairs of sockets,
/// eventfds, descriptors of this library); for other files it fails with ENOTSUP. Programs (`proc_child`) are played (`child` in the options).
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
    let child = options.child.map(|function| {
        let data = user_data;
        // SAFETY: as promised by the caller.
        unsafe { stand_in(Code { function, data }) }
    });
    Ok((checked(&options, trace, child)?, options.seed_out))
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

fn checked(
    options: &proc_simulation,
    trace: Option<&CStr>,
    child: Option<StandIn>,
) -> Result<Options, BadInput> {
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
        child,
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

/// Sends a signal to the program of a run, as if it came from outside.
///
/// `proc_main_with`, `proc_main` and `proc_on_signal` receive it. If none of them listens to the signal when it comes,
/// the run fails. Outside of a run nothing happens.
///
/// @param signal_number  one that a program can receive; else nothing happens.
/// @param after_ns       how much later the signal comes, in nanoseconds, by the clock of `proc_now`; negative: never.
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
