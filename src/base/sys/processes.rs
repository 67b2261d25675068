//! All processes that there are, as /proc tells of them.

use std::fs;

/// A process. The fields are those of proc(5).
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Process {
    pub(crate) number: i32,
    state: u8,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// When it began. Numbers come again.
    pub(crate) began: u64,
}

/// This program's number, if /proc is that of its namespace.
pub(crate) fn own() -> Option<i32> {
    let link = fs::read_link("/proc/self").ok()?;
    let told: u32 = link.to_str()?.parse().ok()?;
    (told == std::process::id()).then_some(told as i32)
}

/// The numbers of all; `None`: there is no /proc.
pub(crate) fn numbers() -> Option<impl Iterator<Item = i32>> {
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    Some(fs::read_dir("/proc").ok()?.flatten().filter_map(number))
}

impl Process {
    /// `None`: there is none of that number.
    pub(crate) fn of(number: i32) -> Option<Process> {
        Process::parse(&fs::read(format!("/proc/{number}/stat")).ok()?)
    }

    /// "NUMBER (NAME) STATE PARENT GROUP SESSION …". The name may have any bytes in it.
    fn parse(stat: &[u8]) -> Option<Process> {
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let number = stat.split(|byte| *byte == b' ').next()?;
        let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Process {
            number: std::str::from_utf8(number).ok()?.parse().ok()?,
            state: *fields.next()?.as_bytes().first()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            began: fields.nth(15)?.parse().ok()?,
        })
    }

    /// It has ended, and nobody has asked how.
    pub(crate) fn is_zombie(&self) -> bool {
        self.state == b'Z'
    }

    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X' | b'x')
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_anything() {
        let stat = b"42 (a) b 7 (c \xff) Z 1 40 41 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 777 0 0";
        let one = Process::parse(stat).unwrap();
        assert_eq!(
            (one.number, one.parent, one.group, one.session),
            (42, 1, 40, 41)
        );
        assert!(one.is_zombie() && !one.is_alive() && one.began == 777);
        for nothing in [&b""[..], b"17 (a", b"17 (a)", b"42 (a) Z", b"17 (a) S 1 x"] {
            assert_eq!(Process::parse(nothing), None);
        }
    }

    #[test]
    fn this_one_is_alive() {
        let one = Process::of(own().unwrap()).unwrap();
        assert!(one.is_alive() && one.number as u32 == std::process::id());
        assert!(numbers().unwrap().any(|number| number == one.number));
    }
}
