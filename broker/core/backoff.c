#include "broker/core/backoff.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* `who` is a keyed hash already, so that nobody chooses their set. */
static backoff_entry_t *set_of(const backoff_t *self, uint64_t who)
{
    return self->entries + who % BACKOFF_SETS * BACKOFF_WAYS;
}

static backoff_entry_t *find(const backoff_t *self, uint64_t who)
{
    if (self->entries == NULL || who == 0)
        return NULL;
    backoff_entry_t *entry = set_of(self, who);
    for (int i = 0; i < BACKOFF_WAYS; i++)
        if (entry[i].who == who)
            return entry + i;
    return NULL;
}

/* A place for somebody new: a free one, else of who may try again soonest. */
static backoff_entry_t *make_place(backoff_t *self, uint64_t who)
{
    backoff_entry_t *entry = set_of(self, who), *best = entry;
    for (int i = 1; i < BACKOFF_WAYS; i++)
        if (best->who != 0 && (entry[i].who == 0 || entry[i].until_ms < best->until_ms))
            best = entry + i;
    *best = (backoff_entry_t){.who = who};
    return best;
}

uint64_t backoff_wait_ms(const backoff_t *self, uint64_t who, uint64_t now_ms)
{
    assert(self);
    const backoff_entry_t *entry = find(self, who);
    return entry && entry->until_ms > now_ms ? entry->until_ms - now_ms : 0;
}

static uint64_t wait_after(const backoff_rule_t *rule, uint32_t wrong)
{
    if (wrong < rule->free_tries)
        return 0;
    uint64_t wait_ms = rule->first_ms;
    for (uint32_t i = rule->free_tries; i < wrong && wait_ms < rule->most_ms; i++)
        wait_ms *= 2;
    return wait_ms < rule->most_ms ? wait_ms : rule->most_ms;
}

void backoff_wrong(backoff_t *self, const backoff_rule_t *rule, uint64_t who, uint64_t now_ms)
{
    assert(self && rule && rule->first_ms > 0);
    if (who == 0)
        return;
    if (self->entries == NULL)
        self->entries = calloc((size_t)BACKOFF_SETS * BACKOFF_WAYS, sizeof *self->entries);
    assert(self->entries);
    backoff_entry_t *entry = find(self, who);
    if (entry == NULL)
        entry = make_place(self, who);
    if (now_ms > entry->until_ms + rule->most_ms)
        entry->wrong = 0;
    entry->wrong++;
    entry->until_ms = now_ms + wait_after(rule, entry->wrong);
}

void backoff_right(backoff_t *self, uint64_t who)
{
    assert(self);
    backoff_entry_t *entry = find(self, who);
    if (entry)
        *entry = (backoff_entry_t){0};
}

void backoff_fini(backoff_t *self)
{
    assert(self);
    free(self->entries);
    *self = (backoff_t){0};
}
