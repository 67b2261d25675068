//! Choices for the library's threads.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;

use super::bad_input::BadInput;
use super::handle::{give_outcome, string};
use super::signals::{self, Twice};
use super::sized::{self, Growing};
use super::time::or_default;
use super::types::proc_error;
use crate::base::error::{Error, Outcome};
use crate::base::signal_set::Set;
use crate::base::thread_name::Prefix;
use crate::base::user_data::Notice;
use crate::engine::config::{self, Config, Settled};
use crate::engine::crew::SMALLEST;
use crate::trace::snapshot;

/// The smallest `stack_size` in a `proc_config`.
pub const PROC_MIN_STACK_SIZE: usize = 16384;

const _: () = assert!(PROC_MIN_STACK_SIZE == SMALLEST);

/// The longest `thread_name_prefix`, in bytes.
pub const PROC_MAX_NAME_PREFIX: usize = 10;

const _: () = assert!(PROC_MAX_NAME_PREFIX == Prefix::LONGEST);

/// A function that the library calls on its threads (`proc_config`). It must return, as a callback must.
///
/// @param user_data  that of the configuration.
pub type proc_thread_fn = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// Choices for the threads of the library. PROC_CONFIG_INIT sets the size and the defaults.
///
/// Ownership: all of it is yours, and is copied, but for `user_data`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_config {
    /// sizeof(proc_config): programs of older headers go on working.
    pub size: usize,
    /// How many bytes of its stack a thread has for callbacks. The library adds the stack that it needs itself, so that the deepest tree runs with
    /// any size: 1 MiB of address space (1.25 MiB if the processor is not x86-64), of which no more is used than the tree needs. If the thread-local
    /// data of the program's libraries is larger than 32 KiB, it takes a part of `stack_size`. At least PROC_MIN_STACK_SIZE; 0, the default: the
    /// whole stack has the size that the system gives threads (`ulimit -s`), but 2 MiB at least.
    pub stack_size: usize,
    /// How many idle threads are kept; further idle threads end. Default SIZE_MAX: any number. 0: none; but if `idle_timeout_ns` is 0, too, as in a
    /// struct that is filled with zeros, the default. The thread that watches over children that no thread runs yet does not count.
    pub max_idle_threads: usize,
    /// How long an idle thread is kept, in nanoseconds; negative: for ever. Default: 30 seconds, which 0 stands for,
    /// too; PROC_AT_ONCE: idle threads are not kept. If a callback starts a child that asks for a signal at the death
    /// of its parent (PR_SET_PDEATHSIG), the child gets the signal when the thread that has started it ends: in this
    /// case keep threads for ever.
    pub idle_timeout_ns: i64,
    /// The name of the threads: the prefix; inside of a task the prefix, a slash, and as much of the end of the task's
    /// name as fits into 15 bytes. At most PROC_MAX_NAME_PREFIX bytes. NULL or "", the default: inside of a task the
    /// task's name alone, else "procession".
    pub thread_name_prefix: *const c_char,
    /// Called on each thread of the library before anything else, for what runtimes must be told of
    /// foreign threads; may be NULL, the default. Processes may be waiting for the thread, so it must not
    /// wait for any.
    pub on_thread_start: proc_thread_fn,
    /// Called on each thread of the library that ends, after everything else; may be NULL, the default. It is not
    /// called for threads that exist when the program ends.
    pub on_thread_stop: proc_thread_fn,
    /// Passed to both as it is; may be NULL. It stays yours, and must be there until the program ends.
    pub user_data: *mut c_void,
    /// How many bytes of memory the flight recorder has. It records all the time, at some 40 ns for each event, and
    /// `proc_trace_snapshot` writes its events to a file. At least 2 MiB are used, for some 60,000 events; memory is
    /// taken only when it is needed. 0, the default: the flight recorder is off.
    pub flight_recorder_size: usize,
    /// Signals that are not blocked on the threads of the library, in addition to faults such as SIGSEGV, which must
    /// not be in the array. Use it for signals that each thread must receive itself: for instance, those by which a
    /// garbage collector stops all threads. Their handlers then run on these threads too, where system calls may end
    /// with EINTR. All other signals are blocked there; only the thread that listens for `proc_main` and
    /// `proc_on_signal` receives their signals. NULL, the default: SIGPROF alone, by which profilers take samples. An
    /// array replaces this default; an array without elements means no signals, for a program that blocks SIGPROF on
    /// its threads and takes it with `sigwait`.
    pub open_signals: *const c_int,
    /// How many `open_signals` there are. A signal may be there twice.
    pub open_signal_count: usize,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers and pointers.
unsafe impl Growing for proc_config {
    const INIT: Self = proc_config {
        size: size_of::<proc_config>(),
        stack_size: 0,
        max_idle_threads: usize::MAX,
        idle_timeout_ns: 30_000_000_000,
        thread_name_prefix: std::ptr::null(),
        on_thread_start: None,
        on_thread_stop: None,
        user_data: std::ptr::null_mut(),
        flight_recorder_size: 0,
        open_signals: std::ptr::null(),
        open_signal_count: 0,
    };
}

/// What the first version measured.
const FIRST_SIZE: usize = offset_of!(proc_config, flight_recorder_size);

/// # Configuration
///
/// Configures all threads of the library. These are the threads that run callbacks, the thread that watches over
/// children that no thread runs yet, and the thread that listens for signals. The configuration is for the whole
/// program.
///
/// It must be called before the first run (`proc_run`, `proc_main`, `proc_start`) and the first trace; before
/// that it may be called again, and the last call counts. A child of `fork` has its parent's configuration, and may
/// change it until its own first run.
///
/// Example:
/// ```c
/// proc_config config = PROC_CONFIG_INIT;
/// config.thread_name_prefix = "web";
/// proc_error *error = proc_configure(&config); // before anything has run
/// ```
///
/// @param config  NULL is bad input; so are a stack that is too small, a prefix that is too long, and anything
///                that is set beyond what this version of the library knows, and in `open_signals` a number that is
///                no signal, a fault, SIGKILL or SIGSTOP.
/// @return NULL on success. Else an error, and nothing has changed.
/// Errors:
/// - EBUSY: something has run already.
/// - EINVAL: bad input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_configure(config: *const proc_config) -> *mut proc_error {
    // SAFETY: the caller lends it, and what it points to.
    let config = unsafe { read(config) };
    give_outcome(config.map_err(Error::from).and_then(configure))
}

fn configure(asked: Asked) -> Outcome {
    config::change(asked.config).map_err(|Settled| {
        let message = "proc_configure: something has run already";
        Error::new(libc::EBUSY, message)
    })?;
    snapshot::keep_last(asked.flight_recorder);
    Ok(())
}

struct Asked {
    config: Config,
    /// How many bytes the flight recorder has; 0: there is none.
    flight_recorder: usize,
}

/// What C asks for.
///
/// # Safety
/// `config` is NULL, or valid with all that it points to.
unsafe fn read(config: *const proc_config) -> Result<Asked, BadInput> {
    // SAFETY: as promised by the caller.
    let asked = unsafe { sized::read(["proc_configure", "config"], config, FIRST_SIZE)? };
    // SAFETY: as above.
    let prefix = unsafe { string(asked.thread_name_prefix) };
    let default = proc_config::INIT.idle_timeout_ns;
    let idle_timeout_ns = or_default(asked.idle_timeout_ns, default);
    let config = Config {
        stack_size: stack_size(asked.stack_size)?,
        max_idle: max_idle(&asked, idle_timeout_ns),
        idle_timeout_ns,
        prefix: prefix.map(name_prefix).transpose()?.flatten(),
        on_start: notice(asked.on_thread_start, asked.user_data),
        on_stop: notice(asked.on_thread_stop, asked.user_data),
        // SAFETY: as above.
        open: unsafe { open_signals(&asked)? },
    };
    Ok(Asked {
        config,
        flight_recorder: asked.flight_recorder_size,
    })
}

/// Whom nothing is to keep, nobody finds. Where both are 0 nobody has chosen: the struct was filled with zeros.
fn max_idle(asked: &proc_config, idle_timeout_ns: i64) -> usize {
    match (asked.max_idle_threads, asked.idle_timeout_ns) {
        _ if idle_timeout_ns == 0 => 0,
        (0, 0) => usize::MAX,
        (most, _) => most,
    }
}

/// `None`: as the system has it.
fn stack_size(size: usize) -> Result<Option<usize>, BadInput> {
    match size {
        0 => Ok(None),
        PROC_MIN_STACK_SIZE.. => Ok(Some(size)),
        _ => Err(BadInput::StackSize { size }),
    }
}

/// # Safety
/// What it points to is valid.
unsafe fn open_signals(asked: &proc_config) -> Result<Set, BadInput> {
    let place = ["proc_configure", "config->open_signals"];
    let (array, count) = (asked.open_signals, asked.open_signal_count);
    // SAFETY: as promised by the caller.
    let open = unsafe { signals::array(place, array, count, Twice::Allowed)? };
    Ok(open.unwrap_or(Config::DEFAULT.open))
}

fn name_prefix(text: &CStr) -> Result<Option<Prefix>, BadInput> {
    let prefix = Prefix::of(text).ok_or(BadInput::NamePrefix {
        length: text.count_bytes(),
    })?;
    Ok(Some(prefix).filter(|_| !text.is_empty()))
}

fn notice(function: proc_thread_fn, data: *mut c_void) -> Option<Notice> {
    function.map(|function| Notice { function, data })
}
