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
    bool is_closed;
} mailbox_t;

enum { MAILBOX_BYTES = 1 << 30 }; /* more than the core lets wait */

void mailbox_init(mailbox_t *self);
void mailbox_fini(mailbox_t *self);

/* Gives the bytes of `from` and empties it. False: too much waits; nothing was given, `from` is as it
 * was. */
HUB_MUST_CHECK bool mailbox_give(mailbox_t *self, buffer_t *from);

/* Nothing more will be given. */
void mailbox_close(mailbox_t *self);

/* True if nothing more will be given. */
bool mailbox_is_closed(mailbox_t *self);

/* Takes all there is into `into`, which is empty; waits for something if `waits`. False: there is nothing;
 * after waiting: and will not be, it is closed. */
bool mailbox_take(mailbox_t *self, buffer_t *into, bool waits);

#endif
