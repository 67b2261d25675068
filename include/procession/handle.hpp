/*
 * procession/handle.hpp - part of procession.hpp: what process, error and cancel have in common
 */
#ifndef PROCESSION_HANDLE_HPP
#define PROCESSION_HANDLE_HPP

#include <procession.h>            // IWYU pragma: export
#include <procession/fwd.hpp>      // IWYU pragma: export
#include <procession/pointers.hpp> // IWYU pragma: export
#include <string>
#include <utility>

namespace procession {
inline namespace v0_2 {
namespace detail {

/**
 * A value that holds one reference to an object of the library, or is empty.
 *
 * Copies are further references, and never fail. What was moved from is empty. With C, references are
 * exchanged by adopt, share, get and release.
 *
 * Threads: several threads may use copies, and the object behind them, at the same time; the same
 * variable only as they may any variable: all read it, or one changes it.
 */
template <class Value, class Object, Object *(*Ref)(Object *), void (*Unref)(Object *)>
class handle {
  public:
    handle(const handle &other) noexcept : object_(Ref(other.object_)) {}
    handle(handle &&other) noexcept : object_(other.release()) {}

    handle &operator=(const handle &other) noexcept {
        if (this != &other)
            hold(Ref(other.object_));
        return *this;
    }

    handle &operator=(handle &&other) noexcept {
        hold(other.release());
        return *this;
    }

    /** A value of a reference that is yours, and becomes the value's; NULL makes an empty one. */
    [[nodiscard]] static Value adopt(Object *owned) noexcept { return Value(owned); }

    /** A value of a reference that stays whose it was; NULL makes an empty one. */
    [[nodiscard]] static Value share(const Object *borrowed) noexcept {
        return Value(Ref(const_cast<Object *>(borrowed)));
    }

    /** The object, borrowed: for functions of C that look at it. NULL if the value is empty. */
    [[nodiscard]] Object *get() const noexcept { return object_; }

    /** The reference, which is yours now: for functions of C that take it over. The value is empty. */
    [[nodiscard]] Object *release() noexcept { return detail::take(object_); }

  protected:
    handle() noexcept = default;
    explicit handle(Object *owned) noexcept : object_(owned) {}
    ~handle() {
        if (object_ != nullptr) // Most that were handed over are not worth a call.
            Unref(object_);
    }

  private:
    void hold(Object *owned) noexcept {
        Object *const before = object_;
        object_ = owned;
        Unref(before);
    }

    Object *object_ = nullptr;
};

/** A text that is passed in: of C, where NULL may mean something, or of C++, up to its first NUL. */
class text {
  public:
    // NOLINTNEXTLINE(google-explicit-constructor): a text is passed as what it is
    text(const char *string) noexcept : string_(string) {}
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    text(const std::string &string) noexcept : string_(string.c_str()) {}
    [[nodiscard]] const char *c_str() const noexcept { return string_; }

  private:
    const char *string_;
};

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
