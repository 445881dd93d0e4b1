/* broker/core/session.h - one device of one person: who, where, and in which state.
 *
 * The record only; what happens to sessions is in sessions.h. */
#ifndef BROKER_CORE_SESSION_H
#define BROKER_CORE_SESSION_H

#include "broker/core/bucket.h"
#include "broker/core/cids.h"
#include "broker/core/deadlines.h"
#include "broker/core/flood.h"
#include "broker/core/inbox.h"
#include "broker/core/lookup.h"
#include "broker/core/mint.h"
#include "broker/core/nick.h"
#include "broker/core/shared_key.h"

typedef enum { STATE_ACTIVE, STATE_INACTIVE, STATE_DETACHED, STATE_GONE } state_t;

/* The name of a state on the wire. */
span_t state_name(state_t state);

/* One room that a session is in. */
typedef struct {
    uint64_t room;
    uint64_t number; /* of the member in the room */
    uint64_t
        said_ms; /* where that is counted: when it spoke last, or came; monotonic; 0: not yet */
    uint32_t noted_pseq; /* the lower half of the presence event's that will tell the last change */
    uint32_t noted_at;   /* where in the gathered changes; see presence.h */
} membership_t;

typedef struct whence whence_t; /* see whence.h */

/* Where a session is reached. */
typedef struct {
    uint64_t link; /* 0: detached */
    uint32_t sid;
} session_address_t;

typedef uint8_t token_hash_t[TOKEN_HASH_BYTES];

/* What a silent user costs the broker is mostly this record: what most sessions have none of, or one, is
 * behind a pointer, or in place of it. What every message looks at comes first. */
typedef struct {
    uint64_t id;
    uint64_t serial; /* never used again, not even by a broker started anew */
    session_address_t address;
    uint32_t waiting; /* answers that wait for a commit */
    uint32_t resume_ms;
    uint32_t whence_number; /* the lower half of whence_number(); 0: unknown */
    state_t state : 8;
    bool is_kicked_when_idle : 1; /* asked for in hello */
    bool is_warned : 1;
    bool is_dirty : 1;             /* its record is to be written */
    bool is_muted : 1;             /* by an operator, when it was looked last: see verdicts.h */
    bool is_on_operators_link : 1; /* when something came for it last */
    uint8_t token_count;
    uint8_t membership_count;
    bucket_t allowance;
    flood_t flood;     /* refused of late for want of it */
    uint64_t heard_ms; /* last command, monotonic; when detached: since when */
    cids_t cids;
    nick_t nick; /* folded, it is unique among the present */
    union {
        membership_t one;
        membership_t *list; /* owned, where there are more */
    } memberships;
    char uid[MINT_NAME_CHARS];  /* of the person; no zero behind it */
    char name[MINT_NAME_CHARS]; /* of the session, for logs; likewise */
    lookup_key_t by_nick;
    shared_key_t *peer_key; /* of the link it was made over; only links under the same carry it */
    uint64_t since_ms;      /* in this state since then, wall clock */
    deadline_t due;         /* of the next change of state */
    uint64_t account;       /* it is in under; 0: a guest */
    inbox_t *inbox;         /* NULL: none yet, and it will begin with that epoch */
    uint64_t inbox_epoch;
    union {
        token_hash_t one;
        token_hash_t *list;
    } tokens;         /* of live ones, oldest first; in place or not like memberships */
    char *status;     /* NULL: none */
    whence_t *whence; /* where it comes from; NULL: not counted */
} session_t;
_Static_assert(sizeof(session_t) <= 288, "an idle user's share of memory: see docs/performance.md");

static inline span_t session_nick(const session_t *self)
{
    return nick_typed(&self->nick);
}

/* The nick as it is compared. */
static inline span_t session_identity(const session_t *self)
{
    return nick_folded(&self->nick);
}

static inline span_t session_uid(const session_t *self)
{
    return (span_t){self->uid, MINT_NAME_CHARS};
}

static inline span_t session_name(const session_t *self)
{
    return (span_t){self->name, MINT_NAME_CHARS};
}

/* Its memberships, membership_count of them; borrowed until the next change. */
static inline const membership_t *session_memberships(const session_t *self)
{
    return self->membership_count > 1 ? self->memberships.list : &self->memberships.one;
}

/* The hashes of its live tokens, token_count of them, oldest first; likewise. */
static inline const token_hash_t *session_tokens(const session_t *self)
{
    return self->token_count > 1 ? self->tokens.list : &self->tokens.one;
}

/* Takes a nick that was checked and folded. */
void session_set_nick(session_t *self, span_t nick, const name_t *identity);

/* The membership in that room, NULL if there is none; borrowed until the next change. */
membership_t *session_membership(session_t *self, uint64_t room);

/* True if it is in that room. */
bool session_is_in(const session_t *self, uint64_t room);

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
