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
/// Sets options to what PROC_MAIN_OPTIONS_INIT says.
///
/// It is for languages that cannot use a macro: they fill a struct with zeros, which are choices, too, and often
/// not the defaults.
///
/// This and the like for each struct that begins with its size may be called by any thread, and none of them fails.
///
/// @param options  room for `size` bytes. What it holds before does not matter. NULL: nothing happens.
/// @param size     how large the struct is for the program, which is what its field `size` becomes. What is beyond that which this
///                 library knows becomes 0. Less than the size of that field: nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main_options_init(options: *mut proc_main_options, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to what PROC_CONFIG_INIT says.
///
/// @param config  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_config_init(config: *mut proc_config, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(config, size) };
}

/// As `proc_main_options_init`, to what PROC_NURSERY_OPTIONS_INIT says.
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

/// As `proc_main_options_init`, to what PROC_SUPERVISE_OPTIONS_INIT says.
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

/// As `proc_main_options_init`, to what PROC_CHILD_OPTIONS_INIT says.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_child_options_init(options: *mut proc_child_options, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}

/// As `proc_main_options_init`, to what PROC_TRACE_HOOKS_INIT says.
///
/// @param hooks  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_hooks_init(hooks: *mut proc_trace_hooks, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(hooks, size) };
}

/// As `proc_main_options_init`, to what PROC_STATS_INIT says.
///
/// @param stats  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_stats_init(stats: *mut proc_stats, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(stats, size) };
}

/// As `proc_main_options_init`, to what PROC_SIMULATION_INIT says.
///
/// @param options  as for `proc_main_options_init`.
/// @param size  as for `proc_main_options_init`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_simulation_init(options: *mut proc_simulation, size: usize) {
    // SAFETY: the caller lends room for so many bytes.
    unsafe { sized::init(options, size) };
}
