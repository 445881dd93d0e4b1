/* broker/core/nick.h - a nick as it was typed, and as it is compared.
 *
 * Most are short, and most are typed as they fold, so 24 bytes hold both forms where two arrays would take
 * 67: short ones stand in place and a form that is the same as the other is not written twice. Longer ones
 * have memory of their own. The bytes do not move while the record does not. */
#ifndef BROKER_CORE_NICK_H
#define BROKER_CORE_NICK_H

#include "proto/names.h"

enum { NICK_SHORT_BYTES = 16 };

/* All zero: none. Undone by nick_fini(). */
typedef struct {
    union {
        char here[NICK_SHORT_BYTES]; /* both sizes together fit */
        char *there;                 /* owned */
    };
    uint8_t typed_size, folded_size;
    bool is_folded; /* typed as it folds: the bytes are there once */
    bool is_there;
} nick_t;
_Static_assert(sizeof(nick_t) == 24, "nothing is lost to alignment");

/* Takes a nick that was checked and folded, instead of the one before. */
void nick_set(nick_t *self, span_t typed, const name_t *folded);

/* Frees what it holds; it is as new. */
void nick_fini(nick_t *self);

static inline const char *nick_bytes(const nick_t *self)
{
    return self->is_there ? self->there : self->here;
}

/* How it is compared; borrowed until it is set anew. */
static inline span_t nick_folded(const nick_t *self)
{
    return (span_t){nick_bytes(self), self->folded_size};
}

/* How it is shown; likewise. */
static inline span_t nick_typed(const nick_t *self)
{
    return (span_t){nick_bytes(self) + (self->is_folded ? 0 : self->folded_size), self->typed_size};
}

#endif
