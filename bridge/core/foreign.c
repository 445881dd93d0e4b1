#include "bridge/core/foreign.h"

#include <assert.h>

/* Each protocol begins with a byte of its own, so one number says how far which of them has come. */
enum {
    BEGIN_NOTHING,
    BEGIN_TYPED, /* it is none of them */
    BEGIN_WORD,  /* HTTP: in the word of capitals */
    BEGIN_BLANK, /* the place is next */
    BEGIN_PLACE, /* in the place, its beginning seen; more: so much of VERSION has come last */
    BEGIN_HTTP = 15,
    BEGIN_SIGNATURE = 16 /* of the first signature 0 bytes have come */
};

/* What ends the first line of HTTP; 0 is any digit, the CR may be missing. */
static const char VERSION[] = " HTTP/0.0\r";
enum { VERSION_CHARS = sizeof VERSION - 2 };
_Static_assert(BEGIN_PLACE + VERSION_CHARS + 1 < BEGIN_HTTP, "there is a number for each");

enum { SIGNATURE_BYTES_MAX = 15 };
static const struct {
    foreign_t kind;
    uint8_t size;
    uint8_t bytes[SIGNATURE_BYTES_MAX];
} SIGNATURES[] = {
    {FOREIGN_TLS, 2, {FOREIGN_TLS_BYTE, 3}},
    {FOREIGN_PROXY, 12, {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10}},
    {FOREIGN_ZMTP, 10, {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f}},
};
enum { SIGNATURE_COUNT = sizeof SIGNATURES / sizeof SIGNATURES[0] };
_Static_assert(BEGIN_SIGNATURE *(SIGNATURE_COUNT + 1) <= UINT8_MAX, "a state fits its field");

static uint8_t first(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return BEGIN_WORD;
    for (unsigned i = 0; i < SIGNATURE_COUNT; i++)
        if (byte == SIGNATURES[i].bytes[0])
            return (uint8_t)(BEGIN_SIGNATURE * (i + 1) + 1);
    return BEGIN_TYPED;
}

static uint8_t in_signature(uint8_t state, uint8_t byte)
{
    unsigned which = state / BEGIN_SIGNATURE - 1, come = state % BEGIN_SIGNATURE;
    if (come == SIGNATURES[which].size)
        return state; /* all of it */
    return byte == SIGNATURES[which].bytes[come] ? (uint8_t)(state + 1) : (uint8_t)BEGIN_TYPED;
}

static bool goes_on(unsigned come, uint8_t byte)
{
    if (come > VERSION_CHARS)
        return false;
    uint8_t wanted = (uint8_t)VERSION[come];
    return wanted == '0' ? byte >= '0' && byte <= '9' : byte == wanted;
}

/* Other control characters are in no place; CR NUL would end a line that is said. */
static uint8_t in_place(unsigned come, uint8_t byte)
{
    if (byte == '\n')
        return come >= VERSION_CHARS ? BEGIN_HTTP : BEGIN_TYPED;
    if (byte < ' ' && byte != '\r')
        return BEGIN_TYPED;
    if (goes_on(come, byte))
        return (uint8_t)(BEGIN_PLACE + come + 1);
    return byte == ' ' ? BEGIN_PLACE + 1 : BEGIN_PLACE;
}

static uint8_t next(uint8_t state, uint8_t byte)
{
    if (state >= BEGIN_SIGNATURE)
        return in_signature(state, byte);
    switch (state) {
    case BEGIN_NOTHING:
        return first(byte);
    case BEGIN_TYPED:
    case BEGIN_HTTP:
        return state;
    case BEGIN_WORD:
        return byte == ' ' ? BEGIN_BLANK : byte >= 'A' && byte <= 'Z' ? BEGIN_WORD : BEGIN_TYPED;
    case BEGIN_BLANK:
        return byte == '/' || byte == '*' ? BEGIN_PLACE : BEGIN_TYPED;
    }
    return in_place(state - (unsigned)BEGIN_PLACE, byte);
}

static foreign_t found(uint8_t state)
{
    if (state < BEGIN_SIGNATURE)
        return state == BEGIN_HTTP ? FOREIGN_HTTP : FOREIGN_NONE;
    unsigned which = state / BEGIN_SIGNATURE - 1;
    bool is_whole = state % BEGIN_SIGNATURE == SIGNATURES[which].size;
    return is_whole ? SIGNATURES[which].kind : FOREIGN_NONE;
}

foreign_t foreign_take(beginning_t *self, span_t bytes)
{
    assert(self && (bytes.data || bytes.size == 0));
    assert(self->state < BEGIN_SIGNATURE * (SIGNATURE_COUNT + 1));
    for (size_t i = 0; i < bytes.size && self->state != BEGIN_TYPED; i++)
        self->state = next(self->state, (uint8_t)bytes.data[i]);
    return found(self->state);
}
