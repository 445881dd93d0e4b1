/* client/lib/handle.h - what a handle of the library is made of, for the files that make it up. */
#ifndef CLIENT_LIB_HANDLE_H
#define CLIENT_LIB_HANDLE_H

#include "client/core/client_link.h"
#include "client/lib/queue.h"
#include "client/lib/sockets.h"

/* A request whose answer comes in pages, or about which the reply says too little. */
typedef struct query {
    struct query *next;
    uint64_t number;
    bool is_ours; /* not the application's: presence is being repaired */
    op_t op;
    name_t room;    /* as asked for */
    uint32_t pages; /* that have come */
} query_t;

struct hubbub {
    client_link_t *link;
    sockets_t sockets;
    queue_t queue;
    queue_node_t *shown; /* what hubbub_next() returned last */
    query_t *queries;
    uint64_t number; /* of the last request */
    uint32_t sid;    /* CLIENT_NO_SID: the session is over */
    const char *error;
    char *password; /* of the account that the nick is of; NULL: none; wiped before it goes */
    int open_errno; /* why the last DEALER could not be opened; 0: it could */
    size_t events_max;
    void (*on_event)(void *user, hubbub_t *self, const hubbub_event_t *event);
    void (*on_log)(void *user, const char *line);
    void *user;
};

/* Makes a request of the session and returns its number; 0: refused, self->error says why. */
uint64_t handle_request(hubbub_t *self, client_request_t *request);

/* The monotonic clock. */
uint64_t handle_now_ms(void);

/* What the link calls; the context is the handle. */
extern const client_calls_t HANDLE_CALLS;

#endif
