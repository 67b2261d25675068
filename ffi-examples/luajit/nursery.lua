-- A nursery whose body is in Lua and whose children are promises, which take no thread; a signal stops it.
package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path
local ffi = require("ffi")
local proc = require("procession")
local lib = proc.lib

ffi.cdef("int kill(int process, int number); int getpid(void); void (*signal(int number, void (*handler)(int)))(int);")
local MANY, SIGTERM, EINTR = 5000, 15, 4
local SIG_IGN = ffi.cast("void (*)(int)", 1)

local answer, stop = lib.proc_promise_new(), lib.proc_promise_new()
local stats = ffi.new("proc_stats")
lib.proc_stats_init(stats, ffi.sizeof(stats))

local function spawn(nursery, impl)
    local refused = lib.proc_spawn(nursery, impl)
    assert(refused == nil, "a child is refused")
end

-- What handles the signal must not need Lua's thread, which the nursery has: it is a promise whose error is there already.
lib.proc_promise_complete(stop, lib.proc_error_new(EINTR, "stopped by SIGTERM"))
local on_stop = lib.proc_task("stop", lib.proc_on_signal(SIGTERM, lib.proc_await(stop)))

local count
local server = lib.proc_task("server", proc.nursery_on_lua(function(nursery, cancel)
    for _ = 1, MANY do
        spawn(nursery, lib.proc_await(answer))
    end
    lib.proc_get_stats(stats)
    count = tonumber(lib.proc_nursery_count(nursery))
    repeat
        ffi.C.kill(ffi.C.getpid(), SIGTERM)
    until lib.proc_wait(cancel, proc.MS)
end))

-- Nobody listens before the group has begun, and the nursery may be first.
ffi.C.signal(SIGTERM, SIG_IGN)
local failure = proc.run(lib.proc_group(proc.children(on_stop, server)))
proc.print_tree(failure, 0)
assert(proc.message(failure) == "stop: stopped by SIGTERM")
assert(count == MANY and stats.threads_live < MANY / 10, "too many threads")
print(("%d pending children, %d threads"):format(count, tonumber(stats.threads_live)))
lib.proc_error_unref(failure)
lib.proc_promise_unref(answer)
lib.proc_promise_unref(stop)
lib.proc_queue_unref(proc.queue)
