//! What the service manager is told, by the protocol of `sd_notify`: datagrams of a few lines.
//!
//! Nothing of it may hold the program up, or keep it from running: what is new is noted at once, and sent by whom
//! that may hold up. A message that cannot be sent is not sent, and the first of them is told on standard error.
//! No descriptor is kept from one message to the next.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, Error, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::clock::{self, Duration, Instant};
use crate::sync::Mutex;
use crate::{descriptor, stats};

/// How long a manager that does not read may hold up a message.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service manager that has started the program.
pub(crate) struct Manager {
    socket: OsString,
    /// How often it wants to hear that the program lives.
    beat: Option<Duration>,
    told: Mutex<Told>,
}

/// What it has been told, and is to be.
#[derive(Default)]
struct Told {
    is_up: bool,
    is_stopping: bool,
    next_beat: Option<Instant>,
    news: VecDeque<&'static str>,
    has_failed: bool,
}

impl Manager {
    /// The one that the environment names, if it names one.
    pub(crate) fn of_environment() -> Option<Manager> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let manager = Manager {
            socket: variable("NOTIFY_SOCKET")?,
            beat: beat(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")),
            told: Mutex::new(Told::default()),
        };
        Some(manager)
    }

    /// Notes what is new, for `send`. Returns when it is to be told something again at the latest.
    pub(crate) fn note(&self, is_up: bool, is_stopping: bool) -> Option<Instant> {
        let mut told = self.told.lock();
        if is_up && !told.is_up && !told.is_stopping {
            told.is_up = true;
            told.news.push_back("READY=1");
        }
        if is_stopping && !told.is_stopping {
            told.is_stopping = true;
            told.news.push_back("STOPPING=1");
        }
        if let Some(beat) = self.beat
            && told.next_beat.is_none_or(clock::has_come)
        {
            told.next_beat = clock::now().checked_add(beat);
            told.note_beat();
        }
        told.next_beat
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.told.lock().news.is_empty()
    }

    /// Sends what was noted.
    ///
    /// What it says of the tasks it has from the slots of all threads, so it says nothing if the library is stuck.
    pub(crate) fn send(&self) {
        while let Some(what) = self.next() {
            let tasks = stats::look().tasks();
            let plural = if tasks == 1 { "" } else { "s" };
            let text = format!("{what}\nSTATUS={tasks} task{plural} running\n");
            if let Err(error) = send(&self.socket, text.as_bytes())
                && !std::mem::replace(&mut self.told.lock().has_failed, true)
            {
                self.complain(&error);
            }
        }
    }

    fn next(&self) -> Option<&'static str> {
        self.told.lock().news.pop_front()
    }

    fn complain(&self, error: &Error) {
        let socket = self.socket.to_string_lossy();
        descriptor::say(&format!("procession: NOTIFY_SOCKET is {socket}: {error}\n"));
    }
}

impl Told {
    /// One that was not sent yet is not followed by another.
    fn note_beat(&mut self) {
        const BEAT: &str = "WATCHDOG=1";
        if !self.news.contains(&BEAT) {
            self.news.push_back(BEAT);
        }
    }
}

/// Half of the time after which the manager takes the program for dead, if it watches this one.
fn beat(time: Option<OsString>, process: Option<OsString>) -> Option<Duration> {
    let number = |text: OsString| text.to_str()?.parse::<u64>().ok();
    let is_other = |process| number(process) != Some(std::process::id().into());
    if process.is_some_and(is_other) {
        return None;
    }
    let time = Duration::from_micros(number(time?)?);
    Some(time / 2).filter(|beat| !beat.is_zero())
}

fn send(socket: &OsStr, text: &[u8]) -> io::Result<()> {
    let address = address(socket)?;
    let sender = UnixDatagram::unbound()?;
    sender.set_write_timeout(Some(PATIENCE))?;
    sender.send_to_addr(text, &address).map(|_| ())
}

fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(socket),
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            "neither a path nor the name of an abstract socket",
        )),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn beat_of(time: &str, process: Option<&str>) -> Option<Duration> {
        beat(Some(time.into()), process.map(OsString::from))
    }

    #[test]
    fn half_of_the_time_and_only_for_this_process() {
        let own = std::process::id().to_string();
        assert_eq!(beat_of("3000000", None), Some(Duration::from_millis(1500)));
        assert_eq!(beat_of("2", Some(&own)), Some(Duration::from_micros(1)));
        assert_eq!(beat_of("2", Some("1")), None);
        assert_eq!(beat_of("2", Some("nonsense")), None);
        assert_eq!(beat_of("nonsense", None), None);
        assert_eq!(beat_of("0", None), None);
        assert_eq!(beat(None, None), None);
    }

    fn manager(beat: Option<Duration>) -> Manager {
        Manager {
            socket: "/nowhere/at/all".into(),
            beat,
            told: Mutex::new(Told::default()),
        }
    }

    fn news(manager: &Manager) -> Vec<&'static str> {
        std::iter::from_fn(|| manager.next()).collect()
    }

    #[test]
    fn each_is_told_once_and_in_order() {
        let manager = manager(None);
        assert_eq!(manager.note(false, false), None);
        assert!(!manager.has_news());
        assert_eq!(manager.note(true, false), None);
        assert_eq!(manager.note(true, true), None);
        assert_eq!(manager.note(true, true), None);
        assert_eq!(news(&manager), ["READY=1", "STOPPING=1"]);
        assert!(!manager.has_news());
    }

    #[test]
    fn who_stops_is_not_up_any_more() {
        let manager = manager(None);
        manager.note(false, true);
        manager.note(true, true);
        assert_eq!(news(&manager), ["STOPPING=1"]);
    }

    #[test]
    fn beats_that_nobody_sends_are_one() {
        let manager = manager(Some(Duration::ZERO));
        for _ in 0..3 {
            assert!(manager.note(false, false).is_some());
        }
        assert_eq!(news(&manager), ["WATCHDOG=1"]);
    }
}
