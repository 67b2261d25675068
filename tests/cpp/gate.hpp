/* gate.hpp: what the tests wait on. A gate that is not opened in time aborts the program. CHECK_DEADLINE in the environment is
 * how many seconds that is (30).
 */
#ifndef GATE_HPP
#define GATE_HPP

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>

class gate {
  public:
    void open() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++opened_;
        changed_.notify_all();
    }

    /* Until it has been opened that often. */
    void wait(int times = 1) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (changed_.wait_for(lock, deadline(), [&] { return opened_ >= times; }))
            return;
        std::cerr << "a gate was opened " << opened_ << " times of " << times
                  << ", and time is up\n";
        std::abort();
    }

    /* A rendezvous of that many threads. */
    void meet(int threads) {
        open();
        wait(threads);
    }

    static std::chrono::seconds deadline() {
        const char *text = std::getenv("CHECK_DEADLINE");
        const long seconds = text != nullptr ? std::strtol(text, nullptr, 10) : 0;
        return std::chrono::seconds(seconds > 0 ? seconds : 30);
    }

  private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    int opened_ = 0;
};

#endif
