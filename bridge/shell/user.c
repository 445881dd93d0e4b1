#include "bridge/shell/user.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOCK = 256, FREE = -1 };
_Static_assert(sizeof(user_t) <= 96, "a user costs little");

static void add_block(users_t *self)
{
    user_t **blocks = realloc(self->blocks, (self->block_count + 1) * sizeof(user_t *));
    assert(blocks);
    self->blocks = blocks;
    user_t *block = calloc(BLOCK, sizeof *block);
    assert(block);
    self->blocks[self->block_count++] = block;
    for (size_t i = BLOCK; i-- > 0;) {
        block[i].fd = FREE;
        block[i].next = self->free;
        self->free = &block[i];
    }
}

user_t *users_add(users_t *self, int fd)
{
    assert(self && fd >= 0);
    if (self->free == NULL)
        add_block(self);
    user_t *user = self->free;
    self->free = user->next;
    *user =
        (user_t){.fd = fd, .sid = USER_NO_SID, .current = USER_NO_ROOM, .said_room = USER_NO_ROOM};
    self->count++;
    return user;
}

affairs_t *user_affairs(user_t *user)
{
    assert(user);
    if (user->affairs)
        return user->affairs;
    user->affairs = calloc(1, sizeof *user->affairs);
    assert(user->affairs);
    user->affairs->user = user;
    return user->affairs;
}

user_t *user_of(patient_t *patient)
{
    assert(patient);
    return ((affairs_t *)(void *)((char *)patient - offsetof(affairs_t, patient)))->user;
}

static void drop_affairs(user_t *user)
{
    affairs_t *affairs = user->affairs;
    if (affairs == NULL)
        return;
    assert(affairs->patient.list == NULL && affairs->tls == NULL);
    line_fini(&affairs->line);
    prompt_fini(&affairs->prompt);
    free(affairs->stash);
    free(affairs->entry);
    free(affairs->status);
    free(affairs->deed);
    free(affairs);
    user->affairs = NULL;
}

void user_tidy(user_t *user)
{
    assert(user);
    const affairs_t *affairs = user->affairs;
    if (affairs == NULL || user->is_doomed)
        return;
    bool has_line = affairs->line.bytes || affairs->line.is_skipping;
    bool has_way = affairs->entry || affairs->tls;
    if (affairs->patient.list == NULL && !has_line && !has_way && !affairs->stash &&
        !affairs->status && !affairs->deed && affairs->refused_ms == 0 &&
        affairs->prompt.step == PROMPT_NONE && !affairs->grace.is_running)
        drop_affairs(user);
}

void users_remove(users_t *self, user_t *user)
{
    assert(self && user && user->fd != FREE && self->count > 0);
    outlet_fini(&user->outlet);
    drop_affairs(user);
    *user = (user_t){.fd = FREE, .next = self->free};
    self->free = user;
    self->count--;
}

void users_each(users_t *self, void (*visit)(void *context, user_t *user), void *context)
{
    assert(self && visit);
    for (size_t i = 0; i < self->block_count; i++)
        for (size_t k = 0; k < BLOCK; k++)
            if (self->blocks[i][k].fd != FREE)
                visit(context, &self->blocks[i][k]);
}

void users_fini(users_t *self)
{
    assert(self && self->count == 0);
    for (size_t i = 0; i < self->block_count; i++)
        free(self->blocks[i]);
    free(self->blocks);
    *self = (users_t){0};
}
