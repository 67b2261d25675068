//! A group of callbacks of which one fails, the tree of its errors, a nursery, promises and a signal: see README.md.

const proc = @import("procession.zig");

extern fn printf(format: [*:0]const u8, ...) c_int;
extern fn getpid() c_int;
extern fn kill(process: c_int, signal: c_int) c_int;

const sigterm = 15;
const many = 5000;

fn check(truth: bool, what: [*:0]const u8) void {
    if (!truth) {
        _ = printf("five: %s\n", what);
        @trap();
    }
}

fn printTree(failed: *const proc.Error, depth: c_int) void {
    const count = proc.proc_error_count(failed);
    if (proc.proc_error_task_type(failed)) |name| {
        _ = printf("%*stask %s\n", 2 * depth, "", name);
        printTree(proc.proc_error_cause(failed).?, depth + 1);
    } else if (count > 1) {
        _ = printf("%*s%zu errors\n", 2 * depth, "", count);
        for (0..count) |index| printTree(proc.proc_error_at(failed, index).?, depth + 1);
    } else {
        _ = printf("%*scode %d: %s\n", 2 * depth, "", proc.proc_error_code(failed), proc.proc_error_message(failed));
    }
}

/// A Zig error is a failure with its name as the message; `Stopped` is why the handle was cancelled.
const Failure = error{ Stopped, DiskOnFire, LogCutShort };

/// The C function that calls one of Zig, and turns what that returns into what the library takes.
fn process(comptime run: fn (cancel: *proc.Cancel) Failure!void) *proc.Impl {
    const C = struct {
        fn call(cancel: *proc.Cancel, _: ?*anyopaque) callconv(.c) ?*proc.Error {
            run(cancel) catch |failure| return switch (failure) {
                error.Stopped => proc.proc_cancel_error(cancel),
                error.DiskOnFire => proc.proc_error_new(5, "the disk is on fire"),
                error.LogCutShort => proc.proc_error_new(28, "the log is cut short"),
            };
            return null;
        }
    };
    return proc.proc_new(C.call, null, null);
}

fn web(cancel: *proc.Cancel) Failure!void {
    _ = proc.proc_wait(cancel, proc.forever);
    return error.Stopped;
}

fn log(cancel: *proc.Cancel) Failure!void {
    _ = proc.proc_wait(cancel, proc.forever);
    return error.LogCutShort;
}

fn disk(_: *proc.Cancel) Failure!void {
    return error.DiskOnFire;
}

/// One of three fails, the others are cancelled, and one of them fails to stop.
fn shop() void {
    const children = [_]*proc.Impl{
        proc.proc_task("web", process(web)), proc.proc_task("log", process(log)), proc.proc_task("disk", process(disk)),
    };
    const failed = proc.proc_run(proc.proc_task("shop", proc.proc_group(&children, children.len)), null).?;
    defer proc.proc_error_unref(failed);
    printTree(failed, 0);
    const errors = proc.proc_error_cause(failed).?;
    check(proc.proc_error_count(errors) == 2, "who stopped as asked is listed");
    check(proc.proc_error_code(proc.proc_error_at(errors, 1).?) == 28, "the tree is another one");
}

const Server = struct {
    promises: [many]*proc.Promise,
    failures: usize = 0,
    stats: proc.Stats = .{},

    /// The body. One promise fails, which is one child's business; half of them are completed; SIGTERM stops the rest.
    fn run(nursery: *proc.Nursery, cancel: *proc.Cancel, data: ?*anyopaque) callconv(.c) ?*proc.Error {
        const self: *Server = @ptrCast(@alignCast(data));
        for (self.promises) |promise| {
            if (proc.proc_spawn(nursery, proc.proc_await(promise))) |refused| return refused;
        }
        for (self.promises[0 .. many / 2], 0..) |promise, index| {
            _ = proc.proc_promise_complete(promise, if (index == 0) proc.proc_error_new(5, "no answer") else null);
        }
        while (proc.proc_nursery_count(nursery) > many / 2) _ = proc.proc_wait(cancel, 1_000_000);
        proc.proc_get_stats(&self.stats);
        _ = kill(getpid(), sigterm);
        _ = proc.proc_wait(cancel, proc.forever);
        return proc.proc_cancel_error(cancel);
    }

    fn onFailure(failed: *proc.Error, data: ?*anyopaque) callconv(.c) ?*proc.Error {
        const self: *Server = @ptrCast(@alignCast(data));
        _ = @atomicRmw(usize, &self.failures, .Add, 1, .seq_cst);
        proc.proc_error_unref(failed);
        return null;
    }
};

var server: Server = .{ .promises = undefined };

fn serve() void {
    for (&server.promises) |*promise| promise.* = proc.proc_promise_new();
    const options: proc.NurseryOptions = .{ .on_failure = Server.onFailure, .user_data = &server };
    const failed = proc.proc_main(proc.proc_task("server", proc.proc_with_nursery(Server.run, &server, null, &options)));
    check(failed == null, "a stop by SIGTERM is an error");
    check(server.failures == 1, "the failures are others");
    for (server.promises) |promise| proc.proc_promise_unref(promise);
    check(server.stats.threads_live < many / 10, "the pending children have too many threads");
    _ = printf("%d pending children, %llu threads; stopped by SIGTERM\n", @as(c_int, many), server.stats.threads_live);
}

pub fn main() void {
    shop();
    serve();
}
