/* bridge/core/roster.h - who is known to be in a room, to tell coming from coming back.
 *
 * A presence event says `active` when somebody arrives and when somebody who was inactive or detached
 * speaks again. Only the first is worth a line, so the uids seen are kept. A room with more than
 * PRESENCE_NAMED_MEMBERS is announced by its count alone: then the roster is forgotten. Who was
 * inactive before we first heard of them may be announced once too often; no harm is in that.
 *
 * Pure. */
#ifndef BRIDGE_CORE_ROSTER_H
#define BRIDGE_CORE_ROSTER_H

#include "bridge/core/phrases.h"
#include "proto/decode.h"

enum { ROSTER_MAX = 2 * LIMIT_PRESENCE_NAMED_MEMBERS };

typedef struct roster roster_t;

roster_t *roster_new(void);

/* Frees *self_p and sets it to NULL; NULL in *self_p is fine. */
void roster_destroy(roster_t **self_p);

/* Takes a presence event and appends a line for each who came, went or was renamed, at most as many as
 * there are members allowed by name; `room` and `is_first` as in render_message(). */
void roster_render(roster_t *self, buffer_t *out, language_t language, const message_t *event,
                   span_t room, bool is_first);

/* How many uids are kept. */
size_t roster_count(const roster_t *self);

#endif
