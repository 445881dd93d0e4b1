#include "bridge/core/patience.h"

#include <assert.h>

void patience_init(patience_t *self, uint64_t limit_ms)
{
    assert(self && limit_ms > 0);
    *self = (patience_t){.limit_ms = limit_ms};
}

void patience_leave(patient_t *node)
{
    assert(node);
    patience_t *list = node->list;
    if (list == NULL)
        return;
    assert(list->first && list->last);
    if (node->previous)
        node->previous->next = node->next;
    else
        list->first = node->next;
    if (node->next)
        node->next->previous = node->previous;
    else
        list->last = node->previous;
    *node = (patient_t){0};
}

void patience_wait(patience_t *self, patient_t *node, uint64_t now_ms)
{
    assert(self && node && self->limit_ms > 0);
    if (node->list == self)
        return;
    patience_leave(node);
    assert(self->last == NULL || self->last->since_ms <= now_ms);
    *node = (patient_t){.previous = self->last, .list = self, .since_ms = now_ms};
    if (self->last)
        self->last->next = node;
    else
        self->first = node;
    self->last = node;
}

void patience_progress(patient_t *node, uint64_t now_ms)
{
    assert(node && node->list);
    patience_t *list = node->list;
    patience_leave(node);
    patience_wait(list, node, now_ms);
}

patient_t *patience_due(const patience_t *self, uint64_t now_ms)
{
    assert(self);
    patient_t *first = self->first;
    if (first == NULL || now_ms < first->since_ms + self->limit_ms)
        return NULL;
    assert(first->previous == NULL && first->list == self);
    return first;
}
