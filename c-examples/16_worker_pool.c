/* 16_worker_pool: lines of a file go through a channel to workers, and through another one to a writer. No line is lost.
 *
 *     cc 16_worker_pool.c -o 16_worker_pool $(pkg-config --cflags --libs procession)
 *     ./16_worker_pool FILE [WORKERS [GRACE_MS]]
 *
 * It prints the number and the checksum of each line, in the order in which the workers (4) finish them. On SIGINT or
 * SIGTERM it stops reading, and has one second to finish the lines that it has read. In any case each line that was read is
 * printed, or named on standard error as not done. If it has not printed the whole file, it exits with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CAPACITY = 16
}; /* lines in each channel: the side that is faster waits for the slower one */

struct line {
    size_t number;
    char *text;
    uint64_t checksum;
};

struct pool {
    FILE *file; /* a regular file, so reading does not block */
    bool is_at_end;
    proc_channel *todo, *done;
};

/* Reports and frees a line that is not finished. The channels call it, too, for the lines that are left in them at the end. */
static void not_done(void *item) {
    struct line *line = item;
    fprintf(stderr, "not done: line %zu\n", line->number);
    free(line->text);
}

static proc_error *read_lines(proc_cancel *cancel, void *user_data) {
    struct pool *pool = user_data;
    struct line line = {.number = 0};
    while (!proc_draining(cancel) && !pool->is_at_end) {
        line = (struct line){.number = line.number + 1};
        if (getline(&line.text, &(size_t){0}, pool->file) < 0) {
            free(line.text);
            pool->is_at_end = true;
        } else if (proc_channel_send(pool->todo, cancel, &line, PROC_FOREVER) != 0) {
            not_done(&line);
        }
    }
    proc_channel_close(pool->todo); /* the lines in the channel can still be received */
    return ferror(pool->file) ? proc_errno("read") : proc_cancel_error(cancel);
}

/* FNV-1a. It stands for slow work. */
static uint64_t checksum(const char *text) {
    uint64_t sum = 0xcbf29ce484222325;
    while (*text)
        sum = (sum ^ (unsigned char)*text++) * 0x100000001b3;
    return sum;
}

static proc_error *work(proc_cancel *cancel, size_t index, void *user_data) {
    struct pool *pool = user_data;
    struct line line;
    (void)index;
    while (proc_channel_receive(pool->todo, cancel, &line, PROC_FOREVER) == 0) {
        line.checksum = checksum(line.text);
        if (proc_channel_send(pool->done, cancel, &line, PROC_FOREVER) != 0)
            not_done(&line);
    }
    return proc_cancel_error(cancel);
}

static proc_error *all_is_worked_on(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_channel_close(((struct pool *)user_data)->done);
    return NULL;
}

static proc_error *write_lines(proc_cancel *cancel, void *user_data) {
    struct pool *pool = user_data;
    struct line line;
    while (proc_channel_receive(pool->done, cancel, &line, PROC_FOREVER) == 0) {
        if (dprintf(1, "%zu %016" PRIx64 "\n", line.number, line.checksum) < 0) {
            proc_error *error = proc_errno("write");
            not_done(&line);
            return error;
        }
        free(line.text);
    }
    return proc_cancel_error(cancel);
}

int main(int argc, char **argv) {
    size_t workers = argc > 2 ? strtoul(argv[2], NULL, 10) : 4;
    if (argc < 2 || workers == 0) {
        fputs("usage: 16_worker_pool FILE [WORKERS [GRACE_MS]]\n", stderr);
        return 2;
    }
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = argc > 3 ? PROC_MS(atoi(argv[3])) : PROC_SECONDS(1);
    struct pool pool = {.file = fopen(argv[1], "re")};
    if (pool.file == NULL)
        return proc_exit_status(proc_errno(argv[1]));
    pool.todo = proc_channel_new(CAPACITY, sizeof(struct line), not_done);
    pool.done = proc_channel_new(CAPACITY, sizeof(struct line), not_done);
    signal(SIGPIPE, SIG_IGN); /* without a reader, the writer gets EPIPE, and fails */
    proc_impl *work_all = proc_task("workers", proc_each(workers, 0, work, &pool, NULL));
    proc_error *error =
        proc_main_with(PROC_GROUP(proc_task("reader", proc_new(read_lines, &pool, NULL)),
                                  proc_finally(work_all, proc_new(all_is_worked_on, &pool, NULL)),
                                  proc_task("writer", proc_new(write_lines, &pool, NULL))),
                       &options);
    proc_channel_unref(pool.done);
    proc_channel_unref(pool.todo);
    fclose(pool.file);
    if (!error && !pool.is_at_end)
        error = proc_error_new(EINTR, "stopped before the end of the file");
    return proc_exit_status(error);
}
