//! The C API. The order of the modules is the order of the header.
//!
//! The functions are thin: convert, call, convert. Their documentation is the header's, so it is
//! written for readers of C. `handle` has the conversions and what makes them sound.
//! What each function asks of its callers is in the header's words and rules, not in safety sections.
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod types;

pub mod process;

pub mod run;

pub mod error;

pub mod printf;

pub mod cancel;

pub mod poll;

pub mod hook;

pub mod job;
pub mod main_options;

pub mod daemon;

pub mod dump;

pub mod stats;

pub mod configure;

pub mod trace;

pub mod by_hand;

pub mod trace_hooks;

pub mod version;

mod bad_input;
mod errno;
mod handle;
mod signals;
mod sized;
