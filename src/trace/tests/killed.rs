//! Laws of a trace that does not come to its end:
//!
//! - a program that is killed leaves what it had recorded up to the last flush;
//! - whatever a file is cut down to, its whole packets can be read.

use std::ffi::CString;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use super::driver::NONE;
use super::scene::Scene;
use super::view;
use crate::base::events;
use crate::trace::control;

const PATH: &str = "PROCESSION_TRACE_VICTIM";

/// In a program of its own: traces, says so, and goes on until it is killed.
#[test]
#[ignore = "a role"]
fn victim() {
    let Some(path) = env::var_os(PATH) else {
        return;
    };
    let path = CString::new(path.as_encoded_bytes()).expect("no NUL");
    control::start(&path).expect("it starts");
    for number in 0..100 {
        let message = CString::new(format!("message {number}")).expect("no NUL");
        events::log(NONE, c"", &message);
    }
    println!("\nrecorded");
    let _ = std::io::stdin().read(&mut [0]);
}

fn start_victim(scene: &Scene) -> Child {
    let program = env::current_exe().expect("this test is a program");
    Command::new(program)
        .args([
            "--exact",
            "trace::tests::killed::victim",
            "--ignored",
            "--nocapture",
        ])
        .env(PATH, scene.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

#[test]
fn a_program_that_is_killed_leaves_what_it_had_written() {
    let scene = Scene::new("killed");
    let mut victim = start_victim(&scene);
    let mut said = BufReader::new(victim.stdout.take().expect("a pipe")).lines();
    assert!(said.any(|line| line.is_ok_and(|line| line == "recorded")));
    let end = Instant::now() + Duration::from_secs(30);
    while scene.view().slices.is_empty() && Instant::now() < end {
        thread::sleep(Duration::from_millis(10));
    }
    victim.kill().expect("it runs");
    victim.wait().expect("it ends");
    assert_eq!(scene.view().slices.len(), 100);
}

/// How much of the bytes is whole packets. A packet begins with its tag and its length.
fn whole_packets(bytes: &[u8]) -> &[u8] {
    let mut end = 0;
    while let Some(size) = packet_size(&bytes[end..]) {
        if end + size > bytes.len() {
            break;
        }
        end += size;
    }
    &bytes[..end]
}

fn packet_size(bytes: &[u8]) -> Option<usize> {
    let last = bytes.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    let groups = &bytes[1..last + 2];
    let append = |length, byte: &u8| length << 7 | usize::from(byte & 0x7F);
    Some(groups.len() + 1 + groups.iter().rev().fold(0, append))
}

#[test]
fn a_file_that_is_cut_short_keeps_its_beginning() {
    let scene = Scene::new("killed_cut");
    scene.trace(|| {
        for name in [c"one", c"two", c"three", c"two", c"one"] {
            events::region_end(events::region_begin(NONE, name));
        }
    });
    let bytes = fs::read(scene.file()).expect("there is a file");
    let seen: Vec<_> = (0..=bytes.len())
        .map(|end| view::read(whole_packets(&bytes[..end])).slices.len())
        .collect();
    assert!(seen.is_sorted());
    assert_eq!((seen[0], seen[bytes.len()]), (0, 5));
}
