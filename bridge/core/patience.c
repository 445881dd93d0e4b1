#include "bridge/core/patience.h"

#include <assert.h>

void patience_leave(patience_t *self, patient_t *node)
{
    assert(self && node);
    if (node->since_ms == 0)
        return;
    assert(self->first && self->last);
    if (node->previous)
        node->previous->next = node->next;
    else
        self->first = node->next;
    if (node->next)
        node->next->previous = node->previous;
    else
        self->last = node->previous;
    *node = (patient_t){0};
}

void patience_wait(patience_t *self, patient_t *node, uint64_t now_ms)
{
    assert(self && node && now_ms > 0);
    if (node->since_ms > 0)
        return;
    assert(self->last == NULL || self->last->since_ms <= now_ms);
    *node = (patient_t){.previous = self->last, .since_ms = now_ms};
    if (self->last)
        self->last->next = node;
    else
        self->first = node;
    self->last = node;
}

void patience_progress(patience_t *self, patient_t *node, uint64_t now_ms)
{
    patience_leave(self, node);
    patience_wait(self, node, now_ms);
}

patient_t *patience_due(const patience_t *self, uint64_t now_ms)
{
    assert(self);
    patient_t *first = self->first;
    if (first == NULL || now_ms < first->since_ms + PATIENCE_MS)
        return NULL;
    assert(first->previous == NULL);
    return first;
}
