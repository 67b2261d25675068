//! What the macros `_INIT` say, for languages that have no macros.
//!
//! unsafe: a caller lends as many bytes as it says.
#![allow(unsafe_code)]

use super::child::proc_child_options;
use super::configure::proc_config;
use super::main_options::proc_main_options;
use super::nursery::proc_nursery_options;
use super::simulate::proc_simulation;
use super::sized;
use super::stats::proc_stats;
use super::supervise::proc_supervise_options;
use super::trace_hooks::proc_trace_hooks;

/// # Defaults without macros
///
/// Sets options to the values of PROC_MAIN_OPTIONS_INIT.
///
/// It is for languages that cannot use a macro. A struct that is filled with zeros often does not have the defaults.
///
/// There is such a function for each struct that begins with its size. Any thread may call it, and it never fails.
///
/// @param options  room for `size` bytes. What it holds before does not matter. NULL: nothing happens.
/// @param size     the size of the struct in the program, which is stored in its field `size`. Fields that this library does not know become 0. Less
///                 than the size of the field `size`: nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main_options_init(options: *mut proc_main_options, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to the values of PROC_CONFIG_INIT.
///
/// @param config  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_config_init(config: *mut proc_config, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(config, size) };
}

/// As `proc_main_options_init`, to the values of PROC_NURSERY_OPTIONS_INIT.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_options_init(
    options: *mut proc_nursery_options,
    size: usize,
) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to the values of PROC_SUPERVISE_OPTIONS_INIT.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_supervise_options_init(
    options: *mut proc_supervise_options,
    size: usize,
) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to the values of PROC_CHILD_OPTIONS_INIT.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_child_options_init(options: *mut proc_child_options, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to the values of PROC_TRACE_HOOKS_INIT.
///
/// @param hooks  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_hooks_init(hooks: *mut proc_trace_hooks, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(hooks, size) };
}

/// As `proc_main_options_init`, to the values of PROC_STATS_INIT.
///
/// @param stats  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_stats_init(stats: *mut proc_stats, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(stats, size) };
}

/// As `proc_main_options_init`, to the values of PROC_SIMULATION_INIT.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_simulation_init(options: *mut proc_simulation, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}
