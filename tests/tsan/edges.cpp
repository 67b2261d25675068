/* The same as edges.c says, of what C++ adds: callables, exceptions, values, and what they capture, which is released anywhere. */
#include <atomic>
#include <cstdio>
#include <procession.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

/* A gate that orders nothing. */
class meeting {
    std::atomic<int> there_{0};

  public:
    void meet() {
        there_.fetch_add(1, std::memory_order_relaxed);
        while (there_.load(std::memory_order_relaxed) < 2)
            std::this_thread::yield();
    }
};

bool all_hold = true;

void check(bool holds, const char *what) {
    if (!holds)
        std::fprintf(stderr, "edges.cpp: not so: %s\n", what);
    all_hold = all_hold && holds;
}

void callables() {
    meeting met;
    std::vector<std::string> found(2);
    std::string given = "given to both, and long enough to be on the heap";
    auto part = [&, copy = given](std::size_t index) {
        met.meet();
        found[index] = copy + given;
    };
    proc::run(proc::group([&] { part(0); }, [&] { part(1); }));
    check(found[0] == given + given && found[1] == found[0], "what a group has done is found");
}

void exceptions() {
    meeting met;
    try {
        proc::run(proc::group(
            [&] {
                met.meet();
                throw std::runtime_error("a text that is long enough to be on the heap");
            },
            [&] { met.meet(); }));
    } catch (const proc::failure &failure) {
        check(std::string(failure.what()).find("heap") != std::string::npos,
              "what was thrown is found");
    }
}

void values() {
    meeting met;
    auto [text, number] = proc::all(
        [&] {
            met.meet();
            return std::string("a text that is long enough to be on the heap");
        },
        [&] {
            met.meet();
            return 7;
        });
    check(text.size() > 40 && number == 7, "values are found");
}

void nurseries() {
    std::string given = "given";
    std::vector<std::string> found(4);
    proc::run(proc::with_nursery([&](const proc::nursery &nursery) {
        given += ", and long enough to be on the heap";
        for (auto &place : found)
            nursery.spawn([&place, copy = given] { place = copy; });
    }));
    check(found[0] == given && found[3] == given, "what was spawned is found");
}

void jobs() {
    std::string text = "before";
    auto job = proc::start([&] { text += ", and long enough to be on the heap"; });
    job.join();
    check(text.size() > 30, "what a job has done is found");
}

} // namespace

int main() {
    for (int i = 0; i < 20; i++) {
        callables();
        exceptions();
        values();
        nurseries();
        jobs();
    }
    return all_hold ? 0 : 1;
}
