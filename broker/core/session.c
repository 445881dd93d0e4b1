#include "broker/core/session.h"

#include <assert.h>
#include <czmq.h>
#include <sodium.h>

span_t state_name(state_t state)
{
    switch (state) {
    case STATE_ACTIVE:
        return span_of("active");
    case STATE_INACTIVE:
        return span_of("inactive");
    case STATE_DETACHED:
        return span_of("detached");
    case STATE_GONE:
        return span_of("gone");
    }
    assert(false);
    return span_of("");
}

void session_set_nick(session_t *self, span_t nick, const name_t *identity)
{
    assert(self && identity);
    nick_set(&self->nick, nick, identity);
}

/* --- memberships --------------------------------------------------------------------------------- */

static membership_t *memberships_of(session_t *self)
{
    return self->membership_count > 1 ? self->memberships.list : &self->memberships.one;
}

membership_t *session_membership(session_t *self, uint64_t room)
{
    assert(self && room > 0);
    membership_t *list = memberships_of(self);
    for (unsigned i = 0; i < self->membership_count; i++)
        if (list[i].room == room)
            return &list[i];
    return NULL;
}

bool session_is_in(const session_t *self, uint64_t room)
{
    assert(self && room > 0);
    const membership_t *list = session_memberships(self);
    for (unsigned i = 0; i < self->membership_count; i++)
        if (list[i].room == room)
            return true;
    return false;
}

void session_add_membership(session_t *self, uint64_t room, uint64_t number)
{
    assert(self && self->membership_count < LIMIT_ROOMS_PER_SESSION);
    assert(!session_is_in(self, room));
    membership_t added = {.room = room, .number = number};
    unsigned count = self->membership_count++;
    if (count == 0) {
        self->memberships.one = added;
        return;
    }
    membership_t *list = count > 1 ? self->memberships.list : NULL;
    list = realloc(list, (count + 1) * sizeof *list);
    assert(list);
    if (count == 1)
        list[0] = self->memberships.one;
    list[count] = added;
    self->memberships.list = list;
}

void session_remove_membership(session_t *self, uint64_t room)
{
    membership_t *membership = session_membership(self, room);
    assert(membership);
    membership_t *list = memberships_of(self);
    *membership = list[--self->membership_count];
    if (self->membership_count != 1)
        return;
    membership_t last = list[0];
    free(list);
    self->memberships.one = last;
}

/* --- tokens -------------------------------------------------------------------------------------- */

static void forget_tokens(session_t *self, unsigned count)
{
    assert(count <= self->token_count);
    if (count == 0 || self->token_count == 1) {
        self->token_count = (uint8_t)(self->token_count - count);
        return;
    }
    token_hash_t *list = self->tokens.list;
    self->token_count = (uint8_t)(self->token_count - count);
    memmove(list, list + count, self->token_count * sizeof *list);
    if (self->token_count > 1)
        return;
    memcpy(self->tokens.one, list[0], sizeof *list);
    free(list);
}

void session_add_token(session_t *self, const uint8_t *token)
{
    assert(self && token);
    if (self->token_count == LIMIT_TOKENS_LIVE)
        forget_tokens(self, 1);
    uint8_t hash[TOKEN_HASH_BYTES];
    mint_token_hash(token, hash);
    session_restore_token(self, hash);
}

/* Where a token's hash is among the live ones; token_count: nowhere. */
static unsigned token_place(const session_t *self, const uint8_t *token)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    mint_token_hash(token, hash);
    const token_hash_t *list = session_tokens(self);
    unsigned place = 0;
    while (place < self->token_count && sodium_memcmp(hash, list[place], sizeof hash) != 0)
        place++;
    return place;
}

void session_restore_token(session_t *self, const uint8_t *hash)
{
    assert(self && hash && self->token_count < LIMIT_TOKENS_LIVE);
    unsigned count = self->token_count++;
    if (count == 0) {
        memcpy(self->tokens.one, hash, TOKEN_HASH_BYTES);
        return;
    }
    token_hash_t *list = count > 1 ? self->tokens.list : NULL;
    list = realloc(list, (count + 1) * sizeof *list);
    assert(list);
    if (count == 1)
        memcpy(list[0], self->tokens.one, sizeof *list);
    memcpy(list[count], hash, sizeof *list);
    self->tokens.list = list;
}

bool session_has_token(const session_t *self, const uint8_t *token)
{
    assert(self && token);
    return token_place(self, token) < self->token_count;
}

void session_use_token(session_t *self, const uint8_t *token)
{
    assert(session_has_token(self, token));
    forget_tokens(self, token_place(self, token));
}

void session_set_status(session_t *self, span_t status)
{
    assert(self && status.size <= LIMIT_STATUS_BYTES);
    free(self->status);
    self->status = NULL;
    if (status.size == 0)
        return;
    self->status = zmalloc(status.size + 1);
    memcpy(self->status, status.data, status.size);
}

void session_fini(session_t *self)
{
    assert(self);
    cids_fini(&self->cids);
    nick_fini(&self->nick);
    shared_key_drop(&self->peer_key);
    if (self->membership_count > 1)
        free(self->memberships.list);
    if (self->token_count > 1)
        free(self->tokens.list);
    free(self->status);
}
