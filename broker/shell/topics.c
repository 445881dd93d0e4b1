#include "broker/shell/topics.h"

#include "broker/core/lookup.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

typedef struct topic topic_t;
struct topic {
    lookup_key_t key;
    topic_t *next, **back_p;
    size_t times;
    char bytes[];
};

struct topics {
    lookup_t *found;
    topic_t *first; /* owns them */
    size_t all;     /* how often nothing, which is all, was subscribed */
    bool is_over;   /* there were more than TOPICS_MAX */
};

topics_t *topics_new(void)
{
    uint8_t secret[LOOKUP_SECRET_BYTES];
    topics_t *self = calloc(1, sizeof *self);
    assert(self);
    randombytes_buf(secret, sizeof secret);
    self->found = lookup_new(secret);
    return self;
}

static void forget(topics_t *self, topic_t *topic)
{
    lookup_remove(self->found, &topic->key);
    *topic->back_p = topic->next;
    if (topic->next)
        topic->next->back_p = topic->back_p;
    free(topic);
}

void topics_destroy(topics_t **self_p)
{
    assert(self_p);
    topics_t *self = *self_p;
    if (self == NULL)
        return;
    lookup_destroy(&self->found);
    for (topic_t *topic = self->first; topic;) {
        topic_t *next = topic->next;
        free(topic);
        topic = next;
    }
    free(self);
    *self_p = NULL;
}

static void add(topics_t *self, span_t name)
{
    if (lookup_count(self->found) == TOPICS_MAX) {
        self->is_over = true;
        return;
    }
    topic_t *topic = calloc(1, sizeof *topic + name.size);
    assert(topic);
    memcpy(topic->bytes, name.data, name.size);
    topic->times = 1;
    topic->back_p = &self->first;
    topic->next = self->first;
    if (topic->next)
        topic->next->back_p = &topic->next;
    self->first = topic;
    lookup_add(self->found, &topic->key, (span_t){topic->bytes, name.size}, topic);
}

/* A topic up to its zero, or nothing. False: there is none, or more behind it. */
static bool name_of(span_t topic, span_t *out)
{
    const char *zero = memchr(topic.data, '\0', topic.size);
    if (zero == NULL || zero + 1 != topic.data + topic.size)
        return false;
    *out = (span_t){topic.data, topic.size - 1};
    return true;
}

bool topics_set(topics_t *self, span_t topic, bool is_wanted)
{
    assert(self);
    span_t name;
    if (topic.size == 0) {
        if (is_wanted || self->all > 0)
            self->all += is_wanted ? 1 : (size_t)-1;
        return true;
    }
    if (!name_of(topic, &name))
        return false;
    topic_t *found = lookup_find(self->found, name);
    if (found == NULL && is_wanted)
        add(self, name);
    else if (is_wanted)
        found->times++;
    else if (found && --found->times == 0)
        forget(self, found);
    return true;
}

bool topics_want(topics_t *self, span_t frame)
{
    assert(self);
    if (self->all > 0 || self->is_over)
        return true;
    const char *zero = frame.size > 0 ? memchr(frame.data, '\0', frame.size) : NULL;
    return zero && lookup_find(self->found, (span_t){frame.data, (size_t)(zero - frame.data)});
}
