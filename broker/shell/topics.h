/* broker/shell/topics.h - which rooms a subscriber wants to hear.
 *
 * As a PUB keeps them, but for whole topics: "tea\0" is the room tea, nothing is all of them. What was subscribed twice has to be
 * unsubscribed twice. One owner, no locks. */
#ifndef BROKER_SHELL_TOPICS_H
#define BROKER_SHELL_TOPICS_H

#include "base/check.h"
#include "proto/span.h"

/* Of one who names more it is all. */
enum { TOPICS_MAX = 65536 };

typedef struct topics topics_t;

/* Nothing is wanted. */
topics_t *topics_new(void);

/* Frees *self_p; NULL in it is fine. */
void topics_destroy(topics_t **self_p);

/* A topic is wanted (copied), or no longer; one that was not wanted is no longer, either. False: it is neither empty nor a name with one
 * zero, behind it; nothing has changed. */
HUB_MUST_CHECK bool topics_set(topics_t *self, span_t topic, bool is_wanted);

/* True if what begins with this topic and its zero is wanted. O(1). */
bool topics_want(topics_t *self, span_t frame);

#endif
