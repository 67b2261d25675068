//! Signals as C names them: by numbers, which may be any.

use std::ffi::c_int;

use super::bad_input::{BadInput, WrongSignal};
use crate::signal::{self, Set};

/// The signal of that number.
pub(super) fn valid(
    function: &'static str,
    argument: String,
    number: c_int,
) -> Result<Set, BadInput> {
    match signal::check(number) {
        Ok(()) => Ok(Set::of(number)),
        Err(wrong) => Err(bad(function, argument, number, WrongSignal::NoUse(wrong))),
    }
}

fn bad(function: &'static str, argument: String, number: c_int, wrong: WrongSignal) -> BadInput {
    BadInput::Signal {
        function,
        argument,
        number,
        wrong,
    }
}

/// Whether an array may have a signal in it twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    Allowed,
    Wrong,
}

/// The signals of an array; `None`: the caller has none.
///
/// # Safety
/// `signals` is NULL or has that many elements.
pub(super) unsafe fn array(
    [function, argument]: [&'static str; 2],
    signals: *const c_int,
    count: usize,
    twice: Twice,
) -> Result<Option<Set>, BadInput> {
    if signals.is_null() && count > 0 {
        return Err(BadInput::NullArray {
            function,
            argument,
            count,
        });
    }
    if signals.is_null() {
        return Ok(None);
    }
    let mut set = Set::EMPTY;
    for index in 0..count {
        let argument = format!("{argument}[{index}]");
        // SAFETY: as promised by the caller.
        let number = unsafe { *signals.add(index) };
        let signal = valid(function, argument.clone(), number)?;
        if twice == Twice::Wrong && set.has_all(signal) {
            return Err(bad(function, argument, number, WrongSignal::Twice));
        }
        set = set.and(signal);
    }
    Ok(Some(set))
}

/// The signal that prints the live tree.
pub(super) fn dump(function: &'static str, number: c_int, stops: Set) -> Result<Set, BadInput> {
    if number == 0 {
        return Ok(Set::EMPTY);
    }
    let argument = "options->dump_signal".to_owned();
    let dump = valid(function, argument.clone(), number)?;
    if stops.has_all(dump) {
        return Err(bad(function, argument, number, WrongSignal::AlsoStops));
    }
    Ok(dump)
}
