#include "taken.h"
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct table *sim_table;

/* Whose calls always go to the C library: those of libprocession.so are its own, and it calls malloc under its locks, where no other thread may
 * go on. So the library that has malloc, which may take a lock, is left alone too. A malloc in the program itself cannot be told from the rest of it. */
enum { LIBRARY, ALLOCATOR, OWN };

static struct code {
    uintptr_t inside; /* An address in it. */
    uintptr_t begin, end;
} own[OWN];

static bool is_within(uintptr_t address, const struct code *code) {
    return address >= code->begin && address < code->end;
}

static int find_code(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    struct code *code = data;
    struct code all = {.begin = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD)
            continue;
        uintptr_t from = info->dlpi_addr + part->p_vaddr;
        all.begin = from < all.begin ? from : all.begin;
        all.end = from + part->p_memsz > all.end ? from + part->p_memsz : all.end;
    }
    if (!is_within(code->inside, &all))
        return 0;
    bool is_program = !*info->dlpi_name;
    if (!is_program)
        *code = all;
    return 1;
}

__attribute__((constructor(101))) static void load(void) {
    const struct table *table = procession_private_simulation();
    if (table->size != sizeof *table) {
        fputs("libprocession-sim.so: libprocession.so is of another version\n", stderr);
        abort();
    }
    own[LIBRARY].inside = (uintptr_t)procession_private_simulation;
    own[ALLOCATOR].inside = (uintptr_t)dlsym(RTLD_DEFAULT, "malloc");
    for (int i = 0; i < OWN; i++)
        dl_iterate_phdr(find_code, &own[i]);
    table->set_host(sim_tell_waits, sim_on_failure);
    sim_table = table;
}

/* Of conditions there is an older kind on some machines, which a search without a version might find. */
static void *search(const char *name) {
#ifdef __x86_64__
    void *newer =
        strncmp(name, "pthread_cond_", 13) ? NULL : dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    if (newer)
        return newer;
#endif
    return dlsym(RTLD_NEXT, name);
}

void *sim_next(_Atomic(void *) *found, const char *name) {
    void *known = atomic_load_explicit(found, memory_order_relaxed);
    if (known)
        return known;
    known = search(name);
    if (!known) {
        fprintf(stderr, "libprocession-sim.so: the C library has no %s\n", name);
        abort();
    }
    atomic_store_explicit(found, known, memory_order_relaxed);
    return known;
}

static bool is_own(const void *caller) {
    return is_within((uintptr_t)caller, &own[LIBRARY]) ||
           is_within((uintptr_t)caller, &own[ALLOCATOR]);
}

bool sim_takes_over(const void *caller) {
    if (!sim_table || !sim_table->is_here() || is_own(caller))
        return false;
    sim_table->change_thread();
    return true;
}

void sim_spin(void) {
    char nobody_wakes = 0;
    if (sim_table->spins())
        sim_wait(&nobody_wakes, sim_after(&(struct timespec){0, 1000000}), "a moment", NULL, 0);
}

void sim_wake(const void *at, const void *caller) {
    if (sim_table && !is_own(caller))
        sim_table->wake(at);
}

int sim_this_thread(void) { return (int)syscall(SYS_gettid); }
