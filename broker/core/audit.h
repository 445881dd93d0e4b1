/* broker/core/audit.h - what those who may more than others did, in a log that only grows.
 *
 * It is the log of a room named !audit, which nobody can make, join or find; its events are read by the op
 * `audit`. Retention leaves it alone up to `audit_events`. */
#ifndef BROKER_CORE_AUDIT_H
#define BROKER_CORE_AUDIT_H

#include "broker/core/request.h"

#define AUDIT_ROOM "!audit"

/* What was done; spans may be empty, numbers 0: not told. `reason` and `until_ms` are the request's. */
typedef struct {
    key_id_t target; /* KEY_nick, KEY_account, KEY_key or KEY_network; KEY_COUNT: none */
    span_t name;     /* of the target */
    span_t room;     /* in which it was done */
    uint64_t count;  /* sessions that it ended */
} deed_t;

/* Adds what the request did. The request's answer waits until it is stored. There is a place for it
 * beside all other rooms. */
void audit_add(core_t *core, request_t *request, const deed_t *deed);

/* An operator without a session; nobody can have that nick. */
#define AUDIT_NOBODY "@operator"

/* By whom a request is, for people: a session's nick, or AUDIT_NOBODY. */
span_t audit_by(const request_t *request);

/* The room of the log; NULL: nothing was done yet. */
room_t *audit_room(const core_t *core);

/* True if that is the name of the log. */
bool audit_is(span_t log);

#endif
