#include "broker/core/lookup.h"

#include <assert.h>
#include <czmq.h>
#include <sodium.h>

_Static_assert(LOOKUP_SECRET_BYTES == crypto_shorthash_KEYBYTES, "SipHash-2-4 takes 16 bytes");

struct lookup {
    zhashx_t *things; /* owns neither keys nor things */
    uint8_t secret[LOOKUP_SECRET_BYTES];
};

/* zhashx' hasher gets nothing but the key, so the hash is computed before and travels in the key: no
 * global secret. Half of SipHash is kept: more than there can be places in a table. */
static size_t ready_hash(const void *key)
{
    return ((const lookup_key_t *)key)->hash;
}

static int compare(const void *a, const void *b)
{
    const lookup_key_t *left = a, *right = b;
    return left->hash == right->hash && span_equal(lookup_name(left), lookup_name(right)) ? 0 : 1;
}

static lookup_key_t key_of(const lookup_t *self, span_t name)
{
    assert(name.size <= UINT32_MAX);
    uint32_t hash[crypto_shorthash_BYTES / sizeof(uint32_t)];
    crypto_shorthash((uint8_t *)hash, (const uint8_t *)name.data, name.size, self->secret);
    return (lookup_key_t){name.data, (uint32_t)name.size, hash[0]};
}

uint64_t lookup_number(const lookup_t *self, span_t name)
{
    assert(self);
    uint64_t number;
    _Static_assert(sizeof number == crypto_shorthash_BYTES, "SipHash-2-4 makes 8 bytes");
    crypto_shorthash((uint8_t *)&number, (const uint8_t *)name.data, name.size, self->secret);
    return number > 0 ? number : 1;
}

lookup_t *lookup_new(const uint8_t *secret)
{
    assert(secret);
    lookup_t *self = zmalloc(sizeof *self);
    memcpy(self->secret, secret, sizeof self->secret);
    self->things = zhashx_new();
    zhashx_set_key_duplicator(self->things, NULL);
    zhashx_set_key_destructor(self->things, NULL);
    zhashx_set_key_hasher(self->things, ready_hash);
    zhashx_set_key_comparator(self->things, compare);
    return self;
}

lookup_t *lookup_like(const lookup_t *other)
{
    assert(other);
    return lookup_new(other->secret);
}

void lookup_destroy(lookup_t **self_p)
{
    assert(self_p);
    lookup_t *self = *self_p;
    if (self == NULL)
        return;
    zhashx_destroy(&self->things);
    free(self);
    *self_p = NULL;
}

void *lookup_find(lookup_t *self, span_t name)
{
    assert(self);
    lookup_key_t key = key_of(self, name);
    return zhashx_lookup(self->things, &key);
}

void lookup_add(lookup_t *self, lookup_key_t *key, span_t name, void *thing)
{
    assert(self && key && thing);
    *key = key_of(self, name);
    int added = zhashx_insert(self->things, key, thing);
    assert(added == 0);
    (void)added;
}

void lookup_remove(lookup_t *self, const lookup_key_t *key)
{
    assert(self && key);
    assert(zhashx_lookup(self->things, key));
    zhashx_delete(self->things, key);
}

size_t lookup_count(lookup_t *self)
{
    assert(self);
    return zhashx_size(self->things);
}
