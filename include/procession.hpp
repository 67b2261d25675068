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
 * What there is, in the order of the files in procession/:
 *
 *     proc::error         how a process ended; true if it failed. May carry an exception
 *     proc::failure       an error as an exception
 *     proc::cancel        the context a process runs in: should it stop, and why
 *     proc::hook          calls something when a handle is cancelled
 *     proc::stop_link     a std::stop_token for a handle
 *     proc::process       something to run
 *     proc::make          makes one of a callable
 *     proc::concurrent    all at once; all errors
 *     proc::group         all at once; the first failure cancels the others
 *     proc::sequence      one after the other
 *     proc::task          a named unit of work
 *     proc::trace_region  a named interval in the trace
 *     proc::start         starts one, and does not wait: what runs then is a proc::job
 *     proc::run           runs one, and throws its error; proc::try_run returns it
 *     proc::main          runs one as the purpose of a program, and turns signals into cancellation
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
 * Names in proc::detail, and macros, are not for programs.
 */
#ifndef PROCESSION_HPP
#define PROCESSION_HPP

#if __cplusplus < 201703L
#error "procession.hpp needs C++17 or newer; procession.h is for older ones"
#else
#include <procession/job.hpp>
#include <procession/run.hpp>
#endif

#endif
