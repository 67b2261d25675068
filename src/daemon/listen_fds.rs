//! The sockets that whoever has started the program holds for it: what sd_listen_fds(3) understands.
//!
//! They come under the numbers from 3 on. They are looked at once, when somebody first asks: later the program may have closed them, and have
//! other files under these numbers.

use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

use libc::c_int;

use crate::base::descriptor;
use crate::base::environment::{self, LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID};
use crate::base::sync::{Mutex, MutexGuard, global};

/// The number of the first one.
const FIRST: RawFd = 3;

/// What one is called that has no name.
const UNKNOWN: &[u8] = b"unknown";

// What was found; `None`: nobody has asked yet.
global!(FOUND: Mutex<Found> = Mutex::new(None));

type Found = Option<Result<Sockets, c_int>>;

/// How many there are, and what each is called, if that was said; or the code of an error: one is not there.
#[derive(Default)]
pub(crate) struct Sockets {
    count: usize,
    names: Option<Vec<Vec<u8>>>,
}

/// The numbers of those with that name; all, if none is given. If one of them is not there, the code of the error.
pub(crate) fn find(name: Option<&[u8]>) -> Result<Vec<RawFd>, c_int> {
    let mut found = FOUND.lock();
    let sockets = found.get_or_insert_with(take).as_ref();
    let sockets = sockets.map_err(|code| *code)?;
    let is_meant = |place: &usize| name.is_none_or(|name| name == sockets.name(*place));
    let meant = (0..sockets.count).filter(is_meant);
    Ok(meant.map(|place| FIRST + place as RawFd).collect())
}

fn take() -> Result<Sockets, c_int> {
    const ALL: [&CStr; 3] = [LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES];
    environment::take(&ALL);
    let [count, process, names] = ALL.map(environment::value);
    let sockets = Sockets::of(count, process, names).unwrap_or_default();
    for place in 0..sockets.count {
        descriptor::close_on_exec(FIRST + place as RawFd)?;
    }
    Ok(sockets)
}

impl Sockets {
    /// If they are for this process, and all of that is as it should be.
    fn of(
        count: Option<OsString>,
        process: Option<OsString>,
        names: Option<OsString>,
    ) -> Option<Sockets> {
        let count = number(&count?)? as usize;
        let is_ours = number(&process?)? == std::process::id();
        let names = names.map(|names| {
            let names = names.as_bytes().split(|byte| *byte == b':');
            names.map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
        let are_named = names.as_ref().is_none_or(|names| names.len() == count);
        let is_possible = count <= (RawFd::MAX - FIRST) as usize;
        (is_ours && are_named && is_possible).then_some(Sockets { count, names })
    }

    fn name(&self, place: usize) -> &[u8] {
        self.names.as_ref().map_or(UNKNOWN, |names| &names[place])
    }
}

/// Digits, and nothing else.
fn number(text: &OsStr) -> Option<u32> {
    let text = text.to_str()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Found>;

pub(crate) fn hold() -> Held {
    FOUND.lock()
}
