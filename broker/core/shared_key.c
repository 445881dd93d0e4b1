#include "broker/core/shared_key.h"

#include <czmq.h>

shared_key_t *shared_key_new(const peer_key_t *key)
{
    assert(key);
    if (!key->is_some)
        return NULL;
    shared_key_t *self = zmalloc(sizeof *self);
    *self = (shared_key_t){*key, 1};
    return self;
}

shared_key_t *shared_key_hold(shared_key_t *self)
{
    assert(self == NULL || self->holders < UINT32_MAX);
    if (self)
        self->holders++;
    return self;
}

void shared_key_drop(shared_key_t **self_p)
{
    assert(self_p && (*self_p == NULL || (*self_p)->holders > 0));
    if (*self_p && --(*self_p)->holders == 0)
        free(*self_p);
    *self_p = NULL;
}

const peer_key_t *shared_key_get(const shared_key_t *self)
{
    static const peer_key_t NONE;
    return self ? &self->key : &NONE;
}
