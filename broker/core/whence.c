#include "broker/core/whence.h"

#include "proto/network.h"

#include <assert.h>

enum { SITE_BYTES = 8 }; /* of an IPv6 address */

/* What a place is, its first byte. */
enum { PLACE_FOUR = '4', PLACE_SIX = '6', PLACE_NAME = 'n', PLACE_LINK = 'l' };

struct whence {
    lookup_key_t by_place;
    uint32_t sessions;
    char place[]; /* no zero behind it */
};

typedef struct {
    size_t size;
    char bytes[WHENCE_PLACE_BYTES];
} place_t;

static place_t make_place(char kind, const void *value, size_t size)
{
    place_t place = {.size = 1 + size, .bytes = {kind}};
    assert(place.size <= sizeof place.bytes);
    memcpy(place.bytes + 1, value, size);
    return place;
}

/* What is no address is a place by its name. */
static place_t place_of_address(span_t address)
{
    address_t read;
    if (!network_read_peer(address, &read))
        return make_place(PLACE_NAME, address.data, address.size);
    return network_is_four(read) ? make_place(PLACE_FOUR, read.bytes, sizeof read.bytes)
                                 : make_place(PLACE_SIX, read.bytes, SITE_BYTES);
}

/* The same where a link that tells none is a place of its own. */
static place_t place_of(span_t address, const link_t *link)
{
    return address.size > 0 ? place_of_address(address)
                            : make_place(PLACE_LINK, &link->id, sizeof link->id);
}

static span_t place_span(const place_t *place)
{
    return (span_t){place->bytes, place->size};
}

uint64_t whence_number(const core_t *core, span_t address)
{
    assert(core);
    if (address.size == 0)
        return 0;
    place_t place = place_of_address(address);
    return lookup_number(core->whences, place_span(&place));
}

bool whence_has_room(core_t *core, span_t address, const link_t *link, const session_t *leaving)
{
    assert(core && link);
    place_t place = place_of(address, link);
    const whence_t *whence = lookup_find(core->whences, place_span(&place));
    bool is_left = whence && leaving && leaving->whence == whence;
    uint32_t most = core->settings.sessions_per_address;
    return whence == NULL || most == 0 || whence->sessions - is_left < most;
}

static void enter(core_t *core, session_t *session, span_t place)
{
    whence_t *whence = lookup_find(core->whences, place);
    if (whence == NULL) {
        whence = zmalloc(sizeof *whence + place.size);
        memcpy(whence->place, place.data, place.size);
        lookup_add(core->whences, &whence->by_place, (span_t){whence->place, place.size}, whence);
    }
    whence->sessions++;
    session->whence = whence;
}

void whence_enter(core_t *core, session_t *session, span_t address, const link_t *link)
{
    assert(core && session && link && session->whence == NULL);
    if (address.size == 0 && core->settings.sessions_per_address == 0)
        return; /* nothing to be counted, and nothing to be known */
    place_t place = place_of(address, link);
    enter(core, session, place_span(&place));
}

span_t whence_place(const session_t *session)
{
    assert(session);
    const whence_t *whence = session->whence;
    return whence == NULL || whence->place[0] == PLACE_LINK ? (span_t){0}
                                                            : lookup_name(&whence->by_place);
}

bool whence_restore(core_t *core, session_t *session, span_t place)
{
    assert(core && session && session->whence == NULL);
    if (place.size == 0)
        return true;
    char kind = place.data[0];
    bool is_sound = place.size <= WHENCE_PLACE_BYTES &&
                    (kind == PLACE_NAME || (kind == PLACE_FOUR && place.size == 17) ||
                     (kind == PLACE_SIX && place.size == 1 + SITE_BYTES));
    if (is_sound)
        enter(core, session, place);
    return is_sound;
}

bool whence_address(const session_t *session, address_t *out)
{
    assert(out);
    span_t place = whence_place(session);
    if (place.size == 0 || place.data[0] == PLACE_NAME)
        return false;
    *out = (address_t){{0}};
    memcpy(out->bytes, place.data + 1, place.size - 1);
    return true;
}

void whence_leave(core_t *core, session_t *session)
{
    assert(core && session);
    whence_t *whence = session->whence;
    session->whence = NULL;
    if (whence == NULL || --whence->sessions > 0)
        return;
    lookup_remove(core->whences, &whence->by_place);
    free(whence);
}
