# A group of callbacks of which one fails, the tree of its errors, promises, a nursery and a signal. What one must know is in README.md.
#
#     ruby five.rb
require_relative "procession"

P = Procession
MANY = 5000

def check(truth, what)
  abort("five.rb: #{what}") unless truth
end

def tree(error, depth = 0)
  indent = "  " * depth
  count = P.proc_error_count(error)
  if (name = P.proc_error_task_type(error))
    ["#{indent}task #{name}", *tree(P.proc_error_cause(error), depth + 1)]
  elsif count > 1
    ["#{indent}#{count} errors", *count.times.flat_map { |index| tree(P.proc_error_at(error, index), depth + 1) }]
  else
    ["#{indent}code #{P.proc_error_code(error)}: #{P.proc_error_message(error)}"]
  end
end

# One of three fails. One waits for a promise that nobody completes, and one cleans up after such a wait, and fails in that.
def shop(queue)
  here = Thread.current
  threads = []
  promise = P.proc_promise_new
  disk = queue.process { threads << Thread.current; raise Errno::EIO, "the disk is on fire" }
  log = queue.process { threads << Thread.current; raise Errno::ENOSPC, "the log is cut short" }
  children = {
    "web" => P.proc_await(promise),
    "log" => P.proc_finally(P.proc_await(promise), log),
    "disk" => disk
  }.map { |name, impl| P.proc_task(name, impl) }
  shop = P.proc_task("shop", P.proc_group(*P.array(children)))
  error = queue.serve { P.proc_run(shop, nil) }
  lines = tree(error)
  puts lines
  check(lines.include?("    task disk") && lines.any? { |line| line.include?("code 28") }, "the tree is another one")
  check(P.proc_error_find_task(error, "web").nil?, "who stopped as asked is listed")
  check(threads == [here, here], "callbacks have run on #{threads}")
  P.proc_error_unref(error)
  P.proc_promise_unref(promise)
end

# A nursery with 5,000 children that are promises. Half of them are completed; SIGTERM stops the rest. The body runs on the thread that calls
# proc_main, which is one of Ruby's, so it needs no queue.
def server(queue)
  promises = Array.new(MANY) { P.proc_promise_new }
  threads = nil
  body = P.callback("proc_nursery_fn") do |nursery, cancel, _data|
    promises.each { |promise| check(P.proc_spawn(nursery, P.proc_await(promise)).nil?, "a child is refused") }
    promises.first(MANY / 2).each { |promise| P.proc_promise_complete(promise, nil) }
    P.proc_wait(cancel, 1_000_000) while P.proc_nursery_count(nursery) > MANY / 2
    threads = Dir.children("/proc/self/task").size
    Process.kill(:TERM, Process.pid)
    P.proc_wait(cancel, P::FOREVER)
    P.proc_cancel_error(cancel)
  end
  error = queue.serve { P.proc_main(P.proc_task("server", P.proc_with_nursery(body, nil, nil, nil))) }
  check(error.nil?, "a stop by SIGTERM is an error")
  check(threads < MANY / 10, "#{MANY} pending children have #{threads} threads")
  promises.each { |promise| P.proc_promise_unref(promise) }
  puts "#{MANY} pending children, #{threads} threads; stopped by SIGTERM"
end

queue = P::Queue.new
shop(queue)
server(queue)
queue.close
