//! What the figures were measured on. Nothing here names the machine or its directories.

use std::fs;
use std::process::Command;

/// Lines of "what: value".
pub fn describe() -> Vec<String> {
    vec![
        format!("date: {}", first_line("date", &["-u", "+%Y-%m-%d"])),
        format!("processor: {}", processor()),
        format!("memory: {} GiB", memory_gib()),
        format!(
            "system: {}",
            field("/etc/os-release", "PRETTY_NAME=").replace('"', "")
        ),
        format!(
            "compilers: {}, {}",
            first_line("cc", &["--version"]),
            first_line("rustc", &["--version"])
        ),
    ]
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// What follows the first occurrence of a name, up to the end of its line.
fn field(file: &str, name: &str) -> String {
    let text = read(file);
    let value = text.split(name).nth(1).and_then(|rest| rest.lines().next());
    value
        .unwrap_or("unknown")
        .trim_start_matches([' ', '\t', ':'])
        .trim()
        .to_owned()
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kind = if read("/proc/cpuinfo").contains(" hypervisor") {
        ", virtual machine"
    } else {
        ""
    };
    format!(
        "{}, {cores} cores{kind}",
        field("/proc/cpuinfo", "model name")
    )
}

fn memory_gib() -> u64 {
    let text = field("/proc/meminfo", "MemTotal");
    let kib: u64 = text.trim_end_matches(" kB").parse().unwrap_or(0);
    kib.div_ceil(1 << 20)
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default()
        .lines()
        .next()
        .unwrap_or("unknown")
        .to_owned()
}

/// Clock ticks of all processors so far.
#[derive(Clone, Copy)]
pub struct Ticks {
    total: f64,
    idle: f64,
    own: f64,
}

impl Ticks {
    pub fn now() -> Ticks {
        let numbers = |text: &str| {
            text.split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect()
        };
        let all: Vec<f64> = numbers(read("/proc/stat").lines().next().unwrap_or_default());
        let own = read("/proc/self/stat");
        // User and system time, of this process and of those that it has waited for, are the fields
        // 14 to 17; the second is a name in parentheses.
        let own: Vec<f64> = numbers(own.rsplit(')').next().unwrap_or_default());
        Ticks {
            // The time of guests, in the last two of ten, is also in the first.
            total: all.iter().take(8).sum(),
            idle: all.iter().skip(3).take(2).sum(),
            own: own.iter().skip(10).take(4).sum(),
        }
    }

    /// What others, neighbours of a virtual machine included, took of the processors since then, in percent.
    pub fn taken_by_others_since(self) -> f64 {
        let now = Ticks::now();
        let total = (now.total - self.total).max(1.0);
        let ours = now.idle - self.idle + now.own - self.own;
        (100.0 * (1.0 - ours / total)).max(0.0)
    }
}
