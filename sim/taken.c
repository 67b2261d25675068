#include "taken.h"
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct table *sim_table;

/* Where the code of libprocession.so lies: what it asks the C library for is its own. */
static uintptr_t library_begin, library_end;

static int find_library(struct dl_phdr_info *info, size_t size, void *inside) {
    (void)size;
    uintptr_t begin = UINTPTR_MAX, end = 0, address = (uintptr_t)inside;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD)
            continue;
        uintptr_t from = info->dlpi_addr + part->p_vaddr;
        begin = from < begin ? from : begin;
        end = from + part->p_memsz > end ? from + part->p_memsz : end;
    }
    if (address < begin || address >= end)
        return 0;
    library_begin = begin;
    library_end = end;
    return 1;
}

__attribute__((constructor(101))) static void load(void) {
    const struct table *table = procession_private_simulation();
    if (table->size != sizeof *table) {
        fputs("libprocession-sim.so: libprocession.so is of another version\n", stderr);
        abort();
    }
    dl_iterate_phdr(find_library, (void *)(uintptr_t)procession_private_simulation);
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

static bool is_library(const void *caller) {
    return (uintptr_t)caller >= library_begin && (uintptr_t)caller < library_end;
}

bool sim_takes_over(const void *caller) {
    if (!sim_table || !sim_table->is_here() || is_library(caller))
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
    if (sim_table && !is_library(caller))
        sim_table->wake(at);
}

int sim_this_thread(void) { return (int)syscall(SYS_gettid); }
