/* worker_pool_test: of 16_worker_pool: each line that was read is written, or named as not done, whatever ends it.
 *
 *     PROGRAM CASE SERVER [ARGUMENT...]
 */
#define _GNU_SOURCE
#include "check.h"
#include "server.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>

enum { LINES = 20000 };

static char **command;
static char path[] = "/tmp/worker_pool_test.XXXXXX";

/* What became of a line: how often it was written, and named as not done. */
static struct { int written, left; } lines[LINES + 1];

static void make_file(void) {
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    for (int i = 1; file && i <= LINES; i++)
        fprintf(file, "line %d of %d\n", i, LINES);
    CHECK(file && fclose(file) == 0);
}

static uint64_t checksum(size_t number) {
    char text[64];
    uint64_t sum = 0xcbf29ce484222325;
    snprintf(text, sizeof text, "line %zu of %d\n", number, LINES);
    for (const char *at = text; *at; at++)
        sum = (sum ^ (unsigned char)*at) * 0x100000001b3;
    return sum;
}

/* The next of the lines that it prints; false: that was all. */
static bool take_line(struct server *pool) {
    char text[64];
    size_t number = 0;
    uint64_t sum = 0;
    if (!fgets(text, sizeof text, pool->out))
        return false;
    CHECK_INT(sscanf(text, "%zu %" SCNx64 "\n", &number, &sum), 2);
    if (CHECK(number >= 1 && number <= LINES) && CHECK(sum == checksum(number)))
        lines[number].written++;
    return true;
}

static void take_all(struct server *pool) {
    while (take_line(pool))
        ;
    server_join(pool);
    size_t number;
    for (const char *at = pool->errors; (at = strstr(at, "not done: line ")); at++)
        if (CHECK_INT(sscanf(at, "not done: line %zu\n", &number), 1) && CHECK(number <= LINES))
            lines[number].left++;
}

static bool all_threads_sleep(pid_t pid) {
    char name[300], state = 'S';
    snprintf(name, sizeof name, "/proc/%d/task", pid);
    DIR *threads = opendir(name);
    for (struct dirent *one; state == 'S' && threads && (one = readdir(threads));) {
        snprintf(name, sizeof name, "/proc/%d/task/%s/stat", pid, one->d_name);
        FILE *file = one->d_name[0] == '.' ? NULL : fopen(name, "r");
        if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = '?';
        if (file)
            fclose(file);
    }
    return threads && closedir(threads) == 0 && state == 'S';
}

/* Nobody reads what it prints: so the pipe gets full, then the channels, then everybody waits. */
static void wait_until_it_is_stuck(const struct server *pool) {
    int size = 0;
    for (int looks = 0; looks < 20; looks++) {
        CHECK_INT(ioctl(fileno(pool->out), FIONREAD, &size), 0);
        if (size < 4000 || !all_threads_sleep(pool->pid))
            looks = 0;
        usleep(1000);
    }
}

/* Of the first lines of the file each is written or left, once, and of the others none is. How many they are. */
static size_t were_read(size_t *left) {
    size_t count = 0, touched = 0;
    *left = 0;
    for (size_t i = 1; i <= LINES; i++) {
        int times = lines[i].written + lines[i].left;
        CHECK(times <= 1);
        touched += times != 0;
        count = times ? i : count;
        *left += (size_t)lines[i].left;
    }
    CHECK_INT(touched, count);
    return count;
}

static void all_lines_are_written_if_nothing_stops_it(void) {
    struct server pool;
    size_t left;
    make_file();
    server_launch(&pool, command, path, (char *)NULL);
    take_all(&pool);
    CHECK_INT(pool.status, 0);
    CHECK_STR(pool.errors, "");
    CHECK_INT(were_read(&left), LINES);
    CHECK_INT(left, 0);
}

static void stopped_in_the_middle(char *grace) {
    struct server pool;
    size_t left;
    make_file();
    server_launch(&pool, command, path, "3", grace, (char *)NULL);
    CHECK_INT(fcntl(fileno(pool.out), F_SETPIPE_SZ, 4096), 4096);
    for (int i = 0; i < 1000; i++)
        CHECK(take_line(&pool));
    wait_until_it_is_stuck(&pool);
    kill(pool.pid, SIGTERM);
    if (grace[0] == '0')
        CHECK(server_says(&pool, "not done: line "));
    take_all(&pool);
    CHECK_INT(pool.status, 1);
    CHECK_HAS(pool.errors, "16_worker_pool: stopped before the end of the file\n");
    size_t count = were_read(&left);
    CHECK(count >= 1000 && count < LINES);
    CHECK(grace[0] == '0' ? left > 0 : left == 0);
}

/* The writer is held up: what waits for it is named while it does. */
static void stopped_without_a_grace_it_names_what_is_not_done(void) { stopped_in_the_middle("0"); }

static void stopped_with_a_grace_it_writes_all_that_was_read(void) {
    stopped_in_the_middle("600000");
}

static void where_nothing_can_be_written_all_that_was_read_is_named(void) {
    struct server pool;
    size_t left;
    char *to_full[32] = {"sh", "-c", "exec \"$@\" >/dev/full", "sh"};
    for (size_t i = 0; command[i] && i < 12; i++)
        to_full[4 + i] = command[i];
    make_file();
    server_launch(&pool, to_full, path, "3", "600000", (char *)NULL);
    take_all(&pool);
    CHECK_INT(pool.status, 1);
    CHECK_HAS(pool.errors, "16_worker_pool: writer: write: No space left on device\n");
    CHECK(were_read(&left) < LINES);
    CHECK(left > 0);
}

static void a_file_that_is_not_there_is_an_error(void) {
    struct server pool;
    server_launch(&pool, command, "/nowhere/at/all", (char *)NULL);
    server_join(&pool);
    CHECK_INT(pool.status, 1);
    CHECK_STR(pool.errors, "16_worker_pool: /nowhere/at/all: No such file or directory\n");
}

int main(int argc, char **argv) {
    static const check_case cases[] = {
        CASE(all_lines_are_written_if_nothing_stops_it),
        CASE(stopped_without_a_grace_it_names_what_is_not_done),
        CASE(stopped_with_a_grace_it_writes_all_that_was_read),
        CASE(where_nothing_can_be_written_all_that_was_read_is_named),
        CASE(a_file_that_is_not_there_is_an_error),
    };
    command = argv + 2;
    int status = argc < 3 ? 2 : check_main(cases, sizeof cases / sizeof *cases, argv[1]);
    unlink(path);
    return status;
}
