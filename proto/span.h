/* proto/span.h - a borrowed piece of bytes.
 *
 * Not terminated by a zero, may hold zeros, owned by somebody else. */
#ifndef PROTO_SPAN_H
#define PROTO_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    const char *data; /* may be NULL where size is 0 */
    size_t size;      /* bytes */
} span_t;

/* The bytes of a C string without its zero. `text` must outlive the span. */
static inline span_t span_of(const char *text)
{
    return (span_t){text, strlen(text)};
}

/* True if both hold the same bytes. */
static inline bool span_equal(span_t a, span_t b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* True if `a` holds the bytes of the C string `text`. */
static inline bool span_is(span_t a, const char *text)
{
    return span_equal(a, span_of(text));
}

#endif
