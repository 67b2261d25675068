/* counted.hpp: counts the objects that are there, not those that were moved from, on whatever threads. It may be called. */
#ifndef COUNTED_HPP
#define COUNTED_HPP

#include <atomic>
#include <utility>

class counted {
  public:
    explicit counted(std::atomic<int> *count) : count_(count) { ++*count_; }
    counted(const counted &other) : count_(other.count_) { ++*count_; }
    counted(counted &&other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    counted &operator=(const counted &) = delete;
    counted &operator=(counted &&) = delete;
    ~counted() {
        if (count_ != nullptr)
            --*count_;
    }
    void operator()() const {}

  private:
    std::atomic<int> *count_;
};

#endif
