//! Signals by number and by name, and sets of them.

use libc::c_int;

use crate::base::mask::FAULTS;

/// Some signals: a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Set(pub(crate) u64);

/// Why a number stands for no signal that can be received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoUse {
    NoSignal,
    NeverCaught,
    Fault,
}

macro_rules! named {
    ($($name:ident)*) => { [$((libc::$name, stringify!($name))),*] };
}

const NAMES: [(c_int, &str); 31] = named! {
    SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM
    SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF
    SIGWINCH SIGIO SIGPWR SIGSYS
};

impl Set {
    pub(crate) const EMPTY: Set = Set(0);

    /// The set of this one signal, which is a valid one.
    pub(crate) const fn of(signal: c_int) -> Set {
        Set(1 << (signal - 1))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn has(self, signal: c_int) -> bool {
        self.has_all(Set::of(signal))
    }

    pub(crate) fn has_all(self, others: Set) -> bool {
        others.0 & !self.0 == 0
    }

    pub(crate) fn and(self, others: Set) -> Set {
        Set(self.0 | others.0)
    }

    pub(crate) fn common(self, others: Set) -> Set {
        Set(self.0 & others.0)
    }

    /// The numbers of its signals.
    pub(crate) fn numbers(self) -> impl Iterator<Item = c_int> {
        (1..=64).filter(move |signal| self.has(*signal))
    }
}

/// Whether a number stands for a signal that a program can receive and go on.
pub(crate) fn check(number: c_int) -> Result<(), NoUse> {
    let real_time = libc::SIGRTMIN()..=libc::SIGRTMAX();
    match number {
        libc::SIGKILL | libc::SIGSTOP => Err(NoUse::NeverCaught),
        // Returning from a handler would only cause it again.
        _ if FAULTS.contains(&number) => Err(NoUse::Fault),
        _ if real_time.contains(&number) || listed(number).is_some() => Ok(()),
        _ => Err(NoUse::NoSignal),
    }
}

fn listed(number: c_int) -> Option<&'static str> {
    let found = NAMES.iter().find(|(listed, _)| *listed == number);
    found.map(|(_, name)| *name)
}

/// What people call it.
pub(crate) fn name(signal: c_int) -> String {
    match listed(signal) {
        Some(name) => name.to_owned(),
        None => format!("SIGRTMIN+{}", signal - libc::SIGRTMIN()),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        assert_eq!(check(libc::SIGTERM), Ok(()));
        assert_eq!(check(libc::SIGRTMAX()), Ok(()));
        assert_eq!(check(libc::SIGKILL), Err(NoUse::NeverCaught));
        assert_eq!(check(libc::SIGSEGV), Err(NoUse::Fault));
        for none in [0, -1, 32, 65, i32::MAX, i32::MIN] {
            assert_eq!(check(none), Err(NoUse::NoSignal), "{none}");
        }
        assert_eq!(name(libc::SIGHUP), "SIGHUP");
        assert_eq!(name(libc::SIGRTMIN() + 3), "SIGRTMIN+3");
    }

    #[test]
    fn sets() {
        let both = Set::of(1).and(Set::of(64));
        assert_eq!(both.numbers().collect::<Vec<_>>(), [1, 64]);
        assert!(both.has(64) && !both.has(2) && both.has_all(Set::EMPTY));
        assert!(both.common(Set::of(2)).is_empty());
    }
}
