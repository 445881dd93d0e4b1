/* broker/store/mailbox.h - what one thread gives another: bytes, handed over whole.
 *
 * The taker swaps its empty buffer for the full one, so bytes are copied at most once and nothing is
 * allocated once the buffers have grown. One lock per giving and per taking. */
#ifndef BROKER_STORE_MAILBOX_H
#define BROKER_STORE_MAILBOX_H

#include "base/check.h"
#include "proto/buffer.h"

#include <pthread.h>

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    buffer_t content;
    bool is_waited_for;
    bool is_called; /* the taker is to look after what it has to do besides */
    bool is_closed;
} mailbox_t;

enum { MAILBOX_BYTES = 1 << 30 }; /* more than the core lets wait */

void mailbox_init(mailbox_t *self);
void mailbox_fini(mailbox_t *self);

/* Gives the bytes of `from` and empties it. False: too much waits; nothing was given, `from` is as it
 * was. */
HUB_MUST_CHECK bool mailbox_give(mailbox_t *self, buffer_t *from);

/* The taker is to look after what it has to do besides. Fine where it is closed. */
void mailbox_call(mailbox_t *self);

/* Nothing more will be given. */
void mailbox_close(mailbox_t *self);

/* True if nothing more will be given. */
bool mailbox_is_closed(mailbox_t *self);

/* Takes all there is into `into`, which is empty. False: there is nothing. */
bool mailbox_take(mailbox_t *self, buffer_t *into);

/* The taker waits until there is something, or mailbox_leave() calls. False: there is nothing and will not
 * be, it is closed. */
bool mailbox_wait(mailbox_t *self);

/* The giver comes in while the taker waits and nothing is there: until mailbox_leave() it stays so, and what
 * belongs to the taker may be used. False: it does not wait; no mailbox_leave() then. */
HUB_MUST_CHECK bool mailbox_enter(mailbox_t *self);

/* Lets the taker be, or wakes it if `calls`. */
void mailbox_leave(mailbox_t *self, bool calls);

#endif
