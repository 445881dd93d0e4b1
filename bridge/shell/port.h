/* bridge/shell/port.h - a listening socket, and addresses as the bridge counts and writes them. */
#ifndef BRIDGE_SHELL_PORT_H
#define BRIDGE_SHELL_PORT_H

#include "bridge/shell/bridge.h"
#include "proto/network.h"

#include <sys/socket.h>

/* Where people come in: in clear, or by TLS. */
enum { PORT_PLAIN, PORT_TLS, PORT_COUNT };

typedef struct {
    int fd;                             /* -1: there is none */
    char address[BRIDGE_ADDRESS_BYTES]; /* where it listens; or empty */
} port_t;

/* Binds `listen_at` (HOST:PORT) and listens, with the options that accepted sockets inherit. False: `out_error`
 * (BRIDGE_ERROR_BYTES) says why. */
HUB_MUST_CHECK bool port_open(port_t *self, const char *listen_at, char *out_error);

/* Closes it, if it is open. */
void port_close(port_t *self);

/* An address as it is counted; its port goes to *out_port. */
address_t port_peer(const struct sockaddr_storage *address, uint16_t *out_port);

/* Writes HOST:PORT of an address; IPv6 in brackets where `has_brackets`. */
void port_write(const address_t *address, uint16_t port, bool has_brackets,
                char out[BRIDGE_ADDRESS_BYTES]);

/* Writes HOST alone. */
void port_write_host(const address_t *address, char out[BRIDGE_ADDRESS_BYTES]);

#endif
