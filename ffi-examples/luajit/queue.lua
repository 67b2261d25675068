-- Callbacks in Lua, which must run on Lua's own thread, in a tree whose other parts run wherever the library has them run.
package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path
local ffi = require("ffi")
local proc = require("procession")
local lib = proc.lib

local seen = {}
local promise = lib.proc_promise_new()
-- One fails after some time; one waits for a promise that nobody completes, and tidies up when that is cancelled.
local disk = lib.proc_task("disk", lib.proc_sequence(proc.children(lib.proc_delay(10 * proc.MS), proc.on_lua(function()
    return "the disk is on fire", 5
end))))
local log = lib.proc_task("log", lib.proc_finally(lib.proc_await(promise), proc.on_lua(function(cancel)
    seen.cleaned_up = not lib.proc_cancelled(cancel)
    return "the log is cut short", 28
end)))
-- What waits in a queue takes no thread, however many there are.
local many, turns = ffi.new("proc_impl *[?]", 1001), 0
local turn = proc.on_lua(function()
    turns = turns + 1
end)
for index = 0, 999 do
    many[index] = lib.proc_ref(turn)
end
many[1000] = turn

local shop = lib.proc_task("shop", lib.proc_group(proc.children(disk, log)))
local failure = proc.run(lib.proc_sequence(proc.children(lib.proc_group(many, 1001), shop)))
proc.print_tree(failure, 0)
assert(turns == 1001 and seen.cleaned_up)
assert(proc.message(failure):find("the disk is on fire", 1, true))
assert(lib.proc_error_count(lib.proc_error_cause(failure)) == 2)
lib.proc_error_unref(failure)
lib.proc_promise_unref(promise)
lib.proc_queue_unref(proc.queue)
print("all callbacks ran on Lua's thread")
