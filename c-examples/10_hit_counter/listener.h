/* listener.h: the listening socket. */
#ifndef LISTENER_H
#define LISTENER_H

#include <microhttpd.h>
#include <procession.h>
#include <stdint.h>

proc_error *listener_open(const char *host, uint16_t port, int *fd);
uint16_t listener_port(int fd);
void listener_drain(int fd, struct MHD_Daemon *daemon);

#endif
