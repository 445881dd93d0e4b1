/* broker/shell/hasher.h - a thread that hashes passwords.
 *
 * argon2id of libsodium with OWASP's least parameters (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane): some 20 ms
 * and 19 MiB each, one after the other, so that a storm of logins costs one processor at most and the broker's loop nothing.
 * How many wait is bounded by the core (LIMIT_HASHES_WAITING). Passwords are wiped once they are hashed. */
#ifndef BROKER_SHELL_HASHER_H
#define BROKER_SHELL_HASHER_H

#include "broker/core/account.h"
#include "proto/err.h"

typedef struct hasher hasher_t;

typedef struct {
    uint64_t number;
    hub_err_t err;                 /* HUB_OK, HUB_DENIED: another password, HUB_BUSY: no memory */
    char hash[ACCOUNT_HASH_BYTES]; /* that was made; else "" */
} hasher_answer_t;

/* Starts the thread. NULL: no thread or descriptor to be had. */
hasher_t *hasher_new(void);

/* Waits for the hash that is being made, drops what waits, frees *self_p and sets it to NULL; NULL in it is fine. */
void hasher_destroy(hasher_t **self_p);

/* Readable when there are answers. Borrowed. */
int hasher_fd(const hasher_t *self);

/* Has a hash made of the password (1 to LIMIT_PASSWORD_BYTES bytes, copied), or where `hash` is not empty (under
 * ACCOUNT_HASH_BYTES) has it verified against that. At most LIMIT_HASHES_WAITING are unanswered (asserted). */
void hasher_put(hasher_t *self, uint64_t number, span_t password, span_t hash);

/* The next answer. False: there is none now. */
HUB_MUST_CHECK bool hasher_next(hasher_t *self, hasher_answer_t *out);

#endif
