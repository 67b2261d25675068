/*
 * procession/live.hpp - beside procession.hpp, and included on its own: what runs now, and what has run
 */
#ifndef PROCESSION_LIVE_HPP
#define PROCESSION_LIVE_HPP

#include <procession/exception.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/** How proc::dump writes. */
enum class dump_format : int {
    /** For people: a line a process, as `pstree` draws a tree. */
    text = PROC_DUMP_TEXT,
    /** For programs: one JSON object on one line (docs/dump.schema.json). */
    json = PROC_DUMP_JSON,
};

/**
 * Writes every process that runs now, in the whole program, as a tree (`proc_dump`), and returns why it could not: an error with the
 * `errno` of writing.
 *
 * @param fd  stays the caller's.
 */
[[nodiscard]] inline error try_dump(int fd, dump_format format = dump_format::text) noexcept {
    return error::adopt(proc_dump(fd, static_cast<proc_dump_format>(format)));
}

/** The same, but an error is thrown, as a proc::failure. */
inline void dump(int fd, dump_format format = dump_format::text) {
    if (auto failed = try_dump(fd, format))
        throw failure(std::move(failed));
}

/** What the library does and has done, in numbers: the fields of `proc_stats` in procession.h. */
using stats = proc_stats;

/** These numbers as they are at the moment. */
[[nodiscard]] inline stats get_stats() noexcept {
    stats now = PROC_STATS_INIT;
    proc_get_stats(&now);
    return now;
}

/** The version of the library that runs, "MAJOR.MINOR.PATCH"; that of the headers is in PROC_VERSION_MAJOR and so on. */
[[nodiscard]] inline const char *version() noexcept { return proc_version(); }

} // namespace v0_2
} // namespace procession

#endif
