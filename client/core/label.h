/* client/core/label.h - a short text that nearly always needs no memory of its own.
 *
 * Guests' names have 12 bytes, most nicks fewer than 16. A longer text is on the heap:
 *
 *   "guest-a1b2c3"                 the 12 bytes, here
 *   "somebody with a long name"    a pointer to 25 bytes */
#ifndef CLIENT_CORE_LABEL_H
#define CLIENT_CORE_LABEL_H

#include "proto/span.h"

#include <stdint.h>

enum { LABEL_HERE_BYTES = 15, LABEL_BYTES_MAX = UINT8_MAX };

/* All zeros is the empty text. */
typedef struct {
    char bytes[LABEL_HERE_BYTES]; /* the text, or the address of where it is */
    uint8_t size;                 /* of the text; over LABEL_HERE_BYTES: it is on the heap */
} label_t;

/* The text, borrowed until it is set anew. Its data is never NULL. */
span_t label_span(const label_t *self);

/* Sets the text (copied), of at most LABEL_BYTES_MAX. `text` may be part of the label. */
void label_set(label_t *self, span_t text);

/* Frees what is held; empty again. */
void label_fini(label_t *self);

#endif
