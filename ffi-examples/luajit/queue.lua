-- Callbacks in Lua, which must run on Lua's own thread, in a tree whose other parts run wherever the library has them run.
local ffi = require("ffi")

local where = assert(arg[1], "queue.lua CDEF: where procession.cdef is")
local cdef = assert(io.open(where))
ffi.cdef(cdef:read("*a"))
cdef:close()
local lib = ffi.load("procession")

local MS = 1000000LL
local queue = lib.proc_queue_new()

-- `destroy` may be called on any thread, so nothing is released there: callbacks stay for as long as the program runs.
local kept = {}

-- A process that calls a function of Lua in the queue. What that returns is the message of a failure, and its code; or nothing.
local function on_lua(call)
    local callback = ffi.cast("proc_fn", function(cancel)
        local worked, message, code = pcall(call, cancel)
        if not worked then
            return lib.proc_error_new(1, tostring(message))
        end
        return message and lib.proc_error_new(code, message) or nil
    end)
    kept[#kept + 1] = callback
    return lib.proc_on_queue(queue, lib.proc_new(callback, nil, nil))
end

local function children(...)
    local count = select("#", ...)
    return ffi.new("proc_impl *[?]", count, ...), count
end

-- The compiler does not know that C calls Lua back in here, so it is to keep away.
local function run_queue()
    return lib.proc_queue_run(queue, nil, lib.proc_forever())
end
jit.off(run_queue)

local function print_tree(of, depth)
    local indent = string.rep("  ", depth)
    local count = tonumber(lib.proc_error_count(of))
    if lib.proc_error_task_type(of) ~= nil then
        print(indent .. "task " .. ffi.string(lib.proc_error_task_type(of)))
        print_tree(lib.proc_error_cause(of), depth + 1)
    elseif count > 1 then
        print(("%s%d errors"):format(indent, count))
        for index = 0, count - 1 do
            print_tree(lib.proc_error_at(of, index), depth + 1)
        end
    else
        print(("%scode %d: %s"):format(indent, lib.proc_error_code(of), ffi.string(lib.proc_error_message(of))))
    end
end

local seen = {}
local promise = lib.proc_promise_new()
-- One fails after some time; one waits for a promise that nobody completes, and tidies up when that is cancelled.
local disk = lib.proc_task("disk", lib.proc_sequence(children(lib.proc_delay(10 * MS), on_lua(function()
    return "the disk is on fire", 5
end))))
local log = lib.proc_task("log", lib.proc_finally(lib.proc_await(promise), on_lua(function(cancel)
    seen.cleaned_up = not lib.proc_cancelled(cancel)
    return "the log is cut short", 28
end)))
-- What waits in a queue takes no thread, however many there are.
local many, turns = ffi.new("proc_impl *[?]", 1001), 0
local turn = on_lua(function()
    turns = turns + 1
end)
for index = 0, 999 do
    many[index] = lib.proc_ref(turn)
end
many[1000] = turn

local shop = lib.proc_task("shop", lib.proc_group(children(disk, log)))
local all = lib.proc_sequence(children(lib.proc_group(many, 1001), shop))
local finished = false
local job = lib.proc_start(lib.proc_finally(all, on_lua(function()
    finished = true
end)), nil, nil, nil)
while not finished do
    run_queue()
end

local failure = lib.proc_job_join(job)
print_tree(failure, 0)
assert(turns == 1001 and seen.cleaned_up)
assert(ffi.string(lib.proc_error_message(failure)):find("the disk is on fire", 1, true))
assert(lib.proc_error_count(lib.proc_error_cause(failure)) == 2)
lib.proc_error_unref(failure)
lib.proc_promise_unref(promise)
lib.proc_queue_unref(queue)
print("all callbacks ran on Lua's thread")
