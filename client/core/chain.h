/* client/core/chain.h - a list through the elements themselves.
 *
 * Adding and removing are O(1) and allocate nothing, so a session or room that has something due can be
 * found without looking at all of them. A node is in one chain at most. */
#ifndef CLIENT_CORE_CHAIN_H
#define CLIENT_CORE_CHAIN_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/* A chain's anchor, or an element's place in it. All zero: a place in no chain. */
typedef struct chain {
    struct chain *next, *previous;
} chain_t;

/* The element whose member `place` this is. */
#define CHAIN_OWNER(type, node) ((type *)(void *)((char *)(node)-offsetof(type, place)))

/* Makes an anchor empty. */
static inline void chain_init(chain_t *anchor)
{
    anchor->next = anchor->previous = anchor;
}

static inline bool chain_is_empty(const chain_t *anchor)
{
    return anchor->next == anchor;
}

/* True if the element is in some chain. */
static inline bool chain_has(const chain_t *node)
{
    return node->next != NULL;
}

/* Takes the element out of its chain, if it is in one. */
static inline void chain_remove(chain_t *node)
{
    if (node->next == NULL)
        return;
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = node->previous = NULL;
}

/* Puts the element at the end, out of whatever chain it was in. */
static inline void chain_add(chain_t *anchor, chain_t *node)
{
    assert(anchor->next && node != anchor);
    chain_remove(node);
    node->next = anchor;
    node->previous = anchor->previous;
    anchor->previous->next = node;
    anchor->previous = node;
}

/* Takes the first element out; NULL: there is none. */
static inline chain_t *chain_take(chain_t *anchor)
{
    chain_t *node = anchor->next;
    if (node == anchor)
        return NULL;
    chain_remove(node);
    return node;
}

/* Moves all elements of `from` to the empty `to`. */
static inline void chain_move(chain_t *to, chain_t *from)
{
    chain_init(to);
    if (chain_is_empty(from))
        return;
    *to = *from;
    to->next->previous = to->previous->next = to;
    chain_init(from);
}

#endif
