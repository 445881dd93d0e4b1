/* broker/core/deliver.h - brings a room's events to its members.
 *
 * Public rooms: once over PUB. Private ones: once to each link that carries a member. */
#ifndef BROKER_CORE_DELIVER_H
#define BROKER_CORE_DELIVER_H

#include "broker/core/state.h"

/* Begins an event of the room, with `ev` and `room`, in the pipeline's bytes. */
writer_t *deliver_begin(core_t *core, const room_t *room, ev_t ev);

/* Completes it. Where messages of the room, or frames behind them, wait for the store, it waits behind
 * those and is then told either way; else it is told now. */
void deliver_end(core_t *core, room_t *room);

/* Begins an event of the room's history: with its number and time, `epoch`, `seq` and `at`, too. */
writer_t *deliver_begin_stored(core_t *core, room_t *room, ev_t ev, held_t *out);

/* Completes it: it is shown when it is stored. `held` is what deliver_begin_stored() gave. */
void deliver_end_stored(core_t *core, room_t *room, held_t held);

/* Brings a finished frame (its first `topic_size` bytes the topic) to the members. */
void deliver_frame(core_t *core, const room_t *room, span_t frame, uint32_t topic_size);

/* How many bytes of a frame are the room's topic: its name and a zero. */
static inline uint32_t deliver_topic_size(const room_t *room)
{
    return room->name.size + 1u;
}

#endif
