// std::jthread: a thread a child, joined by its destructor.
#include "../bench.h"
#include <barrier>
#include <system_error>
#include <thread>
#include <vector>

namespace {

void run_threads(void *n) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < *static_cast<int *>(n); i++)
        threads.emplace_back([] {});
}

void trivial(int n, int repetitions) { repeat(run_threads, &n, n, repetitions); }

void run_meeting(void *n) {
    const int children = *static_cast<int *>(n);
    std::barrier meeting(children);
    std::vector<std::jthread> threads;
    for (int i = 0; i < children; i++)
        threads.emplace_back([&meeting] { meeting.arrive_and_wait(); });
}

void rendezvous(int n, int repetitions) { repeat_rested(run_meeting, &n, n, repetitions); }

const workload workloads[] = {{"trivial", trivial}, {"rendezvous", rendezvous}};

} // namespace

int main(int argc, char **argv) {
    return bench_main(argc, argv, "libstdc++ of GCC " __VERSION__, workloads,
                      sizeof workloads / sizeof *workloads);
}
