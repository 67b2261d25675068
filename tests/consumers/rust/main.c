/* A program in C that has two static libraries in Rust in it. */
#include <procession.h>

bool other_fails(void);

static proc_error *call_other(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(bool *)user_data = other_fails();
    return NULL;
}

int main(void) {
    bool failed[2] = {false, false};
    proc_impl *children[] = {proc_new(call_other, &failed[0], NULL),
                             proc_new(call_other, &failed[1], NULL)};
    return proc_run(proc_group(children, 2), NULL) == NULL && failed[0] && failed[1] ? 0 : 1;
}
