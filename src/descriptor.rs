//! Writing to a descriptor of the program's, whatever it is.
//!
//! unsafe: the descriptor is a number, and the calls take pointers.
#![allow(unsafe_code)]

use libc::c_int;

/// Says something on standard error. If that is closed, there is nobody left to tell.
pub(crate) fn say(text: &str) {
    let _ = write_all(libc::STDERR_FILENO, text.as_bytes());
}

/// Writes everything, whatever gets in between; else the code of what went wrong.
pub(crate) fn write_all(fd: c_int, mut text: &[u8]) -> Result<(), c_int> {
    while !text.is_empty() {
        // SAFETY: the text is valid for as long as it is.
        let written = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
        match usize::try_from(written) {
            Ok(written) => text = &text[written..],
            Err(_) => wait_until_writable(fd)?,
        }
    }
    Ok(())
}

/// After an attempt to write that failed: whether there is any use in another.
fn wait_until_writable(fd: c_int) -> Result<(), c_int> {
    match std::io::Error::last_os_error().raw_os_error() {
        Some(libc::EINTR) => Ok(()),
        Some(libc::EAGAIN) => {
            let mut ready = libc::pollfd {
                fd,
                events: libc::POLLOUT,
                revents: 0,
            };
            // SAFETY: there is one structure. What is wrong with the descriptor the next attempt will tell.
            unsafe { libc::poll(&mut ready, 1, -1) };
            Ok(())
        }
        code => Err(code.unwrap_or(libc::EIO)),
    }
}
