//! A write that is over in time, whatever the descriptor is: a pipe that nobody reads, one that others fill too, a
//! terminal that was stopped, a socket whose peer hangs.

use std::io::{self, Error, ErrorKind};

use libc::c_int;

use super::{Access, AtOnce, await_room};
use crate::base::clock::{self, Duration};

/// How long to wait where room was seen that is gone, or is not enough.
const RETRY: Duration = Duration::from_millis(1);

/// Writes it, or what of it can be written in that time.
pub(super) fn write_within(fd: c_int, mut text: &[u8], patience: Duration) -> io::Result<()> {
    let end = clock::now() + patience;
    let mut file = AtOnce::new(fd, Access::Write);
    while !text.is_empty() {
        let left = clock::until(end);
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        if !await_room(fd, left.as_millis() as c_int + 1) {
            continue;
        }
        match file.write(text) {
            Ok(written) => text = &text[written..],
            Err(error) => go_on_after(error)?,
        }
    }
    Ok(())
}

/// After an attempt to write that failed: whether there is any use in another.
fn go_on_after(error: Error) -> io::Result<()> {
    match error.raw_os_error() {
        Some(libc::EINTR) => {}
        Some(libc::EAGAIN) => clock::pause(RETRY),
        _ => return Err(error),
    }
    Ok(())
}
