/* blocks.h: counts the blocks of memory that the library has asked for and not released; each handle is one at least. For that,
 * this program's malloc takes the place of the C library's.
 *
 * The return address tells whether it is the library that asks. It does not tell who releases, since a call at the end of a
 * function is a jump, so a block of the library is marked in its last eight bytes. What the C library asks for, for
 * instance for each thread, is not counted.
 *
 * Without COUNT_BLOCKS nothing is counted: a sanitizer and valgrind find by themselves what leaks.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "check.h"

#ifndef COUNT_BLOCKS

static inline bool blocks_are_counted(void) { return false; }
static inline void blocks_begin(void) {}
static inline long blocks_of_library(void) { return 0; }

#else

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>

/* The C library's own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static atomic_long blocks;
static uintptr_t library_begin, library_end;

static inline bool blocks_are_counted(void) { return true; }
static inline long blocks_of_library(void) { return atomic_load(&blocks); }

/* Finds the library among what is loaded: it is where this function of it is. */
static int blocks_find_library(struct dl_phdr_info *object, size_t size, void *function) {
    (void)size;
    uintptr_t begin = UINTPTR_MAX, end = 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t at = object->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD)
            continue;
        begin = at < begin ? at : begin;
        end = at + segment->p_memsz > end ? at + segment->p_memsz : end;
    }
    if ((uintptr_t)function < begin || (uintptr_t)function >= end)
        return 0;
    library_begin = begin;
    library_end = end;
    return 1;
}

/* To be called before the library's first use. */
static inline void blocks_begin(void) {
    CHECK(dl_iterate_phdr(blocks_find_library, dlsym(RTLD_DEFAULT, "proc_run")) == 1);
}

static const uint64_t MARK = 0x4c69627261727921;

static inline uint64_t *block_mark(void *block) {
    return (uint64_t *)((char *)block + malloc_usable_size(block)) - 1;
}

static inline bool block_is_marked(void *block) { return block && *block_mark(block) == MARK; }

static inline void *block_begin(void *block, const void *caller) {
    if (!block)
        return NULL;
    bool is_library = (uintptr_t)caller >= library_begin && (uintptr_t)caller < library_end;
    *block_mark(block) = is_library ? MARK : 0;
    blocks += is_library;
    return block;
}

static inline void block_end(void *block) {
    if (!block_is_marked(block))
        return;
    *block_mark(block) = 0;
    blocks--;
}

/* Room for the mark, where the block may end with what it was asked for. */
static inline size_t block_size(size_t size) {
    const size_t mark = sizeof(uint64_t);
    return size > SIZE_MAX - 2 * mark ? SIZE_MAX : (size + 2 * mark - 1) / mark * mark;
}

/* Inside of a callback the return address would be the callback's, which is in the library. */
#define NOT_INSIDE __attribute__((noinline))

NOT_INSIDE void *malloc(size_t size) {
    return block_begin(__libc_malloc(block_size(size)), __builtin_return_address(0));
}

NOT_INSIDE void *calloc(size_t count, size_t size) {
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        all = SIZE_MAX;
    return block_begin(__libc_calloc(1, block_size(all)), __builtin_return_address(0));
}

NOT_INSIDE void *realloc(void *block, size_t size) {
    bool was_marked = block_is_marked(block);
    void *moved = __libc_realloc(block, block_size(size));
    if (!moved)
        return NULL;
    blocks -= was_marked;
    return block_begin(moved, __builtin_return_address(0));
}

NOT_INSIDE void *memalign(size_t alignment, size_t size) {
    return block_begin(__libc_memalign(alignment, block_size(size)), __builtin_return_address(0));
}

NOT_INSIDE void *aligned_alloc(size_t alignment, size_t size) {
    return block_begin(__libc_memalign(alignment, block_size(size)), __builtin_return_address(0));
}

NOT_INSIDE int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = __libc_memalign(alignment, block_size(size));
    *block = block_begin(made, __builtin_return_address(0));
    return made ? 0 : ENOMEM;
}

void free(void *block) {
    block_end(block);
    __libc_free(block);
}

#endif
#endif
