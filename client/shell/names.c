#include "client/shell/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/printable.h"

/* Where the name is, or would have to be. */
static size_t place_of(const names_t *self, const char *name)
{
    size_t low = 0;
    size_t high = self->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcasecmp(self->items[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const names_t *self, size_t place, const char *name)
{
    return place < self->count && strcasecmp(self->items[place], name) == 0;
}

static void grow(names_t *self)
{
    self->capacity = self->capacity ? self->capacity * 2 : 8;
    self->items = realloc(self->items, self->capacity * sizeof *self->items);
    assert(self->items);
}

void names_clear(names_t *self)
{
    assert(self);
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i]);
    free(self->items);
    *self = (names_t){0};
}

static bool is_printable(const char *name)
{
    char *clean = printable(name, strlen(name), PRINTABLE_OUT);
    bool is_same = strcmp(clean, name) == 0;
    free(clean);
    return is_same;
}

void names_add(names_t *self, const char *name)
{
    assert(self && name);
    size_t place = place_of(self, name);
    if (is_at(self, place, name) || self->count == NAMES_MAX || !is_printable(name))
        return;
    if (self->count == self->capacity)
        grow(self);
    memmove(self->items + place + 1, self->items + place,
            (self->count - place) * sizeof *self->items);
    self->items[place] = strdup(name);
    assert(self->items[place]);
    self->count++;
}

void names_remove(names_t *self, const char *name)
{
    assert(self && name);
    size_t place = place_of(self, name);
    if (!is_at(self, place, name))
        return;
    free(self->items[place]);
    self->count--;
    memmove(self->items + place, self->items + place + 1,
            (self->count - place) * sizeof *self->items);
}

bool names_has(const names_t *self, const char *name)
{
    assert(self && name);
    return is_at(self, place_of(self, name), name);
}
