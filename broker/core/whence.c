#include "broker/core/whence.h"

#include "proto/network.h"

#include <assert.h>

enum { SITE_BYTES = 8 }; /* of an IPv6 address */

struct whence {
    lookup_key_t by_place;
    uint32_t sessions;
    char place[]; /* no zero behind it */
};

/* The bytes that stand for an address; what is no address is a place by its name. *read is where they may be kept. */
static span_t site_of(span_t address, address_t *read)
{
    if (!network_read_peer(address, read))
        return address;
    return (span_t){(const char *)read->bytes,
                    network_is_four(*read) ? sizeof read->bytes : SITE_BYTES};
}

uint64_t whence_number(const core_t *core, span_t address)
{
    assert(core);
    address_t read;
    return address.size > 0 ? lookup_number(core->whences, site_of(address, &read)) : 0;
}

/* The same where a link that tells none is a place of its own. `out` has 64. */
static span_t place_of(span_t address, const link_t *link, char *out)
{
    address_t read;
    span_t site = site_of(address, &read);
    if (address.size == 0) {
        memcpy(out, &link->id, sizeof link->id);
        out[sizeof link->id] = 'l';
        return (span_t){out, sizeof link->id + 1};
    }
    if (site.data != (const char *)read.bytes)
        return site;
    memcpy(out, site.data, site.size);
    return (span_t){out, site.size};
}

bool whence_has_room(core_t *core, span_t address, const link_t *link, const session_t *leaving)
{
    assert(core && link);
    char text[64];
    const whence_t *whence = lookup_find(core->whences, place_of(address, link, text));
    bool is_left = whence && leaving && leaving->whence == whence;
    return whence == NULL || whence->sessions - is_left < core->settings.sessions_per_address;
}

void whence_enter(core_t *core, session_t *session, span_t address, const link_t *link)
{
    assert(core && session && link && session->whence == NULL);
    if (core->settings.sessions_per_address == 0)
        return;
    char text[64];
    span_t place = place_of(address, link, text);
    whence_t *whence = lookup_find(core->whences, place);
    if (whence == NULL) {
        whence = zmalloc(sizeof *whence + place.size);
        memcpy(whence->place, place.data, place.size);
        lookup_add(core->whences, &whence->by_place, (span_t){whence->place, place.size}, whence);
    }
    whence->sessions++;
    session->whence = whence;
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
