//! The options of `proc_main_with`, as C gives them.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{MaybeUninit, offset_of};

use super::bad_input::BadInput;
use super::signals::{self, Twice};
use super::sized::{self, Growing};
use super::time::{FOREVER, or_default};
use crate::base::user_data::Notice;
use crate::daemon::shutdown::Options;
use crate::signal::{Set, Stops};

/// How a program is stopped: options of `proc_main_with`. Begin with PROC_MAIN_OPTIONS_INIT, which sets the size and
/// the defaults, and change what you want to be different.
///
/// Ownership: yours, and borrowed until `proc_main_with` returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_main_options {
    /// sizeof(proc_main_options): programs of older headers go on working.
    pub size: usize,
    /// The signals that ask the program to stop. NULL, with a count of 0: SIGINT and SIGTERM. Not NULL, with a count of
    /// 0: no signal does.
    pub signals: *const c_int,
    /// How many `signals`.
    pub signal_count: usize,
    /// The drain time: how long the program goes on between the signal and the cancellation, in nanoseconds.
    /// `proc_draining` is true at once, so that no new clients are sent here, and clients that still come are served.
    /// Default 0; negative (PROC_FOREVER): until a further signal ends the program (`force_after_ns`).
    pub drain_ns: i64,
    /// The grace period: how long the process may take after that cancellation, in nanoseconds, before the program is
    /// ended as if by the signal. Default PROC_FOREVER, which 0 stands for, too; PROC_AT_ONCE: the program does not
    /// wait.
    pub grace_ns: i64,
    /// Each time this signal comes, the live tree is printed to standard error, as by `proc_dump`; nothing is stopped.
    /// Default 0: no signal.
    pub dump_signal: c_int,
    /// Whether to tell the service manager: the protocol of sd_notify. Default false.
    pub notify: MaybeUninit<bool>,
    /// Where to store which signal stopped the program, 0 if none did, also if the call fails. NULL: nowhere.
    pub signal_out: *mut c_int,
    /// How long after the first of `signals` a further one of them ends the program, in nanoseconds. A signal that comes sooner is the same request:
    /// the command `timeout` sends it to the program and then to its group, and people press Ctrl-C twice. It shortens neither the drain time nor the
    /// grace period. Default 1 s; 0: any further signal ends the program, at once; negative (PROC_FOREVER): no further signal does.
    pub force_after_ns: i64,
    /// How long the program may go on when it stops because of a failure of its own, in nanoseconds. That is, a failure
    /// has cancelled the outermost group, nursery, stack or race, around which there is nothing but tasks, services,
    /// trace regions and shields; from then on the time counts. (A child that does not return would block the stop, and
    /// perhaps no signal comes.) When the time is over, the live tree is written to standard error, and the failure as
    /// `proc_exit_status` writes it, and the program ends with exit status 1. Default 0, and negative (PROC_FOREVER):
    /// it waits for ever.
    pub failure_grace_ns: i64,
    /// Whether to reap orphans while the process runs: processes whose parent has ended and that the kernel has given to this program, because the
    /// program is process 1 of a container, or has made itself a subreaper (PR_SET_CHILD_SUBREAPER; this option does not). Children that the program
    /// or this library has made are never reaped in this way: their status stays until their maker asks for it, however late. The kernel does not
    /// tell children and orphans apart, so an orphan is reaped only if there is evidence that another process has made it: it was forked, without
    /// anything executed, by a child that this program has forked; or it was seen as the child of another process (four times a second, in /proc, if
    /// that is mounted for the program's own namespace of processes); or it is in a session that is neither the program's nor its own. An orphan that
    /// a child has executed and left within moments, in the same session, stays a zombie: if there are many of these, use a small init as process 1.
    /// Default false.
    pub reap: MaybeUninit<bool>,
    /// Must be 0.
    pub reserved: [c_char; 7],
    /// Called before the program is ended by force: by a further one of `signals`, or because a grace period is over. Use it to save data that the
    /// program has acknowledged. The live tree is written to standard error first. The function has 2 seconds, which no further signal shortens; then
    /// the program ends, whether or not the function has returned. It runs on a thread of its own, which exists from the beginning, and may call this
    /// library. All other threads go on running meanwhile: they may hold locks that the function needs. It is not called when the program is aborted
    /// because a callback was left by an exception. NULL, the default: no function is called, and a further signal ends the program at once.
    pub on_abandon: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    /// Passed to `on_abandon` as it is; may be NULL. It stays yours.
    pub user_data: *mut c_void,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers, pointers and a byte that may be any.
unsafe impl Growing for proc_main_options {
    const INIT: Self = proc_main_options {
        size: size_of::<proc_main_options>(),
        signals: std::ptr::null(),
        signal_count: 0,
        drain_ns: 0,
        grace_ns: -1,
        dump_signal: 0,
        notify: MaybeUninit::new(false),
        signal_out: std::ptr::null_mut(),
        force_after_ns: FORCE_AFTER_NS,
        failure_grace_ns: 0,
        reap: MaybeUninit::new(false),
        reserved: [0; 7],
        on_abandon: None,
        user_data: std::ptr::null_mut(),
    };
}

/// What the first version measured.
const FIRST_SIZE: usize = offset_of!(proc_main_options, force_after_ns);

/// What stops a program that says nothing else.
const STOPS: [c_int; 2] = [libc::SIGINT, libc::SIGTERM];

/// What PROC_MAIN_OPTIONS_INIT says.
const FORCE_AFTER_NS: i64 = 1_000_000_000;

/// The options of `proc_main`.
pub(super) fn defaults() -> Options {
    Options {
        stops: Stops {
            signals: Set::of(STOPS[0]).and(Set::of(STOPS[1])),
            force_after_ns: FORCE_AFTER_NS,
        },
        drain_ns: 0,
        grace_ns: -1,
        dump: Set::EMPTY,
        notify: false,
        failure_grace_ns: 0,
        on_abandon: None,
        reap: false,
    }
}

/// The options as the caller gives them.
pub(super) struct Given {
    pub(super) options: Options,
    signal_out: *mut c_int,
}

impl Given {
    /// # Safety
    /// `options` is NULL or valid, with all that it points to.
    pub(super) unsafe fn of(
        function: &'static str,
        options: *const proc_main_options,
    ) -> Result<Given, BadInput> {
        if options.is_null() {
            return Ok(Given {
                options: defaults(),
                signal_out: std::ptr::null_mut(),
            });
        }
        // SAFETY: as promised by the caller.
        let asked = unsafe { sized::read([function, "options"], options, FIRST_SIZE)? };
        // SAFETY: as above.
        unsafe { store(asked.signal_out, None) };
        if asked.reserved != [0; 7] {
            let argument = "options->reserved";
            return Err(BadInput::Unknown { function, argument });
        }
        let signals = [function, "options->signals"];
        let (array, count) = (asked.signals, asked.signal_count);
        // SAFETY: as above.
        let stops = unsafe { signals::array(signals, array, count, Twice::Wrong) }?;
        let stops = Stops {
            signals: stops.unwrap_or(defaults().stops.signals),
            force_after_ns: asked.force_after_ns,
        };
        Ok(Given {
            options: Options {
                stops,
                drain_ns: asked.drain_ns,
                grace_ns: or_default(asked.grace_ns, FOREVER),
                dump: signals::dump(function, asked.dump_signal, stops.signals)?,
                notify: is_set(&asked.notify),
                reap: is_set(&asked.reap),
                failure_grace_ns: asked.failure_grace_ns,
                on_abandon: asked.on_abandon.map(|function| Notice {
                    function,
                    data: asked.user_data,
                }),
            },
            signal_out: asked.signal_out,
        })
    }

    /// Tells which signal stopped the program.
    ///
    /// # Safety
    /// What the options point to is still valid.
    pub(super) unsafe fn tell(&self, signal: Option<c_int>) {
        // SAFETY: as promised by the caller.
        unsafe { store(self.signal_out, signal) };
    }
}

/// # Safety
/// `place` is NULL, for callers who do not want to know, or is lent.
unsafe fn store(place: *mut c_int, signal: Option<c_int>) {
    // SAFETY: as promised by the caller.
    if let Some(place) = unsafe { place.as_mut() } {
        *place = signal.unwrap_or(0);
    }
}

/// C may have any number in it.
fn is_set(option: &MaybeUninit<bool>) -> bool {
    // SAFETY: it has one byte, which was read.
    unsafe { option.as_ptr().cast::<u8>().read() != 0 }
}
