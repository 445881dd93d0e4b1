#include "broker/core/account.h"

#include <assert.h>
#include <czmq.h>
#include <sodium.h>

_Static_assert(ACCOUNT_HASH_BYTES == crypto_pwhash_STRBYTES, "what libsodium makes fits");

static const char *const ROLES[] = {
    [ROLE_GUEST] = "guest", [ROLE_MEMBER] = "member", [ROLE_OPERATOR] = "operator"};

span_t role_name(role_t role)
{
    assert(role <= ROLE_OPERATOR);
    return span_of(ROLES[role]);
}

bool role_find(span_t name, role_t *out_role)
{
    assert(out_role);
    for (role_t role = ROLE_GUEST; role <= ROLE_OPERATOR; role++) {
        if (span_is(name, ROLES[role])) {
            *out_role = role;
            return true;
        }
    }
    return false;
}

void account_set_nick(account_t *self, span_t nick, const name_t *identity)
{
    assert(self && identity);
    assert(nick.size > 0 && nick.size <= NAME_BYTES);
    self->identity = *identity;
    self->nick_size = (uint8_t)nick.size;
    memcpy(self->nick, nick.data, nick.size);
}

void account_set_hash(account_t *self, span_t hash)
{
    assert(self && hash.size > 0 && hash.size < sizeof self->hash);
    sodium_memzero(self->hash, sizeof self->hash);
    memcpy(self->hash, hash.data, hash.size);
}

void account_add_room(account_t *self, uint64_t room)
{
    assert(self && room > 0 && self->room_count < LIMIT_ROOMS_PER_SESSION);
    self->rooms = realloc(self->rooms, (self->room_count + 1) * sizeof *self->rooms);
    assert(self->rooms);
    self->rooms[self->room_count++] = room;
}

void account_remove_room(account_t *self, uint64_t room)
{
    assert(self);
    uint32_t place = 0;
    while (place < self->room_count && self->rooms[place] != room)
        place++;
    assert(place < self->room_count);
    self->rooms[place] = self->rooms[--self->room_count];
}

void account_fini(account_t *self)
{
    assert(self);
    free(self->rooms);
    sodium_memzero(self->hash, sizeof self->hash);
}
