/*
 * procession.hpp - structured concurrency for daemons, in C++
 *
 * The library's C API (procession.h) as values, callables and exceptions. It is header only: a
 * program links libprocession and nothing else. It needs C++17; with C++20 callables may take a
 * std::stop_token.
 *
 *     int main() {
 *         return proc::main(proc::group(
 *             proc::task("web", [](const proc::cancel &cancel) { serve(cancel); }),
 *             proc::task("statistics", statistics)));
 *     }
 *
 * What there is; each file in procession/ has a subject:
 *
 *     proc::error                           how a process ended; true if it failed. May carry an exception, and tells what is in it
 *     proc::failure                         an error as an exception
 *     proc::exception_codes                 says which exceptions, of other libraries, have codes
 *     proc::cancelled                       "stopped, as asked" as an exception
 *     proc::cancel                          the context a process runs in: should it stop, and why
 *     proc::token                           the same without the power to cancel, for callables and their helpers
 *     proc::hook                            calls something when a handle is cancelled
 *     proc::stop_link                       a std::stop_token for a handle
 *     proc::received                        what a channel gives, or why it gives nothing
 *     proc::channel                         hands items from thread to thread
 *     proc::process                         something to run
 *     proc::make                            makes one of a callable
 *     proc::with_context                    says of errors what was being done
 *     proc::task                            a named unit of work
 *     proc::trace_region                    a named interval in the trace
 *     proc::concurrent                      all at once; all errors
 *     proc::group                           all at once; the first failure cancels the others
 *     proc::sequence                        one after the other
 *     proc::concurrent_limit, group_limit   at most so many at once
 *     proc::race, any                       the first to complete, or to succeed, decides
 *     proc::each                            a group of one callable and many elements
 *     proc::background                      a child that is cancelled when all others have ended
 *     proc::finally                         then cleans up, whatever became of it
 *     proc::shield                          what a cancellation reaches later, or never
 *     proc::timeout, every, delay           what goes by the clock
 *     proc::supervise                       runs again when it fails
 *     proc::stack                           each begins when the one before is up, and stops before that one
 *     proc::child                           runs a program
 *     proc::promise, await                  what somebody else completes, and the process that waits for it
 *     proc::queue                           what runs on a thread of the program's choice
 *     proc::key, with_value, value          what handles carry down to all that runs below
 *     proc::nursery, with_nursery           a group whose children come as it runs
 *     proc::start                           starts one, and does not wait: what runs then is a proc::job
 *     proc::run                             runs one, and throws its error; proc::try_run returns it
 *     proc::main                            runs one as the purpose of a program, and turns signals into cancellation
 *     proc::main_options                    how a program wants to be stopped: proc::main(web, {.grace = 10s})
 *     proc::service, on_signal              a task that says when it is up; what runs at each arrival of a signal
 *     proc::healthy, early_signals, listen_fds   what else a service manager and a daemon want of each other
 *     proc::task_scope, region              tasks and regions by hand, as long as a scope
 *     proc::get, try_get                    run a callable, and give back what it returns, or as a proc::result the error
 *     proc::all, map, first                 run callables, and give back what these return
 *
 * It includes what its interface shows of the standard library: durations and clocks, not all of <chrono>, and
 * neither <functional> nor std::shared_ptr. What few programs need costs the others no time to compile. These files
 * are included on their own:
 *
 *     procession/async.hpp                  proc::async: coroutines that wait for a process (C++20)
 *     procession/asio.hpp                   proc::async_run: processes as operations of Asio, for every completion token
 *     procession/fwd.hpp                    that there are these types, for headers that only name them
 *     procession/live.hpp                   proc::dump, get_stats, version: what runs now, and what has run
 *     procession/condition.hpp              proc::condition: a condition variable whose waits end at a cancellation, too
 *     procession/configure.hpp              proc::configure: choices for the threads of the library
 *     procession/format.hpp                 an error in std::format
 *     procession/simulate.hpp               proc::simulate: a program in a world of its own, in virtual time, for tests
 *     procession/trace.hpp                  proc::trace_start and so on, trace_log, and hooks (proc::trace_set_hooks)
 *
 * Four rules hold everywhere:
 *
 * 1. Values. Processes, errors and handles are values of one word, which share what they stand for.
 *    Copying and moving them never fails. What was moved from is empty, and may be used as such.
 * 2. Exceptions. An exception of any type that leaves a callable becomes an error that carries it, on
 *    whatever thread it runs; nothing is lost, and nobody is left behind. Functions of the library
 *    throw proc::failure, and std::bad_alloc where they say nothing of noexcept.
 * 3. Threads. Every function may be called from any thread at any time, from a callable too. None may
 *    be called in a signal handler, unless it says async-signal-safe.
 * 4. Bad input is never undefined and never silent, as in C: an empty process or callable makes a
 *    process that starts nothing and fails with EINVAL, and so does every combinator above it.
 *
 * `proc` is short for `procession`, where everything is. A program that has a `proc` of its own defines
 * PROCESSION_NO_SHORT_NAMESPACE before it includes any of these files, and writes `procession::group`. Who only
 * names the types includes procession/fwd.hpp, and declares none of them itself. Names in proc::detail, and
 * macros, are not for programs.
 */
#ifndef PROCESSION_HPP
#define PROCESSION_HPP

#if __cplusplus < 201703L
#error "procession.hpp needs C++17 or newer; procession.h is for older ones"
#elif !defined(__cpp_exceptions)
#error "procession.hpp needs exceptions; procession.h is for programs that are compiled without"
#else
// IWYU pragma: begin_exports
#include <procession/channel.hpp>
#include <procession/child.hpp>
#include <procession/context.hpp>
#include <procession/daemon.hpp>
#include <procession/errors.hpp>
#include <procession/get.hpp>
#include <procession/job.hpp>
#include <procession/nursery.hpp>
#include <procession/promise.hpp>
#include <procession/queue.hpp>
#include <procession/results.hpp>
#include <procession/scope.hpp>
#include <procession/shield.hpp>
#include <procession/supervise.hpp>
#include <procession/time.hpp>
#include <procession/value.hpp>
// IWYU pragma: end_exports
#endif

#endif
