//! What runs a program.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::offset_of;

use super::bad_input::BadInput;
use super::handle::{give, string};
use super::sized::{self, Growing};
use super::types::proc_impl;
use crate::tree::child::{Child, Command, Listen, StatusOut};
use crate::tree::process::Process;

/// Code that receives the output of a program.
///
/// @param stream     1: to its standard output; 2: to its standard error.
/// @param bytes      borrowed until it returns; never NULL.
/// @param count      how many.
/// @param user_data  that of the options.
pub type proc_output_fn = Option<
    unsafe extern "C-unwind" fn(
        stream: c_int,
        bytes: *const c_char,
        count: usize,
        user_data: *mut c_void,
    ),
>;

/// A program to run: `proc_child_options options = PROC_CHILD_OPTIONS_INIT;`
///
/// Ownership: yours; `proc_child` copies it, with all strings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_child_options {
    /// sizeof(proc_child_options), as PROC_CHILD_OPTIONS_INIT sets it.
    pub size: usize,
    /// The arguments of the program, and NULL after the last. The first argument is the name of the program: it is looked up in the PATH of the
    /// calling program, unless there is a slash in it. NULL, no arguments and an empty name are bad input.
    pub argv: *const *const c_char,
    /// The environment of the program, "NAME=VALUE" each, and NULL after the last. NULL: the environment of the calling program at the start, without
    /// the variables that are for the calling program alone: NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, PROCESSION_TRACE and PROCESSION_SEED.
    pub envp: *const *const c_char,
    /// The working directory of the program; relative names, that of the program too, are looked up there. NULL: the
    /// working directory of the calling program. If there is no such directory, the process fails as for a program that
    /// does not exist (ENOENT).
    pub directory: *const c_char,
    /// The descriptor of the calling program that becomes the standard input of the program. Default -1: /dev/null.
    pub r#in: c_int,
    /// The same for its standard output. Default -1: the standard output of the calling program, or /dev/null if that
    /// is closed.
    pub out: c_int,
    /// The same for its standard error.
    pub err: c_int,
    /// Receives the output of the program as it comes, in the place of `out` and `err`. One run makes one call at a time. It is a callback like that
    /// of `proc_new`, on the thread that runs the process; until it returns, nothing is read, and the program blocks when a pipe is full. NULL, the
    /// default: no function receives the output.
    pub on_output: proc_output_fn,
    /// Passed to `on_output` as it is; may be NULL. It stays yours, and must be there until the process's last run has ended.
    pub user_data: *mut c_void,
    /// How long after SIGTERM the group of the program is killed, in nanoseconds. Default 5 s; 0: at once, and without
    /// SIGTERM; negative (PROC_FOREVER): never.
    pub stop_after_ns: i64,
    /// Where to store the status of the program, as `waitpid` gives it. It is left alone if the program was not started, or the status was lost.
    /// NULL, the default: nowhere. It must be there until the process's last run has ended.
    pub status_out: *mut c_int,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers and pointers.
unsafe impl Growing for proc_child_options {
    const INIT: Self = proc_child_options {
        size: size_of::<proc_child_options>(),
        argv: std::ptr::null(),
        envp: std::ptr::null(),
        directory: std::ptr::null(),
        r#in: -1,
        out: -1,
        err: -1,
        on_output: None,
        user_data: std::ptr::null_mut(),
        stop_after_ns: 5_000_000_000,
        status_out: std::ptr::null_mut(),
    };
}

/// What was asked for, for who is lent it.
pub(super) fn lent(child: &Child) -> proc_child_options {
    let command = &child.command;
    let [input, out, err] = command.streams;
    let listen = child.listen.as_ref();
    proc_child_options {
        argv: command.argv().cast(),
        envp: command.envp().cast(),
        directory: command.directory().map_or(std::ptr::null(), CStr::as_ptr),
        r#in: input,
        out,
        err,
        on_output: listen.map(|listen| listen.function),
        user_data: listen.map_or(std::ptr::null_mut(), |listen| listen.data),
        stop_after_ns: child.stop_after_ns,
        status_out: child.status_out.0,
        ..proc_child_options::INIT
    }
}

/// What the first version measures.
const FIRST_SIZE: usize = offset_of!(proc_child_options, status_out) + size_of::<*mut c_int>();

/// # Programs
///
/// Makes a process that runs a program, and completes when the program has ended.
///
/// The program is in a process group of its own, with no signal blocked, with the default action for each signal (SIGPIPE, too). It inherits no
/// descriptor but its standard streams, whatever the calling program has open, close-on-exec or not. It is started as by `posix_spawn`: no handler of
/// `pthread_atfork` is called, and the start takes no longer if the calling program is large.
///
/// Exit status 0 is success. All else is a failure with code ECHILD, which names the program as its first argument does: "convert: exit status 3",
/// "convert: killed by SIGSEGV" (by number, "signal 35", if the signal does not have the same name everywhere). If the program cannot be started, the
/// process fails with the error of the system: "convert: No such file or directory". It also fails if no descriptors are left (EMFILE), or if a
/// descriptor for one of the streams is not open (EBADF).
///
/// When the process is cancelled, it stops the whole process group: it sends SIGTERM (and SIGCONT, so that a stopped program receives it), and
/// `stop_after_ns` later SIGKILL, if any program is left in the group. The process completes when the group is empty, or when the killed programs are
/// gone; if `stop_after_ns` is negative, when the program itself has ended. It fails with the cause. If it is cancelled before it begins, it starts
/// nothing, and fails with the cause. If the program has ended before SIGTERM was sent, its own result counts. Programs that have left the group, as
/// by `setsid`, are not stopped.
///
/// When the program ends by itself, other programs in its group are left alone, even if they go on writing. Everything that was written until then
/// has been passed to `on_output` when the process completes.
///
/// The library reaps the program, once, and does not touch SIGCHLD. If the calling program ignores SIGCHLD, or waits for any child (`wait`,
/// `waitpid(-1)`), the status may be lost: then the process fails with ECHILD, "convert: status lost".
///
/// Under a stop by force (`proc_main_options`) all groups are killed.
///
/// In a run of `proc_simulate` no program is started: a process plays the program (`proc_simulated_child_fn`).
///
/// Example:
/// ```c
/// const char *const arguments[] = {"convert", "in.png", "out.jpg", NULL};
/// proc_child_options options = PROC_CHILD_OPTIONS_INIT;
/// options.argv = arguments;
/// return proc_run(proc_timeout(PROC_SECONDS(30), proc_child(&options)), cancel);
/// ```
///
/// Threads: it blocks the thread that runs it. Where the system has no descriptors of processes (before Linux 5.3), it takes another one that waits.
///
/// @param options  what to run; NULL is bad input.
/// @return never NULL. After bad input, a process that starts nothing and fails. The process may run many times,
///         and at the same time.
/// Errors: the process fails with one of these.
/// - EINVAL: bad input.
/// - ECHILD: the program has ended in another way than with exit status 0, or its status was lost.
/// - EMFILE: no descriptors are left.
/// - EBADF: a descriptor for one of the streams is not open.
/// - ENOENT, EACCES and so on: the system cannot start the program.
/// - ENOTSUP: it runs in a simulation, and the options of the simulation have no `child`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_child(options: *const proc_child_options) -> *mut proc_impl {
    // SAFETY: the caller lends the options, with all that they point to.
    give(match unsafe { read(options) } {
        Ok(child) => Process::program(child),
        Err(mistake) => Process::invalid(mistake.into()),
    })
}

const FUNCTION: &str = "proc_child";

/// # Safety
/// `options` is NULL, or valid, with all that it points to.
unsafe fn read(options: *const proc_child_options) -> Result<Child, BadInput> {
    // SAFETY: as promised by the caller.
    let asked = unsafe { sized::read([FUNCTION, "options"], options, FIRST_SIZE)? };
    // SAFETY: as above.
    let (argv, envp, directory) = unsafe {
        let strings = |array: *const *const c_char| (!array.is_null()).then(|| strings(array));
        let argv = strings(asked.argv).ok_or(BadInput::Null {
            function: FUNCTION,
            argument: "options->argv",
        })?;
        (argv, strings(asked.envp), string(asked.directory))
    };
    match argv.first() {
        None => Err(BadInput::NullElement {
            function: FUNCTION,
            argument: "options->argv",
            index: 0,
        }),
        Some(name) if name.is_empty() => Err(BadInput::Empty {
            function: FUNCTION,
            argument: "options->argv[0]",
        }),
        Some(_) => {
            let streams = [asked.r#in, asked.out, asked.err];
            let directory = directory.map(|directory| directory.to_owned());
            Ok(Child {
                command: Command::new(argv, envp, directory, streams),
                listen: asked.on_output.map(|function| Listen {
                    function,
                    data: asked.user_data,
                }),
                stop_after_ns: asked.stop_after_ns,
                status_out: StatusOut(asked.status_out),
            })
        }
    }
}

/// Copies of them.
///
/// # Safety
/// It is an array of strings that ends with NULL.
unsafe fn strings(mut array: *const *const c_char) -> Vec<CString> {
    let mut copies = Vec::new();
    // SAFETY: as promised by the caller; there is a further element as long as none was NULL.
    unsafe {
        while let Some(one) = string(*array) {
            copies.push(one.to_owned());
            array = array.add(1);
        }
    }
    copies
}
