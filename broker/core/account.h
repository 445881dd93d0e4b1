/* broker/core/account.h - a registered nick: whose it is, by which password, and what waits for them.
 *
 * The record only; what happens to accounts is in accounts.h. While a session is in under the account,
 * that has the rooms; else the account remembers which ones it may come back to. */
#ifndef BROKER_CORE_ACCOUNT_H
#define BROKER_CORE_ACCOUNT_H

#include "broker/core/inbox.h"
#include "broker/core/lookup.h"
#include "proto/names.h"

/* What somebody may do; each may do what the one before may. */
typedef enum { ROLE_GUEST, ROLE_MEMBER, ROLE_OPERATOR } role_t;

/* The name of a role in records. */
span_t role_name(role_t role);

/* The role of that name. False: there is none, *out_role is untouched. */
HUB_MUST_CHECK bool role_find(span_t name, role_t *out_role);

/* Longest hash of a password with its zero: libsodium's crypto_pwhash_STRBYTES. */
enum { ACCOUNT_HASH_BYTES = 128 };

typedef struct {
    uint64_t id;
    lookup_key_t by_nick, by_uid;
    name_t identity; /* the folded nick, unique among accounts */
    uint8_t nick_size;
    bool is_dirty;                 /* its record is to be written */
    role_t role;                   /* never ROLE_GUEST */
    char nick[NAME_BYTES];         /* as it was typed */
    char uid[MINT_NAME_CHARS + 1]; /* of the person, for good */
    char hash[ACCOUNT_HASH_BYTES]; /* of the password, as the shell made it */
    uint32_t whence;               /* of whom was right last; 0: unknown */
    uint64_t session;              /* that is in under it; 0: none */
    inbox_t *inbox;                /* always there */
    uint64_t *rooms;               /* while no session is in */
    uint32_t room_count;           /* at most LIMIT_ROOMS_PER_SESSION */
} account_t;

static inline span_t account_nick(const account_t *self)
{
    return (span_t){self->nick, self->nick_size};
}

/* Takes a nick that was checked and folded. */
void account_set_nick(account_t *self, span_t nick, const name_t *identity);

/* Takes the hash of a password (1 to ACCOUNT_HASH_BYTES - 1 bytes, copied), wiping the old one. */
void account_set_hash(account_t *self, span_t hash);

/* Remembers a room to come back to; there are fewer than LIMIT_ROOMS_PER_SESSION (asserted). */
void account_add_room(account_t *self, uint64_t room);

/* Forgets it; it must be there (asserted). */
void account_remove_room(account_t *self, uint64_t room);

/* Frees what the record owns and wipes the hash. Not the inbox: see inboxes.h. */
void account_fini(account_t *self);

#endif
