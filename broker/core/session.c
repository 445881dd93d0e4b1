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
    assert(nick.size > 0 && nick.size <= NAME_BYTES);
    self->identity = *identity;
    self->nick_size = (uint8_t)nick.size;
    memcpy(self->nick, nick.data, nick.size);
}

membership_t *session_membership(const session_t *self, uint64_t room)
{
    assert(self && room > 0);
    for (unsigned i = 0; i < self->membership_count; i++)
        if (self->memberships[i].room == room)
            return &self->memberships[i];
    return NULL;
}

void session_add_membership(session_t *self, uint64_t room, uint64_t number)
{
    assert(self && self->membership_count < LIMIT_ROOMS_PER_SESSION);
    assert(session_membership(self, room) == NULL);
    self->memberships =
        realloc(self->memberships, (self->membership_count + 1u) * sizeof *self->memberships);
    assert(self->memberships);
    self->memberships[self->membership_count++] = (membership_t){room, number, 0, 0};
}

void session_remove_membership(session_t *self, uint64_t room)
{
    membership_t *membership = session_membership(self, room);
    assert(membership);
    *membership = self->memberships[--self->membership_count];
}

static void forget_tokens(session_t *self, unsigned count)
{
    assert(count <= self->token_count);
    self->token_count = (uint8_t)(self->token_count - count);
    memmove(self->tokens, self->tokens + count, self->token_count * sizeof *self->tokens);
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
    unsigned place = 0;
    while (place < self->token_count && sodium_memcmp(hash, self->tokens[place], sizeof hash) != 0)
        place++;
    return place;
}

void session_restore_token(session_t *self, const uint8_t *hash)
{
    assert(self && hash && self->token_count < LIMIT_TOKENS_LIVE);
    self->tokens = realloc(self->tokens, (self->token_count + 1u) * sizeof *self->tokens);
    assert(self->tokens);
    memcpy(self->tokens[self->token_count++], hash, TOKEN_HASH_BYTES);
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
    free(self->memberships);
    free(self->tokens);
    free(self->status);
}
