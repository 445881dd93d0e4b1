/* broker/core/lookup.h - finds things by name.
 *
 * A czmq zhashx whose hash is SipHash-2-4 with a key of our own: with zhashx' unkeyed default hash,
 * measured with czmq 4.2.1, 28 chosen names abort the process. The things own their keys, so an entry
 * costs no copy. One owner, no locks. */
#ifndef BROKER_CORE_LOOKUP_H
#define BROKER_CORE_LOOKUP_H

#include "proto/span.h"

#include <stdint.h>

enum { LOOKUP_SECRET_BYTES = 16 };

typedef struct lookup lookup_t;

/* Lives inside the thing; `name` must not move or change while the thing is in a table. */
typedef struct {
    const char *name;
    uint32_t size, hash;
} lookup_key_t;

/* The name; borrowed from the thing. */
static inline span_t lookup_name(const lookup_key_t *key)
{
    return (span_t){key->name, key->size};
}

/* An empty table; `secret` (LOOKUP_SECRET_BYTES, copied) keys its hash. */
lookup_t *lookup_new(const uint8_t *secret);

/* Another empty table, whose hash has the secret of `other`. */
lookup_t *lookup_like(const lookup_t *other);

/* Frees the table, not the things. NULL in *self_p is fine. */
void lookup_destroy(lookup_t **self_p);

/* The thing of that name, NULL if there is none. O(1). */
void *lookup_find(lookup_t *self, span_t name);

/* Adds `thing` under `name`, which `key` (inside the thing) then refers to. The name must not be in
 * the table yet (asserted). */
void lookup_add(lookup_t *self, lookup_key_t *key, span_t name, void *thing);

/* Removes what was added with `key`. */
void lookup_remove(lookup_t *self, const lookup_key_t *key);

/* A number for a name that nobody can foresee without the secret: SipHash-2-4 of it. Never 0. */
uint64_t lookup_number(const lookup_t *self, span_t name);

/* How many things there are. */
size_t lookup_count(lookup_t *self);

#endif
