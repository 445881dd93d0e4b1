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

hub_err_t room_invite(room_t *self, uint64_t session)
{
    assert(self && self->is_private);
    if (room_is_invited(self, session))
        return HUB_OK;
    if (self->invited_count == LIMIT_INVITES_PER_ROOM)
        return HUB_FULL;
    self->invited = realloc(self->invited, (self->invited_count + 1) * sizeof *self->invited);
    assert(self->invited);
    self->invited[self->invited_count++] = session;
    return HUB_OK;
}

bool room_uninvite(room_t *self, uint64_t session)
{
    assert(self);
    for (uint32_t i = 0; i < self->invited_count; i++) {
        if (self->invited[i] == session) {
            self->invited[i] = self->invited[--self->invited_count];
            return true;
        }
    }
    return false;
}

hub_err_t room_may_read(const room_t *self, const session_t *session)
{
    assert(self && session);
    if (!self->is_private || room_has(self, session))
        return HUB_OK;
    return room_is_invited(self, session->id) ? HUB_NOT_MEMBER : HUB_NO_SUCH_ROOM;
}

void room_fini(room_t *self)
{
    assert(self && self->members.count == 0);
    members_fini(&self->members);
    refs_fini(&self->links);
    refs_fini(&self->absent);
    free(self->invited);
    free(self->holders);
    free(self->verdicts);
    free(self->changes);
}
