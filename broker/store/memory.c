#include "broker/store/store.h"

#include <assert.h>
#include <stdlib.h>

static void memory_append(store_t *self, const store_event_t *event)
{
    assert(self && event && event->seq > 0);
    (void)self;
    (void)event; /* the core's journals hold the recent events */
}

static hub_err_t memory_commit(store_t *self, uint64_t batch)
{
    assert(self && batch > 0);
    (void)self;
    (void)batch;
    return HUB_OK;
}

static void memory_destroy(store_t **self_p)
{
    assert(self_p);
    free(*self_p);
    *self_p = NULL;
}

store_t *store_memory_new(void)
{
    store_t *self = malloc(sizeof *self);
    assert(self);
    *self = (store_t){memory_append, memory_commit, memory_destroy};
    return self;
}
