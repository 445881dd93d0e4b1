#include "broker/core/members.h"

#include <assert.h>
#include <czmq.h>

enum { SMALLEST = 4 };

static void close_holes(members_t *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->used; i++)
        if (self->list[i].session != 0)
            self->list[kept++] = self->list[i];
    assert(kept == self->count);
    self->used = kept;
}

static void make_room(members_t *self)
{
    if (self->used < self->capacity)
        return;
    self->capacity += self->capacity / 2; /* less is left empty than by doubling */
    if (self->capacity < SMALLEST)
        self->capacity = SMALLEST;
    self->list = realloc(self->list, self->capacity * sizeof *self->list);
    assert(self->list);
}

uint64_t members_add(members_t *self, uint64_t session)
{
    assert(self && session > 0);
    make_room(self);
    self->last_number++;
    self->list[self->used++] = (member_t){self->last_number, session};
    self->count++;
    return self->last_number;
}

/* The first place whose number is `number` or above. */
static size_t seek(const members_t *self, uint64_t number)
{
    size_t low = 0, high = self->used;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->list[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void members_remove(members_t *self, uint64_t number)
{
    assert(self && number > 0);
    size_t place = seek(self, number);
    assert(place < self->used && self->list[place].number == number);
    assert(self->list[place].session != 0);
    self->list[place].session = 0;
    self->count--;
    if (self->count == 0)
        self->used = 0;
    else if (self->used > SMALLEST && self->count < self->used / 2)
        close_holes(self);
}

uint64_t members_next(const members_t *self, uint64_t *number)
{
    assert(self && number);
    for (size_t place = seek(self, *number + 1); place < self->used; place++) {
        if (self->list[place].session == 0)
            continue;
        *number = self->list[place].number;
        return self->list[place].session;
    }
    return 0;
}

void members_fini(members_t *self)
{
    assert(self);
    free(self->list);
    *self = (members_t){0};
}
