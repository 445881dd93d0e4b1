/* broker/core/session.h - one device of one person: who, where, and in which state.
 *
 * The record only; what happens to sessions is in sessions.h. */
#ifndef BROKER_CORE_SESSION_H
#define BROKER_CORE_SESSION_H

#include "broker/core/bucket.h"
#include "broker/core/cids.h"
#include "broker/core/deadlines.h"
#include "broker/core/inbox.h"
#include "broker/core/lookup.h"
#include "broker/core/mint.h"
#include "broker/core/peer_key.h"
#include "proto/names.h"

typedef enum { STATE_ACTIVE, STATE_INACTIVE, STATE_DETACHED, STATE_GONE } state_t;

/* The name of a state on the wire. */
span_t state_name(state_t state);

/* One room that a session is in. */
typedef struct {
    uint64_t room;
    uint64_t number;     /* of the member in the room */
    uint64_t noted_pseq; /* the presence event that will tell the last change; see presence.h */
    uint32_t noted_at;   /* where in the gathered changes */
} membership_t;

/* Where a session is reached. */
typedef struct {
    uint64_t link; /* 0: detached */
    uint32_t sid;
} session_address_t;

typedef struct {
    uint64_t id;
    uint64_t serial; /* never used again, not even by a broker started anew */
    session_address_t address;
    peer_key_t peer_key; /* of the link it was made over; only links under the same carry it */
    lookup_key_t by_nick;
    name_t identity; /* the folded nick, unique among the present */
    uint8_t nick_size;
    char nick[NAME_BYTES];          /* as it was typed */
    char uid[MINT_NAME_CHARS + 1];  /* of the person */
    char name[MINT_NAME_CHARS + 1]; /* of the session, for logs */
    uint64_t account;               /* it is in under; 0: a guest */
    state_t state;
    bool is_kicked_when_idle; /* asked for in hello */
    bool is_warned;
    bool is_dirty; /* its record is to be written */
    uint8_t token_count;
    uint8_t membership_count;
    uint32_t resume_ms;
    uint64_t heard_ms; /* last command, monotonic; when detached: since when */
    uint64_t since_ms; /* in this state since then, wall clock */
    deadline_t due;    /* of the next change of state */
    bucket_t allowance;
    cids_t cids;
    uint32_t waiting; /* answers that wait for a commit */
    inbox_t *inbox;   /* NULL: none yet, and it will begin with that epoch */
    uint64_t inbox_epoch;
    membership_t *memberships;
    uint8_t (*tokens)[TOKEN_HASH_BYTES];     /* of live tokens, oldest first */
    char *status;                            /* NULL: none */
    uint64_t next_of_link, previous_of_link; /* session ids; 0: none */
} session_t;

static inline span_t session_nick(const session_t *self)
{
    return (span_t){self->nick, self->nick_size};
}

/* Takes a nick that was checked and folded. */
void session_set_nick(session_t *self, span_t nick, const name_t *identity);

/* The membership in that room, NULL if there is none. */
membership_t *session_membership(const session_t *self, uint64_t room);

/* Adds a membership; the session has fewer than LIMIT_ROOMS_PER_SESSION (asserted). */
void session_add_membership(session_t *self, uint64_t room, uint64_t number);

/* Removes it; it must be there (asserted). */
void session_remove_membership(session_t *self, uint64_t room);

/* Remembers a new token, forgetting the oldest beyond LIMIT_TOKENS_LIVE. */
void session_add_token(session_t *self, const uint8_t *token);

/* Restoring: the hash (TOKEN_HASH_BYTES) of a live token, behind the others. */
void session_restore_token(session_t *self, const uint8_t *hash);

/* True if the token is live. Compares in constant time. */
bool session_has_token(const session_t *self, const uint8_t *token);

/* A live token (asserted) was used: all issued before it end. */
void session_use_token(session_t *self, const uint8_t *token);

/* Sets the status line (copied); empty clears it. */
void session_set_status(session_t *self, span_t status);

static inline span_t session_status(const session_t *self)
{
    return self->status ? span_of(self->status) : (span_t){"", 0};
}

/* Frees what the record owns, not the record. Not the inbox: see inboxes.h. */
void session_fini(session_t *self);

#endif
