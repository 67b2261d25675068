/* What the header needs of poll.h, on Linux. */
typedef unsigned long nfds_t;

struct pollfd {
    int fd;
    short events;
    short revents;
};
