#include "broker/store/wal.h"

#include <assert.h>

void wal_init(wal_t *self)
{
    assert(self);
    *self = (wal_t){.stop_at = WAL_LONGEST};
}

void wal_count(wal_t *self, int pages)
{
    assert(self && pages >= 0);
    if (pages < self->pages) {
        self->brought = self->tried = 0;
        self->stop_at = WAL_LONGEST;
        self->is_anew = true;
    }
    self->pages = pages;
}

bool wal_is_due(const wal_t *self)
{
    assert(self);
    int step = self->pages < self->stop_at ? WAL_STEP : WAL_REST;
    return !self->is_asked && self->pages - self->tried >= step;
}

bool wal_is_longest(const wal_t *self)
{
    assert(self);
    bool is_little = !self->is_asked && self->pages - self->brought < WAL_REST;
    return self->pages >= self->stop_at + (is_little ? 0 : WAL_STEP);
}

bool wal_may_wait(const wal_t *self)
{
    assert(self);
    return self->is_asked || self->brought >= self->pages;
}

void wal_ask(wal_t *self)
{
    assert(self && !self->is_asked);
    self->is_asked = true;
    self->is_anew = false;
    self->tried = self->pages;
}

void wal_stop(wal_t *self)
{
    assert(self && !self->is_asked);
    self->tried = self->pages;
    self->stop_at =
        self->pages + WAL_STEP; /* where somebody who reads keeps it from being begun anew */
}

void wal_hear(wal_t *self, int brought)
{
    assert(self && brought >= 0);
    /* Of a journal that has been begun anew since, nothing is known. */
    if (brought > self->brought && !(self->is_asked && self->is_anew))
        self->brought = brought;
    if (self->tried < self->brought)
        self->tried = self->brought;
    self->is_asked = false;
}
