/* broker/core/members.h - who is in a room, in the order of joining.
 *
 * A member has a number that never changes and is never reused in this room, so `who` can go on where
 * the last page ended while people come and go. Leaving makes a hole; holes are closed when they are
 * more than half, so all is O(1) over time, and finding a number is O(log n). */
#ifndef BROKER_CORE_MEMBERS_H
#define BROKER_CORE_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t number;  /* ascending */
    uint64_t session; /* 0: a hole */
} member_t;

typedef struct {
    member_t *list;
    size_t used, capacity; /* with holes */
    size_t count;          /* without */
    uint64_t last_number;
} members_t;

/* Adds `session` (> 0, not yet a member) and returns its number here (> 0). */
uint64_t members_add(members_t *self, uint64_t session);

/* Removes the member of that number, who is there (asserted). */
void members_remove(members_t *self, uint64_t number);

/* The first member whose number is above `*number`, which becomes theirs; 0: none. */
uint64_t members_next(const members_t *self, uint64_t *number);

/* Frees what it holds; it is as new. */
void members_fini(members_t *self);

#endif
