//! The C API as Zig calls it: what five.zig needs of it, and more in the same way. (`zig translate-c` makes all of it of the header.)

pub const Impl = opaque {};
pub const Error = opaque {};
pub const Cancel = opaque {};
pub const Nursery = opaque {};
pub const Promise = opaque {};

pub const forever: i64 = -1;

pub const Fn = *const fn (cancel: *Cancel, user_data: ?*anyopaque) callconv(.c) ?*Error;
pub const NurseryFn = *const fn (nursery: *Nursery, cancel: *Cancel, user_data: ?*anyopaque) callconv(.c) ?*Error;
pub const FailureFn = *const fn (failed: *Error, user_data: ?*anyopaque) callconv(.c) ?*Error;
pub const DestroyFn = *const fn (user_data: ?*anyopaque) callconv(.c) void;

pub const NurseryOptions = extern struct {
    size: usize = @sizeOf(NurseryOptions),
    limit: usize = 0,
    on_failure: ?FailureFn = null,
    user_data: ?*anyopaque = null,
};

/// What five.zig does not look at is in `rest`.
pub const Stats = extern struct {
    size: usize = @sizeOf(Stats),
    threads_live: u64 = 0,
    rest: [17]u64 = @splat(0),
};

pub extern fn proc_get_stats(stats: *Stats) void;

pub extern fn proc_new(run: Fn, user_data: ?*anyopaque, destroy: ?DestroyFn) *Impl;
pub extern fn proc_task(task_type: [*:0]const u8, impl: *Impl) *Impl;
pub extern fn proc_group(impls: [*]const *Impl, count: usize) *Impl;
pub extern fn proc_run(impl: *Impl, cancel: ?*Cancel) ?*Error;
pub extern fn proc_main(impl: *Impl) ?*Error;

pub extern fn proc_with_nursery(body: NurseryFn, user_data: ?*anyopaque, destroy: ?DestroyFn, options: ?*const NurseryOptions) *Impl;
pub extern fn proc_spawn(nursery: *Nursery, impl: *Impl) ?*Error;
pub extern fn proc_nursery_count(nursery: *const Nursery) usize;

pub extern fn proc_promise_new() *Promise;
pub extern fn proc_promise_complete(promise: *Promise, failed: ?*Error) bool;
pub extern fn proc_promise_unref(promise: *Promise) void;
pub extern fn proc_await(promise: *Promise) *Impl;

pub extern fn proc_wait(cancel: *Cancel, timeout_ns: i64) bool;
pub extern fn proc_cancel_error(cancel: *const Cancel) ?*Error;

pub extern fn proc_error_new(code: c_int, message: [*:0]const u8) *Error;
pub extern fn proc_error_unref(failed: ?*Error) void;
pub extern fn proc_error_code(failed: *const Error) c_int;
pub extern fn proc_error_message(failed: *const Error) [*:0]const u8;
pub extern fn proc_error_task_type(failed: *const Error) ?[*:0]const u8;
pub extern fn proc_error_cause(failed: *const Error) ?*const Error;
pub extern fn proc_error_count(failed: *const Error) usize;
pub extern fn proc_error_at(failed: *const Error, index: usize) ?*const Error;
