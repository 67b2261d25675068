//! Bad input, in words: which function, which argument, which element.

use crate::base::error::Error;
use crate::base::thread_name::Prefix;
use crate::engine::crew::SMALLEST;
use crate::signal::{self, NoUse};
use crate::tree::process::MAX_DEPTH;

/// A mistake in a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadInput {
    #[error("{function}: {argument} is NULL")]
    Null {
        function: &'static str,
        argument: &'static str,
    },
    #[error("{function}: {argument} is empty")]
    Empty {
        function: &'static str,
        argument: &'static str,
    },
    #[error("{function}: {argument} is NULL, but count is {count}")]
    NullArray {
        function: &'static str,
        argument: &'static str,
        count: usize,
    },
    #[error("{function}: {argument}[{index}] is NULL")]
    NullElement {
        function: &'static str,
        argument: &'static str,
        index: usize,
    },
    #[error("{function}: count is 0, but one child must be the first")]
    NoChildren { function: &'static str },
    #[error("{function}: count is {count}, more than any array can hold")]
    Count {
        function: &'static str,
        count: usize,
    },
    #[error("{function}: {argument}->size is {size}, which is not the size of any version of it")]
    Size {
        function: &'static str,
        argument: &'static str,
        size: usize,
    },
    #[error(
        "{function}: {argument} has something set that this version of the library does not know"
    )]
    Unknown {
        function: &'static str,
        argument: &'static str,
    },
    #[error(
        "proc_configure: config->stack_size is {size}, less than PROC_MIN_STACK_SIZE, {SMALLEST}"
    )]
    StackSize { size: usize },
    #[error(
        "proc_configure: config->thread_name_prefix has {length} bytes, more than PROC_MAX_NAME_PREFIX, {}",
        Prefix::LONGEST
    )]
    NamePrefix { length: usize },
    #[error("proc_every: period_ns is {period_ns}, but it must be more than 0")]
    Period { period_ns: i64 },
    #[error("proc_supervise: options->jitter_percent is {percent}, but it must be from 0 to 100")]
    Jitter { percent: i32 },
    #[error(
        "proc_supervise: options->longest_delay_ns is {longest}, less than options->first_delay_ns, {first}"
    )]
    LongestDelay { longest: i64, first: i64 },
    #[error("proc_simulate: options->{field} is {value}, which it cannot be")]
    Simulation { field: &'static str, value: i64 },
    #[error("{function}: format is {format}, neither PROC_DUMP_TEXT nor PROC_DUMP_JSON")]
    Format { function: &'static str, format: i32 },
    #[error("{function}: {argument} is {number}{}: {}", named(*.number), why(*.wrong))]
    Signal {
        function: &'static str,
        argument: String,
        number: i32,
        wrong: WrongSignal,
    },
    #[error("{function}: {argument} is nested {MAX_DEPTH} deep (PROC_MAX_DEPTH) already")]
    Depth {
        function: &'static str,
        argument: String,
    },
}

/// Why a number cannot be the signal that it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum WrongSignal {
    NoUse(NoUse),
    Twice,
    AlsoStops,
}

fn named(number: i32) -> String {
    match signal::check(number) {
        Err(NoUse::NoSignal) => String::new(),
        _ => format!(" ({})", signal::name(number)),
    }
}

fn why(wrong: WrongSignal) -> &'static str {
    match wrong {
        WrongSignal::NoUse(NoUse::NoSignal) => "there is no such signal",
        WrongSignal::NoUse(NoUse::NeverCaught) => "no program can receive it",
        WrongSignal::NoUse(NoUse::Fault) => {
            "it is a fault of the program, which cannot go on after it"
        }
        WrongSignal::Twice => "it is in the array already",
        WrongSignal::AlsoStops => "it is one of the signals that stop the program",
    }
}

impl From<BadInput> for Error {
    fn from(bad: BadInput) -> Error {
        let code = match bad {
            BadInput::Depth { .. } => libc::ELOOP,
            _ => libc::EINVAL,
        };
        Error::new(code, &bad.to_string())
    }
}
