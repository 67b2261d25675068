/*
 * procession/own.hpp - part of procession.hpp: who deletes what
 *
 * What std::shared_ptr does, without <memory>, which would be an eighth of all that procession.hpp makes the compiler read. libstdc++
 * has std::unique_ptr in <thread>, too, whose threads hold one.
 */
#ifndef PROCESSION_OWN_HPP
#define PROCESSION_OWN_HPP

#include <atomic>
#include <cstddef>
#include <procession/handle.hpp> // IWYU pragma: export
#include <thread>

#ifndef __GLIBCXX__
#include <memory>
#endif

namespace procession {
inline namespace v0_2 {
namespace detail {

/** What one of the owners of an object knows of it. */
struct counted {
    void (*destroy)(counted *self) noexcept;
    std::atomic<std::size_t> owners = 1;
};

inline counted *count(counted *object) noexcept {
    if (object != nullptr)
        object->owners.fetch_add(1, std::memory_order_relaxed);
    return object;
}

inline void uncount(counted *object) noexcept {
    if (object != nullptr && object->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
        object->destroy(object);
}

/** One of the owners of an object of any type, or of none. `get` is for the user data of C, and `share` makes an owner of that again. */
class shared : public handle<shared, counted, count, uncount> {
  public:
    shared() noexcept = default;

    template <class T, class... Arguments> static shared make(Arguments &&...arguments) {
        return adopt(new holder<T>(std::forward<Arguments>(arguments)...));
    }

    /** The object, which must be of this type. */
    template <class T> [[nodiscard]] T &as() const noexcept {
        return static_cast<holder<T> *>(get())->object;
    }

  private:
    friend handle;
    using handle::handle;

    template <class T> struct holder : counted {
        template <class... Arguments>
        explicit holder(Arguments &&...arguments)
            : counted{destroy_this}, object(std::forward<Arguments>(arguments)...) {}

        static void destroy_this(counted *self) noexcept { delete static_cast<holder *>(self); }

        T object;
    };
};

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
