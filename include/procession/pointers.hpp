/*
 * procession/pointers.hpp - part of procession.hpp: taking pointers, and pointers in a row, as C takes them
 */
#ifndef PROCESSION_POINTERS_HPP
#define PROCESSION_POINTERS_HPP

#include <cstddef>
#include <procession/fwd.hpp> // IWYU pragma: export

namespace procession {
inline namespace v0_2 {
namespace detail {

/** A pointer, of which NULL is left: what std::exchange does, which has more to ask of each type. */
template <class T> T *take(T *&pointer) noexcept {
    T *const taken = pointer;
    pointer = nullptr;
    return taken;
}

/** What std::vector is for pointers, which takes ten times as long to compile, for each type that it is used for. */
template <class Pointer> class row {
  public:
    row() noexcept = default;
    /** With room for so many. */
    explicit row(std::size_t room) : first_(new Pointer[room]), room_(room) {}
    row(row &&other) noexcept
        : first_(detail::take(other.first_)), size_(other.size_), room_(other.room_) {
        other.size_ = other.room_ = 0;
    }
    row(const row &) = delete;
    row &operator=(const row &) = delete;
    ~row() { delete[] first_; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Pointer *data() const noexcept { return first_; }
    [[nodiscard]] Pointer *begin() const noexcept { return first_; }
    [[nodiscard]] Pointer *end() const noexcept { return first_ + size_; }
    [[nodiscard]] Pointer &operator[](std::size_t index) const noexcept { return first_[index]; }

    void add(Pointer pointer) {
        if (size_ == room_)
            grow();
        first_[size_++] = pointer;
    }

    /** Puts one before that of this index. */
    void insert(std::size_t index, Pointer pointer) {
        add(pointer);
        for (std::size_t i = size_ - 1; i > index; --i)
            first_[i] = first_[i - 1];
        first_[index] = pointer;
    }

    /** Takes the last one out. */
    [[nodiscard]] Pointer take_last() noexcept { return first_[--size_]; }

    /** Leaves out all from this index on. */
    void cut(std::size_t size) noexcept { size_ = size; }

  private:
    void grow() {
        const std::size_t room = 2 * room_ + 4;
        auto *const bigger = new Pointer[room];
        for (std::size_t i = 0; i < size_; ++i)
            bigger[i] = first_[i];
        delete[] first_;
        first_ = bigger;
        room_ = room;
    }

    Pointer *first_ = nullptr;
    std::size_t size_ = 0;
    std::size_t room_ = 0;
};

} // namespace detail
} // namespace v0_2
} // namespace procession

#endif
