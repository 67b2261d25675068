/* Who waits for what: for the report of a run that does not go on. */
#include "taken.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct wait {
    const char *words, *name;
    const void *object, *code;
    int thread, holder;
    struct wait *next;
};

/* The newest first. Each lies on the stack of who waits. */
static struct wait *waits;

static __thread const void *thread_code;
static __thread const char *thread_name;

void sim_name_thread(const void *code, const char *name) {
    thread_code = code;
    thread_name = name;
}

void sim_wait(const void *at, uint64_t until, const char *words, const void *object, int holder) {
    struct wait wait = {words, thread_name, object, thread_code, sim_this_thread(), holder, waits};
    waits = &wait;
    sim_table->wait(at, until);
    TAKE_OUT(waits, &wait);
}

struct text {
    char *to;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t left = text->size - text->length;
    int more = vsnprintf(text->to + text->length, left, format, arguments);
    va_end(arguments);
    if (more > 0)
        text->length += (size_t)more < left ? (size_t)more : left - 1;
}

/* The name of a function or variable, if the loader knows it; else where it is in its object, for addr2line; or in memory. */
static void add_place(struct text *text, const void *address) {
    Dl_info found;
    if (!dladdr(address, &found)) {
        add(text, "%p", address);
        return;
    }
    const char *slash = strrchr(found.dli_fname, '/');
    if (found.dli_saddr == address)
        add(text, "%s", found.dli_sname);
    else
        add(text, "%s+%#tx", slash ? slash + 1 : found.dli_fname,
            (const char *)address - (const char *)found.dli_fbase);
}

static void add_thread(struct text *text, int thread) {
    int number = sim_table->number_of(thread);
    if (number >= 0)
        add(text, "thread %d", number);
    else
        add(text, "a thread that is not in the run, or has ended");
}

static void add_wait(struct text *text, const struct wait *wait) {
    add_thread(text, wait->thread);
    if (wait->name) {
        add(text, " (%s)", wait->name);
    } else if (wait->code) {
        add(text, " (");
        add_place(text, wait->code);
        add(text, ")");
    }
    add(text, " waits for %s", wait->words);
    if (wait->object) {
        add(text, " ");
        add_place(text, wait->object);
    }
    if (wait->holder) {
        add(text, ", which is held by ");
        add_thread(text, wait->holder);
    }
    add(text, "\n");
}

void sim_tell_waits(char *to, size_t size) {
    struct text text = {to, size, 0};
    *to = '\0';
    for (const struct wait *wait = waits; wait; wait = wait->next)
        if (wait->words)
            add_wait(&text, wait);
}
