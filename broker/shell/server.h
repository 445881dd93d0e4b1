/* broker/shell/server.h - the broker's loop: frames in, core_step(), effects out.
 *
 * One thread owns the core, the ROUTERs and PUB. It decides nothing. */
#ifndef BROKER_SHELL_SERVER_H
#define BROKER_SHELL_SERVER_H

#include "broker/core/core.h"
#include "broker/shell/doors.h"
#include "broker/shell/gatekeeper.h"
#include "broker/store/store.h"

typedef struct server server_t;

enum { SERVER_ERROR_BYTES = 512 };

/* A server over open doors, their gatekeeper (both borrowed; NULL: no door is under CURVE) and a store
 * (ownership goes in, *store_p becomes NULL). */
server_t *server_new(doors_t *doors, gatekeeper_t *gatekeeper, const core_settings_t *settings,
                     store_t **store_p);

/* Takes up what the store has, before anything is served. False: `out_error` (SERVER_ERROR_BYTES) says in one
 * line why it cannot be, and what to do. */
HUB_MUST_CHECK bool server_restore(server_t *self, char *out_error);

/* Frees the server; the doors stay open. */
void server_destroy(server_t **self_p);

/* Serves until `stop_fd` is readable. */
void server_run(server_t *self, int stop_fd);

/* Tells everybody that the broker stops in `after_ms`, and goes on serving for that long. */
void server_stop(server_t *self, uint64_t after_ms);

#endif
