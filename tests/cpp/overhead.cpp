// The same in C and in C++, for overhead.sh to compare how many instructions they take. `one` is work on one number, which a callable
// refers to as C's user data does. `two` is work on two, for which C allocates a struct, and C++ a callable. `thrown` is an exception that nothing carries
// instead of C, and `stop_token` a callable with a handle, against one with a std::stop_token.
#include <cstdlib>
#include <procession.hpp>
#include <stdexcept>

namespace {

constexpr int runs = 100;

struct numbers {
    int *first;
    const int *second;
};

void add(int *first, int second) { __atomic_fetch_add(first, second, __ATOMIC_RELAXED); }

proc_error *add_one(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    add(static_cast<int *>(user_data), 1);
    return nullptr;
}

proc_error *add_two(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const auto *const given = static_cast<numbers *>(user_data);
    add(given->first, *given->second);
    return nullptr;
}

void hook_one(void *user_data) { add(static_cast<int *>(user_data), 1); }

void hook_two(void *user_data) {
    const auto *const given = static_cast<numbers *>(user_data);
    add(given->first, *given->second);
}

numbers *pair_of(int *first, const int *second) {
    auto *const made = static_cast<numbers *>(std::malloc(sizeof(numbers)));
    *made = {first, second};
    return made;
}

proc_impl *two_in_c(int *first, const int *second) {
    return proc_new(add_two, pair_of(first, second), std::free);
}

// If it fails, what is compared is not what it should be.
void run_in_c(proc_impl *process) {
    if (proc_error *failed = proc_run(process, nullptr))
        std::exit(proc_exit_status(failed));
}

} // namespace

extern "C" {

[[gnu::noinline]] void c_leaf_one(int *number) {
    for (int i = 0; i < runs; ++i)
        run_in_c(proc_new(add_one, number, nullptr));
}

[[gnu::noinline]] void cpp_leaf_one(int *number) {
    for (int i = 0; i < runs; ++i)
        proc::run([number](const proc::cancel &) { add(number, 1); });
}

[[gnu::noinline]] void c_leaf_two(int *first, const int *second) {
    for (int i = 0; i < runs; ++i)
        run_in_c(two_in_c(first, second));
}

[[gnu::noinline]] void cpp_leaf_two(int *first, const int *second) {
    for (int i = 0; i < runs; ++i)
        proc::run([first, second](const proc::cancel &) { add(first, *second); });
}

[[gnu::noinline]] void c_group_one(int *number) {
    for (int i = 0; i < runs; ++i) {
        proc_impl *parts[8];
        for (auto &part : parts)
            part = proc_new(add_one, number, nullptr);
        run_in_c(proc_group(parts, 8));
    }
}

[[gnu::noinline]] void cpp_group_one(int *number) {
    const auto adds = [number](const proc::cancel &) { add(number, 1); };
    for (int i = 0; i < runs; ++i)
        proc::run(proc::group(adds, adds, adds, adds, adds, adds, adds, adds));
}

[[gnu::noinline]] void c_group_two(int *first, const int *second) {
    for (int i = 0; i < runs; ++i) {
        proc_impl *parts[8];
        for (auto &part : parts)
            part = two_in_c(first, second);
        run_in_c(proc_group(parts, 8));
    }
}

[[gnu::noinline]] void cpp_group_two(int *first, const int *second) {
    const auto adds = [first, second](const proc::cancel &) { add(first, *second); };
    for (int i = 0; i < runs; ++i)
        proc::run(proc::group(adds, adds, adds, adds, adds, adds, adds, adds));
}

[[gnu::noinline]] void c_hook_one(proc_cancel *cancel, int *number) {
    for (int i = 0; i < runs; ++i)
        proc_hook_remove(proc_on_cancel(cancel, hook_one, number));
}

[[gnu::noinline]] void cpp_hook_one(const proc::cancel &cancel, int *number) {
    for (int i = 0; i < runs; ++i)
        const proc::hook hook(cancel, [number] { add(number, 1); });
}

[[gnu::noinline]] void c_hook_two(proc_cancel *cancel, int *first, const int *second) {
    for (int i = 0; i < runs; ++i) {
        numbers *const given = pair_of(first, second);
        proc_hook_remove(proc_on_cancel(cancel, hook_two, given));
        std::free(given);
    }
}

[[gnu::noinline]] void cpp_hook_two(const proc::cancel &cancel, int *first, const int *second) {
    for (int i = 0; i < runs; ++i)
        const proc::hook hook(cancel, [first, second] { add(first, *second); });
}

// So that it is not thrown where it is caught.
[[gnu::noinline]] void fail(int *number) {
    add(number, 1);
    throw std::runtime_error("no");
}

[[gnu::noinline]] void c_thrown(int *number) {
    for (int i = 0; i < runs; ++i)
        try {
            fail(number);
        } catch (const std::exception &) {
            add(number, 1);
        }
}

[[gnu::noinline]] void cpp_thrown(int *number) {
    for (int i = 0; i < runs; ++i)
        if (proc::try_run([number] { fail(number); }))
            add(number, 1);
}

[[gnu::noinline]] void c_stop_token(int *number) {
    for (int i = 0; i < runs; ++i)
        proc::run([number](const proc::token &) { add(number, 1); });
}

[[gnu::noinline]] void cpp_stop_token(int *number) {
    for (int i = 0; i < runs; ++i)
        proc::run([number](const std::stop_token &) { add(number, 1); });
}

} // extern "C"

int main() {
    int first = 0;
    const int second = 1;
    const proc::cancel cancel;
    c_leaf_one(&first);
    cpp_leaf_one(&first);
    c_leaf_two(&first, &second);
    cpp_leaf_two(&first, &second);
    c_group_one(&first);
    cpp_group_one(&first);
    c_group_two(&first, &second);
    cpp_group_two(&first, &second);
    c_hook_one(cancel.get(), &first);
    cpp_hook_one(cancel, &first);
    c_hook_two(cancel.get(), &first, &second);
    cpp_hook_two(cancel, &first, &second);
    c_thrown(&first);
    cpp_thrown(&first);
    c_stop_token(&first);
    cpp_stop_token(&first);
    return first == (4 + 4 * 8 + 2 * 2 + 2) * runs ? 0 : 1;
}
