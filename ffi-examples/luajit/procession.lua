-- The C API as LuaJIT's FFI calls it, and processes that are functions of Lua. They run on Lua's own thread, when that runs the queue.
local ffi = require("ffi")

local where = assert(io.popen("pkg-config --variable=cdef procession")):read("*l")
local cdef = assert(io.open(where or ""), "pkg-config does not find procession")
ffi.cdef(cdef:read("*a"))
cdef:close()

local lib = ffi.load("procession")
local queue = lib.proc_queue_new()
local proc = { lib = lib, queue = queue, MS = 1000000LL }

-- `destroy` may be called on any thread, so nothing is released there: callbacks stay for as long as the program runs.
local kept = {}

local function callback(kind, call)
    local made = ffi.cast(kind, function(...)
        local worked, message, code = pcall(call, ...)
        if not worked then
            return lib.proc_error_new(1, tostring(message))
        end
        return message and lib.proc_error_new(code, message) or nil
    end)
    kept[#kept + 1] = made
    return made
end

-- A process that calls a function of Lua in the queue. What that returns is the message of a failure, and its code; or nothing.
function proc.on_lua(call)
    return lib.proc_on_queue(queue, lib.proc_new(callback("proc_fn", call), nil, nil))
end

-- A nursery whose body is a function of Lua. It has Lua's thread until its last child has ended, so these must not need that.
function proc.nursery_on_lua(body)
    return lib.proc_on_queue(queue, lib.proc_with_nursery(callback("proc_nursery_fn", body), nil, nil, nil))
end

function proc.children(...)
    local count = select("#", ...)
    return ffi.new("proc_impl *[?]", count, ...), count
end

-- Runs a process as a job, and what it has in the queue here. The last of these tells that all the rest is over. Returns its error.
function proc.run(impl)
    local finished = false
    local job = lib.proc_start(lib.proc_finally(impl, proc.on_lua(function()
        finished = true
    end)), nil, nil, nil)
    while not finished do
        lib.proc_queue_run(queue, nil, lib.proc_forever())
    end
    return lib.proc_job_join(job)
end
-- The compiler does not know that C calls Lua back in there, so it is to keep away.
jit.off(proc.run)

function proc.message(of)
    return ffi.string(lib.proc_error_message(of))
end

function proc.print_tree(of, depth)
    local indent = string.rep("  ", depth)
    local count = tonumber(lib.proc_error_count(of))
    if lib.proc_error_task_type(of) ~= nil then
        print(indent .. "task " .. ffi.string(lib.proc_error_task_type(of)))
        proc.print_tree(lib.proc_error_cause(of), depth + 1)
    elseif count > 1 then
        print(("%s%d errors"):format(indent, count))
        for index = 0, count - 1 do
            proc.print_tree(lib.proc_error_at(of, index), depth + 1)
        end
    else
        print(("%scode %d: %s"):format(indent, lib.proc_error_code(of), proc.message(of)))
    end
end

return proc
