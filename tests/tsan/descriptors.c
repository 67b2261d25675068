/* As edges.c, of what goes through descriptors: what was done before something is written comes before what is done once it is read,
 * whether this library writes and reads, or the program itself does.
 *
 * Laws, of a pipe, of a pair of sockets, and of a connection that was accepted:
 * - who has read finds what was done before the write;
 * - so the one does who writes next, of what was done with it until then;
 * - the memory that this library has written from may be changed by who has read it. (Of `write` ThreadSanitizer does not know that.)
 */
#include <arpa/inet.h>
#include <procession.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* There and back. What is passed on is the address of `passed`. */
typedef struct line {
    int there[2];
    int back[2];
    bool library_asks;
    bool library_answers;
    int passed;
    void *sent;
} line;

static int failures;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool holds, const char *what, int line) {
    if (!holds) {
        fprintf(stderr, "descriptors.c:%d: not so: %s\n", line, what);
        failures++;
    }
}

static void write_word(bool by_library, int fd, void *const *word) {
    ssize_t size = by_library ? proc_write_all(NULL, fd, word, sizeof *word, -1)
                              : write(fd, word, sizeof *word);
    CHECK(size == sizeof *word);
}

static void *read_word(bool by_library, int fd) {
    void *word = NULL;
    ssize_t size =
        by_library ? proc_read(NULL, fd, &word, sizeof word, -1) : read(fd, &word, sizeof word);
    CHECK(size == sizeof word);
    return word;
}

static void *answer(void *user_data) {
    line *mine = user_data;
    int *passed = read_word(mine->library_answers, mine->there[0]);
    CHECK(passed == &mine->passed && *passed == 1);
    *passed = 2;
    if (mine->library_asks)
        mine->sent = NULL;
    void *word = passed;
    write_word(mine->library_answers, mine->back[1], &word);
    return NULL;
}

static void ask(line *mine) {
    mine->passed = 1;
    mine->sent = &mine->passed;
    write_word(mine->library_asks, mine->there[1], &mine->sent);
    CHECK(read_word(mine->library_asks, mine->back[0]) == &mine->passed);
    CHECK(mine->passed == 2 && (mine->sent == NULL) == mine->library_asks);
}

static void talk(line *mine) {
    pthread_t thread;
    pthread_create(&thread, NULL, answer, mine);
    ask(mine);
    pthread_join(thread, NULL);
}

/* All that has two ends of its own, or one that is both. */
static void by_pipes(line *mine) {
    CHECK(pipe(mine->there) == 0 && pipe(mine->back) == 0);
    talk(mine);
    for (int i = 0; i < 2; i++)
        close(mine->there[i]), close(mine->back[i]);
}

static void by_sockets(line *mine, const int ends[2]) {
    mine->there[1] = mine->back[0] = ends[0];
    mine->there[0] = mine->back[1] = ends[1];
    talk(mine);
    close(ends[0]), close(ends[1]);
}

static void by_a_pair(line *mine) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    by_sockets(mine, ends);
}

static void by_a_connection(line *mine) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    int ends[2] = {socket(AF_INET, SOCK_STREAM, 0), -1};
    CHECK(proc_connect(NULL, ends[0], (struct sockaddr *)&address, size, -1) == 0);
    ends[1] = proc_accept(NULL, listener, -1);
    close(listener);
    by_sockets(mine, ends);
}

int main(void) {
    for (int i = 0; i < 4; i++) {
        line mine = {.library_asks = i & 1, .library_answers = i & 2};
        by_pipes(&mine);
        by_a_pair(&mine);
        if (mine.library_answers) // What is accepted does not wait.
            by_a_connection(&mine);
    }
    return failures > 0;
}
