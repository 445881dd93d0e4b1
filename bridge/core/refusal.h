/* bridge/core/refusal.h - why something was not done, in words: what is waited for, how long, and what to do then.
 *
 * The table is refusals.def; what is not in it is told by its error alone. Pure. */
#ifndef BRIDGE_CORE_REFUSAL_H
#define BRIDGE_CORE_REFUSAL_H

#include "bridge/core/phrases.h"
#include "proto/decode.h"

/* The phrase for an op that was refused with `err`, which is not HUB_OK. `reply` is NULL where there is none. `out_words` has
 * what the phrase needs, borrowed from the reply and from out_time: a time is never too short. */
phrase_t refusal_phrase(language_t language, op_t op, hub_err_t err, const message_t *reply,
                        words_t *out_words, time_words_t *out_time);

#endif
