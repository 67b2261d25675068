//! The object that the library is in stays where it is: its threads outlive any `dlclose`, and so do the
//! handlers that a signal or a `fork` calls.
//!
//! The shared library says so to the loader by itself (`cmake/`). The static one may be in any object, a plug-in as
//! well. It asks the loader as that object is loaded: the loader has its lock then anyhow. To ask later could mean to wait
//! for the constructor of somebody's plug-in, which may wait for the process that is about to begin.
//!
//! unsafe: the loader is C.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};

type Open = unsafe extern "C" fn(name: *const c_char, flags: c_int) -> *mut c_void;

// It is in the object that is to stay.
static HERE: u8 = 0;

/// To be called as the library is loaded.
pub(crate) fn pin() {
    let mut name: Option<&CStr> = None;
    // SAFETY: the function is called before this one returns, with the place that the name is to be in.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut name).cast()) };
    // The program itself has no name, and is never unloaded.
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    // SAFETY: the name is a text. (To refer to `dlopen` itself makes linkers warn of programs that are linked
    // statically, in which this is not reached.)
    let open = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"dlopen".as_ptr()) };
    // SAFETY: this is the type that the function has, or NULL, which is `None`.
    let open = unsafe { std::mem::transmute::<*mut c_void, Option<Open>>(open) };
    if let Some(open) = open {
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        // SAFETY: the name is the loader's own, and nothing is loaded. The loader finds the object by that name alone:
        // the file may be another one by now, or none.
        unsafe { open(name.as_ptr(), flags) };
    }
}

/// Whether the library is in this object. Then notes its name, as the loader knows it.
unsafe extern "C" fn look(
    object: *mut libc::dl_phdr_info,
    _size: usize,
    name: *mut c_void,
) -> c_int {
    // SAFETY: the loader lends the object, with its segments and its name, which is there as long as the object.
    unsafe {
        let object = &*object;
        let segments = match object.dlpi_phnum {
            0 => &[],
            count => std::slice::from_raw_parts(object.dlpi_phdr, usize::from(count)),
        };
        let is_here = segments.iter().any(|segment| {
            let start = (object.dlpi_addr as usize).wrapping_add(segment.p_vaddr as usize);
            let offset = (&raw const HERE).addr().wrapping_sub(start);
            segment.p_type == libc::PT_LOAD && offset < segment.p_memsz as usize
        });
        if is_here && !object.dlpi_name.is_null() {
            *name.cast::<Option<&CStr>>() = Some(CStr::from_ptr(object.dlpi_name));
        }
        c_int::from(is_here)
    }
}
