/*
 * procession.cppm - the module `procession`: what procession.hpp and the headers beside it declare, but for those of Asio (C++20)
 *
 *     import procession;
 *
 * Macros and the functions of C are not in it; a program may include procession.h as well. CMake: find_package(procession COMPONENTS module), and
 * procession::module, with CMake 3.28 or newer, Ninja, and clang 16 or newer.
 */
module;

#include <procession.hpp>
#include <procession/async.hpp>
#include <procession/condition.hpp>
#include <procession/configure.hpp>
#include <procession/format.hpp>
#include <procession/live.hpp>
#include <procession/simulate.hpp>
#include <procession/trace.hpp>

export module procession;

export namespace procession {
inline namespace v0_2 {

using v0_2::all;
using v0_2::any;
using v0_2::async;
using v0_2::await;
using v0_2::background;
using v0_2::cancel;
using v0_2::cancelled;
using v0_2::channel;
using v0_2::channel_items;
using v0_2::channel_status;
using v0_2::child;
using v0_2::child_options;
using v0_2::concurrent;
using v0_2::concurrent_limit;
using v0_2::condition;
using v0_2::config;
using v0_2::configure;
using v0_2::delay;
using v0_2::dump;
using v0_2::dump_format;
using v0_2::each;
using v0_2::early_signals;
using v0_2::error;
using v0_2::every;
using v0_2::exception_codes;
using v0_2::exit_status;
using v0_2::failure;
using v0_2::finally;
using v0_2::first;
using v0_2::get;
using v0_2::get_stats;
using v0_2::group;
using v0_2::group_limit;
using v0_2::healthy;
using v0_2::hook;
using v0_2::job;
using v0_2::key;
using v0_2::listen_fds;
using v0_2::main;
using v0_2::main_options;
using v0_2::make;
using v0_2::map;
using v0_2::now;
using v0_2::nursery;
using v0_2::nursery_options;
using v0_2::on_signal;
using v0_2::process;
using v0_2::promise;
using v0_2::queue;
using v0_2::race;
using v0_2::received;
using v0_2::region;
using v0_2::result;
using v0_2::run;
using v0_2::schedule;
using v0_2::sequence;
using v0_2::service;
using v0_2::shield;
using v0_2::simulate;
using v0_2::simulate_signal;
using v0_2::simulated;
using v0_2::simulation;
using v0_2::stack;
using v0_2::start;
using v0_2::stats;
using v0_2::stop_link;
using v0_2::supervise;
using v0_2::supervise_options;
using v0_2::task;
using v0_2::task_scope;
using v0_2::timeout;
using v0_2::token;
using v0_2::trace_enabled;
using v0_2::trace_hooks;
using v0_2::trace_log;
using v0_2::trace_region;
using v0_2::trace_set_hooks;
using v0_2::trace_snapshot;
using v0_2::trace_start;
using v0_2::trace_stop;
using v0_2::trace_task;
using v0_2::trace_task_id;
using v0_2::try_configure;
using v0_2::try_dump;
using v0_2::try_get;
using v0_2::try_main;
using v0_2::try_run;
using v0_2::try_simulate;
using v0_2::try_trace_set_hooks;
using v0_2::try_trace_snapshot;
using v0_2::try_trace_start;
using v0_2::try_trace_stop;
using v0_2::value;
using v0_2::version;
using v0_2::with_context;
using v0_2::with_nursery;
using v0_2::with_value;
using v0_2::yield;
using v0_2::operator==;
using v0_2::operator!=;
using v0_2::operator<<;

} // namespace v0_2
} // namespace procession

#ifndef PROCESSION_NO_SHORT_NAMESPACE
export namespace proc = procession;
#endif
