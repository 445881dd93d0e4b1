/* broker/store/checkpointer.h - the thread that brings the journal into the database.
 *
 * Its fsyncs take as long as the disk does. SQLite lets the writer write on meanwhile: what is committed
 * then is left for the next time (https://www.sqlite.org/wal.html, "Checkpointing"). It has a connection of its own. */
#ifndef BROKER_STORE_CHECKPOINTER_H
#define BROKER_STORE_CHECKPOINTER_H

#include "broker/store/db.h"
#include "broker/store/mailbox.h"
#include "broker/store/place.h"

#include <pthread.h>

/* What came of one time. */
typedef struct {
    int code;    /* SQLite's; SQLITE_BUSY: somebody else was at it */
    int brought; /* pages of the journal that are in the database now */
} checkpoint_t;

typedef struct {
    const place_t *place;
    const char *vfs;
    mailbox_t *asker; /* is called when a time is over */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_asked, is_over, is_closed; /* is_over: `last` was not taken yet */
    checkpoint_t last;
    db_t db; /* closed until the first time, and after an error */
} checkpointer_t;

/* All is borrowed. */
void checkpointer_init(checkpointer_t *self, const place_t *place, const char *vfs,
                       mailbox_t *asker);
void checkpointer_fini(checkpointer_t *self);

/* Asks for a time; there must be none that was asked for and not taken. */
void checkpointer_ask(checkpointer_t *self);

/* True, with what came of it, if what was asked for is over. */
HUB_MUST_CHECK bool checkpointer_take(checkpointer_t *self, checkpoint_t *out);

/* Waits until what was asked for is over, and takes it. */
checkpoint_t checkpointer_wait(checkpointer_t *self);

/* Nothing more will be asked for. */
void checkpointer_close(checkpointer_t *self);

/* One passive checkpoint by an open connection. */
checkpoint_t checkpointer_bring(db_t *db);

/* Works until it is closed. For pthread_create(); `self` is a checkpointer_t. */
void *checkpointer_run(void *self);

#endif
