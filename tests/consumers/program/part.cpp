// The C++ half of a program of C and C++: the same header serves both.
#include <procession.h>

static proc_error *count(proc_cancel *, void *user_data) {
    ++*static_cast<int *>(user_data);
    return nullptr;
}

extern "C" int part() {
    int counter = 0;
    proc_impl *steps[] = {proc_new(count, &counter, nullptr), proc_new(count, &counter, nullptr)};
    proc_error *error = proc_run(proc_sequence(steps, 2), nullptr);
    return error != nullptr || counter != 2;
}
