//! The options of `proc_main_with`, as C gives them.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::bad_input::BadInput;
use super::signals;
use super::sized::{self, Growing};
use crate::shutdown::Options;
use crate::signal::Set;

/// How a program wants to be stopped: for `proc_main_with`. Begin with PROC_MAIN_OPTIONS_INIT, which sets the size
/// and the defaults, and change what you want to be different.
///
/// Ownership: yours, and borrowed until `proc_main_with` returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_main_options {
    /// sizeof(proc_main_options): programs of older headers go on working.
    pub size: usize,
    /// What asks the program to stop. NULL, with a count of 0: SIGINT and SIGTERM. Not NULL, with a count of
    /// 0: nothing does.
    pub signals: *const c_int,
    /// How many `signals`.
    pub signal_count: usize,
    /// How long it goes on between the signal and the cancellation, in nanoseconds: `proc_draining` is true at
    /// once, so that nobody is sent here any more, and whoever is still sent is served. Default 0; negative
    /// (PROC_FOREVER): until the second signal.
    pub drain_ns: i64,
    /// How long it may take after that cancellation, in nanoseconds, before it is ended as if by the signal.
    /// Default PROC_FOREVER.
    pub grace_ns: i64,
    /// Prints the live tree to standard error, as `proc_dump` does, each time it comes; it stops nothing.
    /// Default 0: none.
    pub dump_signal: c_int,
    /// Whether to tell the service manager: the protocol of sd_notify. Default false.
    pub notify: MaybeUninit<bool>,
    /// Where to store which signal stopped the program, 0 if none did, also if the call fails. NULL: nowhere.
    pub signal_out: *mut c_int,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers, pointers and a byte that may be any.
unsafe impl Growing for proc_main_options {}

/// What the first version measured.
const FIRST_SIZE: usize = size_of::<proc_main_options>();

/// What stops a program that says nothing else.
const STOPS: [c_int; 2] = [libc::SIGINT, libc::SIGTERM];

/// The options of `proc_main`.
pub(super) fn defaults() -> Options {
    Options {
        stops: Set::of(STOPS[0]).and(Set::of(STOPS[1])),
        drain_ns: 0,
        grace_ns: -1,
        dump: Set::EMPTY,
        notify: false,
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
        // SAFETY: as above.
        let stops = unsafe { signals::stops(function, asked.signals, asked.signal_count) }?;
        let stops = stops.unwrap_or(defaults().stops);
        Ok(Given {
            options: Options {
                stops,
                drain_ns: asked.drain_ns,
                grace_ns: asked.grace_ns,
                dump: signals::dump(function, asked.dump_signal, stops)?,
                // SAFETY: it has one byte, which was read; C may have any number in it.
                notify: unsafe { asked.notify.as_ptr().cast::<u8>().read() } != 0,
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
