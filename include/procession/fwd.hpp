/*
 * procession/fwd.hpp - part of procession.hpp, and included on its own: the namespace, and that there are these types, for headers that
 * only name them
 */
#ifndef PROCESSION_FWD_HPP
#define PROCESSION_FWD_HPP

/* The version of the ABI is in the names for the linker, so that parts of a program which have different versions do not get mixed up. */
namespace procession {
inline namespace v0_2 {

class error;
class [[gnu::visibility("default")]] failure;
class [[gnu::visibility("default")]] cancelled;

class token;
class cancel;
class hook;
class stop_link; // In C++20.
class condition;
template <class T> class key;

class process;
class job;
class nursery;
class promise;
class queue;
class task_scope;
class region;

template <class T> class channel;
template <class T> class channel_items;
template <class T> class received;
enum class channel_status : int;

struct child_options;
struct config;
struct main_options;
struct nursery_options;
struct simulation;
struct supervise_options;
struct trace_hooks;
enum class dump_format : int;
enum class schedule : int;

} // namespace v0_2
} // namespace procession

#ifndef PROCESSION_NO_SHORT_NAMESPACE
namespace proc = procession;
#endif

#endif
