#include "bridge/core/foreign.h"

#include <assert.h>
#include <string.h>

enum { VERSION_CHARS = 8 }; /* of HTTP/1.1 */

#define BEGINNING(kind, bytes)                                                                     \
    {                                                                                              \
        kind,                                                                                      \
        {                                                                                          \
            bytes, sizeof(bytes) - 1                                                               \
        }                                                                                          \
    }
static const struct {
    foreign_t kind;
    span_t bytes;
} BEGINNINGS[] = {
    BEGINNING(FOREIGN_TLS, "\x16\x03"),
    BEGINNING(FOREIGN_PROXY, "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"),
    BEGINNING(FOREIGN_ZMTP, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"),
};
#undef BEGINNING

/* A word of capitals, a place that begins with / or *, and at the line's end the version. */
static bool is_http(span_t first)
{
    const char *end = first.size > 0 ? memchr(first.data, '\n', first.size) : NULL;
    if (end == NULL)
        return false;
    size_t size = (size_t)(end - first.data), word = 0;
    if (size > 0 && first.data[size - 1] == '\r')
        size--;
    while (word < size && first.data[word] >= 'A' && first.data[word] <= 'Z')
        word++;
    if (word == 0 || size < word + 3 + VERSION_CHARS || first.data[word] != ' ')
        return false;
    if (first.data[word + 1] != '/' && first.data[word + 1] != '*')
        return false;
    const char *version = first.data + size - VERSION_CHARS;
    return version[-1] == ' ' && memcmp(version, "HTTP/", 5) == 0 && version[6] == '.';
}

foreign_t foreign_look(span_t first)
{
    assert(first.data || first.size == 0);
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++)
        if (first.size >= BEGINNINGS[i].bytes.size &&
            memcmp(first.data, BEGINNINGS[i].bytes.data, BEGINNINGS[i].bytes.size) == 0)
            return BEGINNINGS[i].kind;
    return is_http(first) ? FOREIGN_HTTP : FOREIGN_NONE;
}
