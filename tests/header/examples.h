/* What the examples in the comments of procession.h take for granted: names of a program that has them. */
#include <errno.h>
#include <inttypes.h>
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client;
struct database;
struct image;
struct request {
    int number;
};
struct syntax_error {
    int line;
};

proc_error *draw(proc_cancel *cancel, void *window);
proc_error *fetch(proc_cancel *cancel, void *url);
proc_error *flush(proc_cancel *cancel, void *server);
proc_error *handle(proc_cancel *cancel, void *request);
proc_error *import(proc_cancel *cancel, void *file);
proc_error *load(proc_cancel *cancel, void *server);
proc_error *open_database(proc_cancel *cancel, void *database);
proc_error *pay(proc_cancel *cancel, void *order);
proc_error *converse(proc_cancel *cancel, void *connection);
proc_error *serve(proc_cancel *cancel, void *server);
proc_error *statistics(proc_cancel *cancel, void *server);
proc_error *warm_up(proc_cancel *cancel, void *server);

proc_error *read_configuration(const char *path);
proc_error *shrink(proc_cancel *cancel, struct image *image);
bool work(struct database *database);
char *read_line(void);
int open_port(int number);
int run_query(struct database *database, const char *query);
void *connection_new(int fd);
void answer(int fd);
void client_ask(struct client *client, void (*reply)(const char *failure, void *user_data),
                void *user_data);
void compute(size_t index);
void connection_free(void *connection);
void free_line(void *line);
void save(struct database *database);
void say_busy(struct request *request);
void stop_query(struct database *database);

extern const char *name, *path;
extern const struct sockaddr *address;
extern int control, epoll, failures, fd, listener;
extern proc_channel *channel;
extern proc_error *error;
extern proc_nursery *nursery;
extern proc_queue *queue;
extern size_t count;
extern socklen_t size;
extern struct database *database;
extern struct request *request;
extern void *file, *order, *server, *url, *window;
