/* broker/core/shared_key.h - a peer's key that its link and all of the link's sessions hold together.
 *
 * A bridge carries 20 000 sessions under one key, and most links come under none: a pointer each, and
 * the key once. */
#ifndef BROKER_CORE_SHARED_KEY_H
#define BROKER_CORE_SHARED_KEY_H

#include "broker/core/peer_key.h"

/* NULL: no key. */
typedef struct {
    peer_key_t key;
    uint32_t holders;
} shared_key_t;

/* The key with one holder, the caller; NULL for no key. */
shared_key_t *shared_key_new(const peer_key_t *key);

/* The same key with one holder more: who puts away what is returned. NULL is fine. */
shared_key_t *shared_key_hold(shared_key_t *self);

/* One holder less; the last one frees it. *self_p becomes NULL; NULL in it is fine. */
void shared_key_drop(shared_key_t **self_p);

/* The key itself, none for NULL; borrowed as long as somebody holds it. */
const peer_key_t *shared_key_get(const shared_key_t *self);

#endif
