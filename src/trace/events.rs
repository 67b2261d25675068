//! What is recorded of what happens. No part of this is to be inlined in the engine, which would need more
//! of the stack for it, whether or not anything is recorded.

use std::ffi::CStr;

use super::Region;
use super::acquaint::known;
use super::pen::{Origin, record};
use super::record::Kind;
use crate::error::Error;
use crate::task_run::TaskRun;

/// A task that only passes on why it was cancelled has not failed.
#[inline(never)]
pub(super) fn task_end(task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
    let id = known(Some(task));
    let has_failed = |error: &&Error| (*error).clone().without_echo(cause).is_err();
    match (error.filter(has_failed), cause) {
        (Some(error), _) => failed(id, error),
        (None, Some(cause)) => {
            record(Kind::TaskCancelled, [id], [cause.message().to_bytes()]);
        }
        (None, None) => {
            record(Kind::TaskEnd, [id], []);
        }
    }
}

fn failed(task: u64, error: &Error) {
    let code = error.code().cast_unsigned().into();
    record(Kind::TaskFailed, [task, code], [error.message().to_bytes()]);
}

#[inline(never)]
pub(super) fn region_begin(task: Option<&TaskRun>, name: &CStr) -> Region {
    let began = record(Kind::RegionBegin, [known(task)], [name.to_bytes()]);
    began.map_or(Region::UNRECORDED, |began| Region(began as usize))
}

#[inline(never)]
pub(super) fn region_end(region: Region) {
    record(Kind::RegionEnd, [region.0 as u64], []);
}

#[inline(never)]
pub(super) fn log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    let texts = [category.to_bytes(), message.to_bytes()];
    record(Kind::Log, [known(task)], texts);
}

#[inline(never)]
pub(super) fn arrive(origin: Origin, task: Option<&TaskRun>) {
    let from = origin.tid.cast_unsigned().into();
    record(Kind::Arrival, [known(task), origin.time, from], []);
}
