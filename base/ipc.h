/* base/ipc.h - ZeroMQ's ipc:// endpoints as addresses of Unix sockets. */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Behind a broker's ipc endpoint: where it takes bridges of this machine itself, without libzmq (docs/adr/0107). */
#define IPC_LANE ".bridge"

typedef struct {
    struct sockaddr_un address;
    socklen_t size; /* of it */
} ipc_t;

/* True for ipc:// endpoints. */
bool ipc_is(const char *endpoint);

/* The address of ipc://PATH (`size` bytes, no zero needed) with `suffix` behind the path. An '@' in front means a name without a file, as libzmq has it.
 * False: no such endpoint, or the path is too long; *out is untouched. */
bool ipc_address(const char *endpoint, size_t size, const char *suffix, ipc_t *out);

/* The path of its file; NULL where there is none. */
const char *ipc_path(const ipc_t *self);

/* A socket that is connected there; -1: nobody listens. Owned by the caller. */
int ipc_connect(const ipc_t *self);

/* A socket that listens there, where nobody did: a file that a killed process has left over is removed. -1: it cannot be had,
 * errno says why. Owned by the caller, who removes the file. */
int ipc_listen(const ipc_t *self, int backlog);

#endif
