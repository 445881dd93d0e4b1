/* broker/shell/server.h - the broker's loop: frames in, core_step(), effects out.
 *
 * One thread owns the core, the ROUTERs and PUB. It decides nothing. The bridge in this process may share
 * the thread. */
#ifndef BROKER_SHELL_SERVER_H
#define BROKER_SHELL_SERVER_H

#include "broker/core/core.h"
#include "broker/shell/doors.h"
#include "broker/shell/gatekeeper.h"
#include "broker/shell/inside.h"
#include "broker/shell/recorder.h"
#include "broker/shell/takeover.h"
#include "broker/store/store.h"

typedef struct server server_t;

enum { SERVER_ERROR_BYTES = TAKEOVER_ERROR_BYTES };

/* A server over open doors, their gatekeeper (both borrowed; NULL: no door is under CURVE) and a store
 * (ownership goes in, *store_p becomes NULL). */
server_t *server_new(doors_t *doors, gatekeeper_t *gatekeeper, const core_settings_t *settings,
                     store_t **store_p);

/* Writes down all that the core is told (ownership goes in, *recorder_p becomes NULL). `settings` are those
 * given to server_new(); nothing was called between. */
void server_record(server_t *self, const core_settings_t *settings, recorder_t **recorder_p);

/* Takes up what the store has, before anything is served. False: `out_error` (SERVER_ERROR_BYTES) says in one
 * line why it cannot be, and what to do. */
HUB_MUST_CHECK bool server_restore(server_t *self, char *out_error);

/* Frees the server; the doors stay open. */
void server_destroy(server_t **self_p);

/* Whoever shares the server's thread: the bridge in this process. A message from it and the answer then take
 * no change of threads. */
typedef struct {
    void *context;
    int fd;                             /* readable: it has something to do */
    uint64_t (*wait_us)(void *context); /* how long it may be left alone */
    /* Does what there is to do, without sleeping; the descriptor is looked at if it may have input. */
    void (*turn)(void *context, bool may_have_input);
} neighbour_t;

/* From now on the neighbour (copied) gets a turn whenever it has something to do, or may have. Once. */
void server_set_neighbour(server_t *self, const neighbour_t *neighbour);

/* Where the neighbour hands over requests and takes what the server sends and publishes. Borrowed. */
inside_t *server_inside(server_t *self);

/* Serves until `stop_fd` is readable. */
void server_run(server_t *self, int stop_fd);

/* Tells everybody that the broker stops in `after_ms`, and goes on serving for that long. */
void server_stop(server_t *self, uint64_t after_ms);

#endif
