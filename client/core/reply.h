/* client/core/reply.h - what a reply says about success. */
#ifndef CLIENT_CORE_REPLY_H
#define CLIENT_CORE_REPLY_H

#include "proto/decode.h"

enum { REPLY_PAUSE_MIN_MS = 10, REPLY_PAUSE_MAX_MS = 60000 };

/* HUB_OK, or the error named; HUB_ERR_COUNT for one this version does not know, or none. */
static inline hub_err_t reply_error(const message_t *reply)
{
    if (message_bool(reply, KEY_ok))
        return HUB_OK;
    hub_err_t err = err_find(message_span(reply, KEY_error));
    return err == HUB_OK || err == HUB_MALFORMED ? HUB_ERR_COUNT : err;
}

/* How long to wait before trying again: the broker's retry_ms, within reason. */
static inline uint64_t reply_pause_ms(const message_t *reply)
{
    uint64_t pause = message_uint(reply, KEY_retry_ms);
    if (pause < REPLY_PAUSE_MIN_MS)
        return REPLY_PAUSE_MIN_MS;
    return pause < REPLY_PAUSE_MAX_MS ? pause : REPLY_PAUSE_MAX_MS;
}

#endif
