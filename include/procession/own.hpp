/*
 * procession/own.hpp - part of procession.hpp: who deletes what
 *
 * What std::shared_ptr and std::unique_ptr do, without <memory>, which would be an eighth of all that procession.hpp makes the compiler
 * read. For programs that include nothing else, <thread> is here: libstdc++ has std::unique_ptr there, too.
 */
#ifndef PROCESSION_OWN_HPP
#define PROCESSION_OWN_HPP

#include <atomic>
#include <cstddef>
#include <new>
#include <procession/handle.hpp> // IWYU pragma: export
#include <thread>
#include <type_traits>

#ifndef __GLIBCXX__
#include <memory>
#endif

namespace procession {
inline namespace v0_2 {
namespace detail {

/** What std::unique_ptr is for one object of this very type, without the std::tuple that takes most of the time to compile that. */
template <class T> class owned {
  public:
    owned() noexcept = default;
    explicit owned(T *object) noexcept : object_(object) {}
    owned(owned &&other) noexcept : object_(other.release()) {}

    owned &operator=(owned &&other) noexcept {
        T *const before = object_;
        object_ = other.release();
        delete before;
        return *this;
    }

    owned(const owned &) = delete;
    owned &operator=(const owned &) = delete;
    ~owned() { delete object_; }

    explicit operator bool() const noexcept { return object_ != nullptr; }
    T &operator*() const noexcept { return *object_; }
    T *operator->() const noexcept { return object_; }
    [[nodiscard]] T *get() const noexcept { return object_; }
    [[nodiscard]] T *release() noexcept { return detail::take(object_); }

  private:
    T *object_ = nullptr;
};

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

/** An object of any type that is there for as long as it is needed, in the place of one of its owners. */
class not_owned {
  public:
    explicit not_owned(void *object) noexcept : object_(object) {}

    template <class T> [[nodiscard]] T &as() const noexcept { return *static_cast<T *>(object_); }

  private:
    void *object_;
};

/** Whether the bytes of an object are all of it, and there are not more of them than a pointer has. */
template <class T>
inline constexpr bool fits_pointer =
    sizeof(T) <= sizeof(void *) &&
    std::conjunction_v<std::is_trivially_copyable<T>, std::is_trivially_copy_constructible<T>>;

/** A copy of such an object, which was put into a pointer. */
template <class T> class in_pointer {
  public:
    static void *put(const T &object) noexcept {
        void *pointer = nullptr;
        if constexpr (!std::is_empty_v<T>)
            __builtin_memcpy(&pointer, std::addressof(object), sizeof(T));
        return pointer;
    }

    explicit in_pointer(void *pointer) noexcept { __builtin_memcpy(bytes_, &pointer, sizeof(T)); }

    [[nodiscard]] T &get() noexcept { return *std::launder(reinterpret_cast<T *>(bytes_)); }

  private:
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): not worth reading <array>
    alignas(T) std::byte bytes_[sizeof(T)] = {};
};

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
