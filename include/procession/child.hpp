/*
 * procession/child.hpp - part of procession.hpp: programs
 */
#ifndef PROCESSION_CHILD_HPP
#define PROCESSION_CHILD_HPP

#include <optional>
#include <procession/callback.hpp> // IWYU pragma: export
#include <procession/pointers.hpp> // IWYU pragma: export
#include <procession/process.hpp>  // IWYU pragma: export
#include <string>
#include <string_view>
#include <vector>

namespace procession {
inline namespace v0_2 {

/** A program to run (proc::child). */
struct child_options {
    /** Its arguments; the first one is its name, which is looked up in PATH. None, and an empty name, are bad input. */
    std::vector<std::string> argv{};

    /** Its environment, "NAME=VALUE" each; nothing: that of this program, less what is said to this one alone. */
    std::optional<std::vector<std::string>> envp{};

    /** Where it is to be started; empty: where this program is. */
    std::string directory{};

    /** Descriptors of this program that are to be its streams. -1: /dev/null for its input, this program's for the others. */
    int in = -1;
    int out = -1;
    int err = -1;

    /**
     * Told what it writes as it comes, instead of `out` and `err`, and to which of them: 1 or 2. Never several at once in one run, on the
     * thread that runs the process. It must not throw: what leaves it ends the program (std::terminate). Empty: nobody is told.
     */
    detail::callback<void(int stream, std::string_view bytes)> on_output{};

    /** Between SIGTERM and SIGKILL, when it is stopped; none: SIGKILL at once; `std::chrono::nanoseconds::max()`: never. */
    std::chrono::nanoseconds stop_after = std::chrono::seconds(5);

    /** Where to store its status, as `waitpid` gives it, until the process's last run has ended; null: nowhere. */
    int *status_out = nullptr;
};

namespace detail {

/** Code that is told what a program writes, as C calls it. */
struct output_listener {
    callback<void(int, std::string_view)> hears;

    static void tell(int stream, const char *bytes, std::size_t count, void *user_data) noexcept {
        static_cast<output_listener *>(user_data)->hears(stream, std::string_view(bytes, count));
    }

    /** That is there as long as the process: it is a value around that. */
    static process keep(detail::owned<output_listener> listener, process child) {
        static const proc_key key = {"proc::child"};
        return process::adopt(
            proc_with_value(&key, listener.release(), destroy<output_listener>, child.release()));
    }
};

/** As C has them. */
inline row<const char *> pointers(const std::vector<std::string> &strings) {
    row<const char *> all(strings.size() + 1);
    for (const std::string &one : strings)
        all.add(one.c_str());
    all.add(nullptr);
    return all;
}

} // namespace detail

/**
 * Makes a process that runs a program, and completes when that has ended.
 *
 *     proc::run(proc::child({{"convert", "a.png", "b.jpg"}}));
 *
 * The program is in a process group of its own, with no signal blocked, default actions, and no descriptor but its streams. Exit status 0
 * is success; all else is an error with code ECHILD: "convert: exit status 3", "convert: killed by SIGSEGV". One that cannot be started is
 * an error with that of the system: "convert: No such file or directory".
 *
 * Cancelled, it sends the group SIGTERM, and SIGKILL after a time, if anybody is left; it reaps the program, and fails with the cause.
 *
 * Ownership: the options are moved or copied into the process.
 */
[[nodiscard]] inline process child(child_options options) {
    detail::owned<detail::output_listener> listener;
    if (options.on_output)
        listener = detail::owned<detail::output_listener>(
            new detail::output_listener{std::move(options.on_output)});
    const auto argv = detail::pointers(options.argv);
    const auto envp = options.envp ? detail::pointers(*options.envp) : detail::row<const char *>();
    const bool is_killed = options.stop_after != std::chrono::nanoseconds::max();
    const proc_child_options given{sizeof given,
                                   argv.data(),
                                   options.envp ? envp.data() : nullptr,
                                   options.directory.empty() ? nullptr : options.directory.c_str(),
                                   options.in,
                                   options.out,
                                   options.err,
                                   listener ? detail::output_listener::tell : nullptr,
                                   listener.get(),
                                   is_killed ? detail::nanoseconds(options.stop_after)
                                             : PROC_FOREVER,
                                   options.status_out};
    process made = process::adopt(proc_child(&given));
    return listener ? detail::output_listener::keep(std::move(listener), std::move(made)) : made;
}

} // namespace v0_2
} // namespace procession

#endif
