//! Processes that were seen as another one's, in /proc, where that is that of this program's namespace.

use std::collections::BTreeMap;
use std::fs;

use super::zombie;

/// What is known of those that another process has made.
pub(super) struct Seen {
    /// By number, with the time at which each began: numbers come again.
    others: BTreeMap<i32, u64>,
    /// The program's children when it began to look; its session then. What it has made since then began in that one.
    from_before: BTreeMap<i32, u64>,
    session: Option<i32>,
}

/// A process, as /proc tells of it.
struct Process {
    number: i32,
    is_zombie: bool,
    parent: i32,
    session: i32,
    began: u64,
}

impl Seen {
    pub(super) fn begin() -> Seen {
        let own = own();
        let from_before = processes().filter(|one| Some(one.parent) == own);
        Seen {
            others: BTreeMap::new(),
            from_before: from_before.map(|one| (one.number, one.began)).collect(),
            session: session(),
        }
    }

    /// Looks which processes there are, and reaps those that have ended as the program's children and are others'.
    pub(super) fn look_and_reap(&mut self) {
        let Some(own) = own() else {
            return;
        };
        let mut others = BTreeMap::new();
        let same_session = self.session.filter(|before| session() == Some(*before));
        for one in processes() {
            let is_mine = one.parent == own;
            if is_mine && !self.is_others(&one, same_session) || one.parent == 0 {
                continue;
            }
            if is_mine && one.is_zombie {
                zombie::reap(one.number);
            } else {
                others.insert(one.number, one.began);
            }
        }
        self.others = others;
    }

    /// Whether a child of the program is known to be another one's.
    fn is_others(&self, one: &Process, same_session: Option<i32>) -> bool {
        let is_in = |map: &BTreeMap<i32, u64>| map.get(&one.number) == Some(&one.began);
        let is_in_another = |own| ![own, one.number, 0].contains(&one.session);
        is_in(&self.others) || !is_in(&self.from_before) && same_session.is_some_and(is_in_another)
    }
}

/// The program's number, if /proc is that of its namespace.
fn own() -> Option<i32> {
    let link = fs::read_link("/proc/self").ok()?;
    let told: u32 = link.to_str()?.parse().ok()?;
    (told == std::process::id()).then_some(told as i32)
}

fn session() -> Option<i32> {
    Process::of("self").map(|own| own.session)
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name();
        let number = name.to_str()?;
        number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| Process::of(number))?
    })
}

impl Process {
    fn of(number: &str) -> Option<Process> {
        // Its name may be anything.
        let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
        Process::parse(&String::from_utf8_lossy(&stat))
    }

    /// The fields of proc(5), of which the name is in parentheses, and may have such.
    fn parse(stat: &str) -> Option<Process> {
        let (number, _) = stat.split_once(' ')?;
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Process {
            number: number.parse().ok()?,
            is_zombie: *fields.first()? == "Z",
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            began: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_anything() {
        let stat = "42 (a) b 7 (c) Z 1 40 41 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 777 0 0";
        let one = Process::parse(stat).unwrap();
        assert_eq!((one.number, one.parent, one.session), (42, 1, 41));
        assert!(one.is_zombie && one.began == 777);
        assert!(Process::parse("42 (a) Z").is_none() && Process::parse("").is_none());
    }
}
