/*
 * procession/value.hpp - part of procession.hpp: what handles carry down
 */
#ifndef PROCESSION_VALUE_HPP
#define PROCESSION_VALUE_HPP

#include <procession/process.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {

/**
 * What a value is found by that travels down with handles, to whatever thread: a request's number, a logger, a credential.
 *
 *     static const proc::key<request> current_request("request");
 *
 *     proc::run(proc::with_value(current_request, request(id), proc::group(read, answer)));
 *     // and somewhere below, on any thread:
 *     if (const request *current = cancel.value(current_request))
 *
 * Its address is the key, so two of the same name are two keys, and it cannot be copied. It is to be there as long as the program
 * runs: `static`, or `inline` in a header; but of what is inline, shared objects of hidden visibility have one each, so a key that
 * a program shares with its plug-ins is to be in one of them, and `extern` to the others. A value is shared by all who see it, and is not locked: one that can be changed must guard
 * itself, or is of a const type (`proc::key<const request>`).
 *
 * C: the value is a `T *` that was made by `new`, under the key `get()`.
 */
template <class T> class key {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "procession: a key's value is no reference and no array");

  public:
    /** @param name  for people; a text that stays, as a literal does. */
    explicit constexpr key(const char *name) noexcept : key_{name} {}

    key(const key &) = delete;
    key &operator=(const key &) = delete;
    ~key() = default;

    /** The key as C knows it. */
    [[nodiscard]] const proc_key *get() const noexcept { return &key_; }

    /** For people. */
    [[nodiscard]] const char *name() const noexcept { return key_.name; }

  private:
    proc_key key_;
};

template <class T> cancel token::with_value(const key<T> &key, detail::value_of<T> value) const {
    auto *const owned = new detail::value_of<T>(std::move(value));
    return cancel::adopt(
        proc_cancel_with_value(get(), key.get(), owned, detail::destroy<detail::value_of<T>>));
}

template <class T> T *token::value(const key<T> &key) const noexcept {
    return static_cast<T *>(proc_value(get(), key.get()));
}

/**
 * Gives a process or callable a value: all that runs in it has it (`cancel.value`, proc::value), on whatever thread, unless another one
 * under the same key is nearer. Its errors pass as they are. An empty process is bad input.
 *
 * Ownership: the value is moved into the process, is the same in each run, and is destroyed once, after the last run and the last
 * copy of the process have ended, and with them the last handle that somebody has kept of a run. It may be move-only. Its
 * destructor must not throw.
 */
template <class T, class Part>
[[nodiscard]] process with_value(const key<T> &key, detail::value_of<T> value, Part &&part) {
    process child = detail::to_process(std::forward<Part>(part));
    auto *const owned = new detail::value_of<T>(std::move(value));
    return process::adopt(
        proc_with_value(key.get(), owned, detail::destroy<detail::value_of<T>>, child.release()));
}

/** The value that the handle has in which this thread runs, as `cancel.value`; NULL: there is none, or it runs no process. */
template <class T> [[nodiscard]] T *value(const key<T> &key) noexcept {
    return static_cast<T *>(proc_value(nullptr, key.get()));
}

} // namespace v0_2
} // namespace procession

#endif
