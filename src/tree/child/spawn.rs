//! Starting a program by `posix_spawn`: the new process shares the memory of this one until it executes the program, so a start takes no
//! longer if the memory is large; and no handler of the program's runs in between.
//!
//! What the C library must know beyond POSIX is asked for when it is first needed: to change the directory (glibc 2.29, musl 1.1.24), and
//! to close all other descriptors (glibc 2.34), also those that other threads have just opened and that are not close-on-exec. Were these
//! linked, the library could not be loaded where one is missing. There `fork_exec` does it.
//!
//! unsafe: these are calls of the C library's.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, transmute};

use libc::{c_int, pid_t, posix_spawn_file_actions_t, posix_spawnattr_t};

use super::command::Command;
use super::fork_exec;
use super::streams::{FIRST_OTHER, Source, Stream};
use crate::base::cancelability;
use crate::base::mask;
use crate::base::once::set_once;
use crate::base::sync::OnceLock;

type AddChdir = unsafe extern "C" fn(*mut posix_spawn_file_actions_t, *const c_char) -> c_int;
type AddCloseFrom = unsafe extern "C" fn(*mut posix_spawn_file_actions_t, c_int) -> c_int;

/// What is asked for.
#[derive(Clone, Copy)]
struct Beyond {
    chdir: AddChdir,
    close_from: AddCloseFrom,
}

/// Starts it, as the leader of a group of its own; else says why it could not be.
pub(super) fn start(command: &Command, streams: &[Stream; 3]) -> Result<pid_t, c_int> {
    cancelability::disabled(|| match beyond() {
        Some(beyond) => spawn(command, streams, beyond),
        None => fork_exec::start(command, streams),
    })
}

fn beyond() -> Option<Beyond> {
    static BEYOND: OnceLock<Option<Beyond>> = OnceLock::new();
    match BEYOND.get() {
        Some(known) => *known,
        None => *set_once(&BEYOND, find()),
    }
}

fn find() -> Option<Beyond> {
    let chdir = symbol(c"posix_spawn_file_actions_addchdir_np")?;
    let close_from = symbol(c"posix_spawn_file_actions_addclosefrom_np")?;
    // SAFETY: these are the types of the functions of these names, wherever there are any.
    Some(unsafe {
        Beyond {
            chdir: transmute::<*mut c_void, AddChdir>(chdir),
            close_from: transmute::<*mut c_void, AddCloseFrom>(close_from),
        }
    })
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name is a string.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

fn spawn(command: &Command, streams: &[Stream; 3], beyond: Beyond) -> Result<pid_t, c_int> {
    let mut actions = Actions::new()?;
    for (number, stream) in streams.iter().enumerate() {
        actions.add_stream(number as c_int, stream)?;
    }
    actions.add(|actions| {
        // SAFETY: the actions are valid ones, and the directory is a string.
        unsafe {
            match command.directory() {
                Some(directory) => (beyond.chdir)(actions, directory.as_ptr()),
                None => 0,
            }
        }
    })?;
    // SAFETY: as above.
    actions.add(|actions| unsafe { (beyond.close_from)(actions, FIRST_OTHER) })?;
    let attributes = Attributes::new()?;
    let environment = command.environment();
    let (argv, envp) = (command.argv(), environment.array());
    let mut pid = 0;
    // SAFETY: all of it is there during the call; both arrays end with NULL, and the first has an element before that.
    succeeded(unsafe {
        let name = command.name().as_ptr();
        libc::posix_spawnp(&mut pid, name, &actions.0, &attributes.0, argv, envp)
    })?;
    Ok(pid)
}

fn succeeded(code: c_int) -> Result<(), c_int> {
    if code == 0 { Ok(()) } else { Err(code) }
}

/// What the new process does to its descriptors, in order.
struct Actions(posix_spawn_file_actions_t);

impl Actions {
    fn new() -> Result<Actions, c_int> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: if the call succeeds, it has made them.
        unsafe {
            succeeded(libc::posix_spawn_file_actions_init(actions.as_mut_ptr()))?;
            Ok(Actions(actions.assume_init()))
        }
    }

    fn add(
        &mut self,
        add: impl FnOnce(*mut posix_spawn_file_actions_t) -> c_int,
    ) -> Result<(), c_int> {
        succeeded(add(&mut self.0))
    }

    fn add_stream(&mut self, number: c_int, stream: &Stream) -> Result<(), c_int> {
        self.add(|actions| {
            // SAFETY: the actions are valid ones, and the path is a string that stays.
            unsafe {
                match stream.source {
                    Source::Copy(fd) => libc::posix_spawn_file_actions_adddup2(actions, fd, number),
                    Source::Null(flags) => {
                        let null = c"/dev/null".as_ptr();
                        libc::posix_spawn_file_actions_addopen(actions, number, null, flags, 0)
                    }
                }
            }
        })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: they are valid ones, and not used any more.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.0) };
    }
}

/// What else is to be different in the new process.
struct Attributes(posix_spawnattr_t);

impl Attributes {
    const FLAGS: c_int =
        libc::POSIX_SPAWN_SETPGROUP | libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;

    fn new() -> Result<Attributes, c_int> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: if the call succeeds, it has made them.
        let mut attributes = unsafe {
            succeeded(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            Attributes(attributes.assume_init())
        };
        // SAFETY: the attributes are valid ones, and so are the sets.
        unsafe {
            libc::posix_spawnattr_setflags(&mut attributes.0, Attributes::FLAGS as libc::c_short);
            libc::posix_spawnattr_setpgroup(&mut attributes.0, 0);
            libc::posix_spawnattr_setsigmask(&mut attributes.0, &mask::set_of([]));
            libc::posix_spawnattr_setsigdefault(&mut attributes.0, &all_signals());
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: they are valid ones, and not used any more.
        unsafe { libc::posix_spawnattr_destroy(&mut self.0) };
    }
}

/// With those that the C library keeps for itself: it would have the program begin with these ignored.
fn all_signals() -> libc::sigset_t {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: a set is bits, so any bytes are one.
    unsafe {
        all.as_mut_ptr().write_bytes(0xff, 1);
        all.assume_init()
    }
}
