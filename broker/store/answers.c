#include "broker/store/answers.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool answers_init(answers_t *self)
{
    assert(self);
    *self = (answers_t){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&self->lock, NULL);
    return self->fd >= 0;
}

static void clear(answers_list_t *list, size_t from)
{
    for (size_t i = from; i < list->count; i++)
        free(list->items[i].owned);
    free(list->items);
}

void answers_fini(answers_t *self)
{
    assert(self);
    clear(&self->added, 0);
    clear(&self->taken, self->next);
    free(self->borrowed);
    if (self->fd >= 0)
        close(self->fd);
    pthread_mutex_destroy(&self->lock);
}

static answers_item_t *extend(answers_list_t *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        assert(list->items);
    }
    return &list->items[list->count++];
}

static bool replaces_last(const answers_list_t *list, const store_answer_t *answer)
{
    return list->count > 0 && answer->kind == STORE_COMMITTED &&
           list->items[list->count - 1].answer.kind == STORE_COMMITTED;
}

/* The descriptor is written under the lock: otherwise the owner could find the answer first and the
 * signal later, with nothing behind it, for ever. */
void answers_add(answers_t *self, const store_answer_t *answer, char *owned)
{
    assert(self && answer);
    pthread_mutex_lock(&self->lock);
    if (replaces_last(&self->added, answer))
        self->added.items[self->added.count - 1].answer = *answer;
    else
        *extend(&self->added) = (answers_item_t){*answer, owned};
    if (!self->is_signalled)
        (void)eventfd_write(self->fd, 1); /* it cannot be full */
    self->is_signalled = true;
    pthread_mutex_unlock(&self->lock);
}

/* Empties `taken` and fills it with what was added. */
static void refill(answers_t *self)
{
    self->taken.count = 0;
    self->next = 0;
    pthread_mutex_lock(&self->lock);
    answers_list_t empty = self->taken;
    self->taken = self->added;
    self->added = empty;
    eventfd_t signals;
    if (self->taken.count == 0 && self->is_signalled) {
        (void)eventfd_read(self->fd, &signals);
        self->is_signalled = false;
    }
    pthread_mutex_unlock(&self->lock);
}

bool answers_take(answers_t *self, store_answer_t *out)
{
    assert(self && out);
    free(self->borrowed);
    self->borrowed = NULL;
    if (self->next == self->taken.count)
        refill(self);
    if (self->next == self->taken.count)
        return false;
    answers_item_t *item = &self->taken.items[self->next++];
    *out = item->answer;
    self->borrowed = item->owned;
    return true;
}
