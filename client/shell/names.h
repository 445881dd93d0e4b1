/* client/shell/names.h - a set of names, sorted, for completion. Pure; one owner. */
#ifndef CLIENT_SHELL_NAMES_H
#define CLIENT_SHELL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Names a set may hold; further ones are left out, so that a crowd costs a bounded amount. */
enum { NAMES_MAX = 4096 };

/* All zeros is an empty set. */
typedef struct {
    char **items; /* sorted without regard to ASCII case */
    size_t count, capacity;
} names_t;

/* Frees the names; the set is empty then. */
void names_clear(names_t *self);

/* Adds a copy of a name that is not there yet; one that could harm a terminal is left out. O(count). */
void names_add(names_t *self, const char *name);

/* Removes a name, if it is there. O(count). */
void names_remove(names_t *self, const char *name);

/* True if the name is there, in any case. */
bool names_has(const names_t *self, const char *name);

#endif
