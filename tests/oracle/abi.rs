//! The C functions that the oracle calls, declared from the contract and linked as a C program
//! would link them.

use std::ffi::{c_char, c_int, c_void};

// Nothing of the crate is named; this only has it linked.
use procession as _;

#[repr(C)]
pub struct Impl {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct Cancel {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct Error {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct Nursery {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct Promise {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct Key {
    pub name: *const c_char,
}

// SAFETY: nobody changes it.
unsafe impl Sync for Key {}

#[repr(C)]
pub struct NurseryOptions {
    pub size: usize,
    pub limit: usize,
    pub on_failure: Option<FailureFn>,
    pub user_data: *mut c_void,
}

#[repr(C)]
pub struct Simulation {
    pub size: usize,
    pub seed: u64,
    pub runs: usize,
    pub schedule: c_int,
    pub depth: usize,
    pub limit_ns: i64,
    pub limit_steps: u64,
    pub deny_threads_permille: c_int,
    pub cancel_permille: c_int,
    pub trace_path: *const c_char,
    pub seed_out: *mut u64,
    pub early_wakes_permille: c_int,
    pub slow_permille: c_int,
    pub slow_ns: i64,
}

pub const RANDOM: c_int = 0;
pub const PCT: c_int = 1;

pub type SimulationFn = unsafe extern "C" fn(user_data: *mut c_void) -> *mut Impl;
pub type Fn = unsafe extern "C" fn(cancel: *mut Cancel, user_data: *mut c_void) -> *mut Error;
pub type IndexFn =
    unsafe extern "C" fn(cancel: *mut Cancel, index: usize, user_data: *mut c_void) -> *mut Error;
pub type NurseryFn = unsafe extern "C" fn(
    nursery: *mut Nursery,
    cancel: *mut Cancel,
    user_data: *mut c_void,
) -> *mut Error;
pub type FailureFn = unsafe extern "C" fn(error: *mut Error, user_data: *mut c_void) -> *mut Error;
pub type DestroyFn = unsafe extern "C" fn(user_data: *mut c_void);

unsafe extern "C" {
    pub fn proc_new(
        fun: Option<Fn>,
        user_data: *mut c_void,
        destroy: Option<DestroyFn>,
    ) -> *mut Impl;
    pub fn proc_ref(process: *mut Impl) -> *mut Impl;
    pub fn proc_unref(process: *mut Impl);
    pub fn proc_concurrent(impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_group(impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_sequence(impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_task(task_type: *const c_char, process: *mut Impl) -> *mut Impl;
    pub fn proc_trace_region(region_type: *const c_char, process: *mut Impl) -> *mut Impl;
    pub fn proc_concurrent_limit(limit: usize, impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_group_limit(limit: usize, impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_each(
        count: usize,
        limit: usize,
        fun: Option<IndexFn>,
        user_data: *mut c_void,
        destroy: Option<DestroyFn>,
    ) -> *mut Impl;
    pub fn proc_race(impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_any(impls: *const *mut Impl, count: usize) -> *mut Impl;
    pub fn proc_finally(process: *mut Impl, cleanup: *mut Impl) -> *mut Impl;
    pub fn proc_background(process: *mut Impl) -> *mut Impl;
    pub fn proc_shield(grace_ns: i64, process: *mut Impl) -> *mut Impl;
    pub fn proc_with_value(
        key: *const Key,
        value: *mut c_void,
        destroy: Option<DestroyFn>,
        process: *mut Impl,
    ) -> *mut Impl;
    pub fn proc_value(cancel: *const Cancel, key: *const Key) -> *mut c_void;

    pub fn proc_with_nursery(
        body: Option<NurseryFn>,
        user_data: *mut c_void,
        destroy: Option<DestroyFn>,
        options: *const NurseryOptions,
    ) -> *mut Impl;
    pub fn proc_spawn(nursery: *mut Nursery, process: *mut Impl) -> *mut Error;
    pub fn proc_try_spawn(nursery: *mut Nursery, process: *mut Impl) -> *mut Error;
    pub fn proc_nursery_wait(nursery: *mut Nursery, timeout_ns: i64) -> bool;
    pub fn proc_nursery_count(nursery: *const Nursery) -> usize;
    pub fn proc_nursery_cancel(nursery: *const Nursery) -> *mut Cancel;
    pub fn proc_nursery_ref(nursery: *mut Nursery) -> *mut Nursery;
    pub fn proc_nursery_unref(nursery: *mut Nursery);

    pub fn proc_promise_new() -> *mut Promise;
    pub fn proc_promise_ref(promise: *mut Promise) -> *mut Promise;
    pub fn proc_promise_unref(promise: *mut Promise);
    pub fn proc_promise_complete(promise: *mut Promise, error: *mut Error) -> bool;
    pub fn proc_await(promise: *mut Promise) -> *mut Impl;

    pub fn proc_run(process: *mut Impl, cancel: *mut Cancel) -> *mut Error;

    pub fn proc_error_with_payload(
        code: c_int,
        message: *const c_char,
        payload: *mut c_void,
        destroy: Option<DestroyFn>,
    ) -> *mut Error;
    pub fn proc_simulate(
        program: Option<SimulationFn>,
        user_data: *mut c_void,
        options: *const Simulation,
    ) -> *mut Error;
    pub fn proc_simulation_init(options: *mut Simulation, size: usize);
    pub fn proc_simulated() -> bool;
    pub fn proc_yield();
    pub fn proc_error_unref(error: *mut Error);
    pub fn proc_error_code(error: *const Error) -> c_int;
    pub fn proc_error_message(error: *const Error) -> *const c_char;
    pub fn proc_error_task_type(error: *const Error) -> *const c_char;
    pub fn proc_error_cause(error: *const Error) -> *const Error;
    pub fn proc_error_count(error: *const Error) -> usize;
    pub fn proc_error_at(error: *const Error, index: usize) -> *const Error;
    pub fn proc_error_is(error: *const Error, code: c_int) -> bool;
    pub fn proc_error_find_task(error: *const Error, task_type: *const c_char) -> *const Error;

    pub fn proc_cancel_new(parent: *mut Cancel) -> *mut Cancel;
    pub fn proc_cancel_ref(cancel: *mut Cancel) -> *mut Cancel;
    pub fn proc_cancel_unref(cancel: *mut Cancel);
    pub fn proc_cancel_trigger(cancel: *mut Cancel, cause: *mut Error);
    pub fn proc_draining(cancel: *const Cancel) -> bool;
    pub fn proc_cancelled(cancel: *const Cancel) -> bool;
    pub fn proc_wait(cancel: *mut Cancel, timeout_ns: i64) -> bool;
    pub fn proc_cancel_error(cancel: *const Cancel) -> *mut Error;
    pub fn proc_cancel_cause(cancel: *const Cancel) -> *const Error;
}
