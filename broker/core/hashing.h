/* broker/core/hashing.h - requests that wait for a password's hash.
 *
 * Hashing takes tens of milliseconds and megabytes on purpose, so the shell does it elsewhere. A request with a password
 * is put aside, EFFECT_HASH asks for what it needs, and EVENT_HASHED hands the request to its handler again, with what
 * was found:
 *
 *   on_login() --> hashing_ask (verify) ...... EVENT_HASHED --> on_login() with request->hashed --> reply
 *
 * How many may wait is bounded. What waits holds a password: it is wiped when it goes. */
#ifndef BROKER_CORE_HASHING_H
#define BROKER_CORE_HASHING_H

#include "broker/core/account.h"
#include "broker/core/request.h"

/* What was found about a password. */
struct hashed {
    hub_err_t
        err;     /* HUB_OK: made, or it is right; HUB_DENIED: it is not; HUB_BUSY: too many wait */
    span_t hash; /* that was made; empty where one was verified */
    span_t verified;  /* the one it was, or was before, verified against; empty: against none */
    bool is_made;     /* what was asked for last is a new one */
    uint64_t account; /* that it was asked for, which may be gone by now; 0: none */
};

/* A request that waits, in the core's slab `hashings`. */
typedef struct {
    char *frame; /* owned; the request's */
    size_t frame_size;
    uint64_t session; /* whose request it is; 0: it opens one */
    uint64_t account; /* whose password it is; 0: nobody's yet */
    uint32_t door;
    uint8_t routing_size;
    bool is_local, is_operator;
    bool is_void;                  /* nobody is to have it done any more */
    uint64_t place;                /* whence it was asked, see allowance.h; 0: not counted */
    bool is_made;                  /* a new one is; else one is verified */
    char hash[ACCOUNT_HASH_BYTES]; /* it is, or was before, verified against; "": against none */
    char routing[UINT8_MAX];
    peer_key_t peer_key;
} hashing_t;

/* HUB_BAD_REQUEST, with a hint: what the request has there is too short or too long for a password. */
HUB_MUST_CHECK hub_err_t hashing_check(request_t *request, key_id_t key);

/* HUB_BUSY with the request's retry_ms: too many wait already, of all or from that place, and hashing_ask() would say so. O(those
 * that wait). */
HUB_MUST_CHECK hub_err_t hashing_may_ask(const core_t *core, request_t *request);

/* Puts the request aside until the password has been verified against `hash`, or where that is empty a new hash has been
 * made of it; what was verified before stays known. `account` is whose password it is, NULL where that is nobody's: nicks
 * change hands meanwhile. HUB_BUSY with the request's retry_ms: too many wait already; nothing was done. The handler returns what this does. */
HUB_MUST_CHECK hub_err_t hashing_ask(core_t *core, request_t *request, const account_t *account,
                                     span_t password, span_t hash);

/* What became of it, once the request has `hashed`; HUB_BUSY with the request's retry_ms. */
HUB_MUST_CHECK hub_err_t hashing_result(request_t *request);

/* True if that account is the one that was asked for, and the password, where one was verified, is its still: since then the
 * account may have got another one, the nick another account, or the session come in under another. */
bool hashing_is_of(const request_t *request, const account_t *account);

/* The shell has done what was asked. */
void hashing_done(core_t *core, const event_t *event);

/* Wipes and frees what waits. */
void hashing_fini(core_t *core);

#endif
