#include "broker/store/store.h"

#include <assert.h>
#include <stdlib.h>

typedef struct {
    store_t calls;
    uint64_t committed; /* not yet told; 0: nothing */
} memory_t;

static origin_t memory_origin(const store_t *self)
{
    assert(self);
    return (origin_t){.is_new = true};
}

static hub_err_t memory_restore(store_t *self, const store_visitor_t *visitor)
{
    assert(self && visitor);
    return HUB_OK;
}

static void memory_append(store_t *self, uint64_t batch, const store_event_t *event)
{
    assert(self && batch > 0 && event && event->seq > 0);
}

static void memory_put(store_t *self, uint64_t batch, span_t key, span_t value)
{
    assert(self && batch > 0 && key.size > 0);
    (void)value;
}

static void memory_note(store_t *self, uint64_t batch, uint64_t number, span_t bytes)
{
    assert(self && batch > 0 && number > 0);
    (void)bytes;
}

static void memory_drop_notes(store_t *self, uint64_t batch, uint64_t below)
{
    assert(self && batch > 0);
    (void)below;
}

static void memory_erase(store_t *self, uint64_t batch, span_t log)
{
    assert(self && batch > 0 && log.size > 0);
}

static void memory_commit(store_t *self, uint64_t batch)
{
    memory_t *memory = (memory_t *)self;
    assert(self && batch > memory->committed);
    memory->committed = batch;
}

/* The core asks a store that keeps nothing for nothing. */
static void memory_read(store_t *self, const query_t *query)
{
    assert(self && query == NULL);
}

static void memory_trim(store_t *self, const retention_t *retention)
{
    assert(self && retention == NULL);
}

static int memory_fd(const store_t *self)
{
    assert(self);
    return -1;
}

static bool memory_next(store_t *self, store_answer_t *out)
{
    memory_t *memory = (memory_t *)self;
    assert(self && out);
    if (memory->committed == 0)
        return false;
    *out = (store_answer_t){.kind = STORE_COMMITTED, .batch = memory->committed};
    memory->committed = 0;
    return true;
}

static void memory_destroy(store_t **self_p)
{
    assert(self_p);
    free(*self_p);
    *self_p = NULL;
}

store_t *store_memory_new(void)
{
    memory_t *self = malloc(sizeof *self);
    assert(self);
    *self = (memory_t){.calls = {.origin = memory_origin,
                                 .restore = memory_restore,
                                 .append = memory_append,
                                 .put = memory_put,
                                 .note = memory_note,
                                 .drop_notes = memory_drop_notes,
                                 .erase = memory_erase,
                                 .commit = memory_commit,
                                 .read = memory_read,
                                 .trim = memory_trim,
                                 .fd = memory_fd,
                                 .next = memory_next,
                                 .destroy = memory_destroy}};
    return &self->calls;
}
