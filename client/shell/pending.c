#include "client/shell/pending.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

pending_t *pending_new(verb_t verb, size_t line, const char *subject, json_t *reply)
{
    assert(subject);
    pending_t *self = calloc(1, sizeof *self);
    assert(self);
    self->verb = verb;
    self->line = line;
    self->reply = reply;
    self->subject = strdup(subject);
    assert(self->subject);
    return self;
}

void pending_set_room(pending_t *self, const char *room)
{
    assert(self && room && self->room == NULL);
    self->room = strdup(room);
    assert(self->room);
}

void pending_destroy(pending_t **self_p)
{
    assert(self_p);
    if (*self_p == NULL)
        return;
    json_decref((*self_p)->reply);
    free((*self_p)->subject);
    free((*self_p)->room);
    free(*self_p);
    *self_p = NULL;
}

void pendings_put(pendings_t *self, pending_t **self_p)
{
    assert(self && self_p && *self_p);
    assert((*self_p)->request > 0 && (*self_p)->next == NULL);
    if (self->last)
        self->last->next = *self_p;
    else
        self->first = *self_p;
    self->last = *self_p;
    *self_p = NULL;
}

pending_t *pendings_find(const pendings_t *self, uint64_t request)
{
    assert(self);
    pending_t *pending = self->first;
    while (pending && pending->request != request)
        pending = pending->next;
    return pending;
}

pending_t *pendings_take(pendings_t *self, uint64_t request)
{
    assert(self);
    pending_t *before = NULL;
    pending_t *pending = self->first;
    for (; pending && pending->request != request; pending = pending->next)
        before = pending;
    if (pending == NULL)
        return NULL;
    if (before)
        before->next = pending->next;
    else
        self->first = pending->next;
    if (self->last == pending)
        self->last = before;
    pending->next = NULL;
    return pending;
}

void pendings_clear(pendings_t *self)
{
    assert(self);
    while (self->first) {
        pending_t *pending = pendings_take(self, self->first->request);
        pending_destroy(&pending);
    }
}
