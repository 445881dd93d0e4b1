#include "broker/core/room.h"

#include <assert.h>
#include <czmq.h>

bool room_has(const room_t *self, const session_t *session)
{
    assert(self && session);
    return session_is_in(session, self->id);
}

bool room_is_invited(const room_t *self, uint64_t session)
{
    assert(self && session > 0);
    for (uint32_t i = 0; i < self->invited_count; i++)
        if (self->invited[i] == session)
            return true;
    return false;
}

static uint64_t *grow(uint64_t *list, uint32_t count)
{
    list = realloc(list, count * sizeof *list);
    assert(list);
    return list;
}

hub_err_t room_invite(room_t *self, uint64_t session, uint64_t until_ms)
{
    assert(self && self->is_private);
    for (uint32_t i = 0; i < self->invited_count; i++) {
        if (self->invited[i] != session)
            continue;
        self->invited_until[i] = until_ms;
        return HUB_OK;
    }
    if (self->invited_count == LIMIT_INVITES_PER_ROOM)
        return HUB_FULL;
    self->invited = grow(self->invited, self->invited_count + 1);
    self->invited_until = grow(self->invited_until, self->invited_count + 1);
    self->invited[self->invited_count] = session;
    self->invited_until[self->invited_count++] = until_ms;
    return HUB_OK;
}

static void drop_invitation(room_t *self, uint32_t place)
{
    self->invited[place] = self->invited[--self->invited_count];
    self->invited_until[place] = self->invited_until[self->invited_count];
}

bool room_uninvite(room_t *self, uint64_t session)
{
    assert(self);
    for (uint32_t i = 0; i < self->invited_count; i++) {
        if (self->invited[i] == session) {
            drop_invitation(self, i);
            return true;
        }
    }
    return false;
}

bool room_drop_invitations(room_t *self, uint64_t wall_ms)
{
    assert(self);
    uint32_t before = self->invited_count;
    for (uint32_t i = before; i-- > 0;)
        if (self->invited_until[i] > 0 && self->invited_until[i] <= wall_ms)
            drop_invitation(self, i);
    return self->invited_count < before;
}

uint64_t room_next_invitation_ms(const room_t *self)
{
    assert(self);
    uint64_t next = 0;
    for (uint32_t i = 0; i < self->invited_count; i++)
        if (self->invited_until[i] > 0 && (next == 0 || self->invited_until[i] < next))
            next = self->invited_until[i];
    return next;
}

holder_t *room_holder(const room_t *self, span_t uid)
{
    assert(self);
    for (unsigned i = 0; i < self->holder_count; i++)
        if (uid.size == MINT_NAME_CHARS &&
            memcmp(self->holders[i].uid, uid.data, MINT_NAME_CHARS) == 0)
            return &self->holders[i];
    return NULL;
}

hub_err_t room_may_read(const room_t *self, const session_t *session)
{
    assert(self && session);
    if (!self->is_private || room_has(self, session))
        return HUB_OK;
    if (room_is_invited(self, session->id) || room_holder(self, session_uid(session)))
        return HUB_NOT_MEMBER;
    return HUB_NO_SUCH_ROOM;
}

void room_fini(room_t *self)
{
    assert(self && self->members.count == 0);
    members_fini(&self->members);
    refs_fini(&self->links);
    refs_fini(&self->absent);
    free(self->invited);
    free(self->invited_until);
    free(self->holders);
    free(self->verdicts);
    free(self->changes);
}
