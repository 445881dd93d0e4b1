/* proto/names.h - which names and texts the wire allows, and when two names are one.
 *
 * A name is compared by its folded form: NFKC with case folding and without what is invisible (Unicode
 * Standard Annex 31, toNFKC_Casefold), by utf8proc. So `Ada`, `ada` and `ADA` are one person, and so is
 * a name with a zero-width joiner inside. The rules hold for the folded form too: a full-width solidus
 * folds to `/` and is refused. */
#ifndef PROTO_NAMES_H
#define PROTO_NAMES_H

#include "proto/err.h"
#include "proto/tables.h"

enum { NAME_BYTES = LIMIT_NICK_BYTES };
_Static_assert((int)LIMIT_ROOM_BYTES == (int)LIMIT_NICK_BYTES, "one buffer holds either");

/* A folded name, terminated by a zero. */
typedef struct {
    uint8_t size; /* 1..NAME_BYTES */
    char text[NAME_BYTES + 1];
} name_t;

static inline span_t name_span(const name_t *name)
{
    return (span_t){name->text, name->size};
}

/* Checks a nick and folds it into *out. HUB_NICK_INVALID: not 1 to 32 bytes of UTF-8 (also when folded); a blank,
 * a control or format character, one that Unicode has not assigned or leaves to others, or one of | / [ ] @ # < > in it; no letter,
 * digit or picture; a combining mark in front; or `you`. *out untouched. */
HUB_MUST_CHECK hub_err_t nick_fold(span_t nick, name_t *out);

/* The same for a room's name, which also must not begin with $ or !. HUB_ROOM_INVALID. */
HUB_MUST_CHECK hub_err_t room_fold(span_t room, name_t *out);

/* Folds a name that was made before, maybe by a broker that knew another Unicode: whether it has a shape, or somebody new may
 * be called so, is not asked. False: it never was a name; *out untouched. */
HUB_MUST_CHECK bool name_fold(span_t name, name_t *out);

/* What a text may hold besides characters that are no control characters. */
typedef enum {
    TEXT_LINE,      /* nothing */
    TEXT_PARAGRAPH, /* TAB and LF */
    TEXT_ANY,       /* all of UTF-8 */
} text_kind_t;

/* Checks a text of at most `maximum` bytes; empty is fine here. HUB_TOO_LONG: more bytes.
 * HUB_BAD_REQUEST: not UTF-8, or a control character (Cc) that `kind` does not allow. */
HUB_MUST_CHECK hub_err_t text_check(span_t text, size_t maximum, text_kind_t kind);

#endif
