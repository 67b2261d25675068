//! Which program is to be run, and with what.
//!
//! unsafe: what C is given are arrays of pointers, and the environment is the C library's.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};

use libc::c_int;

use crate::base::environment;
use crate::base::sync::Arc;

/// What a program is started with. It is made once, and used at each start.
pub(crate) struct Command {
    name: Arc<CStr>,
    argv: Strings,
    /// `None`: the program's that starts it.
    envp: Option<Strings>,
    directory: Option<CString>,
    /// What is to be its descriptors 0 to 2; -1: what holds if nobody chooses.
    pub(crate) streams: [c_int; 3],
}

/// Strings as C has them: an array that ends with NULL.
pub(crate) struct Strings {
    /// What the pointers point to.
    _owned: Vec<CString>,
    pointers: Vec<*const c_char>,
}

// SAFETY: the strings are never changed.
unsafe impl Send for Strings {}
// SAFETY: as above.
unsafe impl Sync for Strings {}

/// What C is lent.
pub(crate) type Array = *const *mut c_char;

impl Strings {
    pub(crate) fn of(strings: Vec<CString>) -> Strings {
        let pointers = strings.iter().map(|string| string.as_ptr());
        Strings {
            pointers: pointers.chain([std::ptr::null()]).collect(),
            _owned: strings,
        }
    }

    fn array(&self) -> Array {
        self.pointers.as_ptr().cast()
    }
}

/// The environment of one start.
pub(super) enum Environment<'a> {
    Given(&'a Strings),
    /// That of the program, less what is said to this alone.
    Own(Vec<*mut c_char>),
}

impl Environment<'_> {
    pub(super) fn array(&self) -> Array {
        match self {
            Environment::Given(strings) => strings.array(),
            Environment::Own(pointers) => pointers.as_ptr(),
        }
    }
}

unsafe extern "C" {
    static environ: Array;
}

impl Command {
    /// `argv` has the program's name.
    pub(crate) fn new(
        argv: Vec<CString>,
        envp: Option<Vec<CString>>,
        directory: Option<CString>,
        streams: [c_int; 3],
    ) -> Command {
        Command {
            name: argv[0].as_c_str().into(),
            argv: Strings::of(argv),
            envp: envp.map(Strings::of),
            directory,
            streams,
        }
    }

    /// As it was given.
    pub(super) fn name(&self) -> &Arc<CStr> {
        &self.name
    }

    pub(crate) fn argv(&self) -> Array {
        self.argv.array()
    }

    /// NULL: the program's that starts it.
    pub(crate) fn envp(&self) -> Array {
        self.envp.as_ref().map_or(std::ptr::null(), Strings::array)
    }

    pub(crate) fn directory(&self) -> Option<&CStr> {
        self.directory.as_deref()
    }

    pub(super) fn environment(&self) -> Environment<'_> {
        match &self.envp {
            Some(strings) => Environment::Given(strings),
            // SAFETY: no other thread changes the environment meanwhile; that the API asks of the program.
            None => Environment::Own(unsafe { passed_on(environ) }),
        }
    }
}

/// # Safety
/// It is NULL, or an array of strings that ends with NULL, which stays as it is.
unsafe fn passed_on(mut from: Array) -> Vec<*mut c_char> {
    let mut pointers = Vec::new();
    // SAFETY: as promised by the caller; there is a further element as long as none was NULL.
    unsafe {
        while let Some(string) = from.as_ref().filter(|string| !string.is_null()) {
            if !environment::is_for_this_program(CStr::from_ptr(*string)) {
                pointers.push(*string);
            }
            from = from.add(1);
        }
    }
    pointers.push(std::ptr::null_mut());
    pointers
}
