/* broker/store/fetch.h - the reading thread: a connection of its own, so that pages come while the
 * writer waits for the disk, or cannot write at all. */
#ifndef BROKER_STORE_FETCH_H
#define BROKER_STORE_FETCH_H

#include "broker/store/answers.h"
#include "broker/store/db.h"
#include "broker/store/mailbox.h"
#include "broker/store/place.h"

typedef struct {
    const place_t *place;
    const char *vfs;
    mailbox_t inbox;    /* OP_READ */
    answers_t *answers; /* pages */
    buffer_t work;
    db_t db; /* closed until the first reading, and after an error */
    bool is_failing;
} fetch_t;

void fetch_init(fetch_t *self, const place_t *place, const char *vfs, answers_t *answers);
void fetch_fini(fetch_t *self);

/* Reads until the inbox is closed. For pthread_create(); `self` is a fetch_t. */
void *fetch_run(void *self);

#endif
