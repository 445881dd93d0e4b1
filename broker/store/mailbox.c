#include "broker/store/mailbox.h"

#include <assert.h>

enum { KEPT_BYTES = 4 << 20 }; /* a buffer that grew beyond is not kept */

void mailbox_init(mailbox_t *self)
{
    assert(self);
    *self = (mailbox_t){.is_closed = false};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->filled, NULL);
    buffer_init(&self->content, MAILBOX_BYTES);
}

void mailbox_fini(mailbox_t *self)
{
    assert(self);
    buffer_fini(&self->content);
    pthread_cond_destroy(&self->filled);
    pthread_mutex_destroy(&self->lock);
}

static void swap(buffer_t *a, buffer_t *b)
{
    buffer_t held = *a;
    *a = *b;
    *b = held;
}

static bool move(buffer_t *into, buffer_t *from)
{
    if (into->size == 0) {
        swap(into, from);
        return true;
    }
    if (!buffer_append(into, from->data, from->size))
        return false;
    buffer_clear(from);
    return true;
}

bool mailbox_give(mailbox_t *self, buffer_t *from)
{
    assert(self && from);
    pthread_mutex_lock(&self->lock);
    assert(!self->is_closed);
    bool is_given = move(&self->content, from);
    bool wakes = self->is_waited_for;
    self->is_waited_for = false;
    pthread_mutex_unlock(&self->lock);
    if (wakes)
        pthread_cond_signal(&self->filled);
    return is_given;
}

void mailbox_call(mailbox_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    self->is_called = true;
    self->is_waited_for = false;
    pthread_mutex_unlock(&self->lock);
    pthread_cond_signal(&self->filled);
}

void mailbox_close(mailbox_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    self->is_closed = true;
    pthread_mutex_unlock(&self->lock);
    pthread_cond_signal(&self->filled);
}

bool mailbox_is_closed(mailbox_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    bool is_closed = self->is_closed;
    pthread_mutex_unlock(&self->lock);
    return is_closed;
}

bool mailbox_take(mailbox_t *self, buffer_t *into)
{
    assert(self && into && into->size == 0);
    if (into->capacity > KEPT_BYTES)
        buffer_fini(into);
    pthread_mutex_lock(&self->lock);
    swap(&self->content, into);
    pthread_mutex_unlock(&self->lock);
    return into->size > 0;
}

bool mailbox_wait(mailbox_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    while (self->content.size == 0 && !self->is_called && !self->is_closed) {
        self->is_waited_for = true;
        pthread_cond_wait(&self->filled, &self->lock);
    }
    self->is_waited_for = false;
    bool goes_on = self->content.size > 0 || self->is_called;
    self->is_called = false;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

bool mailbox_enter(mailbox_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    if (self->is_waited_for && self->content.size == 0 && !self->is_closed)
        return true; /* the taker cannot go on without the lock */
    pthread_mutex_unlock(&self->lock);
    return false;
}

void mailbox_leave(mailbox_t *self, bool calls)
{
    assert(self && self->is_waited_for);
    self->is_called = calls;
    self->is_waited_for = !calls;
    pthread_mutex_unlock(&self->lock);
    if (calls)
        pthread_cond_signal(&self->filled);
}
