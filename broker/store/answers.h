/* broker/store/answers.h - the workers' answers on their way to the owner.
 *
 * In the order they were added. `fd` is readable from the first one on until the owner has found that
 * there is none. */
#ifndef BROKER_STORE_ANSWERS_H
#define BROKER_STORE_ANSWERS_H

#include "base/check.h"
#include "broker/store/store.h"

#include <pthread.h>

typedef struct {
    store_answer_t answer;
    char *owned; /* what its spans point to; NULL: nothing */
} answers_item_t;

typedef struct {
    answers_item_t *items;
    size_t count, capacity;
} answers_list_t;

typedef struct {
    pthread_mutex_t lock;
    answers_list_t added; /* under the lock, as is_signalled */
    bool is_signalled;
    int fd;
    answers_list_t taken; /* the owner's, as the rest */
    size_t next;
    char *borrowed; /* by whoever took the last one */
} answers_t;

/* False: no descriptor is left; errno says why. */
HUB_MUST_CHECK bool answers_init(answers_t *self);
void answers_fini(answers_t *self);

/* Adds one. `owned` was malloc'd and is freed with it. A COMMITTED behind a COMMITTED takes its place:
 * it says the same and more. */
void answers_add(answers_t *self, const store_answer_t *answer, char *owned);

/* The owner takes the next one; its spans hold until the next call. False: there is none. */
bool answers_take(answers_t *self, store_answer_t *out);

#endif
